"""Fetch keys from where users say that they are, and hand them to `attest`."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pratique.attest import key_sources
from pratique.attest.key_file import asks_for_password
from pratique.attest.keys import Signs, Verifier, load_private, load_public
from pratique.model.errors import InvalidData, NotFound

if TYPE_CHECKING:
    from pratique.rollout.api import Api


@contextmanager
def open_signer(where: str, read: Callable[[str], bytes], password: Callable[[], bytes]) -> Iterator[Signs]:
    """The private key that `where` names (`attest.key_sources`), for the time of a `with`.

    `read` gives a file's bytes; `password` is asked for where a key is encrypted and its password isn't beside it.
    Raises UsageError, NotFound, InvalidData, and Refused and Unavailable where somebody is asked for it.
    """
    source = key_sources.parse(where)
    if isinstance(source, key_sources.VaultKey):
        with _vault(source) as signer:
            yield signer
    elif isinstance(source, key_sources.Secret):
        yield key_sources.private_of_secret(source, _Secrets())
    else:
        pem = _variable(source.name) if isinstance(source, key_sources.Variable) else read(source.path)
        yield load_private(pem, password() if asks_for_password(pem) else b"")


def verifier(where: str, read: Callable[[str], bytes]) -> Verifier:
    """The public key that `where` names. Raises as `open_signer`."""
    source = key_sources.parse(where)
    if isinstance(source, key_sources.VaultKey):
        with _vault(source) as signer:
            return signer.public
    if isinstance(source, key_sources.Secret):
        return key_sources.public_of_secret(source, _Secrets())
    return load_public(_variable(source.name) if isinstance(source, key_sources.Variable) else read(source.path))


@contextmanager
def _vault(source: key_sources.VaultKey) -> Iterator[Signs]:
    from contextlib import closing

    from pratique.attest.key_vault import VaultSigner
    from pratique.registry.transport import Transport
    from pratique.wiring.azure_tokens import VAULTS, AzureTokens

    with closing(Transport(attempts=3)) as transport:
        yield VaultSigner(source, transport, AzureTokens(VAULTS, transport))


class _Secrets:
    """Secrets of the cluster that the kubeconfig, or the pod that we are in, names."""

    def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        from contextlib import closing

        from pratique.rollout.api import Api

        with closing(Api.connect()) as api:
            return _data(api, namespace, name)


def _data(api: "Api", namespace: str, name: str) -> Mapping[str, bytes]:
    import base64
    import binascii

    data = api.get(f"api/v1/namespaces/{namespace}/secrets/{name}").get("data") or {}
    try:
        return {str(key): base64.b64decode(value, validate=True) for key, value in data.items()}
    except (AttributeError, TypeError, ValueError, binascii.Error):
        raise InvalidData(f"the secret {namespace}/{name} is not one") from None


def _variable(name: str) -> bytes:
    found = os.environ.get(name)
    if not found:
        raise NotFound(f"the environment variable {name} is not set, or empty")
    return found.encode()

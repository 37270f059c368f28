"""Where a key is kept, as users name it, and how it is read from there. No I/O: the caller fetches.

A file; `env://NAME`; `k8s://NAMESPACE/NAME`, a secret as `cosign generate-key-pair k8s://...` makes it (or one of type
kubernetes.io/tls); `azurekms://VAULT/KEY[/VERSION]`. Source: sigstore/cosign `KMS.md`, `pkg/cosign/kubernetes`.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeAlias

from pratique.attest.keys import Signer, Verifier, load_private, load_public
from pratique.model.errors import NotFound, UsageError

_PRIVATE, _PASSWORD, _PUBLIC = "cosign.key", "cosign.password", "cosign.pub"
_TLS_KEY = "tls.key"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")  # RFC 1123
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
_VAULT = re.compile(r"([A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?)/([A-Za-z0-9-]{1,127})(?:/([A-Za-z0-9]{1,64}))?")


class File(NamedTuple):
    """A key in a file; `-` is standard input."""

    path: str


class Variable(NamedTuple):
    """A key (PEM) in an environment variable."""

    name: str


class Secret(NamedTuple):
    """A key in a Kubernetes secret."""

    namespace: str
    name: str


class VaultKey(NamedTuple):
    """A key in an Azure Key Vault (or Managed HSM) that does not leave it; no version is the newest."""

    host: str
    name: str
    version: str = ""


Source: TypeAlias = File | Variable | Secret | VaultKey


class ReadsSecrets(Protocol):
    """A cluster, as far as we need it here."""

    def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        """A secret's data, decoded. Raises NotFound, Refused, Unavailable."""


def parse(where: str) -> Source:
    """What a user's words mean. Raises UsageError."""
    scheme, separator, rest = where.partition("://")
    if not separator:
        return File(where)
    if scheme == "env" and _VARIABLE.fullmatch(rest):
        return Variable(rest)
    parts = rest.split("/")
    if scheme == "k8s" and len(parts) == 2 and all(_NAME.fullmatch(part) for part in parts):
        return Secret(*parts)
    if scheme == "azurekms" and (match := _VAULT.fullmatch(rest)):
        return VaultKey(match[1].lower(), match[2], match[3] or "")
    raise UsageError(
        f"not where a key can be: {where[:80]!r}",
        "a file, env://NAME, k8s://NAMESPACE/NAME or azurekms://VAULT.vault.azure.net/KEY",
    )


def private_of_secret(source: Secret, cluster: ReadsSecrets) -> Signer:
    """The private key in a secret, with the password that is in it. Raises NotFound, and as `load_private`."""
    data = cluster.secret(source.namespace, source.name)
    if _PRIVATE in data:
        return load_private(data[_PRIVATE], data.get(_PASSWORD, b""))
    if _TLS_KEY in data:
        return load_private(data[_TLS_KEY])
    raise NotFound(f"k8s://{source.namespace}/{source.name} holds no {_PRIVATE} and no {_TLS_KEY}")


def public_of_secret(source: Secret, cluster: ReadsSecrets) -> Verifier:
    """The public key in a secret; the private one isn't needed for it. Raises NotFound, and as `load_public`."""
    data = cluster.secret(source.namespace, source.name)
    if _PUBLIC in data:
        return load_public(data[_PUBLIC])
    return private_of_secret(source, cluster).public

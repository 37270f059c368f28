"""Cosign's first signature payload, "simple signing": which digest was signed, under which name.

Source: sigstore/cosign `specs/SIGNATURE_SPEC.md`. Go reads its keys in any case, so signers wrote them in any case.
"""

from collections.abc import Mapping

import msgspec

from pratique.model.digest import Digest
from pratique.model.errors import InvalidData

MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
TYPE = "cosign container image signature"


class _Image(msgspec.Struct, rename="kebab"):
    docker_manifest_digest: str


class _Identity(msgspec.Struct, rename="kebab"):
    docker_reference: str = ""


class _Critical(msgspec.Struct):
    identity: _Identity
    image: _Image
    type: str


class SimpleSigning(msgspec.Struct):
    """The payload; `optional` holds the signer's own annotations."""

    critical: _Critical
    optional: dict[str, object] | None = None

    def names(self, digest: Digest) -> bool:
        """Whether this payload is a signature of the image with that digest."""
        return self.critical.type == TYPE and self.critical.image.docker_manifest_digest == digest


def payload(name: str, digest: Digest, annotations: Mapping[str, str] | None = None) -> bytes:
    """What is signed for the image `digest` published as `name` (`registry/repository`): no time, so repeatable."""
    critical = _Critical(_Identity(name), _Image(digest), TYPE)
    optional: dict[str, object] | None = dict(sorted(annotations.items())) if annotations else None
    return msgspec.json.encode(SimpleSigning(critical, optional))


def parse(data: bytes) -> SimpleSigning:
    """Read a payload, keys in any case. Raises InvalidData."""
    try:
        document = msgspec.json.decode(data, type=dict[str, object])
        critical = _folded(_folded(document).get("critical"))
        critical["image"] = _folded(critical.get("image"))
        critical["identity"] = _folded(critical.get("identity"))
        return msgspec.convert({"critical": critical, "optional": _folded(document).get("optional")}, SimpleSigning)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not a cosign signature's payload: {error}") from None


def _folded(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        return {}
    folded = {str(key).lower(): item for key, item in value.items()}
    if len(folded) != len(value):
        raise InvalidData("not a cosign signature's payload: a key is there twice, in different case")
    return folded

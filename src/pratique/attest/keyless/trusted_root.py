"""Sigstore's trust root (`trusted_root.json`): the authorities and logs that are believed, and from when to when. Pure.

Source: sigstore/protobuf-specs `sigstore_trustroot.proto` (protojson).
"""

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from pratique.attest.keys import Verifier
from pratique.attest.notation import chain
from pratique.model.errors import InvalidData, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_LIMIT = 4 * 1024 * 1024  # bytes
_FAMILY = "application/vnd.dev.sigstore.trustedroot"  # `.v0.1+json`, `.v0.2+json`, and `+json;version=0.1` before them
_EVER = datetime.max.replace(tzinfo=UTC)


class _Range(msgspec.Struct):
    start: datetime | None = None
    end: datetime | None = None


class _Key(msgspec.Struct, rename="camel"):
    raw_bytes: bytes
    valid_for: _Range = msgspec.field(default_factory=_Range)


class _LogId(msgspec.Struct, rename="camel"):
    key_id: bytes = b""


class _Log(msgspec.Struct, rename="camel"):
    public_key: _Key
    log_id: _LogId = msgspec.field(default_factory=_LogId)
    checkpoint_key_id: _LogId | None = None


class _Certificate(msgspec.Struct, rename="camel"):
    raw_bytes: bytes


class _Chain(msgspec.Struct):
    certificates: tuple[_Certificate, ...]


class _Authority(msgspec.Struct, rename="camel"):
    cert_chain: _Chain
    valid_for: _Range = msgspec.field(default_factory=_Range)


class _Root(msgspec.Struct, rename="camel"):
    media_type: str
    tlogs: tuple[_Log, ...] = ()
    certificate_authorities: tuple[_Authority, ...] = ()
    ctlogs: tuple[_Log, ...] = ()
    timestamp_authorities: tuple[_Authority, ...] = ()


class Log(msgspec.Struct, frozen=True):
    """A log's key. `ids` are what may stand for it: the hash of the key, and the id that the file gives it."""

    key: Verifier
    ids: frozenset[bytes]
    begins: datetime
    ends: datetime

    def is_good_at(self, moment: datetime) -> bool:
        """Whether the key was the log's at that time."""
        return self.begins <= moment <= self.ends


class Authority(msgspec.Struct, frozen=True):
    """A certificate or timestamp authority: its chain, the issuing certificate first, the root last."""

    chain: "tuple[Certificate, ...]"
    begins: datetime
    ends: datetime

    def is_good_at(self, moment: datetime) -> bool:
        """Whether the authority was believed at that time."""
        return self.begins <= moment <= self.ends


class TrustedRoot(msgspec.Struct, frozen=True):
    """All that is believed: authorities (Fulcio), logs (Rekor), logs of certificates, timestamp authorities."""

    authorities: tuple[Authority, ...]
    logs: tuple[Log, ...]
    certificate_logs: tuple[Log, ...]
    timestamp_authorities: tuple[Authority, ...]


def parse(data: bytes, name: str = "trusted root") -> TrustedRoot:
    """Read a trust root; `name` is the file's, for errors. Raises UsageError."""
    if len(data) > _LIMIT:
        raise UsageError(f"{name} has {len(data)} bytes", f"a trusted root has at most {_LIMIT}")
    try:
        root = msgspec.json.decode(data, type=_Root)
        if not root.media_type.startswith(_FAMILY):
            raise InvalidData(f"its media type is {root.media_type[:80]!r}")
        return TrustedRoot(
            tuple(_authority(each) for each in root.certificate_authorities),
            tuple(_log(each) for each in root.tlogs),
            tuple(_log(each) for each in root.ctlogs),
            tuple(_authority(each) for each in root.timestamp_authorities),
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidData) as error:
        raise UsageError(f"{name} is not a Sigstore trusted root: {error}") from None


def _log(raw: _Log) -> Log:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from pratique.attest.keys import usable_public

    try:
        key = Verifier(usable_public(load_der_public_key(raw.public_key.raw_bytes)))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidData(f"a log's key cannot be read: {str(error)[:200]}") from None
    ids = {hashlib.sha256(raw.public_key.raw_bytes).digest(), raw.log_id.key_id}
    if raw.checkpoint_key_id is not None:
        ids.add(raw.checkpoint_key_id.key_id)
    return Log(key, frozenset(ids - {b""}), *_times(raw.public_key.valid_for))


def _authority(raw: _Authority) -> Authority:
    certificates = chain.load([each.raw_bytes for each in raw.cert_chain.certificates])
    if not certificates:
        raise InvalidData("an authority without certificates")
    return Authority(certificates, *_times(raw.valid_for))


def _times(valid: _Range) -> tuple[datetime, datetime]:
    begins, ends = valid.start or datetime.min.replace(tzinfo=UTC), valid.end or _EVER
    return begins if begins.tzinfo else begins.replace(tzinfo=UTC), ends if ends.tzinfo else ends.replace(tzinfo=UTC)

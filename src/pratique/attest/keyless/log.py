"""Whether a transparency log (Rekor) has an entry for exactly this signature. Pure.

Its promise (the signed entry timestamp) also says when; its proof of inclusion (RFC 6962 section 2.1.1, under a signed
checkpoint) does not. Source: sigstore/rekor `openapi.yaml`; C2SP `signed-note`, `tlog-checkpoint`.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pratique.attest.keyless.entry import Checkpoint, Entry, Promise, Proof, Signed, check_body
from pratique.attest.keyless.trusted_root import Log, TrustedRoot
from pratique.model.errors import InvalidData

_HASHES = 64  # of a path in a tree of 2^64 leaves


def verify(entry: Entry, signed: Signed, root: TrustedRoot) -> datetime | None:
    """Check an entry; when the log added it, where it promised that. Raises InvalidData with the reason."""
    check_body(entry, signed)
    logs = [log for log in root.logs if any(_same(each, entry.log_id.key_id) for each in log.ids)]
    if not logs:
        raise InvalidData("its log is not one of the trusted root's")
    moment = None
    promise = entry.inclusion_promise
    if promise is not None and promise.signed_entry_timestamp:
        moment = _promised(entry, promise, logs)
    if entry.inclusion_proof is not None and entry.inclusion_proof.checkpoint is not None:
        _check_included(entry.canonicalized_body, entry.inclusion_proof, entry.inclusion_proof.checkpoint, logs)
    elif moment is None:
        raise InvalidData("its log neither promises nor proves that it has the entry")
    return moment


def _same(known: bytes, named: bytes) -> bool:
    return known == named or (len(named) == 4 and known.startswith(named))


def _promised(entry: Entry, promise: Promise, logs: Sequence[Log]) -> datetime:
    """The time in the log's promise: over canonical JSON (RFC 8785) of these four, in this order."""
    seconds, index = _number(entry.integrated_time), _number(entry.log_index)
    payload = msgspec.json.encode(
        {
            "body": base64.b64encode(entry.canonicalized_body).decode(),
            "integratedTime": seconds,
            "logID": entry.log_id.key_id.hex(),
            "logIndex": index,
        }
    )
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidData("its log's time is none") from None
    if not any(log.is_good_at(moment) and log.key.verify(payload, promise.signed_entry_timestamp) for log in logs):
        raise InvalidData("its log's promise is not signed by the log")
    return moment


def _check_included(body: bytes, proof: Proof, checkpoint: Checkpoint, logs: Sequence[Log]) -> None:
    index, size = _number(proof.log_index), _number(proof.tree_size)
    if not 0 <= index < size or len(proof.hashes) > _HASHES:
        raise InvalidData("its proof of inclusion makes no sense")
    if root_of(hashlib.sha256(b"\0" + body).digest(), index, size, proof.hashes) != proof.root_hash:
        raise InvalidData("its proof of inclusion is wrong")
    text, separator, signatures = checkpoint.envelope.rpartition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) < 3 or lines[1] != str(size) or _base64(lines[2]) != proof.root_hash:
        raise InvalidData("its log's checkpoint is about another tree")
    if not any(_signs(line, f"{text}\n".encode(), logs) for line in signatures.splitlines()):
        raise InvalidData("its log's checkpoint is not signed by the log")


def _signs(line: str, text: bytes, logs: Sequence[Log]) -> bool:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\N{EM DASH}":
        return False
    made = _base64(parts[2])
    return any(each.startswith(made[:4]) and log.key.verify(text, made[4:]) for log in logs for each in log.ids)


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf's path leads to (RFC 9162 section 2.1.3.2); empty when the path has the wrong length."""
    node, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return b""
        if node & 1 or node == last:
            found = hashlib.sha256(b"\1" + sibling + found).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + sibling).digest()
        node, last = node >> 1, last >> 1
    return found if last == 0 else b""


def _number(value: str | int) -> int:
    if isinstance(value, str) and (not value.isascii() or not value.isdigit() or len(value) > 19):
        raise InvalidData("its log's entry holds a number that is none")
    return int(value)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""

"""In-toto statements (in-toto/attestation spec/v1/statement.md): a predicate about images named by digest."""

from collections.abc import Mapping

import msgspec

from pratique.model.digest import Digest
from pratique.model.errors import InvalidData

STATEMENT = "https://in-toto.io/Statement/v1"
_STATEMENTS = frozenset({STATEMENT, "https://in-toto.io/Statement/v0.1"})


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a statement is about: `digest` maps algorithm to hex; the name is for people."""

    digest: Mapping[str, str]
    name: str = ""
    annotations: Mapping[str, object] | None = None


class Statement(msgspec.Struct, frozen=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    """A statement; the predicate stays as it was written."""

    type: str
    subject: tuple[Subject, ...]
    predicate_type: str
    predicate: msgspec.Raw = msgspec.Raw(b"{}")

    def names(self, digest: Digest) -> bool:
        """Whether a subject has this digest; names don't count (in-toto: subjects are matched by digest only)."""
        algorithm, _, value = digest.partition(":")
        return any(subject.digest.get(algorithm) == value for subject in self.subject)


def render(
    name: str, digest: Digest, predicate_type: str, predicate: bytes, annotations: Mapping[str, str] | None = None
) -> bytes:
    """A statement that says `predicate` (JSON) of the image. Raises InvalidData when the predicate isn't JSON."""
    try:
        msgspec.json.decode(predicate)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"the predicate of type {predicate_type[:100]} is not JSON: {error}") from None
    algorithm, _, value = digest.partition(":")
    subject = Subject({algorithm: value}, name, dict(annotations) if annotations else None)
    return msgspec.json.encode(Statement(STATEMENT, (subject,), predicate_type, msgspec.Raw(predicate)))


def parse(data: bytes) -> Statement:
    """Read a statement. Raises InvalidData."""
    try:
        statement = msgspec.json.decode(data, type=Statement)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not an in-toto statement: {error}") from None
    if statement.type not in _STATEMENTS:
        raise InvalidData(f"not an in-toto statement that we know: {statement.type[:100]!r}")
    return statement


def is_a(predicate_type: str, wanted: str) -> bool:
    """Whether a predicate type is the wanted one or a version of it (`https://cyclonedx.org/bom/v1.6` is a `…/bom`)."""
    return not wanted or predicate_type == wanted or predicate_type.startswith(wanted.rstrip("/") + "/")

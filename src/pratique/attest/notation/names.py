"""Distinguished names as trust policies write them (RFC 4514, with the Notary Project's limits). Pure.

Source: notaryproject/specifications `trust-store-trust-policy.md`, "Trusted Identities Constraints".
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pratique.model.errors import InvalidData, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MUST = ("C", "ST", "O")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+")
_PIECE = re.compile(r"\\(?:([^0-9A-Fa-f])|([0-9A-Fa-f]{2}))|([^\\])", re.DOTALL)
_ESCAPED = re.compile(rf"(?:{_PIECE.pattern})*", re.DOTALL)
_LIMIT = 4096  # characters
# What RFC 4514 and Go's crypto/x509/pkix call them.
_SHORT = {
    "2.5.4.6": "C",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.3": "CN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.17": "POSTALCODE",
}


def parse(text: str) -> Mapping[str, str]:
    """Attributes of a name such as `C=US, ST=WA, O=acme`. Raises UsageError: a type twice, or C, ST or O missing."""
    if len(text) > _LIMIT:
        raise _bad(text, f"it has more than {_LIMIT} characters")
    found: dict[str, str] = {}
    for part in _split(text):
        kind, equals, value = part.partition("=")
        kind = kind.strip()
        if not equals or not _TYPE.fullmatch(kind):
            raise _bad(text, f"{part.strip()[:40]!r} is not TYPE=VALUE")
        kind = "ST" if kind == "S" else kind
        if kind in found:
            raise _bad(text, f"{kind} is there twice")
        found[kind] = _unescaped(text, value)
    missing = [kind for kind in _MUST if not found.get(kind)]
    if missing:
        raise _bad(text, f"{', '.join(missing)} is missing; C, ST (or S) and O are needed")
    return found


def of_subject(certificate: "Certificate") -> Mapping[str, str]:
    """Attributes of a certificate's subject. Raises InvalidData when one is there twice."""
    found: dict[str, str] = {}
    for attribute in certificate.subject:
        kind = _SHORT.get(attribute.oid.dotted_string, attribute.oid.dotted_string)
        if kind in found:
            raise InvalidData(f"the certificate's subject has {kind} twice")
        found[kind] = attribute.value if isinstance(attribute.value, str) else attribute.value.hex()
    return found


def is_part(wanted: Mapping[str, str], subject: Mapping[str, str]) -> bool:
    """Whether every attribute that is wanted is in the subject, with the same value."""
    return all(subject.get(kind) == value for kind, value in wanted.items())


def _split(text: str) -> list[str]:
    parts, start, position = [], 0, 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "+":
            raise _bad(text, "attributes joined by + cannot be used")
        elif character in ",;":
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def _unescaped(text: str, value: str) -> str:
    value = value.lstrip(" ")
    if value.startswith(("#", '"')):
        raise _bad(text, "values in hexadecimal or in quotes cannot be used")
    if not _ESCAPED.fullmatch(value):
        raise _bad(text, "a \\ in it escapes nothing")
    plain, end = bytearray(), 0  # `end` is where the last byte is that is not a blank, or an escaped one
    for escaped, hexadecimal, character in _PIECE.findall(value):
        plain += bytes.fromhex(hexadecimal) if hexadecimal else (escaped or character).encode()
        end = end if character == " " else len(plain)
    try:
        return plain[:end].decode()
    except UnicodeDecodeError:
        raise _bad(text, "an escaped value is not UTF-8") from None


def _bad(text: str, why: str) -> UsageError:
    return UsageError(f"not a name that a trust policy can hold: {text[:80]!r}", why)

"""Read ASN.1 values in DER, and in the BER that some timestamp authorities write. Pure; only what CMS needs.

Source: X.690 sections 8 and 10. Definite and indefinite lengths, one-byte tags.
"""

from typing import NamedTuple

from pratique.model.errors import InvalidData

INTEGER, OCTETS, OID, SEQUENCE, SET, GENERALIZED_TIME = 0x02, 0x04, 0x06, 0x30, 0x31, 0x18
_CONSTRUCTED = 0x20
_NESTING = 32


class Value(NamedTuple):
    """A value: its tag (with class and constructed bit), its content, and all its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> "list[Value]":
        """The values in it. Raises InvalidData when it is not constructed, or they don't fill it."""
        if not self.tag & _CONSTRUCTED:
            raise InvalidData("damaged ASN.1: a value that should hold others does not")
        found, position = [], 0
        while position < len(self.content):
            value = _read(self.content, position, 0)
            found.append(value)
            position += len(value.whole)
        return found

    def octets(self) -> bytes:
        """An OCTET STRING's bytes, also where it comes in pieces. Raises InvalidData."""
        if self.tag == OCTETS:
            return self.content
        if self.tag != OCTETS | _CONSTRUCTED:
            raise InvalidData("damaged ASN.1: not an OCTET STRING")
        return b"".join(piece.content for piece in self.children() if piece.tag == OCTETS)

    def integer(self) -> int:
        """An INTEGER's value, also under an implicit tag."""
        return int.from_bytes(self.content, signed=True)

    def oid(self) -> str:
        """An OBJECT IDENTIFIER as dotted numbers. Raises InvalidData."""
        if self.tag != OID or not self.content or self.content[-1] & 0x80 or len(self.content) > 64:
            raise InvalidData("damaged ASN.1: not an OBJECT IDENTIFIER")
        numbers, number = [], 0
        for byte in self.content:
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(number)
                number = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def read(data: bytes) -> Value:
    """The one value that these bytes are. Raises InvalidData when they are damaged, or more than one."""
    value = _read(data, 0, 0)
    if len(value.whole) != len(data):
        raise InvalidData("damaged ASN.1: something follows the value")
    return value


def _read(data: bytes, start: int, depth: int) -> Value:
    if start + 2 > len(data) or depth > _NESTING:
        raise InvalidData("damaged ASN.1: it ends early, or is nested too deeply")
    tag, length, position = data[start], data[start + 1], start + 2
    if tag & 0x1F == 0x1F:
        raise InvalidData("damaged ASN.1: a tag of several bytes")
    if length == 0x80:
        return _indefinite(data, start, depth)
    if length > 0x80:
        size = length - 0x80
        length, position = int.from_bytes(data[position : position + size]), position + size
        if size > 4:
            raise InvalidData("damaged ASN.1: a length of more than four bytes")
    end = position + length
    if end > len(data):
        raise InvalidData("damaged ASN.1: it ends early")
    return Value(tag, data[position:end], data[start:end])


def _indefinite(data: bytes, start: int, depth: int) -> Value:
    if not data[start] & _CONSTRUCTED:
        raise InvalidData("damaged ASN.1: a plain value without a length")
    position = start + 2
    while data[position : position + 2] != b"\0\0":
        position += len(_read(data, position, depth + 1).whole)
    return Value(data[start], data[start + 2 : position], data[start : position + 2])

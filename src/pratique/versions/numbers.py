"""Whole numbers as bytes that sort as the numbers do, of any length."""

_LONG = 0xFF


def encode(digits: str) -> bytes:
    """The decimal `digits` (leading zeros don't count, none at all is zero): how many there are, then they themselves.

    No encoding is a prefix of another, so encodings can follow each other.
    """
    digits = digits.lstrip("0")
    length = len(digits)
    head = bytes([length]) if length < _LONG else bytes([_LONG]) + length.to_bytes(4)
    return head + digits.encode("ascii")

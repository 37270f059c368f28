"""What a 401 asks for: the WWW-Authenticate header, parsed (RFC 9110, 11.6.1; a quoted scope may contain commas)."""

import re

import msgspec

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*(?:,|$)')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?:\s+|$|(?=,))")
_LIMIT = 16 * 1024  # characters; longer headers are cut


class Challenge(msgspec.Struct, frozen=True):
    """One way to log in: the scheme in lower case and its parameters, names in lower case."""

    scheme: str
    parameters: dict[str, str]


def parse(header: str) -> tuple[Challenge, ...]:
    """All challenges in a header, in order; what cannot be read ends the list."""
    header = header[:_LIMIT]
    found: list[Challenge] = []
    position = 0
    while match := _SCHEME.match(header, position):
        parameters: dict[str, str] = {}
        position = match.end()
        while parameter := _PARAMETER.match(header, position):
            name, quoted, plain = parameter.groups()
            parameters.setdefault(name.lower(), plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted))
            position = parameter.end()
        found.append(Challenge(match[1].lower(), parameters))
    return tuple(found)

"""Package URLs, `pkg:type/namespace/name@version?qualifiers#subpath`: read and written (purl-spec, ECMA-427).

Written canonically: type in lower case, qualifiers sorted, everything percent-encoded but `:`; so equal packages
have equal strings.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

import msgspec

from pratique.model.errors import InvalidData

_LIMIT = 8192  # characters; longer than any real one
_TYPE = re.compile(r"[a-zA-Z][a-zA-Z0-9.+-]*")
_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9._-]*")


class Purl(msgspec.Struct, frozen=True, omit_defaults=True):
    """A package URL in parts, decoded. `qualifiers` without empty values; `namespace` keeps its slashes."""

    type: str
    name: str
    version: str = ""
    namespace: str = ""
    qualifiers: Mapping[str, str] = {}
    subpath: str = ""

    @classmethod
    def parse(cls, text: str) -> "Purl":
        """Read a purl. Raises InvalidData when it isn't one."""
        problem = (
            "it is too long" if len(text) > _LIMIT else "it does not begin with pkg:" if text[:4] != "pkg:" else ""
        )
        if problem:
            raise InvalidData(f"not a package URL: {text[:80]!r}", problem)
        rest, _, subpath = text[4:].partition("#")
        rest, _, query = rest.partition("?")
        kind, _, path = rest.strip("/").partition("/")
        namespace, _, last = path.strip("/").rpartition("/")
        # Only the last segment may hold the version: some tools leave npm's `@scope` unencoded.
        name, at, version = last.rpartition("@")
        name = unquote(name if at and name else last)
        if not _TYPE.fullmatch(kind) or not name:
            raise InvalidData(f"not a package URL: {text[:80]!r}", "it must be pkg:type/name, with what else is known")
        return cls(
            type=kind.lower(),
            name=name,
            version=unquote(version) if at else "",
            namespace="/".join(unquote(part) for part in namespace.split("/") if part),
            qualifiers=_qualifiers(text, query),
            subpath="/".join(unquote(part) for part in subpath.split("/") if part not in {"", ".", ".."}),
        )

    @property
    def full_name(self) -> str:
        """Namespace and name as npm users write them: `@scope/name`."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        path = [self.type.lower(), *self.namespace.split("/"), self.name]
        text = "pkg:" + "/".join(_quote(part) for part in path if part)
        if self.version:
            text += "@" + _quote(self.version)
        pairs = sorted((key.lower(), value) for key, value in self.qualifiers.items() if value)
        if pairs:
            text += "?" + "&".join(f"{key}={_quote(value)}" for key, value in pairs)
        if self.subpath:
            text += "#" + "/".join(_quote(part) for part in self.subpath.split("/") if part)
        return text


def _quote(text: str) -> str:
    return quote(text, safe=":")


def _qualifiers(text: str, query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        if not _KEY.fullmatch(key):
            raise InvalidData(f"not a package URL: {text[:80]!r}", f"{key[:40]!r} cannot be the name of a qualifier")
        if value:
            found[key.lower()] = unquote(value)
    return found

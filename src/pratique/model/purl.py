"""Package URLs, written and read (purl-spec; ECMA-427): `pkg:deb/debian/openssl@3.0.11-1?arch=amd64`."""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

import msgspec

from pratique.model.errors import InvalidData

_SAFE = ":"  # besides letters, digits and ".-_~", which quote() leaves alone
_TYPE = re.compile(r"[a-z.+-][a-z0-9.+-]*")
_KEY = re.compile(r"[a-z._-][a-z0-9._-]*")
_LOWER_NAMES = frozenset({"alpm", "apk", "bitnami", "composer", "deb", "npm", "pypi"})
_LOWER_NAMESPACES = frozenset({"alpm", "apk", "composer", "deb", "pypi"})
_LIMIT = 16384


class Purl(msgspec.Struct, frozen=True, omit_defaults=True):
    """A package URL's parts, decoded; `namespace` may have several segments with `/` between."""

    type: str
    name: str
    version: str = ""
    namespace: str = ""
    qualifiers: Mapping[str, str] = {}
    subpath: str = ""

    @property
    def full_name(self) -> str:
        """Namespace and name as npm's users write them: `@scope/name`."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return write(self.type, self.name, self.version, self.namespace, self.qualifiers, self.subpath)


def write(
    type_: str,
    name: str,
    version: str = "",
    namespace: str = "",
    qualifiers: Mapping[str, str] | None = None,
    subpath: str = "",
) -> str:
    """The canonical form: parts normalised by type, qualifiers sorted, empty ones left out."""
    text = f"pkg:{type_}/"
    if namespace:
        text += _quoted_path(namespace.lower() if type_ in _LOWER_NAMESPACES else namespace) + "/"
    text += quote(_name(type_, name), _SAFE)
    if version:
        text += "@" + quote(version, _SAFE)
    pairs = [f"{key}={quote(value, _SAFE)}" for key, value in sorted((qualifiers or {}).items()) if value]
    if pairs:
        text += "?" + "&".join(pairs)
    return f"{text}#{_quoted_path(subpath)}" if subpath else text


def parse(text: str) -> Purl:
    """Read a purl, canonical or not. Raises InvalidData."""
    if len(text) > _LIMIT:
        raise _refused(text, f"longer than {_LIMIT} characters")
    rest, _, subpath = text.partition("#")
    rest, _, query = rest.partition("?")
    scheme, colon, rest = rest.partition(":")
    type_, slash, rest = rest.lstrip("/").partition("/")
    path, _, version = rest.rpartition("@")
    if not path or path.endswith("/"):  # no version: the @ begins an npm scope that was not encoded
        path, version = rest, ""
    namespace, _, name = path.strip("/").rpartition("/")
    type_ = type_.lower()
    if scheme.lower() != "pkg" or not colon or not slash or not name or not _TYPE.fullmatch(type_):
        raise _refused(text, "it is pkg:type/namespace/name@version")
    namespace = _unquoted_path(text, namespace)
    return Purl(
        type=type_,
        name=_name(type_, _unquoted(text, name)),
        version=_unquoted(text, version),
        namespace=namespace.lower() if type_ in _LOWER_NAMESPACES else namespace,
        qualifiers=_qualifiers(text, query),
        subpath=_unquoted_path(text, subpath),
    )


def _name(type_: str, name: str) -> str:
    if type_ == "pypi":
        name = name.replace("_", "-")
    return name.lower() if type_ in _LOWER_NAMES else name


def _qualifiers(text: str, query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in query.split("&") if query else []:
        key, equals, value = pair.partition("=")
        if not equals or not _KEY.fullmatch(key.lower()):
            raise _refused(text, f"{key[:60]!r} is not a qualifier")
        if value:
            found[key.lower()] = _unquoted(text, value)
    return dict(sorted(found.items()))


def _quoted_path(path: str) -> str:
    return "/".join(quote(segment, _SAFE) for segment in path.split("/") if segment not in {"", ".", ".."})


def _unquoted_path(text: str, path: str) -> str:
    segments = (_unquoted(text, segment) for segment in path.split("/"))
    return "/".join(segment for segment in segments if segment not in {"", ".", ".."})


def _unquoted(text: str, part: str) -> str:
    try:
        return unquote_to_bytes(part).decode("utf-8")
    except UnicodeError:
        raise _refused(text, "a part of it isn't UTF-8") from None


def _refused(text: str, why: str) -> InvalidData:
    return InvalidData(f"not a package URL: {text[:80]!r}", why)

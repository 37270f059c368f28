"""Python packages: the metadata that installers leave (core metadata 2.x; PEP 376 dist-info, setuptools' egg-info)."""

import re

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper, text_of

LIMIT = 16 * MEGABYTE
ENDINGS = (".dist-info/METADATA", ".egg-info/PKG-INFO", ".egg-info", ".egg/EGG-INFO/PKG-INFO")
_FIELDS = frozenset({"name", "version", "license", "license-expression", "classifier"})
_LONG = 200  # characters; a longer licence is a whole licence text
_SEPARATORS = re.compile(r"[-_.]+")


def wanted(path: str) -> bool:
    """Whether this declares an installed distribution."""
    return path.endswith(ENDINGS)


def parse(path: str, content: bytes) -> Parsed:
    """The one package that the file declares; its name normalised as PyPI and advisories have it (PEP 503)."""
    fields = _headers(content)
    name, version = fields.get("name", [""])[0], fields.get("version", [""])[0]
    if not proper(name) or not proper(version):
        yield Problem(f"package {cut(name)} with version {cut(version)}")
    else:
        yield Found(PackageType.PYPI, normalized(name), version, licenses=_licenses(fields))


def normalized(name: str) -> str:
    """PEP 503: lower case, one dash for any run of dashes, dots and underscores."""
    return _SEPARATORS.sub("-", name).lower()


def _headers(content: bytes) -> dict[str, list[str]]:
    """The headers that we use, before the first empty line; a long description below can be large and is left alone."""
    head = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in text_of(head).split("\n"):
        if line[:1] in {" ", "\t"}:
            if values and len(values[-1]) < _LONG:
                values[-1] += "\n" + line.strip()
            continue
        key, colon, value = line.partition(":")
        values = fields.setdefault(key.lower(), []) if colon and key.lower() in _FIELDS else []
        values.append(value.strip())
    return fields


def _licenses(fields: dict[str, list[str]]) -> tuple[str, ...]:
    for key in ("license-expression", "license"):
        value = fields.get(key, [""])[0]
        if value and value != "UNKNOWN" and "\n" not in value and len(value) <= _LONG:
            return (value,)
    classifiers = (value.split(" :: ") for value in fields.get("classifier", []))
    return tuple(sorted({parts[-1] for parts in classifiers if parts[0] == "License" and len(parts) > 1}))[:20]

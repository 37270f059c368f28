"""Alpine packages: apk's database of what is installed (apk-tools, doc/apk-package and `lib/apk/db/installed`)."""

from collections.abc import Iterator

from pratique.model.inventory import PackageType, Source
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper, text_of

LIMIT = 64 * MEGABYTE
PATHS = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_FIELDS = frozenset("PVAoL")


def wanted(path: str) -> bool:
    """Whether this is the database; newer releases have it below usr."""
    return path in PATHS


def parse(path: str, content: bytes) -> Parsed:
    """All packages of the database: a letter, a colon and a value a line, an empty line between packages."""
    for number, stanza in enumerate(_stanzas(content), 1):
        fields = {line[0]: line[2:].strip() for line in stanza if line[1:2] == ":" and line[0] in _FIELDS}
        name, version = fields.get("P", ""), fields.get("V", "")
        if not proper(name) or not proper(version):
            yield Problem(f"stanza {number}: package {cut(name)} with version {cut(version)}")
            continue
        origin = fields.get("o", "")
        source = Source(origin, version) if proper(origin) and origin != name else None
        licenses = (fields["L"][:300],) if fields.get("L") else ()
        yield Found(PackageType.APK, name, version, fields.get("A", "")[:64], source, licenses)


def owned(content: bytes) -> Iterator[tuple[str, str]]:
    """Each file of the database with the name of its package: `F:` names a folder, `R:` a file in it."""
    for stanza in _stanzas(content):
        name = folder = ""
        for line in stanza:
            if line.startswith("P:"):
                name = line[2:]
            elif line.startswith("F:"):
                folder = line[2:]
            elif line.startswith("R:"):
                yield f"{folder}/{line[2:]}", name


def _stanzas(content: bytes) -> Iterator[list[str]]:
    for stanza in text_of(content).split("\n\n"):
        lines = [line for line in stanza.split("\n") if line.strip()]
        if lines:
            yield lines

"""The Maven artifacts in a Java archive, and in the archives inside it, to a bounded depth and size."""

import re
from collections.abc import Iterator

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut
from pratique.scan.java import names
from pratique.scan.java.zip import Entry, Zip

LIMIT = 128 * MEGABYTE
ENDINGS = (".jar", ".war", ".ear", ".par", ".sar", ".nar", ".hpi", ".jpi", ".rar", ".kar", ".lpkg")
_NESTED_LIMIT = 64 * MEGABYTE
_INFLATED = 256 * MEGABYTE  # of all that is in one file, so that a bomb ends
_SMALL = MEGABYTE
_DEPTH = 8
_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_MANIFEST = "META-INF/MANIFEST.MF"


def wanted(path: str) -> bool:
    """Whether the file is named as an archive of Java's; its bytes decide."""
    return path.endswith(ENDINGS)


def parse(path: str, content: bytes) -> Parsed:
    """All artifacts; `inside` tells in which inner archive each was found."""
    if not content.startswith(b"PK") and not path.endswith((".jar", ".war", ".ear")):
        return  # .rar and .kar are others' endings too
    yield from _Archive(_INFLATED).artifacts(path, content, "", 0)


class _Archive:
    def __init__(self, left: int) -> None:
        self.left = left

    def artifacts(self, path: str, content: bytes, inside: str, depth: int) -> Iterator[Found | Problem]:
        where = f"{inside}: " if inside else ""
        try:
            archive = Zip(content)
            chosen = [entry for entry in archive if _chosen(entry.name)]
        except ValueError as error:
            yield Problem(f"{where}not a Java archive that can be read: {error}")
            return
        fields: dict[str, str] = {}
        found: list[names.Artifact] = []
        for entry in chosen:
            data = self.read(archive, entry)
            if isinstance(data, str):
                yield Problem(f"{where}{cut(entry.name)}: {data}")
            elif entry.name == _MANIFEST:
                fields = names.manifest(data)
            elif entry.name.endswith("/pom.properties"):
                found += filter(None, [names.from_properties(data)])
            elif depth == _DEPTH:
                yield Problem(f"{where}{cut(entry.name)}: more than {_DEPTH} archives in one another")
            else:
                inner = f"{inside}!/{entry.name}" if inside else entry.name
                yield from self.artifacts(entry.name, data, inner, depth + 1)
        for artifact in dict.fromkeys(_with_own(path, fields, found)):
            yield Found(PackageType.MAVEN, artifact.full_name, artifact.version, inside=inside)

    def read(self, archive: Zip, entry: Entry) -> bytes | str:
        """The entry's content, or why there is none."""
        limit = _NESTED_LIMIT if entry.name.endswith(ENDINGS) else _SMALL
        try:
            data = archive.read(entry, min(limit, self.left))
        except ValueError as error:
            return str(error)
        self.left -= len(data)
        return data


def _chosen(name: str) -> bool:
    if name.endswith("/pom.properties"):
        return _POM.fullmatch(name) is not None
    return name == _MANIFEST or name.endswith(ENDINGS)


def _with_own(path: str, fields: dict[str, str], found: list[names.Artifact]) -> list[names.Artifact]:
    """Maven's artifacts, and the archive itself where none of them is it: shaded jars hold the files of others."""
    itself = names.own(path, fields)
    if itself is None or any(names.same(itself, one, path) for one in found):
        return found
    return [*found, itself]

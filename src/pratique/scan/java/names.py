"""What a Java archive is: Maven's pom.properties, else the manifest and the file's name (JAR specification)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from pratique.scan.found import proper, text_of

_FILE = re.compile(r"(?P<name>.+?)[-_](?P<version>v?\d[\w.+~\-]*?)(?:-jar-with-dependencies|-shaded|-all)?\.\w+")
_VERSIONS = ("Implementation-Version", "Bundle-Version", "Specification-Version", "Plugin-Version")
_TITLES = ("Bundle-SymbolicName", "Automatic-Module-Name", "Implementation-Title")
_GROUP = re.compile(r"[a-z][\w\-]*(?:\.[\w\-]+)+")
_LETTERS = re.compile(r"[^a-z0-9]+")  # that don't count when names are compared
_ARTIFACT = re.compile(r"[A-Za-z][\w.\-]*")


class Artifact(NamedTuple):
    """Maven's coordinates; the group is empty where nothing tells it."""

    group: str
    name: str
    version: str

    @property
    def full_name(self) -> str:
        """As advisories write it."""
        return f"{self.group}:{self.name}" if self.group else self.name


def from_properties(content: bytes) -> Artifact | None:
    """The artifact of a pom.properties, None where one of its three values is missing."""
    values = {}
    for line in text_of(content).splitlines():
        key, _, value = line.partition("=")
        values[key.strip()] = value.strip()
    found = Artifact(values.get("groupId", ""), values.get("artifactId", ""), values.get("version", ""))
    return found if all(proper(part) and "${" not in part for part in found) else None


def manifest(content: bytes) -> dict[str, str]:
    """The main section of a MANIFEST.MF; a line that begins with a space goes on with the one before."""
    head = text_of(content).replace("\r\n", "\n").replace("\r", "\n").partition("\n\n")[0]
    fields = {}
    for line in head.replace("\n ", "").split("\n"):
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    return fields


def own(path: str, fields: Mapping[str, str]) -> Artifact | None:
    """The artifact that an archive without Maven's file is; None where no version is known."""
    match = _FILE.fullmatch(path.rpartition("/")[2][:256])
    title = next((fields[key] for key in _TITLES if fields.get(key)), "").partition(";")[0].strip()
    told = next((fields[key] for key in _VERSIONS if proper(fields.get(key, "")) and "${" not in fields[key]), "")
    name = match["name"] if match else _stem(path) if told else ""
    version = match["version"] if match else told
    if not (proper(version) and _ARTIFACT.fullmatch(name) and len(name) <= 256):
        return None
    return Artifact(_group(name, title, fields.get("Implementation-Vendor-Id", "")), name, version)


def same(itself: Artifact, one: Artifact, path: str) -> bool:
    """Whether an archive is this artifact of its own Maven files: by name, or by version where its file has none."""
    name, other = (_LETTERS.sub("", text.lower()) for text in (itself.name, one.name))
    unversioned = _FILE.fullmatch(path.rpartition("/")[2][:256]) is None
    return other.startswith(name) or (unversioned and one.version == itself.version)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _group(name: str, title: str, vendor: str) -> str:
    """What the builder called its vendor, or the title where it is the group with the name behind."""
    if _GROUP.fullmatch(vendor) and proper(vendor):
        return vendor.removesuffix("." + name)
    return title.removesuffix("." + name) if title.endswith("." + name) and _GROUP.fullmatch(title) else ""

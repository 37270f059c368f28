"""Which distribution this is (os-release(5)), with the older files of each as a last resort."""

import re
from collections.abc import Callable

import msgspec

from pratique.model.inventory import Distro
from pratique.scan.end_of_life import end_of_life
from pratique.scan.found import MEGABYTE, text_of

LIMIT = MEGABYTE
OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
DEBIAN_VERSION = "etc/debian_version"
ALPINE_RELEASE = "etc/alpine-release"
# One line of text, the more special one first: Oracle's and CentOS's systems have a redhat-release too.
RELEASES = tuple(
    f"etc/{name}"
    for name in (
        "oracle-release",
        "almalinux-release",
        "rocky-release",
        "centos-release",
        "fedora-release",
        "redhat-release",
        "system-release",
        "photon-release",
        "mariner-release",
        "azurelinux-release",
        "SuSE-release",
    )
)
PATHS = (*OS_RELEASE, DEBIAN_VERSION, ALPINE_RELEASE, *RELEASES)
_IDS = {
    "oracle": "ol",
    "almalinux": "almalinux",
    "rocky": "rocky",
    "centos": "centos",
    "fedora": "fedora",
    "red hat": "rhel",
    "amazon": "amzn",
    "vmware photon": "photon",
    "cbl-mariner": "mariner",
    "microsoft azure linux": "azurelinux",
    "opensuse": "opensuse-leap",
    "suse linux enterprise": "sles",
}
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_QUOTED = re.compile(r"\\(.)")
_DEBIAN = {"10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky"}


def wanted(path: str) -> bool:
    """Whether this file names the distribution."""
    return path in PATHS


def distro(read: Callable[[str], bytes | None]) -> Distro | None:
    """The distribution; `read(path)` gives a file's content, links followed, or None."""
    found = _distro(read)
    if found is None:
        return None
    return msgspec.structs.replace(found, end_of_life=end_of_life(found.id, found.version_id, found.name))


def _distro(read: Callable[[str], bytes | None]) -> Distro | None:
    for path in OS_RELEASE:
        content = read(path)
        found = _from_os_release(content) if content else None
        if found:
            return found
    debian, alpine = read(DEBIAN_VERSION), read(ALPINE_RELEASE)
    if alpine:
        return Distro("alpine", _first_word(alpine))
    if debian:
        return _from_debian_version(_first_word(debian))
    lines = (_from_release(content) for path in RELEASES if (content := read(path)))
    return next(filter(None, lines), None)


def _from_os_release(content: bytes) -> Distro | None:
    fields: dict[str, str] = {}
    for line in text_of(content).splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            fields[key] = _unquoted(value)[:200]
    if not fields.get("ID"):
        return None
    return Distro(
        id=fields["ID"].lower(),
        version_id=fields.get("VERSION_ID", ""),
        codename=fields.get("VERSION_CODENAME", ""),
        name=fields.get("PRETTY_NAME") or fields.get("NAME", ""),
        id_like=tuple(fields.get("ID_LIKE", "").split()),
    )


def _from_release(content: bytes) -> Distro | None:
    """`CentOS release 6.10 (Final)`."""
    line = text_of(content).lstrip().partition("\n")[0].strip()[:200]
    known = next((id_ for word, id_ in _IDS.items() if line.lower().startswith(word)), "")
    number = _NUMBER.search(line)
    return Distro(known, number[0] if number else "", name=line) if known else None


def _from_debian_version(version: str) -> Distro:
    """`12.4` for a release, `trixie/sid` before one."""
    major = version.partition(".")[0]
    if major.isdigit():
        return Distro("debian", major, _DEBIAN.get(major, ""))
    return Distro("debian", codename=version.partition("/")[0])


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return _QUOTED.sub(r"\1", value[1:-1]) if value[0] == '"' else value[1:-1]
    return value


def _first_word(content: bytes) -> str:
    return (text_of(content).split(maxsplit=1) or [""])[0][:64]

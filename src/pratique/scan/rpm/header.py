"""One package's header as RPM's database holds it: an index of tags, then their data (RPM file format, v4 headers).

A blob is two big-endian counts, `il` entries of 16 bytes (tag, type, offset, count), then `dl` bytes of data; no magic.
"""

import re
import struct

from pratique.model.inventory import PackageType, Source
from pratique.scan.found import Found, Problem, cut, proper, text_of

_NAME, _VERSION, _RELEASE, _EPOCH = 1000, 1001, 1002, 1003
_VENDOR, _LICENSE, _ARCH, _SOURCE_RPM = 1011, 1014, 1022, 1044
_DIR_INDEXES, _BASE_NAMES, _DIR_NAMES, _MODULARITY = 1116, 1117, 1118, 5096
_STRING, _INT32, _STRING_ARRAY, _I18N = 6, 4, 8, 9
_TEXTS = frozenset({_NAME, _VERSION, _RELEASE, _VENDOR, _LICENSE, _ARCH, _SOURCE_RPM, _MODULARITY})
_ENTRY = struct.Struct(">IIII")
_MOST_ENTRIES = 0xFFFF  # RPM's own limit
_SOURCE = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_DISTRIBUTIONS = re.compile(
    "red ?hat|centos|fedora|rocky|alma|cloudlinux|oracle|suse|amazon|vmware|photon|alibaba|openeuler|mageia",
    re.IGNORECASE,
)
_MICROSOFTS = re.compile(r"\.(?:cm|azl)\d")  # of Azure Linux; its vendor makes packages for others' systems too
_KEYS = "gpg-pubkey"  # keys that RPM keeps among the packages
_DECLARATIONS = (b".dist-info/METADATA", b".egg-info/PKG-INFO", b".egg-info", b"/package.json")
_PROGRAMS = (b"bin/", b"lib/", b"lib64/", b"libexec/", b"java/", b"share/")


def parse(blob: bytes, number: int) -> Found | Problem | None:
    """The package of this header, None for a public key; `number` tells it in messages."""
    try:
        tags = _tags(blob)
    except (struct.error, ValueError) as error:
        return Problem(f"header {number}: {error}")
    texts = {tag: _text(blob, *tags[tag]) for tag in _TEXTS & tags.keys()}
    name, version, release = (texts.get(tag, "") for tag in (_NAME, _VERSION, _RELEASE))
    if name == _KEYS:
        return None
    if not (proper(name) and proper(version) and proper(release)):
        return Problem(f"header {number}: package {cut(name)} with version {cut(version)}, release {cut(release)}")
    epoch = _epoch(blob, tags)
    return Found(
        PackageType.RPM,
        name,
        evr(epoch, f"{version}-{release}"),
        texts.get(_ARCH, "")[:64],
        source(name, texts.get(_SOURCE_RPM, ""), epoch, f"{version}-{release}"),
        (texts[_LICENSE][:300],) if texts.get(_LICENSE) else (),
        vendor=(vendor := texts.get(_VENDOR, "")[:200]),
        modularity=texts.get(_MODULARITY, "")[:200],
        maintained=_DISTRIBUTIONS.search(vendor) is not None or _MICROSOFTS.search(release) is not None,
        declares=_files(blob, tags),
    )


def evr(epoch: int, version: str) -> str:
    """`epoch:version-release`, the epoch left out where it is 0, as `rpm -q` writes it."""
    return f"{epoch}:{version}" if epoch else version


def source(name: str, source_rpm: str, epoch: int, version: str) -> Source | None:
    """The source package out of `openssl-3.0.7-27.el9.src.rpm`, None where it is named and numbered as the package.

    A binary package nearly always has its source's epoch; the file's name does not say it.
    """
    match = _SOURCE.fullmatch(source_rpm[:600])
    if match is None or not proper(match[1]) or not proper(match[2]):
        return None
    return None if (match[1], match[2]) == (name, version) else Source(match[1], evr(epoch, match[2]))


_Entry = tuple[int, int, int]  # type, offset in the blob, count


def _tags(blob: bytes) -> dict[int, _Entry]:
    count, size = struct.unpack_from(">II", blob)
    start = 8 + 16 * count
    if not 0 < count <= _MOST_ENTRIES or start + size > len(blob):
        raise ValueError(f"an index of {count} entries and {size} bytes in {len(blob)}")
    tags: dict[int, _Entry] = {}
    for tag, kind, offset, length in _ENTRY.iter_unpack(blob[8:start]):
        if offset < size:  # regions point before their data and are not of use here
            tags.setdefault(tag, (kind, start + offset, length))
    return tags


def _text(blob: bytes, kind: int, offset: int, count: int) -> str:
    if kind not in {_STRING, _STRING_ARRAY, _I18N} or not count:
        return ""
    end = blob.find(b"\0", offset, offset + 4096)
    return text_of(blob[offset : end if end >= 0 else offset + 4096])


def _epoch(blob: bytes, tags: dict[int, _Entry]) -> int:
    kind, offset, count = tags.get(_EPOCH, (0, 0, 0))
    return int.from_bytes(blob[offset : offset + 4], "big") if kind == _INT32 and count else 0


def _files(blob: bytes, tags: dict[int, _Entry]) -> tuple[str, ...]:
    """The files that may declare packages of a language: metadata by name, programs and archives by folder."""
    if not {_BASE_NAMES, _DIR_NAMES, _DIR_INDEXES} <= tags.keys():
        return ()
    names = _array(blob, tags[_BASE_NAMES])
    folders = _array(blob, tags[_DIR_NAMES])
    _, offset, count = tags[_DIR_INDEXES]
    count = min(count, len(names))
    if offset + 4 * count > len(blob):
        return ()
    indexes = struct.unpack_from(f">{count}I", blob, offset)
    wanted = [_may_declare(folder) for folder in folders]
    found = []
    for name, index in zip(names, indexes, strict=False):
        if index < len(folders) and (wanted[index] or name.endswith((b".egg-info", b"package.json"))):
            path = folders[index].lstrip(b"/") + name
            if path.endswith(_DECLARATIONS) or b"." not in name or name.endswith(b".jar"):
                found.append(path.decode("utf-8", "surrogateescape"))
    return tuple(found)


def _may_declare(folder: bytes) -> bool:
    return folder.endswith((b".dist-info/", b".egg-info/")) or folder.endswith(_PROGRAMS)


def _array(blob: bytes, entry: _Entry) -> list[bytes]:
    kind, offset, count = entry
    return blob[offset:].split(b"\0", count)[:count] if kind == _STRING_ARRAY else []

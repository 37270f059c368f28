"""Go's build information: the modules that a program was linked from (Go, src/debug/buildinfo and runtime/debug).

A blob at a multiple of 16 bytes in the data: 14 bytes of magic, the size of pointers, flags. Since Go 1.18 two strings
with their length as varint follow at byte 32; before, two pointers to string headers.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from pratique.model.inventory import PackageType
from pratique.scan.binaries.parts import Sparse
from pratique.scan.found import Found, Parsed, Problem, cut, proper, text_of

MAGIC = b"\xff Go buildinf:"
_MOST = 8 * 1024 * 1024  # bytes of the list of modules
_RELEASE = re.compile(r"go(\d+\.\d+[\w.\-]*)")
_LINKED = re.compile(r"-X[ =]\\?[\"']?([\w./\-]+)=\\?[\"']?(v?\d+\.\d+[\w.+\-]*)")
_GO_ITSELF = "path\tcmd/go\n"
_DEVEL = "(devel)"

# `(address, size)` gives bytes of the loaded program, None where they aren't known
Memory = Callable[[int, int], bytes | None]


_Order: TypeAlias = Literal["big", "little"]


class _Info(NamedTuple):
    version: str
    modules: str


def parse(file: Sparse, memory: Memory) -> Parsed:
    """The standard library, the main module and its dependencies; nothing where there is no build information."""
    at = file.find(MAGIC, 16)
    if at is None:
        return
    info = _read(file, at, memory)
    if info is None:
        yield Problem("its Go build information cannot be read")
        return
    release = _RELEASE.match(info.version)
    if release:
        yield Found(PackageType.GOLANG, "stdlib", release[1])
        if info.modules.startswith(_GO_ITSELF):
            yield Found(PackageType.GENERIC, "go", release[1])
    else:
        yield Problem(f"built with {cut(info.version)}, which is no release of Go")
    yield from _modules(info.modules)


def _read(file: Sparse, at: int, memory: Memory) -> _Info | None:
    head = file.up_to(at, 32)
    if len(head) < 32:
        return None
    if head[15] & 2:
        version, after = _string(file, at + 32)
        modules, _ = _string(file, after)
    else:
        size = head[14]
        order: _Order = "big" if head[15] & 1 else "little"
        if size not in {4, 8}:
            return None
        pointers = (int.from_bytes(head[16 + n * size : 16 + (n + 1) * size], order) for n in range(2))
        version, modules = (_pointed(memory, pointer, size, order) for pointer in pointers)
    return _Info(text_of(version), text_of(_unwrapped(modules))) if version else None


def _string(file: Sparse, at: int) -> tuple[bytes, int]:
    size = shift = 0
    for number, byte in enumerate(file.up_to(at, 5)):
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (file.get(at + number + 1, size) or b"" if size <= _MOST else b""), at + number + 1 + size
    return b"", at


def _pointed(memory: Memory, pointer: int, size: int, order: _Order) -> bytes:
    header = memory(pointer, 2 * size) if pointer else None
    if header is None:
        return b""
    start = int.from_bytes(header[:size], order)
    length = int.from_bytes(header[size:], order)
    return memory(start, length) or b"" if length <= _MOST else b""


def _unwrapped(modules: bytes) -> bytes:
    """Without the 16 bytes before and after by which the list is found in memory."""
    return modules[16:-16] if len(modules) >= 33 and modules[-17:-16] == b"\n" else b""


def _modules(text: str) -> Iterator[Found | Problem]:
    main: list[str] = []
    settings: dict[str, str] = {}
    found: list[list[str]] = []
    for line in text.split("\n"):
        key, *fields = line.split("\t")
        if key == "mod":
            main = fields
        elif key == "dep":
            found.append(fields)
        elif key == "=>" and found:
            found[-1] = _replaced(found[-1], fields)
        elif key == "build" and fields:
            name, _, value = fields[0].partition("=")
            settings[name] = value
    if main:
        found.insert(0, [main[0], _main_version(main, settings)])
    for fields in found:
        name, version = (*fields, "", "")[:2]
        if proper(name, 1024) and proper(version):
            yield Found(PackageType.GOLANG, name, version)
        else:
            yield Problem(f"module {cut(name)} with version {cut(version)}")


def _replaced(original: list[str], fields: list[str]) -> list[str]:
    """A replacement by a folder has no version and a path that says nothing elsewhere: the module's own name stays."""
    local = not fields or fields[0].startswith((".", "/"))
    return [original[0], (*original, "")[1]] if local else fields


def _main_version(main: list[str], settings: dict[str, str]) -> str:
    """The module's version; of a build from a working copy what -ldflags wrote into it, or what the commit tells."""
    version = (*main, "", "")[1]
    if version and version != _DEVEL:
        return version
    linked: dict[str, str] = dict(_LINKED.findall(settings.get("-ldflags", "")))
    named = [key for key in linked if key.rpartition(".")[2].lower().endswith(("version", "tag"))]
    own = sorted(named, key=lambda key: (not key.startswith(("main.", main[0])), key))
    if own:
        return linked[own[0]] if linked[own[0]].startswith("v") else f"v{linked[own[0]]}"
    revision, when = settings.get("vcs.revision", ""), re.sub(r"\D", "", settings.get("vcs.time", ""))
    return f"v0.0.0-{when}-{revision[:12]}" if len(revision) >= 12 and len(when) == 14 else _DEVEL

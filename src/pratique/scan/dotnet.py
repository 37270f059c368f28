""".NET packages: the deps.json that lies beside a built program, and NuGet's packages.lock.json."""

import msgspec

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper

LIMIT = 16 * MEGABYTE
DEPS, LOCK = ".deps.json", "packages.lock.json"
ENDINGS = (DEPS, LOCK)
_RUNTIME = "runtimepack."


class _Library(msgspec.Struct):
    type: str = ""


class _Deps(msgspec.Struct):
    libraries: dict[str, _Library] = {}


class _Locked(msgspec.Struct):
    type: str = ""
    resolved: str = ""


class _Lock(msgspec.Struct):
    dependencies: dict[str, dict[str, _Locked]] = {}


_DEPS = msgspec.json.Decoder(_Deps)
_LOCK = msgspec.json.Decoder(_Lock)


def wanted(path: str) -> bool:
    """Whether this lists a program's libraries."""
    return path.endswith(DEPS) or path.rpartition("/")[2] == LOCK


def parse(path: str, content: bytes) -> Parsed:
    """The libraries that came from NuGet, the runtime that was built in among them; not the projects themselves."""
    try:
        found = _read(path, content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Problem(f"not a list of .NET's libraries: {str(error)[:200]}")
        return
    for name, version in sorted(found):
        if proper(name) and proper(version):
            yield Found(PackageType.NUGET, name, version)
        else:
            yield Problem(f"package {cut(name)} with version {cut(version)}")


def _read(path: str, content: bytes) -> set[tuple[str, str]]:
    if path.endswith(LOCK):
        frameworks = _LOCK.decode(content).dependencies.values()
        locked = [(name, one) for framework in frameworks for name, one in framework.items()]
        return {(name, one.resolved) for name, one in locked if one.type.lower() != "project"}
    libraries = _DEPS.decode(content).libraries.items()
    keys = [
        key.removeprefix(_RUNTIME).partition("/") for key, one in libraries if one.type in {"package", "runtimepack"}
    ]
    return {(name, version) for name, _, version in keys}

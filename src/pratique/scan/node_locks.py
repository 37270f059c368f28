"""Node's lock files: what a project would install, of use only where no modules lie beside the file.

npm's package-lock.json (versions 1 to 3), Yarn's yarn.lock (classic and Berry) and pnpm's pnpm-lock.yaml.
"""

import re
from collections.abc import Iterator

import msgspec

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper, text_of

LIMIT = 32 * MEGABYTE
FILES = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")
_MODULES = "node_modules/"
_YARN = re.compile(r'"?(?P<name>@?[^@"\s]+)@')
_YARN_VERSION = re.compile(r'  version:? "?(?P<version>[^"\s]+)"?')
_YARN_LOCAL = re.compile(r"@(?:workspace|link|portal|file):")
_PNPM = re.compile(
    r"""  ['"]?/?(?P<name>@?[^@/\s'"]+(?:/[^@/\s'"(]+)?)[@/](?P<version>\d[^\s'":(_]*)(?:[(_].*)?['"]?:"""
)


class _Locked(msgspec.Struct):
    version: str = ""
    name: str = ""
    link: bool = False


class _Lock(msgspec.Struct):
    packages: dict[str, _Locked] = {}


class _Old(msgspec.Struct):
    version: str = ""
    dependencies: dict[str, "_Old"] = {}


_LOCK = msgspec.json.Decoder(_Lock)
_OLD = msgspec.json.Decoder(_Old)


def wanted(path: str) -> bool:
    """Whether this is a project's lock file, not one that an installed module brought along."""
    return path.rpartition("/")[2] in FILES and f"/{_MODULES}" not in f"/{path}"


def modules_beside(path: str) -> str:
    """Where the modules of this lock file would lie."""
    folder = path.rpartition("/")[0]
    return f"{folder}/{_MODULES}" if folder else _MODULES


def parse(path: str, content: bytes) -> Parsed:
    """Each package with its version, once."""
    try:
        found = set(_read(path.rpartition("/")[2], content))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Problem(f"not a lock file: {str(error)[:200]}")
        return
    for name, version in sorted(found):
        if proper(name) and proper(version):
            yield Found(PackageType.NPM, name, version)
        else:
            yield Problem(f"package {cut(name)} with version {cut(version)}")


def _read(file: str, content: bytes) -> Iterator[tuple[str, str]]:
    if file == "yarn.lock":
        return _yarn(text_of(content))
    return _pnpm(text_of(content)) if file == "pnpm-lock.yaml" else _npm(content)


def _npm(content: bytes) -> Iterator[tuple[str, str]]:
    lock = _LOCK.decode(content)
    for path, one in lock.packages.items():
        if _MODULES in path and not one.link and one.version:
            yield one.name or path.rpartition(_MODULES)[2], one.version
    if not lock.packages:
        yield from _old(_OLD.decode(content))


def _old(root: _Old) -> Iterator[tuple[str, str]]:
    pending = [root]
    while pending:
        for name, one in pending.pop().dependencies.items():
            pending.append(one)
            if one.version[:1].isdigit():  # the others are files and repositories
                yield name, one.version


def _yarn(text: str) -> Iterator[tuple[str, str]]:
    name = ""
    for line in text.split("\n"):
        if line[:1] not in {"", " ", "#", "\r"}:
            match = None if _YARN_LOCAL.search(line) else _YARN.match(line)
            name = match["name"] if match else ""
        elif name and (match := _YARN_VERSION.match(line)):
            yield name, match["version"]
            name = ""


def _pnpm(text: str) -> Iterator[tuple[str, str]]:
    inside = False
    for line in text.split("\n"):
        if line[:1] not in {"", " ", "#", "\r"}:
            inside = line.rstrip() == "packages:"
        elif inside and (match := _PNPM.match(line)):
            yield match["name"], match["version"]

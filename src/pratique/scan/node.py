"""Node packages: each package.json below a node_modules folder (npm's package.json documentation)."""

import msgspec

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, proper

LIMIT = 4 * MEGABYTE
ENDING = "/package.json"
_MODULES = "node_modules"
_TESTS = frozenset(
    {"test", "tests", "__tests__", "fixture", "fixtures", "__fixtures__", "testdata", "example", "examples"}
)


class _Manifest(msgspec.Struct):
    name: object = None
    version: object = None
    license: object = None
    licenses: object = None


_DECODER = msgspec.json.Decoder(_Manifest)


def wanted(path: str) -> bool:
    """Whether this is the manifest of an installed package, not of a project or of another package's tests."""
    if not path.endswith(ENDING):
        return False
    parts = path.split("/")
    if _MODULES not in parts:
        return False
    inside = parts[len(parts) - parts[::-1].index(_MODULES) : -1]
    return bool(inside) and _TESTS.isdisjoint(inside[2 if inside[0].startswith("@") else 1 :])


def parse(path: str, content: bytes) -> Parsed:
    """The package, or nothing for the manifests without name or version that only say how a folder is to be loaded."""
    try:
        manifest = _DECODER.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Problem(f"not a package.json: {str(error)[:200]}")
        return
    name, version = manifest.name, manifest.version
    if not name or not version:
        return
    if not isinstance(name, str) or not isinstance(version, str) or not proper(name) or not proper(version):
        yield Problem("its name or version is not a short text")
    else:
        yield Found(PackageType.NPM, name, version.removeprefix("v"), licenses=_licenses(manifest))


def _licenses(manifest: _Manifest) -> tuple[str, ...]:
    """A string today; older packages have an object, or `licenses` with a list of them."""
    many = manifest.licenses if isinstance(manifest.licenses, list) else []
    names = (item.get("type") if isinstance(item, dict) else item for item in [manifest.license, *many[:20]])
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and 0 < len(name) <= 200))

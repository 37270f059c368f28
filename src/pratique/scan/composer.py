"""PHP's packages: the list of what Composer installed below a vendor folder (its InstalledFilesystemRepository)."""

import msgspec

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper

LIMIT = 32 * MEGABYTE
ENDING = "composer/installed.json"


class _Package(msgspec.Struct):
    name: str = ""
    version: str = ""
    license: object = None


class _Installed(msgspec.Struct):
    packages: list[_Package]


_DECODER = msgspec.json.Decoder(_Installed | list[_Package])


def wanted(path: str) -> bool:
    """Whether this is the list; the vendor folder may have any name."""
    return path == ENDING or path.endswith("/" + ENDING)


def parse(path: str, content: bytes) -> Parsed:
    """All packages; Composer 1 wrote the bare list of them."""
    try:
        installed = _DECODER.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Problem(f"not a list of Composer's: {str(error)[:200]}")
        return
    for package in installed if isinstance(installed, list) else installed.packages:
        name, version = package.name.lower(), package.version
        if proper(name) and proper(version):
            yield Found(PackageType.COMPOSER, name, version, licenses=_licenses(package.license))
        else:
            yield Problem(f"package {cut(name)} with version {cut(version)}")


def _licenses(told: object) -> tuple[str, ...]:
    many = told if isinstance(told, list) else [told]
    return tuple(one for one in many[:20] if isinstance(one, str) and 0 < len(one) <= 200)

"""Short ways to write packages, advisories and findings down in tests."""

from collections.abc import Iterable, Sequence

from pratique.model.advisory import Advisory, Affected, Range, Severity
from pratique.model.digest import Digest
from pratique.model.finding import Finding
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Source

BOOKWORM = Distro("debian", "12", "bookworm")
ALPINE = Distro("alpine", "3.19.1")
STATUS = "var/lib/dpkg/status"


class Advisories:
    """Advisories in memory, found as the store finds them: only the entries that were asked for."""

    def __init__(self, advisories: Iterable[Advisory] = ()) -> None:
        self.all = tuple(advisories)
        self.asked: list[tuple[str, str]] = []

    def find(self, ecosystem: str, name: str) -> Sequence[Advisory]:
        self.asked.append((ecosystem, name))
        found = []
        for advisory in self.all:
            mine = tuple(a for a in advisory.affected if (a.ecosystem, a.name) == (ecosystem, name))
            if mine:
                fields = {field: getattr(advisory, field) for field in advisory.__struct_fields__}
                found.append(Advisory(**(fields | {"affected": mine})))
        return tuple(found)


def advisory(
    identity: str,
    ecosystem: str,
    name: str,
    *ranges: Range,
    versions: tuple[str, ...] = (),
    vendor: Severity = Severity.UNKNOWN,
    **more: object,
) -> Advisory:
    """A record with one affected entry; `vendor` is the entry's own severity."""
    affected = Affected(ecosystem, name, ranges, versions, vendor)
    return Advisory(**({"id": identity, "source": "test", "affected": (affected,)} | more))  # type: ignore[arg-type]


def below(fixed: str, introduced: str = "0") -> Range:
    """Affected from `introduced` to before `fixed`."""
    return Range(introduced, fixed)


def deb(name: str, version: str, source: Source | None = None, layer: Digest | None = None) -> Package:
    purl = f"pkg:deb/debian/{name}@{version}"
    return Package(PackageType.DEB, name, version, purl, source=source, locations=(Location(STATUS, layer),))


def apk(name: str, version: str, source: Source | None = None) -> Package:
    return Package(PackageType.APK, name, version, f"pkg:apk/alpine/{name}@{version}", source=source)


def pypi(name: str, version: str, path: str = "app/METADATA") -> Package:
    return Package(PackageType.PYPI, name, version, f"pkg:pypi/{name}@{version}", locations=(Location(path),))


def npm(name: str, version: str, path: str = "app/package.json") -> Package:
    return Package(PackageType.NPM, name, version, f"pkg:npm/{name}@{version}", locations=(Location(path),))


def image_of(*packages: Package, distro: Distro | None = None) -> Inventory:
    return Inventory(distro=distro, packages=packages)


def finding(
    identity: str = "CVE-2024-1",
    severity: Severity = Severity.HIGH,
    package: Package | None = None,
    fix: tuple[str, ...] = (),
    **more: object,
) -> Finding:
    package = package or deb("openssl", "3.0.11-1")
    return Finding(identity, package, severity, fix_versions=fix, **more)  # type: ignore[arg-type]

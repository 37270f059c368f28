"""What every importer makes, and how words, packages and findings of other tools become ours."""

import re
from collections.abc import Iterable

import msgspec

from pratique.model import purl as purls
from pratique.model.advisory import Severity
from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData
from pratique.model.finding import Evidence, Finding, State
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Skipped, Source
from pratique.report import from_purl
from pratique.report.text import one_line

_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.NEGLIGIBLE,
    "unimportant": Severity.NEGLIGIBLE,
    "info": Severity.NEGLIGIBLE,
    "informational": Severity.NEGLIGIBLE,
    "none": Severity.NEGLIGIBLE,
}
_SYSTEM_TYPES = {
    **dict.fromkeys(("debian", "ubuntu", "deb", "dpkg", "distroless"), PackageType.DEB),
    **dict.fromkeys(("alpine", "wolfi", "chainguard", "apk"), PackageType.APK),
    **dict.fromkeys(
        ("rpm", "redhat", "rhel", "centos", "rocky", "alma", "almalinux", "oracle", "ol", "amazon", "amzn", "fedora"),
        PackageType.RPM,
    ),
    **dict.fromkeys(("suse", "sles", "opensuse", "photon", "cbl-mariner", "mariner", "azurelinux"), PackageType.RPM),
    **dict.fromkeys(("arch", "alpm"), PackageType.ALPM),
}
_TYPES = {
    **_SYSTEM_TYPES,
    **dict.fromkeys(
        ("npm", "node-pkg", "nodejs", "javascript", "yarn", "pnpm", "bun", "node", "package-lock"), PackageType.NPM
    ),
    **dict.fromkeys(
        ("pypi", "python-pkg", "python", "pip", "pipenv", "poetry", "uv", "conda-environment"), PackageType.PYPI
    ),
    **dict.fromkeys(("golang", "gobinary", "gomod", "go", "go-module"), PackageType.GOLANG),
    **dict.fromkeys(("maven", "jar", "java", "pom", "gradle", "java-archive", "sbt"), PackageType.MAVEN),
    **dict.fromkeys(("cargo", "rustbinary", "rust", "rust-crate"), PackageType.CARGO),
    **dict.fromkeys(("nuget", "dotnet", "dotnet-core", "packages-props", ".net"), PackageType.NUGET),
    **dict.fromkeys(("gem", "gemspec", "bundler", "ruby"), PackageType.GEM),
    **dict.fromkeys(("composer", "composer-vendor", "php", "php-composer"), PackageType.COMPOSER),
    **dict.fromkeys(("conda", "conda-pkg"), PackageType.CONDA),
    "bitnami": PackageType.BITNAMI,
}
_SYSTEM = frozenset({PackageType.DEB, PackageType.APK, PackageType.RPM, PackageType.ALPM})
SCANNER = "scanner:"


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """One scanner's report: which scanner, what it looked at, when (RFC 3339, may be empty), and what it found."""

    tool: str
    version: str = ""
    target: str = ""
    created: str = ""
    inventory: Inventory = Inventory()
    findings: tuple[Finding, ...] = ()


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a scanner said of one vulnerability in one package."""

    id: str
    severity: str = ""
    aliases: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    ecosystem: str = ""
    state: State = State.AFFECTED
    score: float | None = None
    vector: str = ""
    summary: str = ""
    published: str = ""
    modified: str = ""
    url: str = ""


def severity(word: str | None) -> Severity:
    """A severity in any tool's words; UNKNOWN for those that we don't know."""
    return _SEVERITIES.get((word or "").strip().lower(), Severity.UNKNOWN)


def package_type(word: str | None) -> PackageType:
    """A package type in any tool's words; GENERIC for those that we don't know."""
    return _TYPES.get((word or "").strip().lower(), PackageType.GENERIC)


def digest(*texts: str | None) -> Digest | None:
    """The first digest among texts like `sha256:...` or `name@sha256:...`."""
    for text in texts:
        found = (text or "").rpartition("@")[2]
        if is_digest(found):
            return Digest(found)
    return None


def package(
    name: str | None,
    version: str | None,
    kind: PackageType,
    *,
    purl: str | None = "",
    distro: Distro | None = None,
    source: Source | None = None,
    path: str | None = "",
    layer: str | None = "",
) -> Package | Skipped:
    """A package as a scanner names it: by its purl where it has a good one, else by type and name."""
    name, version = (name or "").strip(), (version or "").strip()
    place = _locations((path or "").lstrip("/"), digest(layer))
    if purl:
        found = from_purl.package(from_purl.Foreign(name, purl, version, source, place))
        if isinstance(found, Package):
            return msgspec.structs.replace(found, version=version or found.version)
    if not name:
        return Skipped("a finding", "it names no package")
    namespace = distro.id if distro and kind in _SYSTEM else ""
    own = purl or purls.write(
        kind.value, name.replace(":", "/") if kind is PackageType.MAVEN else name, version, namespace
    )
    source = None if source == Source(name, version) else source
    return Package(kind, name, version, own, source=source, locations=place)


def finding(tool: str, found: Package, said: Said) -> Finding | Skipped:
    """A finding with the scanner as its evidence. A CVE among the names becomes the id, the others aliases."""
    names = [name.strip() for name in (said.id, *said.aliases) if name.strip()]
    if not names:
        return Skipped(one_line(found.purl, 200), "a finding without a vulnerability's id")
    chosen = next((name for name in names if re.fullmatch(r"CVE-\d+-\d+", name)), names[0])
    level = severity(said.severity)
    fixes = tuple(dict.fromkeys(fix.strip() for fix in said.fixes if fix.strip()))
    told = level.word + (f", fixed in {' or '.join(fixes)}" if fixes else ", no fix")
    return Finding(
        id=chosen,
        package=found,
        severity=level,
        state=said.state,
        aliases=tuple(sorted({*names} - {chosen})),
        fix_versions=fixes,
        evidence=(Evidence(said.id or chosen, SCANNER + tool, said.ecosystem, found.name, found.version, told),),
        score=said.score if said.score is None or 0 <= said.score <= 10 else None,
        vector=said.vector,
        summary=one_line(said.summary, 500).strip(),
        published=said.published,
        modified=said.modified,
        url=said.url,
    )


class Gathering:
    """Collects an importer's packages and findings, each once, and what could not be taken over."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._packages: dict[Package, None] = {}
        self._findings: dict[tuple[str, Package], Finding] = {}
        self._skipped: dict[Skipped, None] = {}

    def package(self, found: Package | Skipped) -> None:
        """A package without a finding."""
        if isinstance(found, Skipped):
            self.skip(found)
        else:
            self._packages[found] = None

    def add(self, found: Package | Skipped, said: Said) -> None:
        """A package with what was said of it."""
        self.package(found)
        if isinstance(found, Package):
            made = finding(self._tool, found, said)
            if isinstance(made, Skipped):
                self.skip(made)
            else:
                self._findings.setdefault((made.id, found), made)

    def skip(self, skipped: Skipped) -> None:
        """Something that could not be taken over."""
        self._skipped[skipped] = None

    def imported(
        self,
        *,
        version: str | None = "",
        target: str | None = "",
        created: str | None = "",
        image: Digest | None = None,
        distro: Distro | None = None,
    ) -> Imported:
        """All of it."""
        packages = sorted(self._packages, key=lambda one: (one.type, one.name, one.version, one.locations))
        return Imported(
            tool=self._tool,
            version=version or "",
            target=target or "",
            created=created or "",
            inventory=Inventory(image, distro, tuple(packages), tuple(self._skipped)),
            findings=tuple(self._findings.values()),
        )


def split_fixes(text: str | None) -> tuple[str, ...]:
    """`1.2, 2.3` as versions."""
    return tuple(part.strip() for part in re.split(r",|\bor\b", text or "") if part.strip())


def number(text: object) -> float | None:
    """A score that some tools write as text; None where it is none."""
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if 0 < value <= 10 else None


def refuse(name: str, why: str) -> InvalidData:
    """The error for a file that is not what it should be."""
    return InvalidData(f"cannot read {one_line(name, 200)}", why)


def first(values: Iterable[str | None]) -> str:
    """The first that is not empty."""
    return next((value for value in values if value), "")


def _locations(path: str, layer: Digest | None) -> tuple[Location, ...]:
    return (Location(path, layer),) if path or layer else ()

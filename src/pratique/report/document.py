"""Our own JSON, for machines: every key always present, the schema versioned and published beside this file.

`schema_version` is `major.minor`: a minor adds keys, a major changes or removes them. The schema itself,
`schemas/report-1.json`, is generated from these structs (`schema()`), and a test keeps it so.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from pratique.model.advisory import Severity
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData
from pratique.model.finding import Evidence, Finding, State
from pratique.model.image import Image
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Skipped, Source
from pratique.model.verdict import Outcome, Reason, Verdict
from pratique.report.decoding import decode
from pratique.report.report import Advisories, Report, totals, worst_first
from pratique.report.text import one_line

SCHEMA_VERSION = "1.1"
SCHEMA_ID = "urn:pratique:schema:report-1"
T = TypeVar("T", bound=msgspec.Struct)
SeverityWord = Literal["critical", "high", "medium", "low", "negligible", "unknown"]


class ToolPart(msgspec.Struct, frozen=True):
    """What made this document."""

    name: str
    version: str


class LayerPart(msgspec.Struct, frozen=True):
    """One layer, base first: the digest of its blob and of its tar, the blob's size in bytes, and what made it."""

    digest: Digest
    diff_id: Digest
    size: int
    media_type: str
    created_by: str


class ImagePart(msgspec.Struct, frozen=True):
    """The image: `digest` is its manifest's; `index` the index it was chosen from, if any."""

    name: str
    digest: Digest
    index: Digest | None
    platform: str
    created: str | None
    layers: tuple[LayerPart, ...]
    labels: dict[str, str]


class DistroPart(msgspec.Struct, frozen=True):
    """The distribution, by its os-release."""

    id: str
    version_id: str
    codename: str
    name: str
    id_like: tuple[str, ...]
    end_of_life: Annotated[str, Meta(description="the day after which it mends nothing for everybody")] = ""


class PackagePart(msgspec.Struct, frozen=True):
    """One installed package; `source` is the source package where it has another name or version."""

    type: PackageType
    name: str
    version: str
    purl: str
    architecture: str
    source: Source | None
    owner: Annotated[str, Meta(description="the distribution package that owns its files, if one does")]
    locations: tuple[Location, ...]
    licenses: tuple[str, ...]
    vendor: Annotated[str, Meta(description="who built an RPM package")] = ""
    modularity: Annotated[str, Meta(description="an RPM package's module label")] = ""


class PackageName(msgspec.Struct, frozen=True):
    """The package of a finding, enough to find it under `packages`, with the file that declares it."""

    type: PackageType
    name: str
    version: str
    purl: str
    source: Source | None
    path: str
    layer: Digest | None


class FindingPart(msgspec.Struct, frozen=True):
    """One vulnerability in one package; `fix_versions` nearest first, empty where no fix is known."""

    id: str
    aliases: tuple[str, ...]
    package: PackageName
    severity: SeverityWord
    score: Annotated[float | None, Meta(description="CVSS base score, 0.0 to 10.0")]
    vector: str
    fix_versions: tuple[str, ...]
    state: Literal["affected", "not_affected", "fixed", "under_investigation"]
    in_base: Annotated[bool | None, Meta(description="whether it came with the base image; null where not known")]
    summary: str
    url: str
    published: str
    modified: str
    evidence: tuple[Evidence, ...]
    epss: Annotated[float | None, Meta(description="how likely it is exploited within 30 days, 0 to 1")] = None
    kev: Annotated[bool, Meta(description="whether it is known to be exploited (CISA)")] = False
    vendor_state: Annotated[str, Meta(description="what the distribution decided where it has no fix")] = ""


class ReasonPart(msgspec.Struct, frozen=True):
    """One reason for an outcome: the rule, what is wrong, and what would change it."""

    rule: str
    outcome: Literal["allow", "warn", "deny"]
    message: str
    remedy: str
    subject: str


class VerdictPart(msgspec.Struct, frozen=True):
    """What the policy said; the digests name the exact policy and advisories."""

    outcome: Literal["allow", "warn", "deny"]
    reasons: tuple[ReasonPart, ...]
    policy_digest: Digest
    advisories_digest: Digest
    judged_at: str


class Document(msgspec.Struct, frozen=True):
    """A report by Pratique. Times are RFC 3339 in UTC. Keys are never left out: what isn't known is null or empty."""

    schema_version: Annotated[str, Meta(pattern=r"^1\.[0-9]+$")]
    tool: ToolPart
    generated_at: str
    target: str
    inventory_image: Annotated[
        Digest | None, Meta(description="the digest of the image that the packages were found in")
    ]
    image: ImagePart | None
    distro: DistroPart | None
    packages: tuple[PackagePart, ...]
    findings: tuple[FindingPart, ...]
    totals: Annotated[dict[str, int], Meta(description="findings by severity")]
    verdict: VerdictPart | None
    skipped: Annotated[tuple[Skipped, ...], Meta(description="what should have been read and could not be")]
    unmatched: Annotated[tuple[Skipped, ...], Meta(description="packages that no advisory could be compared with")]
    advisories: Annotated[Advisories | None, Meta(description="null where nobody looked for findings")]
    scanners: Annotated[
        tuple[str, ...], Meta(description="whose findings are joined here; empty where it is Pratique alone")
    ] = ()


def render(report: Report) -> bytes:
    """The report as indented JSON, UTF-8, with a line break at the end."""
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=2) + b"\n"


def document(report: Report) -> Document:
    """The report in the shape of the published schema."""
    return Document(
        schema_version=SCHEMA_VERSION,
        tool=ToolPart("pratique", report.tool_version),
        generated_at=report.generated_at,
        target=report.target,
        inventory_image=report.inventory.image,
        image=_image(report.image, report.target) if report.image else None,
        distro=_convert(report.inventory.distro, DistroPart) if report.inventory.distro else None,
        packages=tuple(_convert(package, PackagePart) for package in report.inventory.packages),
        findings=tuple(_finding(finding) for finding in worst_first(report.findings)),
        totals={severity.word: count for severity, count in totals(report.findings).items()},
        verdict=_verdict(report.verdict) if report.verdict else None,
        skipped=report.inventory.skipped,
        unmatched=report.unmatched,
        advisories=report.advisories,
        scanners=report.scanners,
    )


def read(data: bytes, name: str) -> Inventory:
    """The inventory in a document of ours. Raises InvalidData."""
    return _inventory(read_document(data, name))


def read_report(data: bytes, name: str) -> Report:
    """The report that a document of ours was made from, without the image's bytes. Raises InvalidData."""
    found = read_document(data, name)
    inventory = _inventory(found)
    known = {_package_key(package): package for package in inventory.packages}
    return Report(
        target=found.target,
        inventory=inventory,
        findings=tuple(_read_finding(part, known) for part in found.findings),
        verdict=_read_verdict(found) if found.verdict else None,
        advisories=found.advisories,
        unmatched=found.unmatched,
        scanners=found.scanners,
        tool_version=found.tool.version,
        generated_at=found.generated_at,
    )


def read_document(data: bytes, name: str) -> Document:
    """A document of ours, checked against the schema's types. Raises InvalidData."""
    version = decode(data, _Version, name).schema_version
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise InvalidData(
            f"cannot read {one_line(name, 200)}", f"its schema_version is {version[:20]!r}; this reads 1.x"
        )
    return decode(data, Document, name)


def _inventory(found: Document) -> Inventory:
    return Inventory(
        image=found.inventory_image,
        distro=_convert(found.distro, Distro) if found.distro else None,
        packages=tuple(_convert(part, Package) for part in found.packages),
        skipped=found.skipped,
    )


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that `render` keeps to."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, "title": "Pratique report"}
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(head | msgspec.json.schema(Document)))
    return made


_PackageKey = tuple[PackageType, str, str, str, Source | None, Location]


def _package_key(package: Package) -> _PackageKey:
    first = package.locations[0] if package.locations else Location("")
    return package.type, package.purl, package.name, package.version, package.source, first


def _read_finding(part: FindingPart, known: Mapping[_PackageKey, Package]) -> Finding:
    named = part.package
    place = (Location(named.path, named.layer),) if named.path or named.layer else ()
    alone = Package(named.type, named.name, named.version, named.purl, source=named.source, locations=place)
    fields = {name: getattr(part, name) for name in part.__struct_fields__}
    package = known.get(_package_key(alone), alone)
    own = {"package": package, "severity": Severity[part.severity.upper()], "state": State(part.state)}
    return Finding(**fields | own)


def _read_verdict(found: Document) -> Verdict:
    part = found.verdict
    assert part is not None  # noqa: S101 - asked by the caller
    return Verdict(
        image=found.inventory_image,
        outcome=Outcome(part.outcome),
        reasons=tuple(
            Reason(one.rule, Outcome(one.outcome), one.message, one.remedy, one.subject) for one in part.reasons
        ),
        policy_digest=part.policy_digest,
        advisories_digest=part.advisories_digest,
        judged_at=part.judged_at,
    )


class _Version(msgspec.Struct):
    schema_version: str


def _convert(value: msgspec.Struct, kind: type[T]) -> T:
    return kind(**{name: getattr(value, name) for name in kind.__struct_fields__ if hasattr(value, name)})


def _image(image: Image, name: str) -> ImagePart:
    return ImagePart(
        name=name,
        digest=image.digest,
        index=image.index,
        platform=str(image.platform),
        created=image.created,
        layers=tuple(
            LayerPart(at.descriptor.digest, at.diff_id, at.descriptor.size, at.descriptor.media_type, at.created_by)
            for at in image.layers
        ),
        labels=dict(image.labels),
    )


def _finding(finding: Finding) -> FindingPart:
    package = finding.package
    first = package.locations[0] if package.locations else Location("")
    return FindingPart(
        id=finding.id,
        aliases=finding.aliases,
        package=PackageName(
            package.type, package.name, package.version, package.purl, package.source, first.path, first.layer
        ),
        severity=finding.severity.word,  # type: ignore[arg-type]
        score=finding.score,
        vector=finding.vector,
        fix_versions=finding.fix_versions,
        state=finding.state.value,
        in_base=finding.in_base,
        summary=finding.summary,
        url=finding.url,
        published=finding.published,
        modified=finding.modified,
        evidence=finding.evidence,
        epss=finding.epss,
        kev=finding.kev,
        vendor_state=finding.vendor_state,
    )


def _verdict(verdict: Verdict) -> VerdictPart:
    return VerdictPart(
        outcome=verdict.outcome.value,
        reasons=tuple(
            ReasonPart(reason.rule, reason.outcome.value, reason.message, reason.remedy, reason.subject)
            for reason in verdict.reasons
        ),
        policy_digest=verdict.policy_digest,
        advisories_digest=verdict.advisories_digest,
        judged_at=verdict.judged_at,
    )

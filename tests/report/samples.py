"""Inventories, findings and reports to render: one worked example, and generators of anything possible."""

from hypothesis import strategies as st

from pratique.model.advisory import Severity
from pratique.model.descriptor import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, Platform
from pratique.model.digest import digest_of
from pratique.model.finding import Evidence, Finding, State
from pratique.model.image import Image, Layer, Runtime
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Skipped, Source
from pratique.model.verdict import Outcome, Reason, Verdict
from pratique.report.report import Advisories, Report

NOW = "2026-11-23T12:00:00Z"
LAYERS = (digest_of(b"base"), digest_of(b"application"))

OPENSSL = Package(
    PackageType.DEB,
    "libssl3",
    "3.0.11-1~deb12u1",
    "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?arch=amd64&distro=debian-12&upstream=openssl",
    architecture="amd64",
    source=Source("openssl", "3.0.11-1~deb12u1"),
    locations=(Location("var/lib/dpkg/status", LAYERS[0]),),
    licenses=("Apache-2.0", "GPL-2"),
)
REQUESTS = Package(
    PackageType.PYPI,
    "requests",
    "2.19.0",
    "pkg:pypi/requests@2.19.0",
    locations=(Location("app/lib/requests-2.19.0.dist-info/METADATA", LAYERS[1]),),
    licenses=("Apache 2.0",),
)
NODE = Package(PackageType.NPM, "@types/node", "1.0.0", "pkg:npm/%40types/node@1.0.0", licenses=("MIT OR Apache-2.0",))
INVENTORY = Inventory(
    image=digest_of(b"manifest"),
    distro=Distro("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)"),
    packages=(OPENSSL, NODE, REQUESTS),
    skipped=(Skipped("app/broken/METADATA", "it is not text"),),
)
FINDINGS = (
    Finding(
        "CVE-2018-18074",
        REQUESTS,
        Severity.HIGH,
        aliases=("GHSA-x84v-xcm2-53pg", "PYSEC-2018-28"),
        fix_versions=("2.20.0",),
        evidence=(Evidence("GHSA-x84v-xcm2-53pg", "osv", "PyPI", "requests", "2.19.0", "< 2.20.0"),),
        score=7.5,
        vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
        summary="Insufficiently Protected Credentials in Requests",
        published="2018-10-29T19:06:46Z",
        url="https://osv.dev/vulnerability/GHSA-x84v-xcm2-53pg",
        in_base=False,
    ),
    Finding("CVE-2024-0001", OPENSSL, Severity.CRITICAL, fix_versions=("3.0.13-1",), score=9.8, in_base=True),
    Finding("CVE-2024-0002", OPENSSL, Severity.NEGLIGIBLE, summary="Nothing much"),
    Finding("CVE-2024-0003", NODE, Severity.UNKNOWN, State.UNDER_INVESTIGATION),
)
VERDICT = Verdict(
    image=INVENTORY.image,
    outcome=Outcome.DENY,
    reasons=(
        Reason("severity", Outcome.DENY, "CVE-2024-0001 in libssl3 is critical", "update to 3.0.13-1", "CVE-2024-0001"),
        Reason("unfixed", Outcome.WARN, "CVE-2024-0003 has no fix"),
    ),
    policy_digest=digest_of(b"policy"),
    advisories_digest=digest_of(b"advisories"),
    judged_at=NOW,
)
IMAGE = Image(
    digest=digest_of(b"manifest"),
    media_type=OCI_MANIFEST,
    platform=Platform(),
    config=Descriptor(OCI_CONFIG, digest_of(b"config"), 6),
    runtime=Runtime(labels={"maintainer": "us"}),
    layers=tuple(Layer(Descriptor(OCI_LAYER_GZIP, digest_of(one.encode()), 100), one, "COPY . /") for one in LAYERS),
    raw_manifest=b"manifest",
    raw_config=b"config",
)


def report(inventory: Inventory = INVENTORY, findings: tuple[Finding, ...] = FINDINGS) -> Report:
    """The worked example, or another inventory and findings in its place."""
    return Report(
        target="registry.example/shop/web:1.0",
        inventory=inventory,
        image=IMAGE,
        findings=findings,
        verdict=VERDICT,
        advisories=Advisories(digest_of(b"advisories"), NOW),
        unmatched=(Skipped("pkg:deb/debian/libssl3", "no advisories for Debian:12"),),
        tool_version="0.1.0",
        generated_at=NOW,
    )


def bare(inventory: Inventory) -> Report:
    """A report where nobody looked for findings."""
    return Report(target="dir:rootfs", inventory=inventory, tool_version="0.1.0", generated_at=NOW)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
DIGESTS = st.binary(max_size=4).map(digest_of)
PURLS = st.one_of(TEXT, st.just("pkg:deb/debian/a@1"), TEXT.map(lambda text: f"pkg:pypi/{text}"))
LOCATIONS = st.builds(Location, TEXT, st.none() | DIGESTS)
LICENSES = st.sampled_from(["MIT", "Apache-2.0", "GPL-2", "MIT OR ISC", ""]) | TEXT
PACKAGES = st.builds(
    Package,
    type=st.sampled_from(list(PackageType)),
    name=TEXT,
    version=TEXT | st.just("9" * 2000),
    purl=PURLS,
    architecture=TEXT,
    source=st.none() | st.builds(Source, TEXT, TEXT),
    locations=st.lists(LOCATIONS, max_size=3).map(tuple),
    licenses=st.lists(LICENSES, max_size=3).map(tuple),
    owner=TEXT,
    vendor=TEXT,
    modularity=TEXT,
)
DISTROS = st.builds(Distro, TEXT, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple), TEXT)
INVENTORIES = st.builds(
    Inventory,
    image=st.none() | DIGESTS,
    distro=st.none() | DISTROS,
    packages=st.lists(PACKAGES, max_size=4).map(tuple),
    skipped=st.lists(st.builds(Skipped, TEXT, TEXT), max_size=3).map(tuple),
)
FINDING_TUPLES = st.lists(
    st.builds(
        Finding,
        id=TEXT,
        package=PACKAGES,
        severity=st.sampled_from(Severity),
        state=st.sampled_from(State),
        aliases=st.lists(TEXT, max_size=2).map(tuple),
        fix_versions=st.lists(TEXT, max_size=2).map(tuple),
        score=st.none() | st.floats(0, 10),
        summary=TEXT,
        published=TEXT,
        url=TEXT,
        in_base=st.none() | st.booleans(),
    ),
    max_size=4,
).map(tuple)

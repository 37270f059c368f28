"""Matching against real records of Go, crates.io, RubyGems, AlmaLinux and Bitnami; truth comes from the raw ones."""

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.advisories import osv, sources
from pratique.advisories.store import AdvisoryStore, build
from pratique.judge.match import match, match_all
from pratique.model.advisory import Severity
from pratique.model.inventory import Distro, Package, PackageType, Source
from tests.judge.making import image_of
from tests.support.machine import require_shared

KINDS = {
    "Go": PackageType.GOLANG,
    "crates.io": PackageType.CARGO,
    "RubyGems": PackageType.GEM,
    "Bitnami": PackageType.BITNAMI,
    "AlmaLinux": PackageType.RPM,
}
ALMA_9 = Distro("almalinux", "9.4")
ALMA_8 = Distro("almalinux", "8.10")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    zips = [require_shared(f"advisories/osv/{feed}/all.zip") for feed in KINDS]
    path = tmp_path_factory.mktemp("judge") / "advisories.db"
    records = (record for each in zips for record in osv.records(sources.read(each), each.parent.name))
    build(path, records, [], datetime(2026, 11, 23, tzinfo=UTC))
    with AdvisoryStore.open(path) as opened:
        yield opened


def raw(feed: str) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(require_shared(f"advisories/osv/{feed}/all.zip")) as archive:
        for name in archive.namelist():
            record = json.loads(archive.read(name))
            if not record.get("withdrawn"):
                yield record


def of(feed: str, name: str, version: str, modularity: str = "") -> Package:
    return Package(KINDS[feed], name, version, f"pkg:{KINDS[feed].value}/{name}@{version}", modularity=modularity)


def found_in(store: AdvisoryStore, packages: set[Package], distro: Distro | None = None) -> set[tuple[str, str, str]]:
    """Name, version and advisory of every finding in an image of these packages."""
    findings = match(image_of(*packages, distro=distro), store)
    return {(one.package.name, one.package.version, seen.advisory) for one in findings for seen in one.evidence}


def ids(store: AdvisoryStore, package: Package, distro: Distro | None = None) -> set[str]:
    return {name for found in match(image_of(package, distro=distro), store) for name in (found.id, *found.aliases)}


def bounds(feed: str, what: str) -> set[tuple[str, str, str]]:
    """Every version at which something begins (`introduced`) or ends (`fixed`): package, version, record."""
    return {
        (entry["package"]["name"].lower() if feed == "Bitnami" else entry["package"]["name"], event[what], record["id"])
        for record in raw(feed)
        for entry in record["affected"]
        for each in entry["ranges"]
        for event in each["events"]
        if event.get(what, "0") != "0"
    }


@pytest.mark.parametrize("feed", ["Go", "crates.io", "RubyGems", "Bitnami"])
def test_a_version_is_affected_where_a_range_begins_and_not_where_it_ends(store: AdvisoryStore, feed: str) -> None:
    begins, ends = bounds(feed, "introduced"), bounds(feed, "fixed")
    found = found_in(store, {of(feed, name, version) for name, version, _ in begins | ends})
    print(f"{feed}: {len(begins)} beginnings, {len(ends)} ends")
    assert {version for _, version, _ in begins - found - ends} <= NO_VERSIONS
    assert (ends & found) - begins <= inside_another_range(feed)
    assert len(ends) > 800


def ranges_of(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Go's own ranges where OSV's only say "all", else OSV's."""
    custom: list[dict[str, Any]] = (entry.get("ecosystem_specific") or {}).get("custom_ranges") or []
    ranges: list[dict[str, Any]] = entry["ranges"]
    return custom if custom and all(each["events"] == [{"introduced": "0"}] for each in ranges) else ranges


def inside_another_range(feed: str) -> set[tuple[str, str, str]]:
    """What is fixed in one range of a record while another range of it still holds that version."""
    inside = set()
    for record in raw(feed):
        spans: dict[str, list[tuple[str, str]]] = {}
        for entry in record["affected"]:
            for each in ranges_of(entry):
                events = each["events"]
                for at, event in enumerate(events):
                    if "introduced" in event:
                        fixed = events[at + 1].get("fixed", "") if at + 1 < len(events) else ""
                        spans.setdefault(entry["package"]["name"], []).append((event["introduced"], fixed))
        for name, pairs in spans.items():
            for pair in set(pairs):
                inside |= {(name, end, record["id"]) for start, end in pairs if end and (start, end) != pair}
    return inside


NO_VERSIONS = {"nightly.2026-03-10.0"}


@pytest.mark.parametrize(
    ("package", "vulnerability", "fix"),
    [
        (of("Go", "stdlib", "1.20.3"), "CVE-2023-24540", "1.20.4"),
        (of("Go", "stdlib", "go1.20.3"), "CVE-2023-24540", "go1.20.4"),
        (of("Go", "stdlib", "go1.21rc2"), "CVE-2023-39318", "go1.21.1"),
        (of("Go", "golang.org/x/net", "v0.16.0"), "CVE-2023-39325", "v0.17.0"),
        (of("Go", "golang.org/x/text", "v0.3.6"), "CVE-2021-38561", "v0.3.7"),
        (of("Go", "golang.org/x/crypto", "v0.0.0-20220112180741-5e0467b6c7ce"), "CVE-2022-27191", "v0.1.0"),
        (of("Go", "github.com/docker/docker", "v20.10.0+incompatible"), "CVE-2024-41110", "v27.1.1+incompatible"),
        (of("crates.io", "time", "0.1.43"), "RUSTSEC-2020-0071", "0.2.23"),
        (of("crates.io", "openssl", "0.10.54"), "RUSTSEC-2023-0044", "0.10.55"),
        (of("RubyGems", "nokogiri", "1.13.3"), "CVE-2022-24836", "1.13.4"),
        (of("RubyGems", "rack", "2.2.3"), "CVE-2022-30122", "2.2.3.1"),
        (of("Bitnami", "postgresql", "15.2.0-3"), "CVE-2023-2454", "15.3.0-0"),
    ],
)
def test_a_well_known_vulnerability_is_found_and_gone_in_its_fix(
    store: AdvisoryStore, package: Package, vulnerability: str, fix: str
) -> None:
    assert vulnerability in ids(store, package)
    mended = Package(package.type, package.name, fix, package.purl)
    assert vulnerability not in ids(store, mended)


def test_every_almalinux_fix_divides_affected_from_mended(store: AdvisoryStore) -> None:
    fixes = {
        (entry["package"]["name"], event["fixed"], record["id"])
        for record in raw("AlmaLinux")
        if record["id"].startswith("ALSA") and any(name.startswith("CVE-") for name in record["related"])
        for entry in record["affected"]
        if entry["package"]["ecosystem"] == "AlmaLinux:9"
        for event in entry["ranges"][0]["events"]
        if "fixed" in event and ".module" not in event["fixed"]
    }
    packages = sorted(fixes)[::7]  # each seventh: whole, it is 20,000 packages
    below = found_in(store, {of("AlmaLinux", name, fixed + "~") for name, fixed, _ in packages}, ALMA_9)
    mended = found_in(store, {of("AlmaLinux", name, fixed) for name, fixed, _ in packages}, ALMA_9)
    assert len(fixes) > 10_000
    assert {(name, fixed + "~", one) for name, fixed, one in packages} <= below
    again = {(name, fixed, one) for name, fixed, one in packages} & mended
    # A record that gives two fixes for one package mends it at the later one.
    assert {one for _, _, one in again} <= {"ALSA-2022:2074"}


def test_an_almalinux_bulletin_is_one_finding_for_each_of_its_cves(store: AdvisoryStore) -> None:
    kernel = of("AlmaLinux", "kernel-doc", "6.12.0-124.56.4.el10_1")
    findings = match(image_of(kernel, distro=Distro("almalinux", "10.1")), store)
    mine = {one.id: one for one in findings if "ALSA-2026:A010" in one.aliases}
    assert {"CVE-2026-46300", "CVE-2026-46333"} <= set(mine)
    assert mine["CVE-2026-46300"].severity is Severity.HIGH, "its summary says Important"
    assert mine["CVE-2026-46300"].fix_versions == ("6.12.0-211.16.1.el10_2",), "the later of two bulletins"


def test_almalinux_is_asked_for_the_package_as_built_not_for_its_source(store: AdvisoryStore) -> None:
    library = Package(
        PackageType.RPM, "openssl-libs", "1:3.0.1-20.el9_0", "", source=Source("openssl", "1:3.0.1-20.el9_0")
    )
    assert "CVE-2022-3602" in ids(store, library, ALMA_9)
    mended = Package(PackageType.RPM, "openssl-libs", "1:3.0.7-27.el9", "", source=Source("openssl", "1:3.0.7-27.el9"))
    assert "CVE-2022-3602" not in ids(store, mended, ALMA_9)


def test_a_modular_package_is_compared_with_its_own_stream_alone(store: AdvisoryStore) -> None:
    def nodejs(stream: str) -> set[str]:
        version = f"1:{stream}.0.0-1.module_el8.4.0+2224+b07ac28e"
        label = f"nodejs:{stream}:8040020210817133458:522a0ee4" if stream else ""
        package = of("AlmaLinux", "nodejs", version, label)
        return {seen.advisory for found in match(image_of(package, distro=ALMA_8), store) for seen in found.evidence}

    def named(stream: str) -> set[str]:
        return {record["id"] for record in raw("AlmaLinux") if f" nodejs:{stream} " in f" {record['summary']} "}

    assert named("16") & nodejs("16")
    assert nodejs("16") <= named("16")
    assert not nodejs("18") & named("16")


def test_a_package_outside_modules_is_not_compared_with_a_module_s_builds(store: AdvisoryStore) -> None:
    plain = of("AlmaLinux", "nodejs", "1:1.0.0-1.el8")
    assert match(image_of(plain, distro=ALMA_8), store) == ()


def test_bug_fixes_and_enhancements_are_no_findings(store: AdvisoryStore) -> None:
    quiet = [r for r in raw("AlmaLinux") if r["id"][:4] in {"ALBA", "ALEA"} and not r.get("related")]
    packages = {
        of("AlmaLinux", entry["package"]["name"], "0-0") for record in quiet[:200] for entry in record["affected"]
    }
    found = {one for _, _, one in found_in(store, packages, ALMA_9) | found_in(store, packages, ALMA_8)}
    assert found
    assert not found & {record["id"] for record in quiet}


def test_kinds_without_advisories_are_named(store: AdvisoryStore) -> None:
    conda = Package(PackageType.CONDA, "numpy", "1.26", "pkg:conda/numpy@1.26")
    maven = Package(PackageType.MAVEN, "org.apache:log4j", "1.2", "pkg:maven/org.apache/log4j@1.2")
    reasons = {each.path: each.reason for each in match_all(image_of(conda, maven), store).unmatched}
    assert reasons == {
        "pkg:conda": "there are no advisories of this kind here: 1 package not matched",
        "Maven": "no advisories of Maven are known here: 1 package not matched",
    }

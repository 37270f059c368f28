"""Matching against the real advisories in ../shared, through the real store; the truth comes from the raw records."""

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from packaging.version import InvalidVersion, Version

from pratique.advisories import osv, sources
from pratique.advisories.store import AdvisoryStore, build
from pratique.judge.match import match, match_all
from pratique.model.inventory import Distro, Package, Source
from tests.judge.making import BOOKWORM, apk, deb, image_of, pypi
from tests.support.machine import require_shared

WOLFI = Distro("wolfi", "20230201")
FEEDS = ("Debian", "PyPI", "Wolfi")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    zips = [require_shared(f"advisories/osv/{feed}/all.zip") for feed in FEEDS]
    path = tmp_path_factory.mktemp("judge") / "advisories.db"
    records = (record for each in zips for record in osv.records(sources.read(each), each.parent.name))
    build(path, records, [], datetime(2026, 11, 23, tzinfo=UTC))
    with AdvisoryStore.open(path) as opened:
        yield opened


def raw(feed: str) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(require_shared(f"advisories/osv/{feed}/all.zip")) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield json.loads(archive.read(name))


def ids(store: AdvisoryStore, package: Package, distro: Distro | None = None) -> set[str]:
    return {name for found in match(image_of(package, distro=distro), store) for name in (found.id, *found.aliases)}


def found_in(store: AdvisoryStore, packages: set[Package], distro: Distro | None = None) -> set[tuple[str, str, str]]:
    """Name, version and advisory of every finding in an image of these packages."""
    findings = match(image_of(*packages, distro=distro), store)
    return {(one.package.name, one.package.version, seen.advisory) for one in findings for seen in one.evidence}


@pytest.mark.parametrize(
    ("package", "distro", "vulnerability", "fix"),
    [
        (deb("libssl3", "3.0.9-1", Source("openssl", "3.0.9-1")), BOOKWORM, "CVE-2023-5363", "3.0.11-1~deb12u2"),
        (apk("libcurl", "8.3.0-r0", Source("curl", "8.3.0-r0")), WOLFI, "CVE-2023-38545", "8.4.0-r0"),
        (pypi("urllib3", "1.26.5"), None, "CVE-2023-43804", "1.26.17"),
        (pypi("requests", "2.25.0"), None, "CVE-2023-32681", "2.31.0"),
    ],
)
def test_a_well_known_vulnerability_is_found_and_gone_in_its_fix(
    store: AdvisoryStore, package: Package, distro: Distro | None, vulnerability: str, fix: str
) -> None:
    by_id = {found.id: found for found in match(image_of(package, distro=distro), store)}
    assert by_id[vulnerability].fix_versions[0] == fix
    source = Source(package.source.name, fix) if package.source else None
    mended = Package(package.type, package.name, fix, package.purl, source=source)
    assert vulnerability not in ids(store, mended, distro)


def test_every_debian_fix_divides_affected_from_mended(store: AdvisoryStore) -> None:
    fixes = {
        (entry["package"]["name"], entry["ranges"][0]["events"][1]["fixed"], record["id"])
        for record in raw("Debian")
        for entry in record["affected"]
    }
    # In dpkg's order `~` comes before the end: the last version below the fix.
    below = found_in(store, {deb(name, fixed + "~") for name, fixed, _ in fixes}, BOOKWORM)
    mended = found_in(store, {deb(name, fixed) for name, fixed, _ in fixes}, BOOKWORM)
    assert len(fixes) > 1400
    assert {(name, fixed + "~", one) for name, fixed, one in fixes} <= below
    assert fixes.isdisjoint(mended)


def test_the_newest_version_that_a_pypi_record_lists_is_affected(store: AdvisoryStore) -> None:
    listed = {
        (entry["package"]["name"], version, record["id"])
        for record in raw("PyPI")
        if not record.get("withdrawn")
        for entry in record["affected"]
        for version in _valid(entry.get("versions", []))[-1:]
    }
    found = found_in(store, {pypi(name, version) for name, version, _ in listed})
    assert len(listed) > 2000
    assert listed <= found


def test_no_wolfi_record_that_calls_a_package_unaffected_is_found(store: AdvisoryStore) -> None:
    never: set[tuple[str, str]] = set()
    ever: set[tuple[str, str]] = set()
    for record in raw("Wolfi"):
        for affected in record["affected"]:
            fixes = [event.get("fixed") for each in affected["ranges"] for event in each["events"]]
            (never if "0" in fixes else ever).add((affected["package"]["name"], record["id"]))
    image = image_of(*(apk(name, "0-r0") for name in sorted({name for name, _ in never | ever})), distro=WOLFI)
    result = match_all(image, store)
    found = {(one.package.name, seen.advisory) for one in result.findings for seen in one.evidence}
    # One record's fix is 1.1.0-r1-r0, which is no version: it is reported, and not guessed at.
    assert len(never) > 1000
    assert ever - found == {("opa-envoy", "CGA-f73f-594w-h296")}
    assert found <= ever
    assert ["CGA-f73f-594w-h296" in missed.reason for missed in result.unmatched] == [True]


def test_an_old_application_has_its_findings_in_one_order_and_nothing_unexplained(store: AdvisoryStore) -> None:
    image = image_of(pypi("django", "3.2.1"), pypi("jinja2", "2.11.3"), pypi("tensorflow", "2.5.0"))
    result = match_all(image, store)
    assert len(result.findings) > 50
    assert result.unmatched == ()
    weights = [found.severity for found in result.findings]
    assert weights == sorted(weights, reverse=True)
    assert all(found.evidence and found.published for found in result.findings)


def test_the_store_says_of_which_ecosystems_it_knows_nothing(store: AdvisoryStore) -> None:
    [missed] = match_all(image_of(apk("busybox", "1"), distro=Distro("alpine", "3.19.1")), store).unmatched
    assert missed.reason.startswith("no advisories of Alpine:v3.19 are known here")


def _valid(versions: list[str]) -> list[str]:
    found = []
    for version in versions:
        try:
            found.append((Version(version), version))
        except InvalidVersion:  # a few ancient ones; not what this is about
            continue
    return [version for _, version in sorted(found)]

"""Matching, written as the truth for each ecosystem: this package, this record, this answer."""

import msgspec
import pytest

from pratique.judge.match import match, match_all
from pratique.model.advisory import Range, Severity
from pratique.model.finding import Evidence, State
from pratique.model.inventory import Distro, Inventory, Package, Source
from tests.judge.making import ALPINE, BOOKWORM, Advisories, advisory, apk, below, deb, image_of, npm, pypi

DEBIAN = advisory("DEBIAN-CVE-2024-5535", "Debian:12", "openssl", below("3.0.14-1~deb12u1"))


@pytest.mark.parametrize(
    ("ecosystem", "package", "distro", "affected", "hit"),
    [
        # Debian: epochs, revisions and tildes as dpkg orders them
        ("Debian:12", deb("curl", "7.88.1-10+deb12u5"), BOOKWORM, below("7.88.1-10+deb12u6"), True),
        ("Debian:12", deb("curl", "7.88.1-10+deb12u6"), BOOKWORM, below("7.88.1-10+deb12u6"), False),
        ("Debian:12", deb("curl", "7.88.1-10~bpo1"), BOOKWORM, below("7.88.1-10"), True),
        ("Debian:12", deb("curl", "1:1.0"), BOOKWORM, below("7.88.1-10"), False),
        ("Debian:12", deb("curl", "99"), BOOKWORM, Range("0"), True),
        ("Debian:12", deb("curl", "1"), BOOKWORM, Range("0", "0"), False),
        ("Debian:12", deb("curl", "0~rc1"), BOOKWORM, Range("0", "0"), False),
        # Alpine: -r revisions, _p and _alpha suffixes
        ("Alpine:v3.19", apk("busybox", "1.36.1-r9"), ALPINE, below("1.36.1-r10"), True),
        ("Alpine:v3.19", apk("busybox", "1.36.1-r10"), ALPINE, below("1.36.1-r10"), False),
        ("Alpine:v3.19", apk("busybox", "1.37_alpha1-r0"), ALPINE, below("1.37-r0"), True),
        ("Alpine:v3.19", apk("busybox", "1.36.1-r9"), ALPINE, Range("0", "0"), False),
        # PyPI: PEP 440, names of PEP 503
        ("PyPI", pypi("jinja2", "3.1.2"), None, below("3.1.3"), True),
        ("PyPI", pypi("jinja2", "3.1.3"), None, below("3.1.3"), False),
        ("PyPI", pypi("jinja2", "3.1.3rc1"), None, below("3.1.3"), True),
        ("PyPI", pypi("jinja2", "2.0"), None, below("3.1.3", "2.1"), False),
        ("PyPI", pypi("jinja2", "2.1"), None, below("3.1.3", "2.1"), True),
        ("PyPI", pypi("Jinja2", "3.1.2"), None, below("3.1.3"), True),
        # npm: semantic versions, `last` is inclusive
        ("npm", npm("@scope/minimist", "1.2.5"), None, Range("0", last="1.2.5"), True),
        ("npm", npm("@scope/minimist", "1.2.6"), None, Range("0", last="1.2.5"), False),
        ("npm", npm("@scope/minimist", "2.0.0-beta.1"), None, below("2.0.0", "1.0.0"), True),
    ],
)
def test_a_package_is_affected_when_its_version_lies_in_a_range(
    ecosystem: str, package: Package, distro: Distro | None, affected: Range, hit: bool
) -> None:
    record = advisory("X-1", ecosystem, package.name.lower(), affected)
    assert bool(match(image_of(package, distro=distro), Advisories([record]))) is hit


def test_a_finding_says_why_it_is_one() -> None:
    package = deb("libssl3", "3.0.11-1~deb12u2", Source("openssl", "3.0.11-1~deb12u2"))
    [found] = match(image_of(package, distro=BOOKWORM), Advisories([DEBIAN]))
    assert (found.id, found.state, found.package) == ("CVE-2024-5535", State.AFFECTED, package)
    assert found.aliases == ("DEBIAN-CVE-2024-5535",)
    assert found.fix_versions == ("3.0.14-1~deb12u1",)
    assert found.evidence == (
        Evidence("DEBIAN-CVE-2024-5535", "test", "Debian:12", "openssl", "3.0.11-1~deb12u2", "<3.0.14-1~deb12u1"),
    )


def test_a_binary_package_is_compared_by_its_source_package_and_that_ones_version() -> None:
    package = deb("libnewer", "99:1.0", Source("openssl", "3.0.11-1"))
    assert len(match(image_of(package, distro=BOOKWORM), Advisories([DEBIAN]))) == 1
    assert match(image_of(deb("libssl3", "3.0.11-1"), distro=BOOKWORM), Advisories([DEBIAN])) == ()


def test_each_binary_package_of_an_affected_source_is_a_finding_of_its_own() -> None:
    source = Source("openssl", "3.0.11-1")
    packages = deb("libssl3", "3.0.11-1", source), deb("openssl", "3.0.11-1", source)
    advisories = Advisories([DEBIAN])
    found = match(image_of(*packages, distro=BOOKWORM), advisories)
    assert [one.package.name for one in found] == ["libssl3", "openssl"]
    assert advisories.asked == [("Debian:12", "openssl")], "one question for both"


def test_a_language_package_that_belongs_to_a_distribution_package_is_left_to_it() -> None:
    owned = msgspec.structs.replace(pypi("jinja2", "3.1.2"), owner="python3-jinja2")
    record = advisory("X-1", "PyPI", "jinja2", below("3.1.3"))
    assert match(image_of(owned), Advisories([record])) == ()


def test_a_withdrawn_record_is_no_finding() -> None:
    record = advisory("X-1", "PyPI", "jinja2", below("3.1.3"), withdrawn="2024-01-01T00:00:00Z")
    assert match(image_of(pypi("jinja2", "3.1.2")), Advisories([record])) == ()


@pytest.mark.parametrize(("installed", "hit"), [("2.0", "=2.0"), ("2.0.0", "=2.0"), ("2.1", "")])
def test_listed_versions_match_in_any_spelling(installed: str, hit: str) -> None:
    record = advisory("X-1", "PyPI", "jinja2", versions=("1.0", "not a version", "2.0"))
    found = match(image_of(pypi("jinja2", installed)), Advisories([record]))
    assert [one.evidence[0].range for one in found] == ([hit] if hit else [])


def test_records_of_one_vulnerability_make_one_finding_with_all_that_they_know() -> None:
    records = [
        advisory(
            "PYSEC-1",
            "PyPI",
            "jinja2",
            below("3.1.3"),
            aliases=("CVE-2024-22195",),
            published="2024-01-11T00:00:00Z",
            modified="2024-01-12T00:00:00Z",
        ),
        advisory(
            "GHSA-a",
            "PyPI",
            "jinja2",
            below("2.11.4"),
            below("3.1.3", "3.0"),
            aliases=("CVE-2024-22195",),
            severity=Severity.MEDIUM,
            score=6.1,
            vector="CVSS:3.1/AV:N",
            summary="XSS in xmlattr",
            published="2024-01-10T00:00:00Z",
            modified="2024-03-01T00:00:00Z",
            url="https://example.test/GHSA-a",
        ),
    ]
    [found] = match(image_of(pypi("jinja2", "2.11.3")), Advisories(records))
    assert (found.id, found.aliases) == ("CVE-2024-22195", ("GHSA-a", "PYSEC-1"))
    assert (found.severity, found.score, found.vector) == (Severity.MEDIUM, 6.1, "CVSS:3.1/AV:N")
    assert (found.published, found.modified) == ("2024-01-10T00:00:00Z", "2024-03-01T00:00:00Z")
    assert (found.summary, found.url) == ("XSS in xmlattr", "https://example.test/GHSA-a")
    assert [one.advisory for one in found.evidence] == ["GHSA-a", "PYSEC-1"]


def test_the_fix_in_the_same_release_line_comes_first_and_older_fixes_not_at_all() -> None:
    record = advisory("X", "PyPI", "urllib3", below("1.24.2"), below("1.26.17", "1.25"), below("2.0.6", "2.0"))
    [found] = match(image_of(pypi("urllib3", "1.26.5")), Advisories([record]))
    assert found.fix_versions == ("1.26.17", "2.0.6")


def test_a_fix_that_another_record_calls_affected_is_no_fix() -> None:
    one = advisory("GHSA-a", "PyPI", "lib", below("1.5"), aliases=("CVE-2024-1",))
    other = advisory("PYSEC-1", "PyPI", "lib", below("1.6"), aliases=("CVE-2024-1",))
    [found] = match(image_of(pypi("lib", "1.0")), Advisories([one, other]))
    assert found.fix_versions == ("1.6",)


def test_a_fix_stays_known_when_records_disagree_about_every_one() -> None:
    one = advisory("GHSA-a", "PyPI", "lib", below("1.5"), aliases=("CVE-2024-1",))
    other = advisory("PYSEC-1", "PyPI", "lib", Range(), aliases=("CVE-2024-1",))
    [found] = match(image_of(pypi("lib", "1.0")), Advisories([one, other]))
    assert found.fix_versions == ("1.5",)


def test_a_distributions_own_severity_comes_before_a_higher_one() -> None:
    record = advisory("CVE-2024-1", "Debian:12", "bash", Range(), vendor=Severity.LOW, severity=Severity.CRITICAL)
    [found] = match(image_of(deb("bash", "5"), distro=BOOKWORM), Advisories([record]))
    assert found.severity is Severity.LOW


def test_elsewhere_the_highest_known_severity_counts() -> None:
    one = advisory("GHSA-a", "PyPI", "lib", Range(), aliases=("CVE-2024-1",), severity=Severity.LOW)
    other = advisory("PYSEC-1", "PyPI", "lib", Range(), aliases=("CVE-2024-1",), severity=Severity.HIGH)
    [found] = match(image_of(pypi("lib", "1.0")), Advisories([one, other]))
    assert found.severity is Severity.HIGH


def test_a_severity_that_the_matched_record_lacks_is_looked_up_by_alias() -> None:
    cve = advisory("CVE-2024-1", "Elsewhere", "x", severity=Severity.HIGH, score=8.1, summary="Overflow")
    record = advisory("ALPINE-CVE-2024-1", "Alpine:v3.19", "busybox", Range())
    inventory = image_of(apk("busybox", "1"), distro=ALPINE)
    [found] = match(inventory, Advisories([record]), {"CVE-2024-1": cve}.get)
    assert (found.severity, found.score, found.summary) == (Severity.HIGH, 8.1, "Overflow")
    assert [one.advisory for one in found.evidence] == ["ALPINE-CVE-2024-1"], "what did not match is no evidence"


def test_findings_come_worst_first() -> None:
    records = [
        advisory("CVE-2024-3", "PyPI", "b", Range(), severity=Severity.LOW),
        advisory("CVE-2024-2", "PyPI", "b", Range(), severity=Severity.CRITICAL),
        advisory("CVE-2024-1", "PyPI", "a", Range(), severity=Severity.LOW),
        advisory("CVE-2024-3", "PyPI", "a", Range(), severity=Severity.LOW),
    ]
    found = match(image_of(pypi("a", "1"), pypi("b", "1")), Advisories(records))
    assert [(one.id, one.package.name) for one in found] == [
        ("CVE-2024-2", "b"), ("CVE-2024-1", "a"), ("CVE-2024-3", "a"), ("CVE-2024-3", "b"),
    ]  # fmt: skip


def test_a_version_that_cannot_be_compared_is_reported_not_passed_over() -> None:
    record = advisory("X-1", "PyPI", "lib", below("2.0"))
    result = match_all(image_of(pypi("lib", "not a version")), Advisories([record]))
    assert result.findings == ()
    [missed] = result.unmatched
    assert missed.path == "app/METADATA"
    assert "lib not a version can't be compared with X-1" in missed.reason


def test_an_advisory_whose_bounds_cannot_be_compared_is_reported_too() -> None:
    record = advisory("X-1", "PyPI", "lib", below("two"))
    [missed] = match_all(image_of(pypi("lib", "1.0")), Advisories([record])).unmatched
    assert "X-1" in missed.reason
    assert "'two'" in missed.reason


def test_a_range_without_bounds_holds_versions_that_nobody_can_read() -> None:
    result = match_all(image_of(pypi("lib", "not a version")), Advisories([advisory("X-1", "PyPI", "lib", Range())]))
    assert len(result.findings) == 1
    assert result.unmatched == ()


def test_many_incomparable_advisories_make_one_short_remark() -> None:
    records = [advisory(f"X-{number:03}", "PyPI", "lib", below("2.0")) for number in range(200)]
    [missed] = match_all(image_of(pypi("lib", "bad version")), Advisories(records)).unmatched
    assert "X-000, X-001, X-002, X-003, X-004 and 195 more" in missed.reason
    assert len(missed.reason) < 300


def test_an_empty_inventory_has_no_findings_and_misses_nothing() -> None:
    result = match_all(Inventory(), Advisories([DEBIAN]))
    assert (result.findings, result.unmatched) == ((), ())


def test_a_bulletins_severity_is_not_taken_for_one_of_its_cves() -> None:
    bulletin = advisory("BIT-1", "x", "y", aliases=("CVE-2024-1", "CVE-2024-2"), severity=Severity.CRITICAL)
    inventory = image_of(apk("busybox", "1"), distro=ALPINE)
    record = advisory("ALPINE-CVE-2024-1", "Alpine:v3.19", "busybox", Range())
    [found] = match(inventory, Advisories([record]), lambda _: bulletin)
    assert found.severity is Severity.UNKNOWN


class Holding(Advisories):
    """Advisories that say which ecosystems they hold."""

    def ecosystems(self) -> set[str]:
        return {affected.ecosystem for advisory in self.all for affected in advisory.affected}


def test_an_ecosystem_without_any_advisories_is_reported_not_called_clean() -> None:
    image = image_of(apk("a", "1"), apk("b", "1"), pypi("lib", "1.0"), distro=ALPINE)
    pypi_only = Holding([advisory("X-1", "PyPI", "other", Range())])
    [missed] = match_all(image, pypi_only).unmatched
    assert missed.path == "Alpine:v3.19"
    assert missed.reason == "no advisories of Alpine:v3.19 are known here: 2 packages not matched"


def test_either_of_ubuntus_words_counts_as_known() -> None:
    image = image_of(deb("bash", "5"), distro=Distro("ubuntu", "24.04"))
    assert match_all(image, Holding([advisory("X-1", "Ubuntu:24.04", "other", Range())])).unmatched == ()

"""JUnit XML, in the shape of Jenkins' junit-10.xsd (jenkinsci/xunit-plugin), which Azure Pipelines reads too."""

import re
from xml.etree import ElementTree

from hypothesis import given
from msgspec.structs import replace

from pratique.model.digest import digest_of
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Package, PackageType
from pratique.model.verdict import Outcome, Reason, Verdict
from pratique.report import junit
from tests.report.samples import FINDING_TUPLES, FINDINGS, INVENTORIES, INVENTORY, NOW, VERDICT, bare, report

ATTRIBUTES: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set()),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, set()),
    "testcase": ({"name", "classname", "time"}, set()),
    "failure": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
}
CHILDREN: dict[str, set[str]] = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "skipped"},
    "failure": set(),
    "skipped": set(),
}


def suite(made: bytes) -> ElementTree.Element:
    """The one test suite, after everything in the document was held against the schema."""
    root = ElementTree.fromstring(made)
    assert root.tag == "testsuites"
    for element in root.iter():
        required, optional = ATTRIBUTES[element.tag]
        assert required <= set(element.attrib) <= required | optional
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert re.fullmatch(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?", element.get("time", "0"))
    [found] = root
    cases = [(case.get("classname"), case.get("name")) for case in found]
    assert len(set(cases)) == len(cases), "names are unique"
    assert int(found.get("tests", "")) == len(cases)
    assert int(found.get("failures", "")) == len(found.findall("testcase/failure"))
    assert int(found.get("skipped", "")) == len(found.findall("testcase/skipped"))
    return found


def failed(found: ElementTree.Element) -> list[str]:
    return [case.get("name", "") for case in found if case.find("failure") is not None]


def test_without_a_policy_every_open_finding_has_failed() -> None:
    found = suite(junit.render(replace(report(), verdict=None)))
    assert failed(found)[0] == "CVE-2024-0001 in libssl3 (var/lib/dpkg/status)"
    assert len(failed(found)) == len(FINDINGS)
    failure = found.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == ("libssl3 3.0.11-1~deb12u1 has CVE-2024-0001 (critical): update to 3.0.13-1")


def test_with_a_policy_only_what_it_denies_has_failed() -> None:
    worst = FINDINGS[1]
    subject = f"{worst.id} {worst.package.purl}"
    verdict = replace(VERDICT, reasons=(Reason("severity", Outcome.DENY, "bad", "", subject),))
    found = suite(junit.render(replace(report(), verdict=verdict)))
    assert failed(found) == ["CVE-2024-0001 in libssl3 (var/lib/dpkg/status)"]
    assert found.get("skipped") == "3"


def test_reasons_that_are_about_no_finding_are_tests_of_the_policy() -> None:
    reasons = (Reason("runs-as-root", Outcome.DENY, "the image runs as root"), Reason("image-age", Outcome.WARN, "old"))
    verdict = Verdict(None, Outcome.DENY, reasons, digest_of(b"p"), digest_of(b"a"), NOW)
    found = suite(junit.render(replace(report(findings=()), verdict=verdict)))
    assert failed(found) == ["the image runs as root"]
    assert found.get("skipped") == "1"


def test_a_clean_image_is_a_test_that_passed() -> None:
    found = suite(junit.render(replace(report(findings=()), verdict=None)))
    assert [case.get("name") for case in found] == ["no known vulnerabilities"]
    assert not list(suite(junit.render(bare(INVENTORY)))), "nobody looked"


def test_a_hostile_name_stays_text() -> None:
    evil = Package(PackageType.NPM, '"><script>\x00\x1b[2J\ufffe', "1]]>", "pkg:npm/a@1")
    found = suite(junit.render(replace(report(findings=(replace(FINDINGS[0], package=evil),)), verdict=None)))
    assert '"><script>' in (found[0].get("name") or "")


@given(INVENTORIES, FINDING_TUPLES)
def test_any_report_keeps_to_the_schema(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    suite(junit.render(report(inventory, findings)))
    suite(junit.render(replace(report(inventory, findings), verdict=None)))

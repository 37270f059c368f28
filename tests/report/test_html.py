from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from pratique.model.advisory import Severity
from pratique.model.change import Check, Validation
from pratique.model.digest import digest_of
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Package, PackageType
from pratique.report import html
from pratique.report.html import Comparison, Step, Timeline
from tests.report.samples import FINDING_TUPLES, FINDINGS, INVENTORIES, INVENTORY, REQUESTS, bare, report

VOID = {"meta", "input"}
VALIDATION = Validation(
    digest_of(b"old"),
    digest_of(b"new"),
    (Check("starts", True, "in 0.2 s"), Check("no new findings", False, "CVE-9")),
    fixed=("CVE-2018-18074",),
    remaining=("CVE-2024-0002",),
)
STEPS = Timeline(
    (
        Step("scan", "3 packages", 0.12, "good", "Observe"),
        Step("rebase", "onto 12.8", 4.2, "good", "Mend"),
        Step("admit", "refused", None, "bad", "Mend"),
    )
)


class Page(HTMLParser):
    """Reads a page strictly: every tag is closed in its turn."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(data.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.text += data + " "


def test_a_report_shows_the_verdict_its_reasons_and_the_findings() -> None:
    text = Page(html.render("Report", [report()])).text
    assert "Denied" in text
    assert "CVE-2024-0001 in libssl3 is critical" in text
    assert "Insufficiently Protected Credentials in Requests" in text
    assert "it is not text" in text


def test_a_page_needs_nothing_from_elsewhere() -> None:
    page = Page(html.render("Report", [report(), STEPS, Comparison(report(), report(findings=()), VALIDATION)]))
    assert [tag for tag, attrs in page.tags if "src" in attrs or tag in {"link", "img", "iframe"}] == []
    assert all(not name.startswith("on") and name != "style" for _, attrs in page.tags for name in attrs)
    policy = next(attrs["content"] for tag, attrs in page.tags if tag == "meta" and "http-equiv" in attrs)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_hostile_content_stays_text() -> None:
    evil = "</script><img src=x onerror=alert(1)>\"'&"
    package = Package(PackageType.NPM, evil, evil, evil, licenses=(evil,))
    finding = Finding(evil, package, Severity.HIGH, summary=evil, url="javascript:alert(1)", fix_versions=(evil,))
    page = Page(
        html.render(evil, [report(Inventory(packages=(package,)), (finding,)), Timeline((Step(evil, evil),), evil)])
    )
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert not [attrs for _, attrs in page.tags if str(attrs.get("href", "")).startswith("javascript")]
    assert page.text.count(evil) >= 8


@given(st.text(), INVENTORIES, FINDING_TUPLES)
def test_any_report_is_a_page_whose_tags_match(title: str, inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    made = report(inventory, findings)
    Page(html.render(title, [made, Comparison(made, made, None)]))


def test_a_timeline_has_chapters_steps_and_durations() -> None:
    text = Page(html.render("Story", [STEPS])).text
    for words in ("Observe", "Mend", "rebase", "onto 12.8", "4.2 s", "120 ms", "3 steps"):
        assert words in text


def test_a_comparison_shows_checks_and_what_is_fixed() -> None:
    text = Page(html.render("Healed", [Comparison(report(), report(findings=FINDINGS[2:]), VALIDATION)])).text
    assert "Not every check passed" in text
    assert "Fixed: 1 CVE-2018-18074" in " ".join(text.split())
    assert "no new findings CVE-9" in " ".join(text.split())


def test_without_validation_the_difference_is_shown() -> None:
    new = Finding("CVE-9", REQUESTS, Severity.LOW)
    text = Page(html.render("Healed", [Comparison(report(), report(findings=(*FINDINGS[1:], new)))])).text
    assert "Gone: 1 CVE-2018-18074" in " ".join(text.split())
    assert "New: 1 CVE-9" in " ".join(text.split())


def test_not_looked_for_is_not_shown_as_none() -> None:
    assert "No findings" not in Page(html.render("SBOM", [bare(INVENTORY)])).text
    assert "No findings" in Page(html.render("Clean", [report(findings=())])).text


def test_the_same_report_gives_the_same_bytes() -> None:
    assert html.render("x", [report()]) == html.render("x", [report()])


def test_steps_in_a_row_on_one_image_share_a_line_unless_they_say_how_they_went() -> None:
    steps = (Step("scan", "web:1", 0.1), Step("judge", "web:1", 0.2), Step("admit", "web:1", 0.1, "good"))
    page = Page(html.render("Story", [Timeline(steps)]))
    assert len([tag for tag, _ in page.tags if tag == "li"]) == 2
    assert "2 steps web:1 scan judge 300 ms" in " ".join(page.text.split())


def test_the_links_at_the_top_say_where_they_lead() -> None:
    page = Page(html.render("Story", [STEPS, Comparison(report(), report(), title="web, healed")]))
    assert page.text.count("web, healed") == 2

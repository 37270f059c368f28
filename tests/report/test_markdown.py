"""The Markdown summary, rendered by a real CommonMark parser (markdown-it) and looked at as HTML."""

from html.parser import HTMLParser

from hypothesis import given
from markdown_it import MarkdownIt
from msgspec.structs import replace

from pratique.model.advisory import Severity
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Package, PackageType, Skipped
from pratique.report import markdown
from tests.report.samples import FINDING_TUPLES, FINDINGS, INVENTORIES, INVENTORY, REQUESTS, bare, report

OURS = {"h2", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "a", "details", "summary"}


class Page(HTMLParser):
    """What a browser would see: the tags, the links, the text, and the rows of the tables."""

    def __init__(self, made: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.rows: list[int] = []
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(made.decode()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in {"td", "th"}:
            self.rows[-1] += 1
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_says_the_verdict_the_numbers_and_the_worst_first() -> None:
    page = Page(markdown.render(report()))
    assert "Verdict: ⛔ denied" in page.text
    assert "CVE-2024-0001 in libssl3 is critical — update to 3.0.13-1" in page.text
    assert page.text.index("libssl3") < page.text.index("requests")
    assert page.links == ["https://osv.dev/vulnerability/GHSA-x84v-xcm2-53pg"]


def test_many_findings_are_cut_with_their_number() -> None:
    many = tuple(Finding(f"CVE-{number}", REQUESTS, Severity.LOW) for number in range(300))
    made = markdown.render(report(findings=many))
    assert "… and 250 more" in made.decode()
    assert len(made) < 20_000


def test_where_nobody_looked_it_does_not_say_that_all_is_well() -> None:
    assert "No known vulnerabilities" not in markdown.render(bare(INVENTORY)).decode()
    assert "No known vulnerabilities" in markdown.render(report(findings=())).decode()


def test_a_hostile_name_stays_text() -> None:
    evil = Package(PackageType.NPM, "`a`|[x](http://e)<img src=x>\n# b", "1|2", "")
    found = replace(FINDINGS[0], id="![p](http://e) **x** | y", package=evil, url="javascript:x")
    hostile = replace(report(findings=(found,)), target="<script> [a](http://e) <http://e>")
    page = Page(markdown.render(hostile))
    assert page.tags <= OURS | {"sub"}
    assert page.links == []


@given(INVENTORIES, FINDING_TUPLES)
def test_nothing_from_outside_becomes_markup(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    page = Page(markdown.render(report(inventory, findings)))
    assert page.tags <= OURS | {"sub"}
    assert set(page.rows) <= {5, 7}


def test_reasons_and_skips_are_lists() -> None:
    inventory = replace(INVENTORY, skipped=(Skipped("a*b*", "- it is\n- odd"),))
    page = Page(markdown.render(report(inventory)))
    assert "a*b*: - it is - odd" in page.text

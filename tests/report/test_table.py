import subprocess
import sys

import pytest
from hypothesis import given

from pratique.model.advisory import Severity
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Package, PackageType, Skipped
from pratique.report import table
from pratique.report.report import totals_line
from pratique.report.text import one_line
from tests.report.samples import FINDING_TUPLES, FINDINGS, INVENTORIES, INVENTORY, bare, report

EXPECTED = """\
registry.example/shop/web:1.0, Debian GNU/Linux 12 (bookworm), 3 packages

 severity     vulnerability    package       installed          fixed in
 ───────────────────────────────────────────────────────────────────────
 critical     CVE-2024-0001    libssl3       3.0.11-1~deb12u1   3.0.13-1

 high         CVE-2018-18074   requests      2.19.0             2.20.0

 negligible   CVE-2024-0002    libssl3       3.0.11-1~deb12u1   -

 unknown      CVE-2024-0003    @types/node   1.0.0              -

4 findings: 1 critical, 1 high, 1 negligible, 1 unknown
verdict: deny
  deny: [severity] CVE-2024-0001 in libssl3 is critical (update to 3.0.13-1)
  warn: [unfixed] CVE-2024-0003 has no fix
not read: app/broken/METADATA: it is not text
not compared: pkg:deb/debian/libssl3: no advisories for Debian:12
"""


def test_the_table_in_eighty_columns() -> None:
    assert table.render(report()) == EXPECTED


def test_a_wide_terminal_also_sees_what_it_is_about() -> None:
    assert "Insufficiently Protected Credentials" in table.render(report(), width=140)


@pytest.mark.parametrize("width", [40, 80, 140])
@given(inventory=INVENTORIES, findings=FINDING_TUPLES)
def test_no_line_is_wider_than_asked(width: int, inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    from rich.cells import cell_len

    assert max(cell_len(line) for line in table.render(report(inventory, findings), width=width).splitlines()) <= width


def test_colours_only_when_asked_for() -> None:
    assert "\x1b[" not in table.render(report())
    assert "\x1b[" in table.render(report(), color=True)


def test_a_hostile_name_cannot_command_the_terminal() -> None:
    evil = Package(PackageType.NPM, "a\x1b[2Jb\n[red]c", "1\r2", "")
    text = table.render(report(Inventory(), (Finding("CVE-1", evil, Severity.LOW),)), width=140)
    assert "\x1b" not in text
    assert "\r" not in text
    assert "[red]c" in text


def test_no_findings_is_said_and_not_looked_is_silent() -> None:
    assert "0 findings\n" in table.render(report(findings=()))
    assert "finding" not in table.render(bare(INVENTORY))


def test_many_skipped_files_are_counted() -> None:
    inventory = Inventory(skipped=tuple(Skipped(f"file{number}", "broken") for number in range(9)))
    assert "not read: 4 more (-f json lists all)" in table.render(bare(inventory))


def test_the_totals_line_counts_by_severity() -> None:
    assert totals_line(()) == "0 findings"
    assert totals_line(FINDINGS[:1]) == "1 finding: 1 high"


def test_text_from_outside_is_one_clean_line() -> None:
    assert one_line("a\nb\x00c\u202ed") == "a b\ufffdc\ufffdd"
    assert len(one_line("x" * 10_000_000)) == 1000


def test_rich_is_imported_only_when_a_table_is_made() -> None:
    code = "import sys, pratique.report.table, pratique.report.sarif; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

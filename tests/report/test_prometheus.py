"""Prometheus' text format: read back by a strict reader of the exposition format 0.0.4."""

import re

import pytest
from hypothesis import given
from msgspec.structs import replace

from pratique.model.finding import Finding, State
from pratique.model.inventory import Inventory
from pratique.report import prometheus
from tests.report.samples import FINDING_TUPLES, FINDINGS, INVENTORIES, INVENTORY, bare, report

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)\{{((?:{LABEL},)*{LABEL})\}} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


def samples(made: bytes) -> dict[tuple[str, frozenset[str]], float]:
    """All samples by name and labels; each metric has its HELP and TYPE first, and its samples together."""
    found: dict[tuple[str, frozenset[str]], float] = {}
    text = made.decode()
    assert text.endswith("\n")
    seen: list[str] = []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            seen.append(line.split()[2])
        elif line.startswith("# TYPE "):
            assert line.split()[2:] == [seen[-1], "gauge"]
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == seen[-1]
            key = (sample[1], frozenset(re.findall(LABEL, sample[2])))
            assert key not in found
            found[key] = float(sample[3])
    assert len(set(seen)) == len(seen)
    return found


def value(made: bytes, name: str, *labels: str) -> float:
    [found] = [number for (its, those), number in samples(made).items() if its == name and set(labels) <= those]
    return found


def test_findings_are_counted_by_severity_and_whether_they_can_be_mended() -> None:
    made = prometheus.render(report())
    assert value(made, "pratique_findings", 'severity="critical"', 'fixable="true"') == 1
    assert value(made, "pratique_findings", 'severity="critical"', 'fixable="false"') == 0
    assert value(made, "pratique_findings", 'severity="negligible"', 'fixable="false"') == 1
    assert value(made, "pratique_packages") == 3
    assert value(made, "pratique_not_scanned") == 2


def test_the_verdict_is_a_state_set() -> None:
    made = prometheus.render(report())
    assert [value(made, "pratique_verdict", f'outcome="{word}"') for word in ("allow", "warn", "deny")] == [0, 0, 1]
    assert value(made, "pratique_reasons", 'rule="severity"', 'outcome="deny"') == 1


@pytest.mark.parametrize("state", [State.FIXED, State.NOT_AFFECTED])
def test_what_does_not_affect_the_image_is_not_counted(state: State) -> None:
    made = prometheus.render(report(findings=(replace(FINDINGS[0], state=state),)))
    assert value(made, "pratique_findings", 'severity="high"', 'fixable="true"') == 0


def test_where_nobody_looked_there_are_no_zeros() -> None:
    names = {name for name, _ in samples(prometheus.render(bare(INVENTORY)))}
    assert names == {"pratique_packages", "pratique_not_scanned", "pratique_scan_timestamp_seconds"}


def test_times_are_seconds_since_1970() -> None:
    assert value(prometheus.render(report()), "pratique_scan_timestamp_seconds") == 1795435200


@given(INVENTORIES, FINDING_TUPLES)
def test_any_report_can_be_read_back(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    assert samples(prometheus.render(replace(report(inventory, findings), target='a"\\\n{x}')))

"""How likely, and whether already seen: FIRST's scores (written for these tests) and CISA's catalogue (real)."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.advisories import epss, kev, parsers
from pratique.advisories.status import Priority
from pratique.model.errors import InvalidData
from tests.support.machine import require_shared

SCORES = b"#model_version:v2025.03.14,score_date:2026-11-23T00:00:00Z\ncve,epss,percentile\n"
LINES = b"CVE-2021-44228,0.94358,0.99957\nCVE-1999-0001,1e-05,0.1\nnonsense\nCVE-2020-1,2.0,0.5\nCVE-2020-2,nan,0\n"


@pytest.mark.parametrize("data", [SCORES + LINES, gzip.compress(SCORES + LINES)])
def test_scores_are_read_plain_or_gzipped_and_what_makes_no_sense_is_left_out(data: bytes) -> None:
    assert dict(epss.parse(data)) == {"CVE-2021-44228": 0.94358, "CVE-1999-0001": 1e-05}


@pytest.mark.parametrize("data", [b"", b"<html>", LINES, gzip.compress(SCORES + LINES)[:40], b"\xff" * 20])
def test_what_is_not_a_list_of_scores_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidData):
        list(epss.parse(data))


@given(st.binary())
def test_any_bytes_are_scores_or_refused(data: bytes) -> None:
    for read in (epss.parse, kev.parse):
        try:
            assert read(data) is not None
            list(read(data))
        except InvalidData:
            continue


def test_what_cisa_has_seen_is_known_with_and_without_a_score() -> None:
    catalogue = require_shared("advisories/kev/known_exploited_vulnerabilities.json").read_bytes()
    assert len(kev.parse(catalogue)) == 1404
    found = parsers.priorities({"kev": {"": (catalogue, "")}, "epss": {"": (SCORES + LINES, "")}}).by_cve
    assert found["CVE-2021-44228"] == Priority(0.94358, kev=True)
    assert found["CVE-1999-0001"] == Priority(1e-05, kev=False)
    assert found["CVE-2021-27104"] == Priority(None, kev=True)

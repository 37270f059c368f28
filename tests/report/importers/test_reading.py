"""Files are told by their content; foreign and malformed ones are refused with the reason."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import InvalidData
from pratique.report import document, spdx
from pratique.report.importers.reading import TOOLS, detect, read
from tests.report.importers import files
from tests.report.samples import report


def refusal(data: bytes, tool: str = "") -> str:
    with pytest.raises(InvalidData) as caught:
        read(data, "x.json", tool)
    assert "x.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    return str(caught.value)


@pytest.mark.parametrize(("tool", "content"), files.FILES.values(), ids=files.FILES)
def test_a_file_is_told_by_its_content(tool: str, content: Any) -> None:
    assert detect(files.data(content), "x") == tool
    assert read(files.data(content), "x", tool).findings


@pytest.mark.parametrize(("tool", "content"), files.FILES.values(), ids=files.FILES)
def test_a_file_of_another_tool_is_refused(tool: str, content: Any) -> None:
    other = next(each for each in TOOLS if each != tool)
    assert refusal(files.data(content), other) == (
        f"cannot read x.json: it is not a report of {other}, but looks like one of {tool}"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is not JSON"),
        (b"<xml/>", "it is not JSON"),
        (b"\xef\xbb\xbf{}", "it is not JSON"),
        (b"{}", "no known scanner writes this; known are trivy, grype"),
        (b"[]", "no known scanner writes this"),
        (b"[1, 2]", "no known scanner writes this"),
        (b'{"results": 3}', "no known scanner writes this"),
        (b'{"matches": [], "descriptor": {"name": "other"}}', "no known scanner writes this"),
        (b'{"a": ', "truncated"),
        (b"{" + b'"a":{' * 100_000, "x.json"),
        (b'{"SchemaVersion": 2, "Results": 7}', "Expected `array | null`, got `int` - at `$.Results`"),
        (
            b'{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"PkgName": {}}]}]}',
            "$.Results[0].Vulnerabilities",
        ),
        (b'{"version": "2.0.0", "runs": []}', "this reads 2.1.0"),
        (b'{"version": "2.1.0", "runs": []}', "it has runs of 0 tools"),
        (b'{"matches": [{}], "descriptor": {"name": "grype"}}', "missing required field"),
        (b'{"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}', "it is a VEX document"),
        (b"\xff\xfe{\x00}\x00", "it is not JSON"),
    ],
)
def test_anything_else_is_refused_with_the_reason(data: bytes, says: str) -> None:
    assert says in refusal(data)


def test_our_own_and_sboms_are_told_apart_from_scanners_reports() -> None:
    assert "it is a report of Pratique itself" in refusal(document.render(report()))
    assert "it is an SBOM in SPDX" in refusal(spdx.render(report()))


def test_defenders_rows_of_several_images_are_refused() -> None:
    rows = json.loads(files.data(files.QUALYS)) * 2
    rows[1] = json.loads(json.dumps(rows[1]).replace(files.IMAGE, files.LAYER))
    assert "it has rows of 2 images" in refusal(files.data(rows))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("tool", "content"), files.FILES.values(), ids=files.FILES)
@given(choice=st.randoms(use_true_random=False), value=JSON)
def test_any_value_anywhere_is_read_or_refused(tool: str, content: Any, choice: Any, value: Any) -> None:
    changed = json.loads(files.data(content))
    place = changed
    while True:
        key = choice.choice([*(place if isinstance(place, dict) else range(len(place)))])
        if not isinstance(place[key], dict | list) or not place[key] or choice.random() < 0.2:
            place[key] = value
            break
        place = place[key]
    with suppress(InvalidData):
        read(files.data(changed), "x")

"""Policies that nobody wrote in good faith, or that aren't policies: each is refused in one short line, quickly."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.judge import policy
from pratique.model.errors import UsageError

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
)

HOSTILE = {
    "nothing": b"",
    "comments alone": b"# nothing here\n",
    "null": b"~",
    "a word": b"hello",
    "a list": b"- 1\n- 2\n",
    "an alias bomb": BOMB.encode(),
    "a cycle": b"version: &x [*x]\n",
    "a merge key": b"version: 1\n<<: {rules: []}\n",
    "a Python object": b"version: !!python/object/apply:os.system ['true']\n",
    "an unknown tag": b"version: !secret 1\n",
    "two documents": b"version: 1\n---\nversion: 1\n",
    "an open bracket": b"rules: [\n",
    "a tab": b"rules:\n\t- a\n",
    "deep lists": b"[" * 100_000,
    "deep mappings": b"{a: " * 5000,
    "deep blocks": b"- " * 100_000,
    "deep keys": b"? " * 100_000,
    "many values": b"version: 1\nname: [" + b"1," * 100_000 + b"]\n",
    "10 MB": b"version: 1\nname: " + b"x" * 10_000_000,
    "a long name": b"version: 1\nname: " + b"x" * 900_000,
    "a long key": b"version: 1\n? " + b"x" * 900_000 + b"\n: 1\n",
    "a long severity": b"version: 1\nrules:\n- severity: {at_least: " + b"high" * 200_000 + b"}\n  action: deny\n",
    "a list as a key": b"? [a]\n: 1\n",
    "a zero byte": b"version: 1\x00\n",
    "not UTF-8": b"version: \xff\xfe\x80\n",
    "half a UTF-16": b"\xff\xfea",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "JSON": b'{"version": 1, "rulez": []}',
    "a bad escape": b'version: "\\q"\n',
    "a lone surrogate": b'version: 1\nname: "\\ud800"\nrules: []\n',
    "a directive": b"%YAML 9.9\n---\nversion: 1\n",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(10)
def test_it_is_refused_in_one_short_line(data: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        policy.parse(data, "p.yaml")
    message = str(caught.value)
    assert message.startswith("p.yaml:")
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (HOSTILE["an alias bomb"], "p.yaml:1:4: the anchor '&a' is not allowed"),
        (HOSTILE["a Python object"], "p.yaml:1:10: the tag "),
        (HOSTILE["two documents"], "p.yaml:2:1: a second document: a policy is one YAML document"),
        (HOSTILE["deep lists"], "too large for a policy"),
        (HOSTILE["10 MB"], "p.yaml: 10,000,017 bytes is too long for a policy"),
        (HOSTILE["nothing"], "the policy is empty: begin it with: version: 1"),
        (HOSTILE["an open bracket"], "p.yaml:2:1: not YAML: "),
    ],
)
def test_it_is_told_what_is_wrong(data: bytes, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        policy.parse(data, "p.yaml")
    assert says in str(caught.value)


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"#\n ?,%1", max_size=80).map(str.encode))
def test_any_bytes_are_a_policy_or_a_usage_error(data: bytes) -> None:
    with suppress(UsageError):
        assert policy.parse(data, "p.yaml").rules

"""Policies are read from YAML, and what is wrong is told with its line."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.admit import policy_file
from pratique.admit.policy import AdmissionPolicy, Mode, Need
from pratique.model.errors import UsageError


def test_an_empty_policy_is_the_strict_one() -> None:
    policy = policy_file.parse(b"# nothing\n")
    assert policy == AdmissionPolicy()
    assert (policy.mode, policy.signature, policy.verdict) == (Mode.ENFORCE, Need.REQUIRED, Need.REQUIRED)


def test_a_whole_policy() -> None:
    text = b"""\
mode: warn
exempt_namespaces: [kube-system, monitoring]
registries:
- registry.example
- docker.io/library
keys: ["sha256:11"]
signature: optional
verdict: required
verdict_max_age: 36h
digest: required
pin: false
"""
    assert policy_file.parse(text) == AdmissionPolicy(
        mode=Mode.WARN,
        exempt_namespaces=("kube-system", "monitoring"),
        registries=("registry.example", "docker.io/library"),
        keys=("sha256:11",),
        signature=Need.OPTIONAL,
        verdict=Need.REQUIRED,
        verdict_max_age=timedelta(hours=36),
        digest=Need.REQUIRED,
        pin=False,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mode: enforce\nmod: warn\n", "line 2: there is no setting 'mod': did you mean mode?"),
        ("mode: enforced\n", "line 1: mode is one of enforce, warn, audit, not 'enforced': did you mean enforce?"),
        ("\n\nregistries: registry.example\n", "line 3: registries is a list"),
        ("registries:\n- a\n- [b]\n", "line 3: a single value is expected"),
        ("registries: ['']\n", "line 1: '' is not an entry"),
        ("registries: [registry.example/]\n", "is not an entry"),
        ("verdict_max_age: forever\n", "line 1: 'forever' is not an age"),
        ("verdict_max_age: 0d\n", "is not an age"),
        ("pin: yes\n", "line 1: pin is true or false, not 'yes'"),
        ("mode: warn\nmode: audit\n", "line 2: mode is there twice"),
        ("- a\n", "line 1: a policy is a mapping"),
        ("text\n", "line 1: a policy is a mapping"),
        ("a: [\n", "not YAML"),
        ("? [a]\n: b\n", "there is no setting"),
        ("a: b\n---\nc: d\n", "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        policy_file.parse(text.encode(), "gate.yaml")
    assert str(caught.value).startswith("gate.yaml")
    assert says in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x00", b"[" * 100_000, b"a" * 2_000_000, b"mode: &a [*a]"])
def test_hostile_files_are_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        policy_file.parse(data)


@given(st.text(max_size=80))
def test_any_text_is_a_policy_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(policy_file.parse(text.encode()), AdmissionPolicy)

"""The rule `expression`: CEL with typed names, bounded. Needs the library of the extra `cel`."""

import time

import pytest

from pratique.judge import cel
from pratique.model.advisory import Severity
from pratique.model.errors import UsageError
from pratique.model.inventory import Distro, Inventory
from pratique.model.verdict import Outcome
from tests.judge.making import deb, finding, image_of, npm
from tests.judge.rules.judging import messages, reasons, rule
from tests.support.machine import PROJECT

pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")


def expression(when: str, each: str = "image", more: str = "") -> str:
    return f"expression: {{when: '{when}', each: {each}, message: it is odd{more}}}"


@pytest.mark.parametrize(
    ("when", "speaks"),
    [
        ('image.user == "" || image.user == "root"', True),
        ('image.labels["team"] == "a"', True),
        ('"team" in image.labels', True),
        ('image.reference.startsWith("registry.example/")', True),
        ("findings.exists(f, f.rank >= 4)", True),
        ("findings.exists(f, f.rank == 5)", False),
        ('packages.all(p, p.type == "deb")', False),
        ('findings.filter(f, f.package == "openssl").size() == 2', True),
        ('distro.id == "debian" && distro.version == "12"', True),
        ('now > timestamp("2026-06-30T11:00:00Z")', True),
        ("size(image.signed_by) == 0", True),
    ],
)
def test_it_is_asked_of_the_image(when: str, speaks: bool) -> None:
    image = image_of(deb("openssl", "3"), npm("left-pad", "1"), distro=Distro("debian", "12"))
    findings = (finding("CVE-1", Severity.HIGH), finding("CVE-2", Severity.LOW))
    facts = {"user": "", "labels": {"team": "a"}, "reference": "registry.example/web:1"}
    assert messages(rule(expression(when)), *findings, inventory=image, **facts) == (["it is odd"] if speaks else [])


def test_it_is_asked_of_each_finding_and_its_package() -> None:
    asked = rule(expression('finding.rank >= 4 && pkg.name.matches("^open")', "finding"))
    found = reasons(asked, finding("CVE-1"), finding("CVE-2", Severity.LOW), finding("CVE-3", package=deb("curl", "1")))
    assert [one.message for one in found] == ["openssl 3.0.11-1 has CVE-1 (high), it is odd, no fix known"]
    assert found[0].subject == "CVE-1 pkg:deb/debian/openssl@3.0.11-1"


def test_it_is_asked_of_each_package_and_may_say_what_helps() -> None:
    asked = rule(expression('pkg.version.startsWith("0.")', "package", ", remedy: wait"))
    [found] = reasons(asked, inventory=image_of(npm("a", "0.1"), npm("b", "1.0")))
    assert (found.message, found.remedy, found.subject) == ("a 0.1: it is odd", "wait", "pkg:npm/a@0.1")


@pytest.mark.parametrize(
    ("when", "each", "says"),
    [
        (
            'image.usr == ""',
            "image",
            "p.yaml:3:24: the expression does not compile: undeclared reference to 'image.usr'",
        ),
        ("finding.rank > 3", "image", "undeclared reference to 'finding.rank'"),
        ("findings.size() > 0", "finding", "undeclared reference to 'findings'"),
        ('finding.rank > "high"', "finding", "found no matching overload for '_>_' applied to '(int, string)'"),
        ("image.user ==", "image", "Syntax error"),
        ("image.user", "image", "the expression gives string, not true or false"),
        ("(" * 500 + "true" + ")" * 500, "image", "recursion limit"),
    ],
)
def test_a_mistake_is_told_when_the_policy_is_read(when: str, each: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        rule(expression(when, each))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ('image.labels["none"] == "a"', 'Key not found in map : "none"'),
        ("findings.exists(f, f.rnk > 3)", 'Key not found in map : "rnk"'),
        ("1 / size(image.signed_by) == 1", "divide"),
    ],
)
def test_an_evaluation_that_fails_denies_whatever_the_action(when: str, says: str) -> None:
    [found] = reasons(rule(expression(when), "warn"), finding())
    assert found.outcome is Outcome.DENY
    assert "could not be evaluated" in found.message
    assert says in found.message


def test_an_evaluation_is_bounded() -> None:
    asked = rule(expression("findings.all(a, findings.all(b, findings.all(c, true)))"))
    started = time.perf_counter()
    [found] = reasons(asked, *(finding(f"CVE-{number}") for number in range(1000)))
    assert time.perf_counter() - started < 5
    assert found.outcome is Outcome.DENY
    assert "Iteration budget exceeded" in found.message


def test_too_many_findings_for_one_expression_deny() -> None:
    many = [finding(f"CVE-{number}") for number in range(cel.LISTED + 1)]
    [found] = reasons(rule(expression("size(findings) < 0")), *many)
    assert found.outcome is Outcome.DENY
    assert "more than 5000 findings or packages" in found.message


def test_the_manual_lists_every_name() -> None:
    manual = (PROJECT / "docs" / "policy.md").read_text()
    names = {name for each in cel.NAMES.values() for name in each}
    assert [name for name in sorted(names) if f"`{name}`" not in manual] == []


def test_every_name_has_a_value_of_its_type() -> None:
    image = image_of(deb("openssl", "3"))
    for each, names in cel.NAMES.items():
        for name in names:
            asked = rule(expression(f"{name} == {name}", each))
            found = reasons(asked, finding(), inventory=image)
            assert [one.outcome for one in found] == [Outcome.DENY], name
            assert "it is odd" in found[0].message
            assert "could not" not in found[0].message
    assert reasons(rule(expression("true", "package")), inventory=Inventory()) == ()

"""The rules `denied-packages` and `required-packages`."""

import pytest

from tests.judge.making import deb, image_of, npm
from tests.judge.rules.judging import messages, rule

IMAGE = image_of(deb("telnetd", "1.0"), deb("perl", "5.36"), npm("@scope/name", "3.3.6"))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("telnet*", ["telnetd"]),
        ("telnet", []),
        ("deb/perl", ["perl"]),
        ("npm/perl", []),
        ("perl@5.*", ["perl"]),
        ("deb/perl@4", []),
        ("'@scope/*'", ["@scope/name"]),
        ("npm/@scope/name@3.3.6", ["@scope/name"]),
        ("PERL", []),
        ("'[p]erl'", ["perl"]),
        ("'*'", ["telnetd", "perl", "@scope/name"]),
    ],
)
def test_a_denied_package_is_named(pattern: str, names: list[str]) -> None:
    found = messages(rule(f"denied-packages: {{packages: [{pattern}]}}"), inventory=IMAGE)
    assert [message.split()[0] for message in found] == names


def test_a_required_package_that_is_missing_is_named() -> None:
    found = messages(rule("required-packages: {packages: [perl, deb/ca-certificates, npm/@scope/*]}"), inventory=IMAGE)
    assert found == ["no package fits deb/ca-certificates, which is required"]


def test_an_empty_image_has_none_of_them() -> None:
    assert messages(rule("denied-packages: {packages: ['*']}")) == []
    assert len(messages(rule("required-packages: {packages: [perl]}"))) == 1

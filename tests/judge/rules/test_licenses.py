"""The rules `denied-licenses` and `allowed-licenses`."""

import pytest
from msgspec.structs import replace

from pratique.model.inventory import Inventory
from tests.judge.making import deb
from tests.judge.rules.judging import messages, rule

DENIED = rule("denied-licenses: {licenses: [AGPL-*, GPL-3.0-only]}")
ALLOWED = rule("allowed-licenses: {licenses: [MIT, BSD-*]}")


def under(*licenses: str) -> Inventory:
    return Inventory(packages=(replace(deb("x", "1"), licenses=licenses),))


@pytest.mark.parametrize(
    ("licenses", "denied", "allowed"),
    [
        (["MIT"], False, True),
        (["AGPL-3.0-only"], True, False),
        (["MIT OR AGPL-3.0-only"], False, True),
        (["MIT AND AGPL-3.0-only"], True, False),
        (["MIT", "GPL-3.0-only"], True, False),
        (["(MIT OR GPL-3.0-only) AND BSD-2-Clause"], False, True),
        (["BSD-3-Clause"], False, True),
        (["ISC"], False, False),
        (["mit"], False, False),
    ],
)
def test_a_choice_is_fine_when_one_of_it_is(licenses: list[str], denied: bool, allowed: bool) -> None:
    assert bool(messages(DENIED, inventory=under(*licenses))) is denied
    assert (not messages(ALLOWED, inventory=under(*licenses))) is allowed


def test_a_package_without_a_licence_is_not_allowed_unless_the_policy_says_so() -> None:
    assert messages(ALLOWED, inventory=under()) == ["x 1 names no licence"]
    assert messages(rule("allowed-licenses: {licenses: MIT, unknown: true}"), inventory=under()) == []
    assert messages(DENIED, inventory=under()) == []


def test_the_reason_names_the_licence_and_the_pattern() -> None:
    assert messages(DENIED, inventory=under("AGPL-3.0-only")) == [
        "x 1 is under AGPL-3.0-only, and the policy denies AGPL-*"
    ]

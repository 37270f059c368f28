"""The rules on the image itself: base, age, end of life, user, signatures, statements, the scan's age.

Now is noon of 30 June 2026. What nobody knows is never taken for "fine".
"""

from typing import Any

import pytest

from pratique.model.errors import UsageError
from pratique.model.inventory import Distro, Inventory
from tests.judge.making import finding
from tests.judge.rules.judging import messages, reasons, rule

BASE = rule("base-image: {allow: [registry.example/base/*, docker.io/library/debian:*]}")
AGE = rule("image-age: {older_than: 90d}")
FRESH = rule("base-freshness: {behind: 14d}")
END = rule("end-of-life: {within: 30d}")
ROOT = rule("runs-as-root: {}")
SIGNED = rule("missing-signature:")
ATTESTED = rule("missing-attestation: {types: [sbom, provenance]}")
SCAN = rule("scan-age: {older_than: 1d, advisories: 2d}")


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ("registry.example/base/python:3.12", []),
        ("docker.io/library/debian:12", []),
        ("docker.io/library/alpine:3", ["it is built on docker.io/library/alpine:3, which is not allowed"]),
        (
            "evil.example/registry.example/base/x",
            ["it is built on evil.example/registry.example/base/x, which is not allowed"],
        ),
        (None, ["what it is built on is not known"]),
        ("", ["what it is built on is not known"]),
    ],
)
def test_only_allowed_bases(base: str | None, says: list[str]) -> None:
    assert messages(BASE, base=base) == says


@pytest.mark.parametrize(
    ("behind", "says"),
    [
        ("", []),
        ("2026-06-20T00:00:00Z", []),
        ("2026-06-01T00:00:00Z", ["debian has had a newer digest for 29 days, 14 days are allowed"]),
        (None, ["whether debian has a newer digest is not known"]),
    ],
)
def test_a_base_may_be_behind_for_so_long(behind: str | None, says: list[str]) -> None:
    assert messages(FRESH, base="debian", base_behind=behind) == says


@pytest.mark.parametrize(
    ("created", "says"),
    [
        ("2026-06-01T00:00:00Z", []),
        ("2026-06-01T00:00:00.123456789Z", []),
        ("2027-01-01T00:00:00Z", []),
        ("2026-01-01T00:00:00Z", ["it was built 180 days ago, 90 days are allowed"]),
        ("1970-01-01T00:00:00Z", ["when it was built is not known (it says 1970-01-01T00:00:00Z)"]),
        ("", ["when it was built is not known"]),
        ("yesterday", ["when it was built is not known (it says yesterday)"]),
    ],
)
def test_an_image_may_be_so_old(created: str, says: list[str]) -> None:
    assert messages(AGE, created=created) == says


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2028-06-30", []),
        ("2026-06-30", ["Debian 12 reaches its end of life on 2026-06-30, in 12 hours"]),
        ("2026-07-20", ["Debian 12 reaches its end of life on 2026-07-20, in 20 days"]),
        ("2026-06-29", ["Debian 12 reached its end of life on 2026-06-29: no more fixes"]),
        ("", ["until when Debian 12 is supported is not known"]),
        ("soon", ["until when Debian 12 is supported is not known"]),
    ],
)
def test_a_distribution_ends(day: str, says: list[str]) -> None:
    assert messages(END, inventory=Inventory(distro=Distro("debian", "12", name="Debian 12", end_of_life=day))) == says


def test_without_a_distribution_nothing_ends() -> None:
    assert messages(END) == []


@pytest.mark.parametrize(
    ("user", "speaks"),
    [
        *((user, True) for user in ("", "root", "0", "0:0", "root:app", "00")),
        *((user, False) for user in ("1000", "app", "1000:0", "nobody")),
    ],
)
def test_root_is_told(user: str, speaks: bool) -> None:
    assert bool(messages(ROOT, user=user)) is speaks


def test_without_a_config_the_user_is_not_known() -> None:
    [reason] = reasons(ROOT)
    assert (reason.outcome.value, reason.message) == (
        "warn",
        "as which user it runs is not known: there is no image config",
    )


def test_a_signature_must_be_there_and_by_a_named_key() -> None:
    by_ours = rule("missing-signature: {keys: 'sha256:ours'}")
    assert messages(SIGNED) == ["whether it is signed is not known: nobody looked"]
    assert messages(SIGNED, signed_by=()) == ["it has no signature that verifies"]
    assert messages(SIGNED, signed_by=("sha256:any",)) == []
    assert messages(by_ours, signed_by=("sha256:any",)) == ["it is signed by other keys than the policy names"]
    assert messages(by_ours, signed_by=("sha256:any", "sha256:ours")) == []


def test_statements_are_asked_for_by_word() -> None:
    assert messages(ATTESTED) == ["whether it has a verified sbom and provenance is not known: nobody looked"]
    assert messages(ATTESTED, attested=("https://spdx.dev/Document",)) == ["it has no provenance that verifies"]
    assert messages(ATTESTED, attested=("https://cyclonedx.org/bom", "https://slsa.dev/provenance/v1")) == []
    own = rule("missing-attestation: {types: 'https://example/x'}")
    assert messages(own, attested=("https://example/x",)) == []


def test_an_unknown_word_for_a_statement_is_a_mistake() -> None:
    with pytest.raises(UsageError, match=r"p.yaml:3:34: 'sbm' is no type of statement: did you mean 'sbom'"):
        rule("missing-attestation: {types: [sbm]}")


def test_scan_and_advisories_may_be_so_old() -> None:
    now = "2026-06-30T12:00:00Z"
    assert messages(SCAN, scanned_at=now, advisories_at="2026-06-29T00:00:00Z") == []
    assert messages(SCAN, scanned_at="2026-06-28T00:00:00Z", advisories_at="2026-06-01T00:00:00Z") == [
        "the scan is 2 days old, 1 day are allowed",
        "the advisories are 29 days old, 2 days are allowed",
    ]
    assert messages(SCAN) == ["how old the scan is is not known", "how old the advisories are is not known"]


def test_findings_do_not_concern_these_rules() -> None:
    fine: dict[str, Any] = {
        "user": "1000",
        "signed_by": ("k",),
        "base": "registry.example/base/x",
        "created": "2026-06-29T00:00:00Z",
    }
    assert [messages(each, finding(), **fine) for each in (BASE, AGE, ROOT, SIGNED)] == [[], [], [], []]

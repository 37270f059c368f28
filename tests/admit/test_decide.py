"""Who gets in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pratique.admit.decide import Facts, decide, needed
from pratique.admit.policy import AdmissionPolicy, Mode, Need
from pratique.admit.review import AdmissionRequest, parse
from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome, Reason
from tests.admit import bodies

IMAGE = "registry.example/shop/app:1"
DIGEST = Digest("sha256:" + "ab" * 32)
KEY, OTHER_KEY = "sha256:" + "11" * 32, "sha256:" + "22" * 32
NOW = datetime(2026, 6, 1, tzinfo=UTC)
GOOD = Facts(Reference.parse(IMAGE), DIGEST, (KEY,), Outcome.ALLOW, (), KEY, "2026-05-31T12:00:00Z")
POLICY = AdmissionPolicy()


def change(**fields: Any) -> Facts:
    return msgspec.structs.replace(GOOD, **fields)


def request(image: str = IMAGE, **more: Any) -> AdmissionRequest:
    return parse(bodies.review(bodies.pod(image), **more))


def rules(facts: Facts, policy: AdmissionPolicy = POLICY, image: str = IMAGE) -> list[str]:
    decision = decide(request(image), policy, {image: facts}, NOW)
    assert decision.allowed is (not decision.reasons)
    assert all(reason.message and reason.remedy for reason in decision.reasons)
    return [reason.rule for reason in decision.reasons]


def test_a_signed_and_well_judged_image_gets_in() -> None:
    assert rules(GOOD) == []


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (Facts(error="the registry did not answer"), "unknown"),
        (Facts(), "unknown"),
        (change(digest=None), "unknown"),
        (change(signed_by=()), "signature"),
        (change(verdict=None), "verdict"),
        (change(verdict_by=""), "verdict"),
        (change(verdict=Outcome.DENY), "verdict"),
    ],
)
def test_what_lacks_something_does_not(facts: Facts, rule: str) -> None:
    assert rules(facts) == [rule]


def test_an_image_that_nothing_is_known_of_does_not_get_in() -> None:
    decision = decide(request(), POLICY, {}, NOW)
    assert not decision.allowed
    assert "nothing is known" in decision.reasons[0].message


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert rules(change(signed_by=(), verdict=None)) == ["signature", "verdict"]


def test_only_the_policys_keys_count_for_signatures_and_for_verdicts() -> None:
    policy = AdmissionPolicy(keys=(OTHER_KEY,))
    assert rules(GOOD, policy) == ["signature", "verdict"]
    assert rules(change(signed_by=(KEY, OTHER_KEY), verdict_by=OTHER_KEY), policy) == []


def test_a_denied_image_is_told_what_would_help() -> None:
    reasons = (
        Reason("cve", Outcome.DENY, "CVE-2026-1 in openssl is critical", "upgrade openssl to 3.0.9"),
        Reason("age", Outcome.WARN, "the image is old"),
    )
    decision = decide(request(), POLICY, {IMAGE: change(verdict=Outcome.DENY, verdict_reasons=reasons)}, NOW)
    assert "CVE-2026-1" in decision.reasons[0].message
    assert "old" not in decision.reasons[0].message
    assert decision.reasons[0].remedy == "upgrade openssl to 3.0.9"


def test_a_verdict_that_warns_gets_in_with_a_warning() -> None:
    facts = change(verdict=Outcome.WARN, verdict_reasons=(Reason("age", Outcome.WARN, "the image is old"),))
    decision = decide(request(), POLICY, {IMAGE: facts}, NOW)
    assert decision.allowed
    assert "the image is old" in decision.warnings[0]


@pytest.mark.parametrize(
    ("judged_at", "expected"),
    [
        ("2026-05-31T12:00:00Z", []),
        ("2026-05-01T00:00:00+00:00", ["verdict"]),
        ("2026-05-31T12:00:00", ["verdict"]),
        ("", ["verdict"]),
        ("yesterday", ["verdict"]),
    ],
)
def test_a_verdict_must_be_fresh_where_the_policy_says_so(judged_at: str, expected: list[str]) -> None:
    assert rules(change(judged_at=judged_at), AdmissionPolicy(verdict_max_age=timedelta(days=7))) == expected
    assert rules(change(judged_at=judged_at)) == []


def test_without_knowing_the_time_no_verdict_is_fresh() -> None:
    decision = decide(request(), AdmissionPolicy(verdict_max_age=timedelta(days=7)), {IMAGE: GOOD})
    assert not decision.allowed


def test_an_optional_verdict_still_denies() -> None:
    policy = AdmissionPolicy(verdict=Need.OPTIONAL, signature=Need.OPTIONAL)
    assert rules(change(verdict=None, signed_by=()), policy) == []
    assert rules(change(verdict=Outcome.DENY), policy) == ["verdict"]


@pytest.mark.parametrize(
    ("entry", "gets_in"),
    [
        ("registry.example", True),
        ("registry.example/shop", True),
        ("registry.example/shop/app", True),
        ("registry.exam", False),
        ("registry.example/sho", False),
        ("other.example", False),
    ],
)
def test_images_come_from_accepted_registries_only(entry: str, gets_in: bool) -> None:
    policy = AdmissionPolicy(registries=(entry,))
    assert rules(GOOD, policy) == ([] if gets_in else ["registry"])
    assert needed(request(), policy) == ((IMAGE,) if gets_in else ())


def test_a_short_name_is_docker_hubs() -> None:
    assert rules(GOOD, AdmissionPolicy(registries=("registry.example",)), "nginx") == ["registry"]
    assert rules(GOOD, AdmissionPolicy(registries=("docker.io/library",)), "nginx") == []


@pytest.mark.parametrize(
    "image",
    [
        "Registry.example/Shop/App:1",
        "registry.example/shop/app:1 ",
        " registry.example/shop/app:1",
        "registry.example/shop/app@sha256:abc",
        "registry.example/shop/app@sha256:" + "AB" * 32,
        "registry.example/shop/app@md5:" + "ab" * 16,
        "registry.example/shop/app:1@" + DIGEST + "@" + DIGEST,
        "registry.\u0435\u0445ample/shop/app:1",
        "registry.example\N{FULLWIDTH SOLIDUS}shop/app:1",
        "registry.example/shop/\u0430pp:1",
        "registry.example/shop/app:1\n",
        "https://registry.example/shop/app:1",
        "registry.example/" + "a" * 10_000,
        "registry.example/../app:1",
        "a:b:c:d",
        "\x00",
        "@",
    ],
)
def test_forged_and_odd_references_do_not_get_in(image: str) -> None:
    policy = AdmissionPolicy(registries=("registry.example",))
    decision = decide(request(image), policy, {image: GOOD, image.strip(): GOOD}, NOW)
    assert decision.reasons[0].rule in {"reference", "registry"}
    assert needed(request(image), policy) == ()


def test_a_tag_beside_a_digest_is_only_a_label() -> None:
    image = f"registry.example/shop/app:1@{DIGEST}"
    assert rules(GOOD, AdmissionPolicy(digest=Need.REQUIRED), image) == []
    assert rules(GOOD, AdmissionPolicy(digest=Need.REQUIRED)) == ["digest"]


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT"])
def test_deleting_and_connecting_pass(operation: str) -> None:
    body = bodies.review(None, operation=operation, old=bodies.pod(IMAGE))
    assert decide(parse(body), POLICY, {}).allowed


def test_a_creation_without_an_object_does_not_pass() -> None:
    assert not decide(parse(bodies.review(None)), POLICY, {}).allowed


def test_exempt_namespaces_pass_and_are_not_asked_about() -> None:
    policy = AdmissionPolicy(exempt_namespaces=("kube-system",))
    exempt = request(namespace="kube-system")
    assert decide(exempt, policy, {}).allowed
    assert needed(exempt, policy) == ()
    assert not decide(request(namespace="kube-system2"), policy, {}).allowed


def test_an_update_that_brings_no_new_image_passes() -> None:
    old, new = bodies.pod("old:1"), bodies.pod("old:1")
    new["metadata"]["labels"] = {"new": "label"}
    update = parse(bodies.review(new, operation="UPDATE", old=old))
    assert decide(update, POLICY, {}).allowed
    assert needed(update, POLICY) == ()


def test_an_update_is_asked_about_its_new_images_only() -> None:
    old, new = bodies.pod("old:1"), bodies.pod("old:1", IMAGE)
    update = parse(bodies.review(new, operation="UPDATE", old=old))
    assert needed(update, POLICY) == (IMAGE,)
    assert decide(update, POLICY, {IMAGE: GOOD}, NOW).allowed


def test_a_debugging_container_is_checked() -> None:
    old = bodies.pod(IMAGE)
    new = bodies.pod(IMAGE, ephemeralContainers=[{"name": "debugger", "image": "busybox"}])
    update = parse(bodies.review(new, operation="UPDATE", old=old, subResource="ephemeralcontainers"))
    decision = decide(update, POLICY, {})
    assert [reason.image for reason in decision.reasons] == ["busybox"]


def test_what_is_being_deleted_may_finish() -> None:
    old, new = bodies.pod("old:1"), bodies.pod("other:1")
    old["metadata"]["deletionTimestamp"] = "2026-06-01T00:00:00Z"
    assert decide(parse(bodies.review(new, operation="UPDATE", old=old)), POLICY, {}).allowed


def test_claiming_to_be_deleted_is_no_way_in() -> None:
    document = bodies.pod("other:1")
    document["metadata"]["deletionTimestamp"] = "2026-06-01T00:00:00Z"
    assert not decide(parse(bodies.review(document)), POLICY, {}).allowed
    update = bodies.review(document, operation="UPDATE", old=bodies.pod("old:1"))
    assert not decide(parse(update), POLICY, {}).allowed


def test_an_object_that_cannot_be_read_does_not_get_in() -> None:
    document = bodies.pod()
    document["spec"]["containers"] = {"image": IMAGE}
    decision = decide(parse(bodies.review(document)), POLICY, {})
    assert [reason.rule for reason in decision.reasons] == ["workload"]


def test_warning_admits_and_says_why_and_audit_only_notes_it() -> None:
    warned = decide(request(), AdmissionPolicy(mode=Mode.WARN), {})
    assert warned.allowed
    assert "could not be checked" in warned.warnings[0]
    noted = decide(request(), AdmissionPolicy(mode=Mode.AUDIT), {})
    assert noted.allowed
    assert noted.warnings == ()
    assert noted.reasons == warned.reasons


def test_the_same_image_twice_is_refused_once() -> None:
    decision = decide(parse(bodies.review(bodies.pod("a:1", "a:1", "b:1"))), POLICY, {})
    assert [reason.image for reason in decision.reasons] == ["a:1", "b:1"]


def test_templates_are_held_to_the_same_rules() -> None:
    for document, kind in ((bodies.deployment(IMAGE), bodies.DEPLOYMENT), (bodies.cronjob(IMAGE), bodies.CRONJOB)):
        body = parse(bodies.review(document, kind))
        assert decide(body, POLICY, {IMAGE: GOOD}, NOW).allowed
        assert not decide(body, POLICY, {IMAGE: change(signed_by=())}, NOW).allowed

"""AdmissionReviews read and answered."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.admit import review
from pratique.admit.decide import Facts, decide
from pratique.admit.policy import AdmissionPolicy
from pratique.model.decision import Decision, Refusal
from pratique.model.errors import InvalidData
from tests.admit import bodies

any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=15), inner, max_size=4),
    max_leaves=15,
)


def test_a_review_is_read() -> None:
    request = review.parse(bodies.review(bodies.pod("nginx")))
    assert (request.operation, request.kind.kind, request.namespace) == ("CREATE", "Pod", "shop")
    assert request.user_info
    assert request.user_info.username.endswith("replicaset-controller")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
        bodies.review(bodies.pod("nginx")).replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"),
        bodies.review(bodies.pod("nginx"), uid=""),
        bodies.review(bodies.pod("nginx"), uid="x" * 300),
        bodies.review(None, object="text"),
    ],
)
def test_what_is_not_a_review_is_refused_with_the_reason(data: bytes) -> None:
    with pytest.raises(InvalidData, match="AdmissionReview"):
        review.parse(data)


def test_a_review_larger_than_an_api_server_sends_is_refused() -> None:
    with pytest.raises(InvalidData, match="more than"):
        review.parse(b" " * (review.MAX_BODY + 1))


def test_a_denial_says_why_and_what_to_do() -> None:
    refusal = Refusal("nginx", "signature", "it is not signed", "sign it")
    answer = json.loads(review.respond("u", Decision(False, (refusal,))))
    assert answer["apiVersion"] == "admission.k8s.io/v1"
    assert answer["kind"] == "AdmissionReview"
    assert answer["response"] == {
        "uid": "u",
        "allowed": False,
        "status": {"code": 403, "reason": "Forbidden", "message": "image nginx: it is not signed (sign it)"},
    }


def test_a_patch_travels_in_base64_and_only_with_an_approval() -> None:
    patch = [{"op": "replace", "path": "/spec", "value": "x"}]
    response = json.loads(review.respond("u", Decision(True), patch))["response"]
    assert response["patchType"] == "JSONPatch"
    assert json.loads(base64.b64decode(response["patch"])) == patch
    for decision, given_patch in ((Decision(False), patch), (Decision(True), None), (Decision(True), [])):
        assert "patch" not in json.loads(review.respond("u", decision, given_patch))["response"]


def test_what_would_have_been_refused_is_in_the_audit_log() -> None:
    refusal = Refusal("nginx", "signature", "it is not signed")
    response = json.loads(review.respond("u", Decision(True, (refusal,))))["response"]
    assert response["auditAnnotations"] == {"would-refuse": "image nginx: it is not signed"}
    assert "status" not in response


def test_warnings_and_messages_are_bounded_and_of_one_line() -> None:
    refusal = Refusal("x" * 10_000, "reference", "bad\nname\x1b[31m" * 5000)
    response = json.loads(review.respond("u", Decision(False, (refusal,) * 50, ("w\n" * 1000,))))["response"]
    assert len(response["warnings"][0]) <= 256
    assert len(response["status"]["message"]) <= review.MAX_MESSAGE
    assert not {"\n", "\x1b"} & set(response["status"]["message"] + response["warnings"][0])


@given(any_json)
def test_any_json_is_a_review_or_invalid_data(value: object) -> None:
    with pytest.raises(InvalidData):
        review.parse(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_review_or_invalid_data(data: bytes) -> None:
    with pytest.raises(InvalidData):
        review.parse(data)


@given(
    st.dictionaries(st.sampled_from(["metadata", "spec", "template"]), any_json, max_size=3)
    | st.fixed_dictionaries(
        {
            "spec": st.dictionaries(
                st.sampled_from(["containers", "initContainers", "volumes", "template", "jobTemplate"]), any_json
            )
            | st.fixed_dictionaries(
                {"containers": st.lists(st.dictionaries(st.sampled_from(["image", "name"]), any_json), max_size=3)}
            )
        }
    ),
    st.sampled_from([bodies.POD, bodies.DEPLOYMENT, bodies.CRONJOB, {"group": "", "version": "v1", "kind": "Other"}]),
    st.sampled_from(["CREATE", "UPDATE", "DELETE", "CONNECT", "OTHER"]),
    any_json,
)
def test_any_object_gets_a_decision(
    document: dict[str, object], kind: dict[str, str], operation: str, old: object
) -> None:
    before = old if isinstance(old, dict) else None
    request = review.parse(bodies.review(document, kind, operation, before))
    decision = decide(request, AdmissionPolicy(), {})
    answer = json.loads(review.respond(request.uid, decision))["response"]
    assert answer["allowed"] is decision.allowed
    if not decision.allowed:
        assert answer["status"]["message"]


@given(st.text(max_size=300))
def test_any_image_string_gets_a_decision(image: str) -> None:
    request = review.parse(bodies.review(bodies.pod(image)))
    decision = decide(request, AdmissionPolicy(), {image: Facts(error="unreachable")})
    assert decision.allowed is (image == "")

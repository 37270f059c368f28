"""AdmissionReview v1 as it travels: request in, response out (k8s.io/api/admission/v1 types.go).

The API server takes HTTP 200 with a well-formed response for an answer, and everything else for a failure.
"""

import base64
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from pratique.model.decision import Decision, Refusal
from pratique.model.errors import InvalidData

API_VERSION = "admission.k8s.io/v1"
MAX_BODY = 8 * 1024 * 1024  # bytes: an object and its old self of at most 3 MiB each (the API server's limit), and more
MAX_WARNING = 256  # characters; longer ones may be cut (AdmissionResponse.warnings)
MAX_MESSAGE = 8 * 1024  # characters
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Kind(msgspec.Struct, frozen=True):
    """A group, version and kind; the core group is empty."""

    group: str = ""
    version: str = ""
    kind: str = ""


class UserInfo(msgspec.Struct, frozen=True):
    """Who asked."""

    username: str = ""
    groups: tuple[str, ...] | None = None


class AdmissionRequest(msgspec.Struct, frozen=True, rename="camel"):
    """What is asked. `object` is None on DELETE, `old_object` on CREATE and CONNECT."""

    uid: str
    operation: str
    kind: Kind
    sub_resource: str = ""
    name: str = ""
    namespace: str = ""
    user_info: UserInfo | None = None
    object: dict[str, Any] | None = None
    old_object: dict[str, Any] | None = None
    dry_run: bool | None = None


class _Review(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    request: AdmissionRequest


def parse(data: bytes) -> AdmissionRequest:
    """Read an AdmissionReview. Raises InvalidData, with the reason, for anything else and above 8 MiB."""
    if len(data) > MAX_BODY:
        raise InvalidData(f"an AdmissionReview of {len(data)} bytes is more than {MAX_BODY}")
    try:
        review = msgspec.json.decode(data, type=_Review)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not an AdmissionReview: {error}") from None
    if (review.api_version, review.kind) != (API_VERSION, "AdmissionReview"):
        found = f"{review.api_version[:60]} {review.kind[:60]}"
        raise InvalidData(
            f"not an AdmissionReview of {API_VERSION} but {found}", "ask with admissionReviewVersions [v1]"
        )
    if not 0 < len(review.request.uid) <= 256:
        raise InvalidData("not an AdmissionReview: its uid is empty or longer than 256 characters")
    return review.request


def respond(request_uid: str, decision: Decision, patch: Sequence[dict[str, str]] | None = None) -> bytes:
    """The AdmissionReview that answers the request.

    A denial carries its reasons as `status.message`; an allowed one its JSON patch (RFC 6902), where there is one, and
    what would have been refused as an audit annotation (policy modes warn and audit).
    """
    response: dict[str, object] = {"uid": request_uid, "allowed": decision.allowed}
    if not decision.allowed:
        response["status"] = {"code": 403, "reason": "Forbidden", "message": message(decision.reasons)}
    elif decision.reasons:
        response["auditAnnotations"] = {"would-refuse": message(decision.reasons)}
    if decision.warnings:
        response["warnings"] = [_cut(_clean(warning), MAX_WARNING) for warning in decision.warnings]
    if decision.allowed and patch:
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(msgspec.json.encode(list(patch))).decode()
    return msgspec.json.encode({"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response})


def message(reasons: Sequence[Refusal]) -> str:
    """The reasons for people, one sentence after the other, in one bounded line."""
    return _cut("; ".join(_clean(sentence(reason)) for reason in reasons) or "refused", MAX_MESSAGE)


def sentence(reason: Refusal) -> str:
    """One reason: which image, what is wrong, what to do."""
    image = f"image {_cut(reason.image, 200)}: " if reason.image else ""
    return f"{image}{reason.message}" + (f" ({reason.remedy})" if reason.remedy else "")


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"

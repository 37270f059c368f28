"""The demo at the gate: a Pod asks to run, as the API server asks, and is answered."""

import json
import uuid

from pratique.admit import pin, review
from pratique.admit.decide import decide, needed, uses_to_check
from pratique.admit.policy import AdmissionPolicy
from pratique.model.decision import Decision
from pratique.wiring.loops import Loop

_PATIENCE = 10.0  # seconds


def pod_review(image: str, name: str = "checkout", namespace: str = "shop") -> bytes:
    """The AdmissionReview v1 that an API server sends for a Pod with one container."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    request = {
        "uid": str(uuid.uuid4()),
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "namespace": namespace,
        "userInfo": {"username": "developer"},
        "object": pod,
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


def ask(loop: Loop, policy: AdmissionPolicy, body: bytes) -> tuple[Decision, bytes]:
    """Answer an AdmissionReview as the webhook does: the decision, and the answer's bytes."""
    request = review.parse(body)
    facts = loop.facts.find(needed(request, policy), _PATIENCE)
    decision = decide(request, policy, facts, loop.parts.now())
    patch = pin.patch(uses_to_check(request, policy), decision.pins) if decision.pins else None
    return decision, review.respond(request.uid, decision, patch)

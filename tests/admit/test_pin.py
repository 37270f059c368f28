"""Tags become digests, once."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pratique.admit import pin
from pratique.admit.decide import Facts, decide, uses_to_check
from pratique.admit.podspecs import images
from pratique.admit.policy import AdmissionPolicy, Mode
from pratique.admit.review import parse
from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from tests.admit import bodies

DIGEST = Digest("sha256:" + "ab" * 32)
FACTS = Facts(Reference.parse("a"), DIGEST, ("k",), Outcome.ALLOW, (), "k")


def apply(document: dict[str, Any], patch: list[dict[str, str]]) -> dict[str, Any]:
    """RFC 6902 `replace`, with pointers by RFC 6901."""
    changed = copy.deepcopy(document)
    for operation in patch:
        assert operation["op"] == "replace"
        *path, last = [p.replace("~1", "/").replace("~0", "~") for p in operation["path"].split("/")[1:]]
        holder: Any = changed
        for key in path:
            holder = holder[int(key)] if isinstance(holder, list) else holder[key]
        assert last in holder
        holder[last] = operation["value"]
    return changed


def pin_pod(document: dict[str, Any], policy: AdmissionPolicy | None = None) -> list[dict[str, str]] | None:
    request, policy = parse(bodies.review(document)), policy or AdmissionPolicy()
    uses = uses_to_check(request, policy)
    decision = decide(request, policy, {use.image: FACTS for use in uses})
    return pin.patch(uses, decision.pins)


def test_a_tag_gets_its_digest_and_stays_as_a_label() -> None:
    assert pin_pod(bodies.pod("registry.example/app:1")) == [
        {"op": "replace", "path": "/spec/containers/0/image", "value": f"registry.example/app:1@{DIGEST}"}
    ]
    assert pin.pinned("nginx", DIGEST) == f"nginx@{DIGEST}"


def test_nothing_to_do_makes_no_patch() -> None:
    assert pin_pod(bodies.pod(f"registry.example/app@{DIGEST}", f"app:1@{DIGEST}")) is None
    assert pin_pod(bodies.pod()) is None


def test_a_policy_may_leave_tags_alone_and_an_audit_always_does() -> None:
    for policy in (AdmissionPolicy(pin=False), AdmissionPolicy(mode=Mode.AUDIT)):
        assert pin_pod(bodies.pod("app:1"), policy) is None


names = st.sampled_from(["a", "a:1", "registry.example:5000/b", "registry.example/b:2", f"c@{DIGEST}", f"c:1@{DIGEST}"])


@given(st.lists(names, max_size=4), st.lists(names, max_size=3), st.lists(names, max_size=3))
def test_pinning_pins_every_image_and_pinning_again_changes_nothing(
    apps: list[str], init: list[str], volumes: list[str]
) -> None:
    document = bodies.pod(
        *apps,
        initContainers=[{"image": image} for image in init],
        volumes=[{"image": {"reference": image}} for image in volumes],
    )
    pinned = apply(document, pin_pod(document) or [])
    before, after = images("", "Pod", document), images("", "Pod", pinned)
    assert [use.pointer for use in before] == [use.pointer for use in after]
    for old, new in zip(before, after, strict=True):
        assert Reference.parse(new.image).digest == DIGEST
        assert Reference.parse(new.image).name == Reference.parse(old.image).name
    assert pin_pod(pinned) is None

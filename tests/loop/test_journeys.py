"""The journeys, walked without durability: what happens to an image, and to everything built on it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pratique.attest.verify import attestations, verify_image
from pratique.loop.journeys import journeys
from pratique.loop.make import define
from pratique.loop.parts import Parts
from pratique.loop.pushed import pushed
from pratique.loop.requests import Fate, Push, Pushed
from pratique.loop.steps import Inline, T
from pratique.model.attestation import VALIDATION, VERDICT
from pratique.model.digest import digest_of
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.in_memory import InMemoryBuilder
from tests.loop.world import BASE, CHECKOUT, WEB, FileCluster, current, publish_app, publish_base, world


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with world(tmp_path) as opened:
        yield opened


def push(parts: Parts, request: Push, occasion: str = "first") -> Pushed:
    return pushed(parts, Inline(journeys(parts), f"{occasion}/{request.reference}"), request)


def publish_all(parts: Parts) -> None:
    push(parts, publish_base(parts, "2.10"))
    push(parts, publish_app(parts, WEB, BASE))
    push(parts, publish_app(parts, CHECKOUT, WEB))


def test_a_vulnerable_image_is_denied_and_not_signed(parts: Parts) -> None:
    result = push(parts, publish_base(parts, "2.10"))
    assert result.outcome is Outcome.DENY
    assert not result.signed
    assert parts.signer is not None
    repository = parts.registry.repository(BASE)
    assert not verify_image(repository, result.digest, [parts.signer.public]).verified
    (said,) = attestations(repository, result.digest, [parts.signer.public], VERDICT).verified
    assert b"CVE-2019-10906" in bytes(said.predicate)  # the gate can say why
    assert parts.store.assessments.affected_by("CVE-2019-10906") == (result.digest,)


def test_a_clean_image_is_signed_with_its_sbom_findings_and_verdict(parts: Parts) -> None:
    result = push(parts, publish_base(parts, "3.1.6"))
    assert (result.outcome, result.signed) == (Outcome.ALLOW, True)
    assert parts.signer is not None
    repository, keys = parts.registry.repository(BASE), [parts.signer.public]
    assert verify_image(repository, result.digest, keys).verified
    said = {each.predicate_type for each in attestations(repository, result.digest, keys).verified}
    assert VERDICT in said
    assert {"https://cyclonedx.org/bom", "https://cosign.sigstore.dev/attestation/vuln/v1"} <= said


def test_the_base_of_an_image_is_found_by_its_layers(parts: Parts) -> None:
    publish_all(parts)
    assert parts.store.lineage.base(current(parts, CHECKOUT).digest) == (WEB, current(parts, WEB).digest)
    assert parts.store.lineage.base(current(parts, WEB).digest) == (BASE, current(parts, BASE).digest)


def test_a_base_that_is_seen_after_its_images_still_gets_its_dependents(parts: Parts) -> None:
    base, web = publish_base(parts, "2.10"), publish_app(parts, WEB, BASE)
    push(parts, web)
    push(parts, base)
    assert parts.store.lineage.base(web.digest) == (BASE, base.digest)


def test_a_new_base_heals_everything_built_on_it_in_order(parts: Parts) -> None:
    publish_all(parts)
    old = {name: current(parts, name) for name in (WEB, CHECKOUT)}
    result = push(parts, publish_base(parts, "3.1.6"), "second")
    assert [(each.image, each.fate) for each in result.healed] == [(WEB, Fate.HEALED), (CHECKOUT, Fate.HEALED)]
    base, web, checkout = (current(parts, name) for name in (BASE, WEB, CHECKOUT))
    assert web.diff_ids == (*base.diff_ids, old[WEB].diff_ids[-1])
    assert checkout.diff_ids == (*web.diff_ids, old[CHECKOUT].diff_ids[-1])
    assert checkout.runtime.cmd == old[CHECKOUT].runtime.cmd
    assert checkout.runtime.env == ("V=3.1.6",)
    assert parts.signer is not None
    for name, image in ((WEB, web), (CHECKOUT, checkout)):
        found = verify_image(parts.registry.repository(name), image.digest, [parts.signer.public])
        assert found.verified
        (proof,) = attestations(
            parts.registry.repository(name), image.digest, [parts.signer.public], VALIDATION
        ).verified
        assert b"CVE-2019-10906" in bytes(proof.predicate)
        assert parts.store.assessments.findings(image.digest) == ()


def test_workloads_that_run_a_healed_image_are_moved_to_the_new_digest(parts: Parts, tmp_path: Path) -> None:
    publish_all(parts)
    cluster = FileCluster(tmp_path / "cluster.json")
    cluster.deploy("web", str(WEB.at(current(parts, WEB).digest)))
    cluster.deploy("other", "registry.test/other:1")
    push(parts, publish_base(parts, "3.1.6"), "second")
    assert cluster.images()["web"]["app"].endswith(current(parts, WEB).digest)
    assert cluster.images()["other"]["app"] == "registry.test/other:1"


def test_our_own_push_starts_nothing(parts: Parts) -> None:
    publish_all(parts)
    push(parts, publish_base(parts, "3.1.6"), "second")
    assert push(parts, Push(WEB, current(parts, WEB).digest), "echo").known


def test_the_same_push_told_twice_is_known(parts: Parts) -> None:
    request = publish_base(parts, "2.10")
    assert not push(parts, request).known
    assert push(parts, request, "again").known


def test_a_base_that_goes_back_and_forth_moves_its_images_each_time(parts: Parts) -> None:
    publish_all(parts)
    push(parts, publish_base(parts, "3.1.6"), "second")
    healed = current(parts, WEB)
    push(parts, publish_base(parts, "2.10"), "third")  # worse: held back, never published
    assert current(parts, WEB).digest == healed.digest
    again = push(parts, publish_base(parts, "3.1.6"), "fourth")
    assert [each.fate for each in again.healed] == []
    assert current(parts, WEB).digest == healed.digest


def test_an_image_that_does_not_get_better_is_held_and_its_dependents_are_skipped(parts: Parts) -> None:
    publish_all(parts)
    before = {name: current(parts, name).digest for name in (WEB, CHECKOUT)}
    result = push(parts, publish_base(parts, "2.9"), "second")
    assert [(each.image, each.fate) for each in result.healed] == [(WEB, Fate.HELD), (CHECKOUT, Fate.SKIPPED)]
    assert "findings" in result.healed[0].reason
    assert "was not healed" in result.healed[1].reason
    assert {name: current(parts, name).digest for name in (WEB, CHECKOUT)} == before


def test_an_image_whose_definition_is_known_is_rebuilt(parts: Parts, tmp_path: Path) -> None:
    publish_all(parts)
    context = tmp_path / "context"
    context.mkdir()
    (context / "app.py").write_text("print('rebuilt')\n")
    (context / "Dockerfile").write_text(f'FROM {BASE}\nCOPY app.py /app.py\nCMD ["python", "/app/shop/web.py"]\n')
    builder = InMemoryBuilder(parts.registry, tmp_path)
    parts = replace(parts, builder=builder)
    define(parts, WEB, BuildDefinition(context / "Dockerfile", context))
    result = push(parts, publish_base(parts, "3.1.6"), "second")
    assert len(builder.builds) == 1
    assert result.healed[0].new is not None
    made = parts.store.lineage.rebuild_of(result.healed[0].new)
    assert made is not None
    assert made[0].plan.strategy.value == "rebuild"


def test_a_push_of_something_that_is_not_there_fails_with_the_reason(parts: Parts) -> None:
    result = push(parts, Push(BASE, digest_of(b"nothing")))
    assert "sha256:" in result.reason
    assert [event.kind for event in parts.store.events.all()] == ["failed"]


class Counting:
    """Steps that count how many spawned journeys were not joined yet."""

    def __init__(self, inside: Inline) -> None:
        self.journey = inside.journey
        self._inside = inside
        self.spawned: set[str] = set()
        self.joined: set[str] = set()
        self.most = 0

    def run(self, name: str, kind: type[T], act: Callable[[], T]) -> T:
        return self._inside.run(name, kind, act)

    def spawn(self, journey: str, key: str, request: msgspec.Struct) -> None:
        self.spawned.add(key)
        self.most = max(self.most, len(self.spawned - self.joined))
        self._inside.spawn(journey, key, request)

    def join(self, key: str, kind: type[T]) -> T:
        self.joined.add(key)
        return self._inside.join(key, kind)


def test_a_wide_wave_heals_a_bounded_number_of_images_at_a_time(parts: Parts) -> None:
    parts = replace(parts, parallel=3)
    names = [Reference.parse(f"registry.test/wide/{number}:1") for number in range(8)]
    push(parts, publish_base(parts, "2.10"))
    for name in names:
        push(parts, publish_app(parts, name, BASE))
    steps = Counting(Inline(journeys(parts), "wide"))
    result = pushed(parts, steps, publish_base(parts, "3.1.6"))
    assert [each.image for each in result.healed if each.fate is Fate.HEALED] == names
    assert (len(steps.joined), steps.most) == (8, 3)

"""What is known of images: found once, remembered for a while, and never a failure that isn't an answer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from pratique.admit.cache import Cache
from pratique.admit.facts import FactsFinder
from pratique.attest import keys, predicates
from pratique.attest.sign import attest, sign_image
from pratique.attest.verify import Proofs
from pratique.model.attestation import VERDICT
from pratique.model.descriptor import Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import Unavailable
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome, Reason, Verdict
from pratique.registry.in_memory import InMemoryRegistry, InMemoryRepository
from pratique.registry.pack import pack

IMAGE = "registry.example/shop/app:1"
REFERENCE = Reference.parse(IMAGE)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Counting(InMemoryRegistry):
    """A registry that counts how often it is asked, may be slow, and may be out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.broken: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def repository(self, reference: Reference) -> InMemoryRepository:
        self.asked += 1
        assert self.gate.wait(10)
        if self.broken:
            raise self.broken
        return super().repository(reference)


@pytest.fixture(scope="module")
def signer() -> keys.Signer:
    return keys.load_private(keys.generate(b"").private_pem)


@pytest.fixture
def registry() -> Counting:
    return Counting()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def finder(registry: Counting, clock: Clock, signer: keys.Signer) -> Iterator[FactsFinder]:
    with FactsFinder(registry, Proofs([signer.public]), clock=clock) as finder:
        yield finder


def publish(registry: InMemoryRegistry, *layers: bytes) -> Digest:
    return pack(registry.repository(REFERENCE), layers or [b""], tag="1").digest


def verdict(registry: InMemoryRegistry, digest: Digest, signer: keys.Signer, outcome: Outcome, judged_at: str) -> None:
    said = Verdict(digest, outcome, (Reason("r", outcome, "because"),), digest_of(b"p"), digest_of(b"a"), judged_at)
    attest(registry.repository(REFERENCE), digest, VERDICT, predicates.verdict(said), signer, REFERENCE)


def test_a_signed_and_judged_image(registry: Counting, finder: FactsFinder, signer: keys.Signer) -> None:
    digest = publish(registry)
    sign_image(registry.repository(REFERENCE), digest, signer, REFERENCE)
    verdict(registry, digest, signer, Outcome.ALLOW, "2026-01-01T00:00:00Z")
    facts = finder.find([IMAGE], 5)[IMAGE]
    assert (facts.reference, facts.digest, facts.signed_by) == (REFERENCE, digest, (signer.key_id,))
    assert (facts.verdict, facts.verdict_by, facts.judged_at) == (Outcome.ALLOW, signer.key_id, "2026-01-01T00:00:00Z")
    assert facts.error == ""


def test_the_newest_verdict_counts_whatever_the_order(
    registry: Counting, finder: FactsFinder, signer: keys.Signer
) -> None:
    digest = publish(registry)
    verdict(registry, digest, signer, Outcome.DENY, "2026-02-01T00:00:00Z")
    verdict(registry, digest, signer, Outcome.ALLOW, "2026-01-01T00:00:00+00:00")
    verdict(registry, digest, signer, Outcome.ALLOW, "nonsense")
    assert finder.find([IMAGE], 5)[IMAGE].verdict is Outcome.DENY


def test_a_strangers_signature_and_verdict_do_not_count(registry: Counting, finder: FactsFinder) -> None:
    digest = publish(registry)
    stranger = keys.load_private(keys.generate(b"").private_pem)
    sign_image(registry.repository(REFERENCE), digest, stranger, REFERENCE)
    verdict(registry, digest, stranger, Outcome.ALLOW, "2026-01-01T00:00:00Z")
    facts = finder.find([IMAGE], 5)[IMAGE]
    assert (facts.digest, facts.signed_by, facts.verdict) == (digest, (), None)


def test_a_signed_verdict_that_is_no_verdict_counts_as_none(
    registry: Counting, finder: FactsFinder, signer: keys.Signer
) -> None:
    digest = publish(registry)
    attest(registry.repository(REFERENCE), digest, VERDICT, b'{"outcome": "allow"}', signer, REFERENCE)
    assert finder.find([IMAGE], 5)[IMAGE].verdict is None


@pytest.mark.parametrize("broken", [Unavailable("the registry is down"), RuntimeError("a bug"), OSError("no route")])
def test_whatever_breaks_becomes_a_reason(registry: Counting, finder: FactsFinder, broken: Exception) -> None:
    registry.broken = broken
    facts = finder.find([IMAGE, "not a reference"], 5)
    assert str(broken) in facts[IMAGE].error
    assert "not an image reference" in facts["not a reference"].error


def test_an_image_that_is_not_there_is_unknown(finder: FactsFinder) -> None:
    facts = finder.find([IMAGE], 5)[IMAGE]
    assert facts.digest is None
    assert "no 1" in facts.error


def test_an_answer_is_remembered_and_asked_for_again_when_it_is_stale(
    registry: Counting, finder: FactsFinder, clock: Clock
) -> None:
    publish(registry)
    before = registry.asked
    for _ in range(3):
        finder.find([IMAGE], 5)
    assert registry.asked == before + 1
    clock.now += 16
    finder.find([IMAGE], 5)
    assert registry.asked == before + 2


def test_a_moved_tag_is_seen_within_seconds(registry: Counting, finder: FactsFinder, clock: Clock) -> None:
    first = publish(registry)
    assert finder.find([IMAGE], 5)[IMAGE].digest == first
    second = publish(registry, b"", b"more")
    clock.now += 16
    assert finder.find([IMAGE], 5)[IMAGE].digest == second


def test_a_signature_that_was_missing_is_seen_soon(
    registry: Counting, finder: FactsFinder, clock: Clock, signer: keys.Signer
) -> None:
    digest = publish(registry)
    assert finder.find([IMAGE], 5)[IMAGE].signed_by == ()
    sign_image(registry.repository(REFERENCE), digest, signer, REFERENCE)
    clock.now += 21
    assert finder.find([IMAGE], 5)[IMAGE].signed_by == (signer.key_id,)


def test_an_error_is_forgotten_within_seconds(registry: Counting, finder: FactsFinder, clock: Clock) -> None:
    publish(registry)
    registry.broken = Unavailable("down")
    assert finder.find([IMAGE], 5)[IMAGE].error
    registry.broken = None
    assert finder.find([IMAGE], 5)[IMAGE].error
    clock.now += 4
    assert not finder.find([IMAGE], 5)[IMAGE].error


def test_requests_for_one_image_share_one_look_up(registry: Counting, finder: FactsFinder) -> None:
    digest = publish(registry)
    before = registry.asked
    registry.gate.clear()
    futures = [finder.start(IMAGE) for _ in range(50)]
    registry.gate.set()
    assert {future.result(5).digest for future in futures} == {digest}
    assert registry.asked == before + 1


def test_a_registry_that_hangs_is_answered_in_time_and_the_answer_comes_later(
    registry: Counting, finder: FactsFinder
) -> None:
    digest = publish(registry)
    registry.gate.clear()
    assert "within 0.05 s" in finder.find([IMAGE], 0.05)[IMAGE].error
    registry.gate.set()
    assert finder.find([IMAGE], 5)[IMAGE].digest == digest


def test_too_many_look_ups_at_a_time_are_answered_at_once(registry: Counting, finder: FactsFinder) -> None:
    registry.gate.clear()
    futures = [finder.start(f"registry.example/app:{number}") for number in range(300)]
    assert "busy" in futures[-1].result(0).error
    registry.gate.set()
    assert all(future.result(10).error for future in futures)


def test_a_closed_finder_says_so(registry: Counting, signer: keys.Signer) -> None:
    with FactsFinder(registry, Proofs([signer.public])) as finder:
        pass
    assert "closing" in finder.find([IMAGE], 1)[IMAGE].error


def test_a_registry_that_resolves_a_digest_to_another_is_not_believed(signer: keys.Signer) -> None:
    class Lying(InMemoryRepository):
        def resolve(self, target: str) -> Descriptor:
            return msgspec.structs.replace(super().resolve(target), digest=digest_of(b"other"))

    class Registry(InMemoryRegistry):
        def repository(self, reference: Reference) -> InMemoryRepository:
            return lying

    lying = Lying(REFERENCE, InMemoryRegistry())
    digest = pack(lying, [b""]).digest
    with FactsFinder(Registry(), Proofs([signer.public])) as finder:
        image = f"registry.example/shop/app@{digest}"
        assert "not what was asked for" in finder.find([image], 5)[image].error


def test_the_memory_is_bounded_and_forgets_the_least_used() -> None:
    cache: Cache[int, int] = Cache(3, Clock())
    for number in range(3):
        cache.put(number, number, 10)
    assert cache.get(0) == 0
    cache.put(3, 3, 10)
    assert (len(cache), cache.get(0), cache.get(1)) == (3, 0, None)


def test_the_memory_is_safe_to_share() -> None:
    cache: Cache[int, int] = Cache(10, Clock())

    def use(seed: int) -> None:
        for number in range(500):
            cache.put((seed * number) % 30, number, 1)
            cache.get(number % 30)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, range(1, 5)))
    assert len(cache) <= 10


def test_what_is_newly_said_of_an_image_is_known_at_once(registry: Counting, signer: keys.Signer) -> None:
    repository = registry.repository(REFERENCE)
    digest = pack(repository, [b""], tag="1").digest
    with FactsFinder(registry, Proofs([signer.public])) as finder:
        assert finder.find([IMAGE], 10)[IMAGE].signed_by == ()
        sign_image(repository, digest, signer, REFERENCE)
        assert finder.find([IMAGE], 10)[IMAGE].signed_by == ()  # remembered, for a while
        finder.renew(REFERENCE, digest)
        pinned = f"{IMAGE}@{digest}"
        found = finder.find([IMAGE, pinned], 10)
        assert found[IMAGE].signed_by == found[pinned].signed_by == (signer.key_id,)
        asked = registry.asked
        finder.find([IMAGE, pinned, f"{REFERENCE.name}@{digest}"], 10)
        assert registry.asked == asked  # prepared: nobody is asked while a Pod waits


def test_a_look_up_that_began_before_the_news_is_not_remembered(registry: Counting, signer: keys.Signer) -> None:
    digest = pack(registry.repository(REFERENCE), [b""], tag="1").digest
    with FactsFinder(registry, Proofs([signer.public])) as finder:
        registry.gate.clear()
        early = finder.start(IMAGE)
        finder.renew(REFERENCE, digest)
        late = finder.start(IMAGE)
        assert late is not early
        registry.gate.set()
        assert early.result(10).error == late.result(10).error == ""

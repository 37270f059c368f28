"""Find out what is known of an image: what its tag is now, who signed it, what the attested verdict says.

Acting: asks registries. Every failure becomes `Facts.error`, for the gate must answer, and fails closed.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Protocol, Self

import msgspec

from pratique.admit.cache import Cache
from pratique.admit.decide import Facts
from pratique.model.attestation import VERDICT, Attestation
from pratique.model.digest import Digest
from pratique.model.errors import PratiqueError, Unavailable, UsageError
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome, Verdict
from pratique.registry.repository import Registry, Repository

_WORKERS = 16
_WAITING = 256  # images being looked up at a time; beyond that the answer is "too busy"
_SIZE = 4096  # images remembered
_TAG_SECONDS = 15.0  # a tag may move; a few pods of one rollout ask within seconds of each other
_ERROR_SECONDS = 3.0


class Proofs(Protocol):
    """Verified signatures and statements (of some keys that it holds). Raises PratiqueError."""

    def signatures(self, repository: Repository, digest: Digest) -> Iterable[Attestation]:
        """The image's signatures that verify."""

    def statements(self, repository: Repository, digest: Digest, predicate_type: str) -> Iterable[Attestation]:
        """The statements about the image that verify, of a predicate type."""


class FactsFinder:
    """Finds facts and remembers them by digest: good ones `seconds`, lacking ones `lacking_seconds`, errors shortly.

    Two requests for one image share one look-up. Close it (or use it in a `with`) to let its threads go.
    """

    def __init__(
        self,
        registries: Registry,
        proofs: Proofs,
        *,
        seconds: float = 300.0,
        lacking_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registries = registries
        self._proofs = proofs
        self._seconds = seconds
        self._lacking_seconds = lacking_seconds
        self._by_image: Cache[str, Facts] = Cache(_SIZE, clock)
        self._by_digest: Cache[tuple[str, Digest], Facts] = Cache(_SIZE, clock)
        self._running: dict[str, Future[Facts]] = {}
        self._lock = threading.Lock()
        self._renewed: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="facts")

    def start(self, image: str) -> Future[Facts]:
        """Begin to look an image up, or join the look-up that is under way. The future never fails."""
        known = self._by_image.get(image)
        with self._lock:
            if known is None and image in self._running:
                return self._running[image]
            if known is None and len(self._running) >= _WAITING:
                known = Facts(error="the gate is too busy")
            if known is not None:
                return _finished(known)
            try:
                future = self._running[image] = self._pool.submit(self._find, image)
            except RuntimeError:
                return _finished(Facts(error="the gate is closing"))
        future.add_done_callback(lambda done: self._forget(image, done))
        return future

    def find(self, images: Iterable[str], budget: float) -> Mapping[str, Facts]:
        """Facts about these images, within `budget` seconds; what takes longer is answered as unknown, and goes on."""
        futures = {image: self.start(image) for image in images}
        wait(futures.values(), timeout=budget)
        return {image: outcome(future, budget) for image, future in futures.items()}

    def renew(self, reference: Reference, digest: Digest) -> None:
        """Something new was said of an image: forget what was known of its repository, and look it up beforehand.

        A look-up that is under way meanwhile answers those who wait for it and is not remembered.
        """
        name = reference.name
        with self._lock:
            self._renewed[name] = self._renewed.get(name, 0) + 1
            for image in [image for image in self._running if _name(image) == name]:
                del self._running[image]
        self._by_digest.drop(lambda key: key[0] == name)
        self._by_image.drop(lambda image: _name(image) == name)
        tag = f":{reference.tag}" if reference.tag else ""
        for image in {f"{name}{tag}", f"{name}{tag}@{digest}", f"{name}@{digest}"}:
            self.start(image)

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self, image: str, done: "Future[Facts]") -> None:
        with self._lock:
            if self._running.get(image) is done:
                del self._running[image]

    def _find(self, image: str) -> Facts:
        renewed = self._renewed.get(_name(image), 0)
        try:
            facts = self._facts(Reference.parse(image))
        except UsageError as error:
            return Facts(error=str(error))
        except PratiqueError as error:
            facts = Facts(error=str(error))
        except Exception as error:  # noqa: BLE001 - whatever breaks in a look-up, the gate must answer
            facts = Facts(error=f"{type(error).__name__}: {str(error)[:200]}")
        if self._renewed.get(_name(image), 0) == renewed:
            seconds = _ERROR_SECONDS if facts.error else min(_TAG_SECONDS, self._lifetime(facts))
            self._by_image.put(image, facts, seconds)
        return facts

    def _facts(self, reference: Reference) -> Facts:
        repository = self._registries.repository(reference)
        digest = repository.resolve(reference.target).digest
        if reference.digest and digest != reference.digest:
            raise Unavailable(f"{reference} resolves to {digest}, which is not what was asked for")
        known = self._by_digest.get((reference.name, digest))
        if known is not None:
            return msgspec.structs.replace(known, reference=reference)
        renewed = self._renewed.get(reference.name, 0)
        facts = collect(repository, reference, digest, self._proofs)
        if self._renewed.get(reference.name, 0) == renewed:
            self._by_digest.put((reference.name, digest), facts, self._lifetime(facts))
        return facts

    def _lifetime(self, facts: Facts) -> float:
        complete = facts.signed_by and facts.verdict and facts.verdict is not Outcome.DENY
        return self._seconds if complete else self._lacking_seconds


def collect(repository: Repository, reference: Reference, digest: Digest, proofs: Proofs) -> Facts:
    """The facts of one image in its repository. Raises PratiqueError when the registry or the proofs do."""
    signed_by = tuple(dict.fromkeys(each.key_id for each in proofs.signatures(repository, digest)))
    newest = max(_verdicts(proofs.statements(repository, digest, VERDICT)), key=_age_key, default=None)
    if newest is None:
        return Facts(reference, digest, signed_by)
    verdict, key_id = newest
    return Facts(reference, digest, signed_by, verdict.outcome, verdict.reasons, key_id, verdict.judged_at)


def _name(image: str) -> str:
    """The repository that an image string names; empty for what names none."""
    try:
        return Reference.parse(image).name
    except UsageError:
        return ""


def outcome(future: "Future[Facts]", budget: float) -> Facts:
    """What a look-up found, or that it took too long."""
    if not future.done() or future.cancelled():
        return Facts(error=f"the registry did not answer within {budget:g} s")
    return future.result()


def _verdicts(statements: Iterable[Attestation]) -> list[tuple[Verdict, str]]:
    found = []
    for statement in statements:
        try:
            found.append((msgspec.json.decode(statement.predicate, type=Verdict), statement.key_id))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # signed by us, but not a verdict of this version: as good as none
    return found


def _age_key(found: tuple[Verdict, str]) -> datetime:
    try:
        judged = datetime.fromisoformat(found[0].judged_at)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return judged if judged.tzinfo else judged.replace(tzinfo=UTC)


def _finished(facts: Facts) -> "Future[Facts]":
    future: Future[Facts] = Future()
    future.set_result(facts)
    return future

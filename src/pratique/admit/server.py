"""The webhook: a bare ASGI application for `/validate`, `/mutate`, `/healthz` and `/readyz`, and HTTPS around it.

It always answers within its budget: what is not known by then counts as unknown (kubernetes.io, "Dynamic Admission
Control"). Whatever goes wrong inside is answered as a denial or a 4xx, never as silence.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

from pratique.admit import pin, review
from pratique.admit.decide import Facts, decide, needed, uses_to_check
from pratique.admit.facts import outcome
from pratique.admit.policy import AdmissionPolicy, Mode
from pratique.admit.review import AdmissionRequest
from pratique.model.decision import Decision, Refusal
from pratique.model.errors import InvalidData

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]

log = logging.getLogger(__name__)
_RELOAD_SECONDS = 10.0


class StartsFinding(Protocol):
    """Where facts come from: `FactsFinder` fits."""

    def start(self, image: str) -> Any:
        """A `concurrent.futures.Future` of `Facts` that never fails."""


class _Answer(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Decider:
    """Decides requests under one policy with facts from a finder, within a budget in seconds.

    `observe` is told each decision, in a thread (for a journal; not of dry runs, which must have no side effect).
    """

    def __init__(
        self,
        policy: AdmissionPolicy,
        finder: StartsFinding,
        *,
        budget: float = 3.0,
        observe: Callable[[AdmissionRequest, Decision], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.policy = policy
        self.budget = budget
        self._finder = finder
        self._observe = observe
        self._clock = clock

    async def decide(self, request: AdmissionRequest, budget: float | None = None) -> Decision:
        """The decision, within `budget` (or the decider's own, whichever is shorter)."""
        seconds = min(self.budget, budget or self.budget)
        try:
            facts = await self._facts(needed(request, self.policy), seconds)
            decision = decide(request, self.policy, facts, self._clock())
        except Exception:  # whatever breaks in here, the API server must get an answer
            log.exception("no decision on request %s", request.uid)
            reason = Refusal("", "internal", "the gate could not decide", "try again; its log has the reason")
            return Decision(self.policy.mode is not Mode.ENFORCE, (reason,))
        if self._observe and not request.dry_run:
            await self._tell(self._observe, request, decision)
        return decision

    @staticmethod
    async def _tell(
        observe: Callable[[AdmissionRequest, Decision], None], request: AdmissionRequest, decision: Decision
    ) -> None:
        try:
            await asyncio.to_thread(observe, request, decision)
        except Exception:  # a journal that is full or broken must not stop the cluster
            log.exception("decision on request %s was not noted", request.uid)

    async def _facts(self, images: tuple[str, ...], seconds: float) -> dict[str, Facts]:
        futures = {image: self._finder.start(image) for image in images}
        waiting = [asyncio.wrap_future(future) for future in futures.values() if not future.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)
        return {image: outcome(future, seconds) for image, future in futures.items()}


def application(decider: Decider, ready: Callable[[], bool] = lambda: True) -> Application:
    """The ASGI application; `/readyz` answers 503 while `ready` says no."""

    async def app(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                status, body, kind = await _answer(decider, ready, scope, receive)
            except _Answer as answer:
                status, body, kind = answer.status, answer.text.encode(), b"text/plain; charset=utf-8"
            await _send(send, status, body, kind)

    return app


async def _answer(
    decider: Decider, ready: Callable[[], bool], scope: Mapping[str, Any], receive: Receive
) -> tuple[int, bytes, bytes]:
    path, method = scope["path"], scope["method"]
    if path in {"/healthz", "/readyz"}:
        well = path == "/healthz" or ready()
        return (200, b"ok", b"text/plain") if well else (503, b"not ready", b"text/plain")
    if path not in {"/validate", "/mutate"}:
        raise _Answer(404, "no such path: /validate, /mutate, /healthz or /readyz")
    if method != "POST":
        raise _Answer(405, "an AdmissionReview is sent with POST")
    if _content_type(scope) != "application/json":
        raise _Answer(415, "an AdmissionReview is application/json")
    try:
        request = review.parse(await _body(scope, receive))
    except InvalidData as error:
        raise _Answer(400, str(error)) from None
    decision = await decider.decide(request, _budget(scope))
    return 200, _respond(decider, request, decision, mutate=path == "/mutate"), b"application/json"


def _respond(decider: Decider, request: AdmissionRequest, decision: Decision, *, mutate: bool) -> bytes:
    """What the two webhooks say: `/mutate` only pins, `/validate` (which comes last and sees the whole) decides."""
    if not mutate:
        return review.respond(request.uid, decision)
    if not decision.allowed or not decision.pins:
        return review.respond(request.uid, Decision(True))
    return review.respond(request.uid, Decision(True), pin.patch(uses_to_check(request, decider.policy), decision.pins))


async def _body(scope: Mapping[str, Any], receive: Receive) -> bytes:
    announced = _header(scope, b"content-length")
    if announced.isdigit() and int(announced[:20]) > review.MAX_BODY:
        raise _Answer(413, f"at most {review.MAX_BODY} bytes")
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Answer(400, "the request ended early")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > review.MAX_BODY:
            raise _Answer(413, f"at most {review.MAX_BODY} bytes")
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def _header(scope: Mapping[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


def _content_type(scope: Mapping[str, Any]) -> str:
    return _header(scope, b"content-type").partition(";")[0].strip().lower()


def _budget(scope: Mapping[str, Any]) -> float | None:
    """What the API server's own `?timeout=10s` leaves us, with a margin for the way back."""
    text = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("timeout", [""])[0]
    number = text.removesuffix("s")
    return max(0.1, int(number) * 0.8) if number.isdecimal() and 0 < len(number) < 4 and int(number) else None


async def _send(send: Send, status: int, body: bytes, kind: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def serve_until(
    stop: asyncio.Event,
    app: Application,
    host: str,
    port: int,
    certificate: Path,
    key: Path,
    listener: socket.socket | None = None,
) -> None:
    """Serve over HTTPS until told to stop; a new certificate in the two files is taken up within seconds.

    On a socket that listens already, where one is given.
    """
    import uvicorn

    config = uvicorn.Config(
        app, host, port, ssl_certfile=certificate, ssl_keyfile=key, log_level="warning", access_log=False, ws="none"
    )
    config.load()
    server = uvicorn.Server(config)
    watcher = asyncio.create_task(_reload(config.ssl, certificate, key))
    stopper = asyncio.create_task(_stop(stop, server))
    try:
        await server.serve([listener] if listener else None)
    finally:
        for task in (watcher, stopper):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def serve(app: Application, host: str, port: int, certificate: Path, key: Path) -> None:
    """Serve over HTTPS until SIGTERM or SIGINT. Raises OSError or ssl.SSLError when files or port can't be used."""
    asyncio.run(_serve(app, host, port, certificate, key))


async def _serve(app: Application, host: str, port: int, certificate: Path, key: Path) -> None:
    # uvicorn stops well on SIGTERM, but then raises it once more: without a handler that would be our exit code.
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    previous = signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        await serve_until(stop, app, host, port, certificate, key)
    finally:
        signal.signal(signal.SIGTERM, previous)


async def _stop(stop: asyncio.Event, server: Any) -> None:
    await stop.wait()
    server.should_exit = True


async def _reload(context: Any, certificate: Path, key: Path) -> None:
    seen = _changed(certificate, key)
    while True:
        await asyncio.sleep(_RELOAD_SECONDS)
        now = _changed(certificate, key)
        if now == seen:
            continue
        try:
            context.load_cert_chain(certificate, key)
        except OSError as error:  # half-written, or the pair doesn't fit yet: the old one goes on serving
            log.warning("the new certificate cannot be used yet: %s", error)
        else:
            seen = now


def _changed(*files: Path) -> tuple[int, ...]:
    with contextlib.suppress(OSError):
        return tuple(file.stat().st_mtime_ns for file in files)
    return ()

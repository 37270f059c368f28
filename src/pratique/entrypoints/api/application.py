"""The HTTP application: `POST /hooks/<sender>` takes notifications; `/healthz`, `/readyz`, `/api/events`.

Senders are those of `registry.notifications.READERS`: distribution, acr, eventgrid (with both its handshakes), harbor.
A hint is answered 202 only once the engine has its journey on disk, so the registry repeats what we could not accept.
"""

import hmac
from collections.abc import Awaitable, Callable, Collection

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pratique.loop.make import CANDIDATE
from pratique.loop.requests import Push
from pratique.model.errors import InvalidData, PratiqueError
from pratique.registry.notifications import READERS, Notice, Reader, eventgrid
from pratique.store.events import Event

BODY_LIMIT = 4 * 1024 * 1024  # bytes

Start = Callable[[str, Push], None]


def application(
    start: Start, events: Callable[[], tuple[Event, ...]], *, registries: Collection[str], token: str = ""
) -> Starlette:
    """The application. `start` begins the journey of a push under a key; `registries` are those whose word we take.

    With a `token`, hooks need `Authorization: Bearer <token>`.
    """

    async def accept(request: Request, read: Reader) -> Response:
        if token and not _knows(request, token):
            return JSONResponse({"error": "not authorised"}, status_code=401)
        try:
            body = await _body(request)
            code = eventgrid.validation_code(body) if read is eventgrid.read else ""
            notices = read(body, registries)
        except InvalidData as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except ClientDisconnect:
            return Response(status_code=400)
        if code:
            return JSONResponse({"validationResponse": code})
        wanted = [notice for notice in notices if not (notice.reference.tag or "").startswith(CANDIDATE)]
        try:
            for notice in wanted:
                await run_in_threadpool(start, key(notice), Push(notice.reference, notice.digest))
        except PratiqueError as error:
            return JSONResponse({"error": str(error)}, status_code=503)
        return JSONResponse({"accepted": len(wanted)}, status_code=202)

    def hook(read: Reader) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await accept(request, read)

        return answer

    async def told(_: Request) -> Response:
        found = await run_in_threadpool(events)
        return Response(msgspec.json.encode(found), media_type="application/json")

    async def well(_: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    return Starlette(
        routes=[
            *(Route(f"/hooks/{sender}", hook(read), methods=["POST"]) for sender, read in READERS.items()),
            Route("/hooks/eventgrid", _allow_origin, methods=["OPTIONS"]),
            Route("/api/events", told),
            Route("/healthz", well),
            Route("/readyz", well),
        ]
    )


def key(notice: Notice) -> str:
    """The journey's key: the same event told twice is one journey."""
    return f"push/{notice.reference}/{notice.id}"


async def _allow_origin(request: Request) -> Response:
    """CloudEvents' handshake: who may send here (CloudEvents 1.0, HTTP webhook, "Abuse Protection")."""
    origin = request.headers.get("webhook-request-origin", "")
    allowed = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "120"} if origin else {}
    return Response(status_code=200 if origin else 400, headers=allowed)


def _knows(request: Request, token: str) -> bool:
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise InvalidData(f"a notification of more than {BODY_LIMIT} bytes", "send fewer events at once")
        parts.append(part)
    return b"".join(parts)

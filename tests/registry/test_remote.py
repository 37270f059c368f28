"""Registries that fail, throttle, lie, or want to know who we are."""

import base64
import io
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from pratique.model.digest import digest_of
from pratique.model.errors import IntegrityError, InvalidData, NotFound, PratiqueError, Refused, Unavailable
from pratique.model.reference import Reference
from pratique.registry import challenges, images
from pratique.registry.credentials import Credentials, FixedCredentials
from pratique.registry.hosts import base_url, redacted
from pratique.registry.remote import RemoteRegistry, RemoteRepository
from pratique.registry.responses import retry_after
from pratique.registry.transport import proxy_for
from tests.registry.servers import Answer, Handle, Request, forward, serve
from tests.registry.support import attach, blob, put, read, tar_of
from tests.support.docker_registry import docker_registry
from tests.support.machine import require

ALICE = Credentials("alice", "secret")
# bcrypt of "secret", cost 5
HTPASSWD = "alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"


class World:
    """One registry client against servers that live as long as the test."""

    def __init__(self, stack: ExitStack, name: str) -> None:
        self.stack = stack
        self.name = name
        self.slept: list[float] = []

    def serve(self, handle: Handle) -> str:
        return self.stack.enter_context(serve(handle))

    def repository(self, host: str, credentials: Credentials | None = None) -> RemoteRepository:
        registry = RemoteRegistry(
            credentials=FixedCredentials(credentials), sleep=self.slept.append, attempts=4, chunk=1000
        )
        self.stack.callback(registry.close)
        return registry.repository(Reference(host, self.name))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack, f"remote/{tmp_path.name.replace('_', '-').lower()}")


def flaky(host: str, answers: list[Answer | None], only: str = "") -> Handle:
    """Gives these answers first (None: the real one), to requests of the method `only`, then passes all on."""
    lock = threading.Lock()

    def handle(request: Request) -> Answer:
        with lock:
            mine = not only or request.method == only
            answer = answers.pop(0) if mine and answers else None
        return answer or forward(host, request)

    return handle


def test_throttling_is_waited_out_as_long_as_it_asks(world: World, registry_host: str) -> None:
    throttled = Answer(429, {"Retry-After": "7"})
    repository = world.repository(world.serve(flaky(registry_host, [throttled, throttled])))
    image = images.pack(repository, [tar_of({"a": b"1"})], tag="v1")
    assert repository.resolve("v1").digest == image.digest
    assert len(world.slept) == 2
    assert all(7 <= wait < 8 for wait in world.slept)


def test_server_errors_are_tried_again_with_growing_waits(world: World, registry_host: str) -> None:
    host = world.serve(flaky(registry_host, [Answer(500), Answer(503), Answer(502)]))
    with pytest.raises(NotFound):
        world.repository(host).resolve("v1")
    assert len(world.slept) == 3
    assert world.slept[0] < world.slept[2]


def test_trying_again_ends(world: World) -> None:
    host = world.serve(lambda _: Answer(503, {"Retry-After": "1"}))
    with pytest.raises(Unavailable) as caught:
        world.repository(host).resolve("v1")
    assert len(world.slept) == 3
    assert caught.value.retry_after == 1


def test_an_hour_long_throttle_is_not_slept_but_reported(world: World) -> None:
    host = world.serve(lambda _: Answer(429, {"Retry-After": "3600"}))
    with pytest.raises(Unavailable) as caught:
        world.repository(host).resolve("v1")
    assert world.slept == []
    assert caught.value.retry_after == 3600


def test_nobody_listening_is_unavailable(world: World) -> None:
    with pytest.raises(Unavailable):
        world.repository("127.0.0.1:1").resolve("v1")


def test_a_download_that_breaks_off_is_taken_up_where_it_broke(world: World, registry_host: str) -> None:
    data = bytes(range(256)) * 400
    descriptor = put(world.repository(registry_host), data)
    ranges: list[str] = []
    passing = flaky(registry_host, [])

    def handle(request: Request) -> Answer:
        answer = passing(request)
        ranges.append(request.headers.get("Range", ""))
        return answer._replace(cut=30_000) if len(answer.body) > 30_000 else answer

    assert read(world.repository(world.serve(handle)), descriptor) == data
    assert ranges[0] == ""
    assert all(part.startswith("bytes=") for part in ranges[1:])
    assert len(ranges) == 4


def test_a_registry_without_ranges_is_read_again_from_the_start(world: World) -> None:
    data = bytes(range(256)) * 400
    cuts = [50_000, None]
    host = world.serve(lambda _: Answer(200, {}, data, cuts.pop(0)))
    assert read(world.repository(host), blob(data)) == data


def test_a_download_that_always_breaks_off_fails(world: World) -> None:
    data = b"x" * 1000
    host = world.serve(
        lambda request: Answer(206 if "Range" in request.headers else 200, {"Content-Range": "bytes 0-"}, data, 0)
    )
    with pytest.raises(Unavailable):
        read(world.repository(host), blob(data))


@pytest.mark.parametrize("fails", [Answer(500), Answer(0)])
def test_an_upload_goes_on_from_what_the_registry_has(world: World, registry_host: str, fails: Answer) -> None:
    data = bytes(range(256)) * 20
    repository = world.repository(world.serve(flaky(registry_host, [None, fails, None, fails], "PATCH")))
    descriptor = blob(data)
    repository.put_blob(descriptor, io.BytesIO(data))
    assert read(repository, descriptor) == data


def test_an_upload_whose_answer_was_lost_is_not_sent_twice(world: World, registry_host: str) -> None:
    puts: list[str] = []

    def handle(request: Request) -> Answer:
        answer = forward(registry_host, request)
        if request.method == "PUT":
            puts.append(request.path)
            return Answer(502)
        return answer

    repository = world.repository(world.serve(handle))
    repository.put_blob(blob(b"small"), io.BytesIO(b"small"))
    assert len(puts) == 1


def test_chunks_are_as_large_as_the_registry_wants(world: World, registry_host: str) -> None:
    sizes: list[int] = []

    def handle(request: Request) -> Answer:
        answer = forward(registry_host, request)
        if request.method == "PATCH":
            sizes.append(len(request.body))
        return answer._replace(headers={**answer.headers, "OCI-Chunk-Min-Length": "3000"})

    put(world.repository(world.serve(handle)), b"x" * 7000)
    assert sizes == [3000, 3000, 1000]


def manifest(**changes: object) -> bytes:
    config = {"mediaType": "application/x", "digest": digest_of(b""), "size": 0}
    return json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [], **changes}
    ).encode()


def lying(body: bytes, **headers: str) -> Handle:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Answer(200, {"Content-Type": OCI_MANIFEST, **said}, body)


def test_a_manifest_with_another_digest_is_refused(world: World) -> None:
    repository = world.repository(world.serve(lying(manifest())))
    with pytest.raises(IntegrityError):
        repository.manifest(digest_of(b"asked"))


def test_a_lie_in_the_digest_header_is_refused(world: World) -> None:
    repository = world.repository(world.serve(lying(manifest(), Docker_Content_Digest=digest_of(b"another"))))
    with pytest.raises(IntegrityError):
        repository.manifest("v1")
    with pytest.raises(IntegrityError):
        repository.resolve(digest_of(b"asked"))


@pytest.mark.parametrize("size", [6 * 1024 * 1024, 50 * 1024 * 1024])
def test_a_gigantic_manifest_is_refused(world: World, size: int) -> None:
    repository = world.repository(world.serve(lying(b" " * size)))
    with pytest.raises(InvalidData):
        repository.manifest("v1")


@pytest.mark.parametrize("size", [99, 101])
def test_a_blob_announced_with_another_length_is_refused(world: World, size: int) -> None:
    repository = world.repository(world.serve(lambda _: Answer(200, {}, b"x" * size)))
    with pytest.raises(IntegrityError):
        read(repository, blob(b"x" * 100))


def test_a_blob_with_another_content_is_refused(world: World) -> None:
    repository = world.repository(world.serve(lambda _: Answer(200, {}, b"y" * 100)))
    with pytest.raises(IntegrityError):
        read(repository, blob(b"x" * 100))


def test_a_registry_that_stores_something_else_is_noticed(world: World) -> None:
    repository = world.repository(world.serve(lambda _: Answer(201, {"Docker-Content-Digest": digest_of(b"another")})))
    with pytest.raises(IntegrityError):
        repository.put_manifest(manifest(), OCI_MANIFEST, "v1")


@pytest.mark.parametrize(
    "body",
    [
        manifest(manifests=[]),
        manifest(mediaType=OCI_INDEX),
        manifest(config={"mediaType": "x", "digest": "sha256:../../etc/passwd", "size": 1}),
        manifest(config={"mediaType": "x", "digest": digest_of(b""), "size": -1}),
        manifest(layers="none"),
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_confusing_manifest_is_refused(world: World, body: bytes) -> None:
    repository = world.repository(world.serve(lying(body)))
    with pytest.raises(InvalidData):
        images.load(repository, "v1")


def test_where_head_says_too_little_the_manifest_is_fetched(world: World) -> None:
    body = manifest()

    def handle(request: Request) -> Answer:
        return Answer(405) if request.method == "HEAD" else Answer(200, {"Content-Type": OCI_MANIFEST}, body)

    assert world.repository(world.serve(handle)).resolve("v1") == Descriptor(OCI_MANIFEST, digest_of(body), len(body))


def test_tags_are_read_page_by_page(world: World) -> None:
    pages = {"": (["a", "b"], "b"), "b": (["c"], "c"), "c": (["d"], "")}

    def handle(request: Request) -> Answer:
        url = urlsplit(request.path)
        tags, last = pages[parse_qs(url.query).get("last", [""])[0]]
        link = {"Link": f'<{url.path}?last={last}&n=2>; rel="next"'} if last else {}
        return Answer(200, link, json.dumps({"name": "x", "tags": tags}).encode())

    assert list(world.repository(world.serve(handle)).tags()) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "link", ["</v2/x/tags/list?n=1000>", "<http://127.0.0.2/tags>", "<file:///etc/passwd>", "<http://[>"]
)
def test_pages_that_lead_in_circles_or_away_are_refused(world: World, link: str) -> None:
    host = world.serve(lambda request: Answer(200, {"Link": f'{link}; rel="next"'}, b'{"tags": ["a"]}'))
    registry = RemoteRegistry(credentials=FixedCredentials(None), sleep=world.slept.append)
    world.stack.callback(registry.close)
    with pytest.raises(InvalidData):
        list(registry.repository(Reference(host, "x")).tags())


def test_the_referrers_api_is_preferred_and_paged(world: World) -> None:
    first, second = (Descriptor(OCI_MANIFEST, digest_of(data), 1, artifact_type="t") for data in (b"1", b"2"))

    def handle(request: Request) -> Answer:
        assert "/referrers/" in request.path
        found, link = (
            (second, {}) if "page=2" in request.path else (first, {"Link": f'<{request.path}?page=2>; rel="next"'})
        )
        entry = {"mediaType": found.media_type, "digest": found.digest, "size": 1, "artifactType": "t"}
        body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).encode()
        return Answer(200, {"Content-Type": OCI_INDEX, **link}, body)

    repository = world.repository(world.serve(handle))
    assert repository.referrers(digest_of(b"subject")) == (first, second)
    assert repository.referrers(digest_of(b"subject"), "other") == ()


def test_a_registry_with_referrers_gets_no_referrers_tag(world: World, registry_host: str) -> None:
    def handle(request: Request) -> Answer:
        answer = forward(registry_host, request)
        return answer._replace(headers={**answer.headers, "OCI-Subject": digest_of(b"listed")})

    repository = world.repository(world.serve(handle))
    image = images.pack(repository, [], tag="v1")
    attach(repository, image.descriptor, "application/sbom")
    assert list(repository.tags()) == ["v1"]


class TokenServer:
    """Guards a registry with tokens, as distribution's specification says."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.realm = ""
        self.valid: set[str] = set()
        self.asked: list[Request] = []
        self.seen: list[str] = []
        self.lifetime = 300

    def guard(self, request: Request) -> Answer:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.seen.append(request.headers.get("Authorization", ""))
        if token not in self.valid:
            scope = "repository:x:pull,push"
            challenge = f'Bearer realm="{self.realm}",service="the, registry",scope="{scope}"'
            return Answer(401, {"WWW-Authenticate": challenge}, b'{"errors":[{"code":"UNAUTHORIZED"}]}')
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        return forward(self.host, request._replace(headers=headers))

    def issue(self, request: Request) -> Answer:
        self.asked.append(request)
        basic = "Basic " + base64.b64encode(b"alice:secret").decode()
        form = parse_qs(request.body.decode())
        if request.headers.get("Authorization") != basic and form.get("refresh_token") != ["identity"]:
            return Answer(401, {}, b'{"details":"incorrect username or password"}')
        token = f"token-{len(self.asked)}"
        self.valid.add(token)
        return Answer(200, {}, json.dumps({"access_token": token, "expires_in": self.lifetime}).encode())


@pytest.fixture
def guarded(world: World, registry_host: str) -> tuple[TokenServer, str]:
    server = TokenServer(registry_host)
    server.realm = f"http://{world.serve(server.issue)}/token"
    return server, world.serve(server.guard)


def test_a_token_is_fetched_for_its_scope_and_kept(world: World, guarded: tuple[TokenServer, str]) -> None:
    server, host = guarded
    repository = world.repository(host, ALICE)
    image = images.pack(repository, [tar_of({"a": b"1"})], tag="v1")
    assert images.load(repository, "v1") == image
    query = [parse_qs(urlsplit(request.path).query) for request in server.asked]
    assert [q["service"] for q in query] == [["the, registry"]] * 2
    assert sorted(q["scope"][0] for q in query) == [
        f"repository:{world.name}:pull",
        f"repository:{world.name}:pull,push",
    ]
    assert server.seen.count("") == 1  # only the very first request came without a token


def test_mounting_asks_for_both_repositories(world: World, guarded: tuple[TokenServer, str]) -> None:
    server, host = guarded
    repository = world.repository(host, ALICE)
    descriptor = put(repository, b"mounted")
    registry = RemoteRegistry(credentials=FixedCredentials(ALICE))
    world.stack.callback(registry.close)
    assert registry.repository(Reference(host, f"{world.name}/other")).mount_blob(descriptor, repository.reference)
    scopes = parse_qs(urlsplit(server.asked[-1].path).query)["scope"]
    assert scopes == [f"repository:{world.name}/other:pull,push", f"repository:{world.name}:pull"]


def test_an_identity_token_is_exchanged(world: World, guarded: tuple[TokenServer, str]) -> None:
    server, host = guarded
    repository = world.repository(host, Credentials(identity_token="identity"))
    with pytest.raises(NotFound):
        repository.resolve("v1")
    assert server.asked[0].method == "POST"
    assert parse_qs(server.asked[0].body.decode())["grant_type"] == ["refresh_token"]


def test_a_token_that_is_no_longer_valid_is_renewed_once(world: World, guarded: tuple[TokenServer, str]) -> None:
    server, host = guarded
    repository = world.repository(host, ALICE)
    image = images.pack(repository, [], tag="v1")
    server.valid.clear()
    assert repository.resolve("v1").digest == image.digest
    server.valid.clear()
    server.realm = "http://127.0.0.1:1/gone"
    with pytest.raises(Unavailable):
        repository.resolve("v1")


def test_an_expired_token_is_not_sent(world: World, guarded: tuple[TokenServer, str]) -> None:
    server, host = guarded
    server.lifetime = 0.0001  # type: ignore[assignment] # a server may say fractions
    repository = world.repository(host, ALICE)
    for _ in range(2):
        with pytest.raises(NotFound):
            repository.resolve("v1")
    assert len(server.asked) >= 2
    assert server.seen.count("") == 1


@pytest.mark.parametrize("credentials", [None, Credentials("alice", "wrong"), Credentials(identity_token="wrong")])
def test_a_wrong_login_is_refused_and_not_repeated(
    world: World, guarded: tuple[TokenServer, str], credentials: Credentials | None
) -> None:
    server, host = guarded
    with pytest.raises(Refused) as caught:
        world.repository(host, credentials).resolve("v1")
    assert len(server.asked) == 1
    assert "wrong" not in str(caught.value)


def test_many_threads_share_one_token(world: World, guarded: tuple[TokenServer, str]) -> None:
    server, host = guarded
    repository = world.repository(host, ALICE)

    def ask() -> None:
        with pytest.raises(NotFound):
            repository.resolve("v1")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1


def test_a_registry_may_not_send_the_login_over_plain_http(world: World) -> None:
    from pratique.registry.auth import Authenticator
    from pratique.registry.transport import Transport

    authenticator = Authenticator(Transport(), FixedCredentials(ALICE), plain_http=False)
    with pytest.raises(InvalidData, match="plain HTTP"):
        authenticator.challenged('Bearer realm="http://example.org/token"', None, frozenset(), Reference("x", "y"))


def test_a_password_file_of_a_real_registry_is_honoured(world: World, tmp_path: Path) -> None:
    require("docker-registry")
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    host = world.stack.enter_context(docker_registry(tmp_path / "registry", htpasswd=tmp_path / "htpasswd"))
    repository = world.repository(host, ALICE)
    image = images.pack(repository, [tar_of({"a": b"1"})], tag="v1")
    assert images.load(repository, "v1") == image
    for credentials in (None, Credentials("alice", "wrong"), Credentials("bob", "secret")):
        with pytest.raises(Refused):
            world.repository(host, credentials).resolve("v1")


def test_a_redirect_to_storage_gets_no_credentials(world: World) -> None:
    seen: list[Request] = []
    data = b"stored elsewhere"

    def storage(request: Request) -> Answer:
        seen.append(request)
        return Answer(200, {}, data)

    target = f"http://{world.serve(storage)}/blob?signature=abc"

    def front(request: Request) -> Answer:
        if "Authorization" not in request.headers:
            return Answer(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(307, {"Location": target})

    assert read(world.repository(world.serve(front), ALICE), blob(data)) == data
    assert "Authorization" not in seen[0].headers


def test_an_upload_elsewhere_gets_no_credentials(world: World) -> None:
    seen: list[Request] = []

    def storage(request: Request) -> Answer:
        seen.append(request)
        return Answer(201)

    target = f"http://{world.serve(storage)}/upload?state=abc"

    def front(request: Request) -> Answer:
        if "Authorization" not in request.headers:
            return Answer(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(202, {"Location": target})

    put(world.repository(world.serve(front), ALICE), b"small")
    assert [request.method for request in seen] == ["PUT"]
    assert seen[0].path == f"/upload?state=abc&digest={digest_of(b'small')}"
    assert "Authorization" not in seen[0].headers


def test_endless_redirects_end(world: World) -> None:
    host = world.serve(lambda request: Answer(302, {"Location": request.path + "x"}))
    with pytest.raises(InvalidData, match="redirects"):
        world.repository(host).resolve("v1")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[broken", "gopher://x", "http://:0/"])
def test_a_redirect_to_nowhere_is_refused(world: World, location: str) -> None:
    host = world.serve(lambda _: Answer(302, {"Location": location}))
    with pytest.raises(InvalidData):
        world.repository(host).resolve("v1")


def test_errors_keep_the_registrys_code_and_no_secrets(world: World) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"quota\\u001b[31m exceeded","detail":{"any":1}}]}'
    host = world.serve(lambda _: Answer(403, {}, body + b" " * 1_000_000))
    with pytest.raises(Refused) as caught:
        world.repository(host, ALICE).manifest("v1")
    assert "DENIED: quota [31m exceeded" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert redacted("https://user:pw@host:8/path?sig=secret") == "https://host:8/path"


@given(st.binary(max_size=300), st.sampled_from([400, 401, 403, 404, 405, 416, 429, 500, 503]))
def test_any_error_body_is_one_line_for_people(body: bytes, status: int) -> None:
    from pratique.registry.responses import failure

    error = failure("GET", "https://x/y", status, {}, body, 0)
    assert len(error.what) < 400
    assert error.what.isprintable() or not any(ord(c) < 32 for c in error.what)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("5", 5.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, wait: float | None) -> None:
    assert retry_after({"Retry-After": value}, now=10.0) == wait


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("example.azurecr.io", "https://example.azurecr.io"),
        ("example.org:5000", "https://example.org:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.9.9.9", "http://127.9.9.9"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("127.0.0.1.example.org", "https://127.0.0.1.example.org"),
        ("localhost.example.org", "https://localhost.example.org"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000"),
    ],
)
def test_plain_http_is_for_loopback_only(registry: str, url: str) -> None:
    assert base_url(registry) == url
    assert base_url(registry, plain_http=True).startswith("http://")
    assert base_url(registry, plain_http=False).startswith("https://")


def test_proxies_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert proxy_for("https://example.org/") == ""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "internal.example")
    assert proxy_for("https://example.org/") == "http://proxy.example:3128"
    assert proxy_for("https://a.internal.example/") == ""
    assert proxy_for("https://127.0.0.1/") == ""


def test_requests_go_through_the_proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def proxy(request: Request) -> Answer:
        seen.append(request.path)
        return Answer(200, {"Content-Type": OCI_MANIFEST}, manifest())

    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", f"http://{world.serve(proxy)}")
    registry = RemoteRegistry(credentials=FixedCredentials(None), plain_http=True)
    world.stack.callback(registry.close)
    registry.repository(Reference("registry.example", "x")).manifest("v1")
    assert seen == ["http://registry.example/v2/x/manifests/v1"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="x"', [("basic", {"realm": "x"})]),
        ("Basic", [("basic", {})]),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push repository:y:pull"',
            [("bearer", {"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push repository:y:pull"})],
        ),
        ('Bearer realm="r", Basic realm="b"', [("bearer", {"realm": "r"}), ("basic", {"realm": "b"})]),
        (r'Bearer realm="a\"b\\c" , error=invalid', [("bearer", {"realm": 'a"b\\c', "error": "invalid"})]),
        ("Negotiate, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        ("", []),
    ],
)
def test_challenges_are_read_with_their_quotes(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(found.scheme, found.parameters) for found in challenges.parse(header)] == expected


@given(st.text(max_size=200))
def test_any_challenge_can_be_read(header: str) -> None:
    challenges.parse(header)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=30), min_size=1, max_size=4))
def test_quoted_parameters_come_back(parameters: dict[str, str]) -> None:
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in parameters.items()}
    header = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in quoted.items())
    assert challenges.parse(header)[0].parameters == parameters


def test_a_certificate_that_nobody_vouches_for_is_refused(world: World, tmp_path: Path) -> None:
    require("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost", *names],
        check=True,
        capture_output=True,
    )
    host = world.stack.enter_context(serve(lying(manifest()), tls=(certificate, key)))
    for authorities, error in ((None, InvalidData), (certificate, None), (tmp_path / "none.pem", InvalidData)):
        registry = RemoteRegistry(credentials=FixedCredentials(None), plain_http=False, ca_file=authorities, attempts=1)
        world.stack.callback(registry.close)
        repository = registry.repository(Reference(host, "x"))
        if error is None:
            assert repository.manifest("v1")[1] == manifest()
        else:
            with pytest.raises(error):
                repository.manifest("v1")


def test_pratique_errors_only(world: World) -> None:
    host = world.serve(lambda _: Answer(200, {"Content-Type": "text/html"}, b"<html>a captive portal</html>"))
    repository = world.repository(host)
    for call in (
        lambda: repository.resolve("v1"),
        lambda: list(repository.tags()),
        lambda: repository.referrers(digest_of(b"")),
        lambda: repository.put_blob(blob(b"x"), io.BytesIO(b"x")),
    ):
        with pytest.raises(PratiqueError):
            call()

"""Small real HTTP servers that behave as badly as a test wants."""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple


class Request(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """`status` 0: hang up without an answer. `cut`: hang up after so many bytes of the body."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    cut: int | None = None


Handle = Callable[[Request], Answer]


@contextmanager
def serve(handle: Handle, *, tls: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Serve on loopback, with TLS by (certificate, key); yields `host:port`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = handle(Request(self.command, self.path, dict(self.headers.items()), body))
            if not answer.status:
                self.close_connection = True
                return
            self.send_response(answer.status)
            names = {name.lower() for name in answer.headers}
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if "content-length" not in names and answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
            self.close_connection = self.close_connection or answer.cut is not None

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # clients hang up: that's what is tested

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def forward(host: str, request: Request) -> Answer:
    """What the real server behind says."""
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        kept = {name: value for name, value in request.headers.items() if name.lower() not in {"host", "connection"}}
        connection.request(request.method, request.path, request.body or None, kept)
        response = connection.getresponse()
        dropped = {"transfer-encoding", "connection", "date"}
        headers = {name: value for name, value in response.getheaders() if name.lower() not in dropped}
        # Uploads go on through us.
        if headers.get("Location", "").startswith(f"http://{host}"):
            headers["Location"] = headers["Location"].removeprefix(f"http://{host}")
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pratique.model.descriptor import Descriptor
from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData, NotFound, PratiqueError, Unavailable, UsageError
from pratique.model.reference import Reference
from pratique.registry.images import pack
from pratique.registry.remote import RemoteRegistry
from pratique.remediate.tasks.programs import Exit
from pratique.remediate.tasks.sources import GitAddress, fetch_context, git_address
from tests.remediate.images import tar


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://host.test/me/app.git", GitAddress("https://host.test/me/app.git")),
        ("https://host.test/me/app.git#main", GitAddress("https://host.test/me/app.git", "main")),
        ("https://host.test/me/app.git#v1:a/b", GitAddress("https://host.test/me/app.git", "v1", "a/b")),
        ("https://host.test/me/app.git#:a", GitAddress("https://host.test/me/app.git", "", "a")),
        ("https://host.test/org/_git/app#main", GitAddress("https://host.test/org/_git/app", "main")),
        ("git@host.test:me/app.git#x", GitAddress("git@host.test:me/app.git", "x")),
        ("https://host.test/app.tar.gz", None),
        ("./folder", None),
    ],
)
def test_a_git_address_has_a_reference_and_a_folder(address: str, found: GitAddress | None) -> None:
    assert git_address(address) == found


@pytest.mark.parametrize("fragment", ["--upload-pack=x", "main:../..", "main:/etc", "a b"])
def test_an_unsafe_address_is_refused(fragment: str) -> None:
    with pytest.raises(UsageError):
        git_address(f"https://host.test/app.git#{fragment}")


TITLE = "org.opencontainers.image.title"


def packed(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        entry.size = 4 if kind == tarfile.REGTYPE else 0
        tar.addfile(entry, io.BytesIO(b"word"))
    return buffer.getvalue()


ANSWERS = {
    "/good.tar.gz": packed("Dockerfile"),
    "/out.tar.gz": packed("../out"),
    "/link.tar.gz": packed("link", tarfile.SYMTYPE, "/etc/passwd"),
    "/broken.tar.gz": b"no tar",
}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = ANSWERS.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def fetched(address: str, folder: Path) -> Path:
    return fetch_context(address, folder / "step", lambda command: Exit(1))


def test_a_tarball_is_unpacked(server: str, tmp_path: Path) -> None:
    assert (fetched(f"{server}/good.tar.gz", tmp_path) / "Dockerfile").read_text() == "word"


@pytest.mark.parametrize("name", ["out", "link", "broken"])
def test_a_hostile_tarball_is_refused(server: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidData):
        fetched(f"{server}/{name}.tar.gz", tmp_path)
    assert not (tmp_path / "out").exists()


def test_what_is_not_there_is_said(server: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="answered 404"):
        fetched(f"{server}/none.tar.gz", tmp_path)
    with pytest.raises(PratiqueError, match="cannot fetch"):
        fetched("https://host.invalid/app.git", tmp_path)
    with pytest.raises(UsageError, match="not a context"):
        fetched("ftp://host.test/app", tmp_path)


def test_an_artifact_of_a_registry_is_unpacked_and_its_files_keep_their_titles(
    registry_host: str, tmp_path: Path
) -> None:
    with RemoteRegistry() as registry:
        repository = registry.repository(Reference.parse(f"{registry_host}/contexts/one"))
        image = pack(repository, [tar({"Dockerfile": "FROM scratch", "sub/word": "x"})], tag="1")
        manifest = json.loads(image.raw_manifest)
        blob = Descriptor("text/plain", digest_of(b"titled"), 6)
        repository.put_blob(blob, io.BytesIO(b"titled"))
        for tag, title in (("2", "file.txt"), ("3", "../file.txt")):
            layer = {"mediaType": "text/plain", "digest": blob.digest, "size": 6, "annotations": {TITLE: title}}
            both = json.dumps({**manifest, "layers": [*manifest["layers"], layer]}).encode()
            repository.put_manifest(both, image.media_type, tag)
    folder = fetched(f"oci://{registry_host}/contexts/one:2", tmp_path)
    assert [(folder / name).read_text() for name in ("Dockerfile", "sub/word", "file.txt")] == [
        "FROM scratch",
        "x",
        "titled",
    ]
    with pytest.raises(InvalidData, match="without a good name"):
        fetched(f"oci://{registry_host}/contexts/one:3", tmp_path)
    with pytest.raises(NotFound):
        fetched(f"oci://{registry_host}/contexts/one:none", tmp_path)

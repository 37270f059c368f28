"""A timestamp authority of OpenSSL's, over HTTP where notation wants one (RFC 3161 section 3.4)."""

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.registry.servers import Answer, Request, serve
from tests.support.certificates import Issued, PrivateKey, authority, issue, key_usage, pem
from tests.support.machine import require

_CONFIG = """\
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/leaf.pem
certs = {folder}/above.pem
signer_key = {folder}/leaf.key
signer_digest = {digest}
default_policy = {policy}
digests = sha256, sha384, sha512
accuracy = {accuracy}
ess_cert_id_chain = no
ess_cert_id_alg = {digest}
"""
TIMESTAMPING = (
    (key_usage(digital_signature=True), True),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
)


class Authority:
    """Its files in a folder, and its root."""

    def __init__(
        self,
        folder: Path,
        *,
        key: PrivateKey | None = None,
        digest: str = "sha256",
        policy: str = "1.2.3.4.1",
        accuracy: str = "secs:1",
        issuer: Issued | None = None,
    ) -> None:
        require("openssl")
        folder.mkdir(parents=True, exist_ok=True)
        self.root = issuer or authority(name="time root")
        leaf = issue(self.root, name="time", extensions=TIMESTAMPING, key=key)
        (folder / "leaf.pem").write_bytes(pem(leaf.certificate))
        (folder / "leaf.key").write_bytes(leaf.key_pem)
        (folder / "above.pem").write_bytes(b"".join(pem(each) for each in leaf.above))
        (folder / "serial").write_text("01")
        (folder / "config").write_text(_CONFIG.format(folder=folder, digest=digest, policy=policy, accuracy=accuracy))
        self._folder = folder

    def reply(self, query: bytes, *, token: bool = False) -> bytes:
        """A response to a request, or only its token."""
        (self._folder / "query").write_bytes(query)
        files = ["-queryfile", str(self._folder / "query"), "-out", str(self._folder / "reply")]
        _openssl("ts", "-reply", "-config", str(self._folder / "config"), *files, *(["-token_out"] if token else []))
        return (self._folder / "reply").read_bytes()

    def stamp(self, data: bytes, algorithm: str = "sha256") -> bytes:
        """A token for these bytes."""
        digest = hashlib.new(algorithm, data).hexdigest()
        query = self._folder / "made"
        _openssl("ts", "-query", "-digest", digest, f"-{algorithm}", "-cert", "-no_nonce", "-out", str(query))
        return self.reply(query.read_bytes(), token=True)

    @contextmanager
    def served(self) -> Iterator[str]:
        """The URL that answers queries."""

        def answer(request: Request) -> Answer:
            return Answer(200, {"Content-Type": "application/timestamp-reply"}, self.reply(request.body))

        with serve(answer) as host:
            yield f"http://{host}"


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)

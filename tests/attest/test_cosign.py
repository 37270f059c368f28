"""The real cosign, against a real registry, in both directions: what one signs the other verifies, or both refuse."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pratique.attest import beside, keys, predicates
from pratique.attest.sign import Form, attest, sign_image
from pratique.attest.verify import attestations, verify_image
from pratique.model.descriptor import OCI_MANIFEST
from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Repository
from tests.support.tools import cosign

_HTTP = ("--allow-insecure-registry", "--allow-http-registry")
_CHECKS = ("--insecure-ignore-tlog", *_HTTP)
_LEGACY = ("--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false", *_HTTP)
BOTH = pytest.mark.parametrize("form", list(Form))
PASSWORD = b"a password"


class Cosign:
    """The program, its folder with a key pair of its own, and none of this machine's settings."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        nowhere = {"TUF_MIRROR": "http://127.0.0.1:9", "HOME": str(folder), "COSIGN_YES": "true"}
        self._env = {**os.environ, **nowhere, "COSIGN_PASSWORD": PASSWORD.decode()}
        self.run("generate-key-pair")
        self.run("signing-config", "create", "--out", "offline.json")
        self.verifier = keys.load_public((folder / "cosign.pub").read_bytes())

    def run(self, *arguments: str, fails: bool = False) -> str:
        command = [self.program, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self._env, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def pub(self, verifier: keys.Verifier) -> str:
        path = self.folder / f"{verifier.key_id[7:]}.pub"
        path.write_bytes(verifier.pem)
        return str(path)

    def how(self, form: Form) -> tuple[str, ...]:
        return _LEGACY if form is Form.TAG else ("--signing-config", "offline.json", *_HTTP)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    return Cosign(cosign(), tmp_path_factory.mktemp("cosign"))


@pytest.fixture(scope="module")
def signer() -> keys.Signer:
    return keys.load_private(keys.generate(b"").private_pem)


@pytest.fixture
def repository(registry_host: str) -> Iterator[Repository]:
    with RemoteRegistry() as registry:
        yield registry.repository(Reference.parse(f"{registry_host}/attest/{uuid4().hex}"))


@pytest.fixture
def digest(repository: Repository) -> Digest:
    return pack(repository, [b""], tag="1").digest


def named(repository: Repository, digest: Digest) -> str:
    return str(repository.reference.at(digest))


@BOTH
def test_cosign_verifies_our_signature(
    program: Cosign, repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    sign_image(repository, digest, signer, repository.reference, {"stage": "prod"}, form)
    image, key = named(repository, digest), program.pub(signer.public)
    (found,) = json.loads(program.run("verify", "--key", key, "-a", "stage=prod", *_CHECKS, image))
    assert found["critical"]["image"]["docker-manifest-digest"] == digest
    assert found["optional"] == {"stage": "prod"}


@BOTH
def test_cosign_verifies_our_attestation(
    program: Cosign, repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    attest(repository, digest, predicates.CYCLONEDX, b'{"bomFormat":"CycloneDX"}', signer, repository.reference, form)
    image, key = named(repository, digest), program.pub(signer.public)
    program.run("verify-attestation", "--type", "cyclonedx", "--key", key, *_CHECKS, image)
    program.run("verify-attestation", "--type", "spdx", "--key", key, *_CHECKS, image, fails=True)


@BOTH
def test_cosign_refuses_our_signature_for_another_key(
    program: Cosign, repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    sign_image(repository, digest, signer, repository.reference, form=form)
    program.run("verify", "--key", "cosign.pub", *_CHECKS, named(repository, digest), fails=True)
    assert not verify_image(repository, digest, [program.verifier])


@BOTH
def test_we_verify_cosigns_signature(
    program: Cosign, repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    image = named(repository, digest)
    program.run("sign", "--key", "cosign.key", "-a", "stage=prod", *program.how(form), image)
    (found,) = verify_image(repository, digest, [program.verifier], {"stage": "prod"})
    assert found.key_id == program.verifier.key_id
    assert not verify_image(repository, digest, [program.verifier], {"stage": "test"})
    assert not verify_image(repository, digest, [signer.public])


@BOTH
def test_we_verify_cosigns_attestation(program: Cosign, repository: Repository, digest: Digest, form: Form) -> None:
    (program.folder / "predicate.json").write_text('{"bomFormat":"CycloneDX"}')
    what = ("--type", "cyclonedx", "--predicate", "predicate.json")
    program.run("attest", "--key", "cosign.key", *what, *program.how(form), named(repository, digest))
    (found,) = attestations(repository, digest, [program.verifier], predicates.CYCLONEDX)
    assert json.loads(bytes(found.predicate)) == {"bomFormat": "CycloneDX"}
    assert not verify_image(repository, digest, [program.verifier])


@BOTH
def test_signatures_of_both_live_side_by_side(
    program: Cosign, repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    image, key = named(repository, digest), program.pub(signer.public)
    program.run("sign", "--key", "cosign.key", *program.how(form), image)
    sign_image(repository, digest, signer, repository.reference, form=form)
    program.run("verify", "--key", key, *_CHECKS, image)
    program.run("verify", "--key", "cosign.pub", *_CHECKS, image)
    assert len(verify_image(repository, digest, [signer.public, program.verifier])) == 2


def test_both_refuse_a_signature_moved_to_another_image(
    program: Cosign, repository: Repository, digest: Digest, signer: keys.Signer
) -> None:
    sign_image(repository, digest, signer, repository.reference)
    attest(repository, digest, predicates.CYCLONEDX, b"{}", signer, repository.reference)
    other = pack(repository, [b"", b"other"]).digest
    for suffix in ("sig", "att"):
        data = repository.manifest(beside.tag(digest, suffix))[1]
        repository.put_manifest(data, OCI_MANIFEST, beside.tag(other, suffix))
    image, key = named(repository, other), program.pub(signer.public)
    program.run("verify", "--key", key, *_CHECKS, image, fails=True)
    program.run("verify-attestation", "--type", "cyclonedx", "--key", key, *_CHECKS, image, fails=True)
    assert not verify_image(repository, other, [signer.public])
    assert not attestations(repository, other, [signer.public])


def test_both_refuse_a_signature_whose_payload_was_exchanged(
    program: Cosign, repository: Repository, digest: Digest, signer: keys.Signer
) -> None:
    other = pack(repository, [b"", b"other"]).digest
    sign_image(repository, other, signer, repository.reference)
    program.run("sign", "--key", "cosign.key", *_LEGACY, named(repository, digest))
    mine = json.loads(repository.manifest(beside.tag(other, "sig"))[1])
    theirs = json.loads(repository.manifest(beside.tag(digest, "sig"))[1])
    theirs["layers"][0]["annotations"] = mine["layers"][0]["annotations"]
    repository.put_manifest(json.dumps(theirs).encode(), OCI_MANIFEST, beside.tag(digest, "sig"))
    key = program.pub(signer.public)
    program.run("verify", "--key", key, *_CHECKS, named(repository, digest), fails=True)
    assert not verify_image(repository, digest, [signer.public, program.verifier])


def test_each_opens_the_others_private_key(program: Cosign) -> None:
    assert keys.load_private((program.folder / "cosign.key").read_bytes(), PASSWORD).key_id == program.verifier.key_id
    pair = keys.generate(PASSWORD)
    (program.folder / "ours.key").write_bytes(pair.private_pem)
    shown = program.run("public-key", "--key", "ours.key")
    assert shown.strip() == pair.public_pem.decode().strip()


@pytest.mark.parametrize(
    ("key", "digest_algorithm"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "sha384"),  # cosign signs so, but must be told so to verify
        (ec.generate_private_key(ec.SECP521R1()), "sha512"),
        (rsa.generate_private_key(65537, 2048), "sha256"),
    ],
    ids=["p384", "p521", "rsa"],
)
@BOTH
def test_other_kinds_of_keys_agree_in_both_directions(
    program: Cosign,
    repository: Repository,
    digest: Digest,
    form: Form,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    digest_algorithm: str,
) -> None:
    signer = imported(program, key)
    program.run("sign", "--key", f"{signer.key_id[7:]}.key", *program.how(form), named(repository, digest))
    assert verify_image(repository, digest, [signer.public])
    other = pack(repository, [b"", b"other"]).digest
    sign_image(repository, other, signer, repository.reference, form=form)
    how = ("--key", program.pub(signer.public), "--signature-digest-algorithm", digest_algorithm)
    program.run("verify", *how, *_CHECKS, named(repository, other))


@BOTH
def test_cosign_verifies_our_ed25519_signature(
    program: Cosign, repository: Repository, digest: Digest, form: Form
) -> None:
    # Not the other way round: cosign 3.1 signs with Ed25519ph and refuses its own signature when it verifies.
    signer = imported(program, ed25519.Ed25519PrivateKey.generate())
    sign_image(repository, digest, signer, repository.reference, form=form)
    program.run("verify", "--key", program.pub(signer.public), *_CHECKS, named(repository, digest))


def imported(
    program: Cosign, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
) -> keys.Signer:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    name = keys.load_private(pem).key_id[7:]
    (program.folder / f"{name}.pem").write_bytes(pem)
    program.run("import-key-pair", "--key", f"{name}.pem", "--output-key-prefix", name)
    return keys.load_private((program.folder / f"{name}.key").read_bytes(), PASSWORD)

"""The real notation and we: each verifies what the other signed, and both refuse the same, on a real registry."""

import io
import json
import os
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from pratique.attest.notation import cose, jws
from pratique.attest.notation.envelope import ARTIFACT_TYPE
from pratique.attest.notation.sign import Kind, sign_image
from pratique.attest.notation.trust_policy import Level, parse
from pratique.attest.notation.verify import verify_image
from pratique.attest.verify import Verification
from pratique.model.descriptor import OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import InvalidData, NotFound
from pratique.model.reference import Reference
from pratique.registry.fallback import fallback_tag
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Repository
from tests.attest.notation.material import NOW, SIGNER, identity, policy_json, store
from tests.support.certificates import DAY, Issued, authority, issue, key_usage, new_key
from tests.support.tools import notation

KINDS = pytest.mark.parametrize("kind", list(Kind))
PARSERS = {Kind.JWS: jws.parse, Kind.COSE: cose.parse}


class Notation:
    """The program with a configuration of its own, which both of us read: one trust policy and one trust store."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.config = folder / "notation"
        self.config.mkdir()
        self._env = {**os.environ, "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}

    def run(self, *arguments: str, fails: bool = False) -> str:
        command = [self.program, *arguments, "--insecure-registry"]
        done = subprocess.run(
            command, cwd=self.folder, env=self._env, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def sign(self, image: str, signer: Issued, kind: Kind, *more: str, fails: bool = False) -> str:
        (self.config / "key.pem").write_bytes(signer.key_pem)
        (self.config / "chain.pem").write_bytes(signer.chain_pem)
        entry = {"name": "ours", "keyPath": str(self.config / "key.pem"), "certPath": str(self.config / "chain.pem")}
        (self.config / "signingkeys.json").write_text(json.dumps({"default": "ours", "keys": [entry]}))
        return self.run("sign", "--signature-format", kind, *more, image, fails=fails)

    def trust(self, policy: bytes) -> None:
        (self.config / "trustpolicy.json").write_bytes(policy)


@pytest.fixture
def program(tmp_path: Path) -> Notation:
    return Notation(notation(), tmp_path)


@pytest.fixture(scope="module")
def root() -> Issued:
    return authority()


@pytest.fixture(scope="module")
def signer(root: Issued) -> Issued:
    return issue(authority(root, name="intermediate", path_length=0))


@pytest.fixture(scope="module")
def registry() -> Iterator[RemoteRegistry]:
    with RemoteRegistry() as opened:
        yield opened


@pytest.fixture
def repository(registry: RemoteRegistry, registry_host: str) -> Repository:
    return registry.repository(Reference.parse(f"{registry_host}/notation/{uuid4().hex}"))


@pytest.fixture
def digest(repository: Repository) -> Digest:
    return pack(repository, [b""], tag="1").digest


def named(repository: Repository, digest: Digest) -> str:
    return str(repository.reference.at(digest))


def both(
    program: Notation,
    repository: Repository,
    digest: Digest,
    *,
    agree_on: bool,
    policy: bytes | None = None,
    annotations: Mapping[str, str] | None = None,
    now: datetime = NOW,
) -> Verification:
    """What we say of an image, once notation has said the same; the policy is read from the same files."""
    program.trust(policy or policy_json())
    metadata = [f"--user-metadata={key}={value}" for key, value in (annotations or {}).items()]
    program.run("verify", *metadata, named(repository, digest), fails=not agree_on)
    statement = parse((program.config / "trustpolicy.json").read_bytes()).statement_for(repository.reference.name)
    result = verify_image(repository, digest, statement, program.config, now, annotations)
    assert bool(result) == agree_on, result
    return result


@KINDS
def test_notation_verifies_our_signature(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, kind: Kind
) -> None:
    store(program.config, root)
    sign_image(repository, digest, identity(signer), NOW, kind=kind, annotations={"stage": "prod"})
    both(program, repository, digest, agree_on=True, annotations={"stage": "prod"})
    both(program, repository, digest, agree_on=False, annotations={"stage": "test"})


@KINDS
def test_we_verify_notations_signature(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, kind: Kind
) -> None:
    store(program.config, root)
    program.sign(named(repository, digest), signer, kind, "--expiry", "24h", "--user-metadata", "stage=prod")
    (found,) = both(program, repository, digest, agree_on=True, annotations={"stage": "prod"})
    assert found.key_id == identity(signer).key_id
    both(program, repository, digest, agree_on=False, annotations={"stage": "test"})


@pytest.mark.parametrize("key", ["P-256", "P-384", "P-521", "RSA-2048", "RSA-3072", "RSA-4096"])
@KINDS
def test_every_algorithm_agrees_in_both_directions(
    program: Notation, repository: Repository, digest: Digest, kind: Kind, key: str
) -> None:
    signer = issue(key=new_key(key))  # self-signed, as Azure Key Vault makes them
    store(program.config, signer)
    program.sign(named(repository, digest), signer, kind)
    both(program, repository, digest, agree_on=True)
    other = pack(repository, [b"", b"other"]).digest
    sign_image(repository, other, identity(signer), NOW, kind=kind, expires_in=DAY)
    both(program, repository, other, agree_on=True)


@KINDS
def test_both_refuse_a_signer_whom_the_trust_store_does_not_vouch_for(
    program: Notation, repository: Repository, digest: Digest, signer: Issued, kind: Kind
) -> None:
    store(program.config, authority(name="another"))
    sign_image(repository, digest, identity(signer), NOW, kind=kind)
    both(program, repository, digest, agree_on=False)
    program.sign(named(repository, digest), signer, kind)
    both(program, repository, digest, agree_on=False)


def test_both_refuse_a_signer_of_another_name(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued
) -> None:
    store(program.config, root)
    sign_image(repository, digest, identity(signer), NOW)
    both(program, repository, digest, agree_on=True, policy=policy_json(identities=[f"{SIGNER}, CN=signer"]))
    both(program, repository, digest, agree_on=False, policy=policy_json(identities=[f"{SIGNER}, CN=other"]))
    both(program, repository, digest, agree_on=False, policy=policy_json(identities=[f"{SIGNER}, OU=other"]))


@pytest.mark.parametrize("level", ["strict", "permissive", "audit"])
def test_a_policy_for_another_repository_is_none_for_this_one(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, level: str
) -> None:
    store(program.config, root)
    sign_image(repository, digest, identity(signer), NOW)
    both(program, repository, digest, agree_on=True, policy=policy_json([repository.reference.name], level))
    elsewhere = policy_json([f"{repository.reference.name}/more"], level)
    program.trust(elsewhere)
    program.run("verify", named(repository, digest), fails=True)
    with pytest.raises(NotFound, match="no trust policy"):
        parse(elsewhere).statement_for(repository.reference.name)


@KINDS
@pytest.mark.parametrize("level", ["strict", "permissive", "audit"])
def test_an_expired_certificate_counts_as_the_level_says(
    program: Notation, repository: Repository, digest: Digest, root: Issued, kind: Kind, level: str
) -> None:
    store(program.config, root)
    expired = issue(root, lives=(NOW - 9 * DAY, NOW - 2 * DAY))
    sign_image(repository, digest, identity(expired), NOW - 3 * DAY, kind=kind)
    result = both(program, repository, digest, agree_on=level != "strict", policy=policy_json(level=level))
    told = result.refused if level == "strict" else result.warnings
    assert "expired" in told[0].reason


@KINDS
@pytest.mark.parametrize("level", ["strict", "permissive"])
def test_an_expired_signature_counts_as_the_level_says(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, kind: Kind, level: str
) -> None:
    store(program.config, root)
    made = NOW - timedelta(hours=2)
    sign_image(repository, digest, identity(signer), made, kind=kind, expires_in=timedelta(hours=1))
    both(program, repository, digest, agree_on=level != "strict", policy=policy_json(level=level))
    enforced = policy_json(level=level, override={"expiry": "enforce"})
    both(program, repository, digest, agree_on=False, policy=enforced)


def test_both_let_an_audit_report_what_nobody_vouches_for(
    program: Notation, repository: Repository, digest: Digest, signer: Issued
) -> None:
    store(program.config, authority(name="another"))
    both(program, repository, digest, agree_on=False, policy=policy_json(level="audit"))  # nothing is there
    sign_image(repository, digest, identity(signer), NOW)
    result = both(program, repository, digest, agree_on=True, policy=policy_json(level="audit"))
    assert "authenticity" in result.warnings[0].reason


@KINDS
def test_both_refuse_a_tampered_payload(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, kind: Kind
) -> None:
    store(program.config, root)
    other = pack(repository, [b"", b"other"]).digest
    data = envelope_of(repository, other, signer, kind)
    forged = data.replace(other.encode(), digest.encode())
    if kind is Kind.JWS:
        text = jws.parse(data).payload.replace(other.encode(), digest.encode())
        forged = json.dumps({**json.loads(data), "payload": urlsafe_b64encode(text).decode().rstrip("=")}).encode()
    assert PARSERS[kind](forged).payload.count(digest.encode()) == 1
    refer(repository, digest, forged, kind)
    assert "signature is wrong" in both(program, repository, digest, agree_on=False).refused[0].reason


@KINDS
def test_both_refuse_a_signature_that_was_moved_to_another_image(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, kind: Kind
) -> None:
    store(program.config, root)
    other = pack(repository, [b"", b"other"]).digest
    data = envelope_of(repository, other, signer, kind)
    refer(repository, digest, data, kind)
    assert "another image" in both(program, repository, digest, agree_on=False).refused[0].reason
    both(program, repository, other, agree_on=True)


@KINDS
def test_both_refuse_the_chain_of_another_signer_with_our_signature(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, kind: Kind
) -> None:
    store(program.config, root)
    stranger = issue(authority(name="another"))
    trusted, strange = (identity(each) for each in (signer, stranger))
    strange.der = trusted.der  # signed with the stranger's key, shown with the trusted chain
    sign_image(repository, digest, strange, NOW, kind=kind)
    assert "signature is wrong" in both(program, repository, digest, agree_on=False).refused[0].reason


@KINDS
def test_a_good_signature_is_found_among_bad_ones(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued, kind: Kind
) -> None:
    store(program.config, root)
    for _ in range(2):
        sign_image(repository, digest, identity(issue(authority(name="another"))), NOW, kind=kind)
    program.sign(named(repository, digest), signer, kind)
    assert len(both(program, repository, digest, agree_on=True).refused) == 2


def test_both_find_a_signature_under_the_fallback_tag(
    program: Notation, repository: Repository, digest: Digest, root: Issued, signer: Issued
) -> None:
    store(program.config, root)
    sign_image(repository, digest, identity(signer), NOW)
    listed = json.loads(repository.manifest(fallback_tag(digest))[1])["manifests"]
    assert [each["artifactType"] for each in listed] == [ARTIFACT_TYPE]
    both(program, repository, digest, agree_on=True)


def test_both_skip_where_the_policy_says_so(program: Notation, repository: Repository, digest: Digest) -> None:
    skip = policy_json([repository.reference.name], "skip", stores=(), identities=())
    program.trust(skip)
    assert "skip" in program.run("verify", named(repository, digest))
    assert parse(skip).statement_for(repository.reference.name).level is Level.SKIP


def test_notation_refuses_the_certificates_that_we_refuse_to_sign_with(
    program: Notation, repository: Repository, digest: Digest, root: Issued
) -> None:
    for extensions in ((), ((key_usage(key_cert_sign=True), True),), ((key_usage(digital_signature=True), False),)):
        unfit = issue(root, extensions=extensions)
        program.sign(named(repository, digest), unfit, Kind.JWS, fails=True)
        with pytest.raises(InvalidData):
            identity(unfit)


def envelope_of(repository: Repository, digest: Digest, signer: Issued, kind: Kind) -> bytes:
    manifest = sign_image(repository, digest, identity(signer), NOW, kind=kind)
    layer = json.loads(repository.manifest(manifest.digest)[1])["layers"][0]
    descriptor = Descriptor(layer["mediaType"], Digest(layer["digest"]), layer["size"])
    with repository.blob(descriptor) as stream:
        return stream.read()


def refer(repository: Repository, digest: Digest, data: bytes, kind: Kind) -> None:
    """Push an envelope as a signature of an image, whatever it says."""
    layer = Descriptor(kind.media_type, digest_of(data), len(data))
    config = Descriptor(ARTIFACT_TYPE, digest_of(b"{}"), 2)
    repository.put_blob(layer, io.BytesIO(data))
    repository.put_blob(config, io.BytesIO(b"{}"))
    subject = repository.resolve(digest)
    parts = {"config": config, "layers": [layer], "subject": subject}
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, **parts, "annotations": {}}
    repository.put_manifest(msgspec.json.encode(manifest), OCI_MANIFEST)

"""Keyless signatures, offline: who signed, when, and what a log must say; cosign agrees on all of it."""

import base64
import hashlib
import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from pratique.attest import beside, bundle, simple_signing, statements
from pratique.attest.append import append
from pratique.attest.check import Candidate
from pratique.attest.keyless import check, log, trusted_root
from pratique.attest.keyless.identity import Identity
from pratique.attest.keyless.verify import attestations, verify_image
from pratique.attest.predicates import COSIGN_SIGNATURE, CYCLONEDX
from pratique.model.descriptor import OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import InvalidData, UsageError
from pratique.model.reference import Reference
from pratique.registry.in_memory import InMemoryRegistry
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Repository
from tests.support.certificates import authority
from tests.support.sigstore import IDENTITY, ISSUER, Sigstore
from tests.support.timestamps import Authority
from tests.support.tools import cosign

DIGEST = digest_of(b"image")
WHO = Identity(IDENTITY, ISSUER)
Bundle = dict[str, Any]


@pytest.fixture(scope="module")
def sigstore() -> Sigstore:
    return Sigstore()


def payload(digest: Digest = DIGEST, kind: str = COSIGN_SIGNATURE) -> bytes:
    return statements.render("registry.example/app", digest, kind, b"{}")


def checked(sigstore: Sigstore, made: Bundle, who: Identity = WHO, **root: object) -> str:
    candidate = Candidate("here", bundle.MEDIA_TYPE, json.dumps(made).encode())
    believed = trusted_root.parse(sigstore.trusted_root(**root))
    return check.signature(candidate, DIGEST, believed, who, {}).key_id


def push(repository: Repository, digest: Digest, made: Bundle, kind: str = COSIGN_SIGNATURE) -> None:
    data = json.dumps(made).encode()
    layer = Descriptor(bundle.MEDIA_TYPE, digest_of(data), len(data))
    repository.put_blob(layer, io.BytesIO(data))
    repository.put_blob(bundle.EMPTY_CONFIG, io.BytesIO(bundle.EMPTY))
    repository.put_manifest(bundle.manifest(layer, repository.resolve(digest), kind), OCI_MANIFEST)


def test_a_keyless_signature_is_told_by_its_issuer_and_subject(sigstore: Sigstore) -> None:
    assert checked(sigstore, sigstore.bundle(payload())) == f"keyless:{ISSUER}:{IDENTITY}"
    assert checked(sigstore, sigstore.bundle(payload(), proof=False))


def test_a_statement_of_the_image_is_found_with_its_predicate(sigstore: Sigstore) -> None:
    repository = InMemoryRegistry().repository(Reference.parse("registry.example/app"))
    digest = pack(repository, [b""], tag="1").digest
    root = trusted_root.parse(sigstore.trusted_root())
    push(repository, digest, sigstore.bundle(payload(digest, CYCLONEDX)), CYCLONEDX)
    (found,) = attestations(repository, digest, root, WHO, CYCLONEDX)
    assert found.predicate_type == CYCLONEDX
    assert not verify_image(repository, digest, root, WHO)
    push(repository, digest, sigstore.bundle(payload(digest)))
    assert len(verify_image(repository, digest, root, WHO)) == 1
    assert len(attestations(repository, digest, root, WHO)) == 1
    result = verify_image(repository, digest, root, Identity("somebody@else.example", ISSUER))
    assert not result
    assert "signed by" in result.refused[0].reason


@pytest.mark.parametrize(
    ("who", "fits"),
    [
        (Identity(subject_pattern=r"https://ci\.example/acme/.*", issuer_pattern=r"https://token\..*"), True),
        (Identity(subject_pattern=r"https://ci\.example/acme", issuer=ISSUER), False),
        (Identity(subject_pattern=r"refs/heads/main$", issuer=ISSUER), False),
        (Identity(subject_pattern=r".*", issuer_pattern=r"token\.ci\.example"), False),
        (Identity(IDENTITY, ISSUER + "/"), False),
        (Identity(IDENTITY[:-1], ISSUER), False),
        (Identity(IDENTITY.upper(), ISSUER), False),
    ],
)
def test_an_identity_fits_as_a_whole_or_not_at_all(sigstore: Sigstore, who: Identity, fits: bool) -> None:
    made = sigstore.bundle(payload())
    if fits:
        assert checked(sigstore, made, who)
    else:
        with pytest.raises(InvalidData, match=r"signed by|identity comes from"):
            checked(sigstore, made, who)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"subject": "a"},
        {"issuer": "a"},
        {"subject": "a", "subject_pattern": "a", "issuer": "b"},
        {"subject_pattern": "(", "issuer": "b"},
    ],
)
def test_an_identity_without_subject_and_issuer_is_none(parts: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Identity(**parts)


def material(made: Bundle) -> Bundle:
    found: Bundle = made["verificationMaterial"]
    return found


def entry(made: Bundle) -> Bundle:
    found: Bundle = material(made)["tlogEntries"][0]
    return found


def flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[-1] ^= 1
    return base64.b64encode(data).decode()


FORGERIES: dict[str, tuple[Callable[[Sigstore, Bundle, Bundle], object], str]] = {
    "no log": (lambda _, made, __: material(made).update(tlogEntries=[]), "no transparency log"),
    "another entry": (
        lambda _, made, other: material(made).update(tlogEntries=material(other)["tlogEntries"]),
        "about another signature",
    ),
    "another certificate": (
        lambda _, made, other: material(made).update(certificate=material(other)["certificate"]),
        "its signature is wrong",
    ),
    "another envelope": (lambda _, made, other: made.update(dsseEnvelope=other["dsseEnvelope"]), "signature is wrong"),
    "another time": (lambda _, made, __: entry(made).update(integratedTime="1600000000"), "promise is not signed"),
    "another index": (lambda _, made, __: entry(made).update(logIndex="7"), "promise is not signed"),
    "no number": (lambda _, made, __: entry(made).update(logIndex="-7"), "number that is none"),
    "a broken promise": (
        lambda _, made, __: entry(made)["inclusionPromise"].update(
            signedEntryTimestamp=flipped(entry(made)["inclusionPromise"]["signedEntryTimestamp"])
        ),
        "promise is not signed",
    ),
    "no proof and no promise": (
        lambda _, made, __: (entry(made).pop("inclusionPromise"), entry(made).pop("inclusionProof")),
        "neither promises nor proves",
    ),
    "a proof but no time": (lambda _, made, __: entry(made).pop("inclusionPromise"), "nothing proves when"),
    "a wrong path": (
        lambda _, made, __: entry(made)["inclusionProof"].update(hashes=entry(made)["inclusionProof"]["hashes"][::-1]),
        "proof of inclusion is wrong",
    ),
    "a short path": (
        lambda _, made, __: entry(made)["inclusionProof"].update(hashes=[]),
        "proof of inclusion is wrong",
    ),
    "an index outside": (lambda _, made, __: entry(made)["inclusionProof"].update(logIndex="3"), "makes no sense"),
    "another tree": (lambda _, made, __: entry(made)["inclusionProof"].update(treeSize="4"), "inclusion|another tree"),
    "another log": (lambda _, made, __: entry(made)["logId"].update(keyId="AAAA"), "not one of the trusted root's"),
    "an unsigned checkpoint": (
        lambda _, made, __: entry(made)["inclusionProof"]["checkpoint"].update(
            envelope=entry(made)["inclusionProof"]["checkpoint"]["envelope"].rpartition("\n\n")[0] + "\n\n"
        ),
        "checkpoint is not signed",
    ),
    "two signatures": (
        lambda _, made, __: made["dsseEnvelope"].update(signatures=made["dsseEnvelope"]["signatures"] * 2),
        "one signature",
    ),
    "a plain key": (
        lambda _, made, __: (material(made).pop("certificate"), material(made).update(publicKey={"hint": "x"})),
        "plain key",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_bundle_is_refused(sigstore: Sigstore, name: str) -> None:
    forge, said = FORGERIES[name]
    made, other = sigstore.bundle(payload()), sigstore.bundle(payload())
    forge(sigstore, made, other)
    with pytest.raises(InvalidData, match=said):
        checked(sigstore, made)


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ({"lives": (-900, -300)}, "expired"),
        ({"lives": (300, 900)}, "valid only from"),
        ({"stamped": False}, "no log of certificates saw"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "not made for signing code"),
        ({"identity": "somebody@else.example"}, "signed by 'somebody@else.example'"),
        ({"issuer": "https://evil.example"}, "identity comes from 'https://evil.example'"),
    ],
)
def test_a_certificate_that_does_not_fit_is_refused(sigstore: Sigstore, certificate: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidData, match=said):
        checked(sigstore, sigstore.bundle(payload(), **certificate))


def test_what_the_trusted_root_does_not_believe_is_refused(sigstore: Sigstore) -> None:
    made = sigstore.bundle(payload())
    ended = json.loads(sigstore.trusted_root())["certificateAuthorities"]
    ended[0]["validFor"]["end"] = "2021-01-01T00:00:00Z"
    for root, said in (
        ({"tlogs": []}, "not one of the trusted root's"),
        ({"ctlogs": []}, "no log of certificates"),
        ({"certificateAuthorities": []}, "no authority"),
        ({"certificateAuthorities": ended}, "no authority"),
    ):
        with pytest.raises(InvalidData, match=said):
            checked(sigstore, made, **root)


@pytest.mark.parametrize("part", ["issuing", "log", "certificate_log"])
def test_another_sigstores_signature_is_refused(sigstore: Sigstore, part: str) -> None:
    other = Sigstore()
    for name in ("root", "issuing", "log", "certificate_log"):
        if name != part:
            setattr(other, name, getattr(sigstore, name))
    if part == "issuing":
        other.issuing = authority(sigstore.root, name="fulcio", path_length=0)
    with pytest.raises(InvalidData):
        checked(sigstore, other.bundle(payload()))


def test_a_signature_of_another_image_or_of_something_else_is_refused(sigstore: Sigstore) -> None:
    with pytest.raises(InvalidData, match="about another image"):
        checked(sigstore, sigstore.bundle(payload(digest_of(b"other"))))
    with pytest.raises(InvalidData, match="not a signature of the image"):
        checked(sigstore, sigstore.bundle(payload(kind=CYCLONEDX)))


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 10_000, b'{"mediaType": "x"}', b'{"mediaType": 7}', b"\xff"])
def test_a_file_that_is_no_trusted_root_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="not a Sigstore trusted root"):
        trusted_root.parse(data)


@given(st.integers(1, 40), st.data())
def test_a_path_leads_to_the_root_and_no_other_path_does(size: int, data: st.DataObject) -> None:
    leaves = [hashlib.sha256(b"\0" + bytes([each])).digest() for each in range(size)]

    def tree(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return part[0]
        split = 1 << (len(part) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + tree(part[:split]) + tree(part[split:])).digest()

    def path(index: int, part: list[bytes]) -> list[bytes]:
        if len(part) == 1:
            return []
        split = 1 << (len(part) - 1).bit_length() - 1
        if index < split:
            return [*path(index, part[:split]), tree(part[split:])]
        return [*path(index - split, part[split:]), tree(part[:split])]

    index = data.draw(st.integers(0, size - 1))
    hashes = path(index, leaves)
    assert log.root_of(leaves[index], index, size, hashes) == tree(leaves)
    assert log.root_of(leaves[index], index, size, [*hashes, b"x" * 32]) != tree(leaves)
    if hashes:
        assert log.root_of(leaves[index], index, size, hashes[:-1]) != tree(leaves)


def stamped(made: Bundle, tsa: Authority) -> Bundle:
    """The bundle with a timestamp over its signature, and without any other time."""
    entry(made).pop("inclusionPromise", None)
    signature = base64.b64decode(made["dsseEnvelope"]["signatures"][0]["sig"])
    token = base64.b64encode(tsa.stamp(signature)).decode()
    material(made)["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": token}]}
    return made


def stamping(tsa: Authority) -> list[dict[str, object]]:
    raw = base64.b64encode(tsa.root.certificate.public_bytes(Encoding.DER)).decode()
    valid = {"start": "2020-01-01T00:00:00Z"}
    return [{"certChain": {"certificates": [{"rawBytes": raw}]}, "validFor": valid}]


def test_a_timestamp_says_when_where_the_log_only_proves(sigstore: Sigstore, tmp_path: Path) -> None:
    tsa = Authority(tmp_path / "a")
    made = stamped(sigstore.bundle(payload()), tsa)
    assert checked(sigstore, made, timestampAuthorities=stamping(tsa))
    with pytest.raises(InvalidData, match="no timestamp authority"):
        checked(sigstore, made)
    with pytest.raises(InvalidData, match="vouches"):
        checked(sigstore, made, timestampAuthorities=stamping(Authority(tmp_path / "b")))
    late = stamped(sigstore.bundle(payload(), lives=(-900, -300)), tsa)
    with pytest.raises(InvalidData, match="expired"):
        checked(sigstore, late, timestampAuthorities=stamping(tsa))


def test_an_entry_of_the_logs_second_version_needs_a_timestamp(sigstore: Sigstore, tmp_path: Path) -> None:
    tsa = Authority(tmp_path)
    made = sigstore.bundle(payload(), tiles=True, promise=False)
    with pytest.raises(InvalidData, match="nothing proves when"):
        checked(sigstore, made, timestampAuthorities=stamping(tsa))
    assert checked(sigstore, stamped(made, tsa), timestampAuthorities=stamping(tsa))
    other = stamped(sigstore.bundle(payload(), tiles=True, promise=False), tsa)
    material(other).update(tlogEntries=material(made)["tlogEntries"])
    with pytest.raises(InvalidData, match="about another signature"):
        checked(sigstore, other, timestampAuthorities=stamping(tsa))


def test_a_signature_under_cosigns_tag_brings_its_certificate_along(sigstore: Sigstore) -> None:
    repository = InMemoryRegistry().repository(Reference.parse("registry.example/app"))
    digest = pack(repository, [b""], tag="1").digest
    content, marks = sigstore.layer(simple_signing.payload("registry.example/app", digest, {"stage": "prod"}))
    layer = Descriptor(simple_signing.MEDIA_TYPE, digest_of(content), len(content), marks)
    append(repository, beside.tag(digest, "sig"), layer, content, lambda old: old.digest == layer.digest)
    root = trusted_root.parse(sigstore.trusted_root())
    (found,) = verify_image(repository, digest, root, WHO, {"stage": "prod"})
    assert found.key_id == f"keyless:{ISSUER}:{IDENTITY}"
    assert not verify_image(repository, digest, root, WHO, {"stage": "test"})
    assert not verify_image(repository, digest, trusted_root.parse(sigstore.trusted_root(tlogs=[])), WHO)


class Cosign:
    def __init__(self, program: str, folder: Path, sigstore: Sigstore) -> None:
        self._program, self._folder = program, folder
        (folder / "root.json").write_bytes(sigstore.trusted_root())

    def verify(self, image: str, identity: str = IDENTITY, issuer: str = ISSUER) -> bool:
        how = ["--trusted-root", "root.json", "--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
        command = [self._program, "verify", *how, "--allow-insecure-registry", "--allow-http-registry", image]
        nowhere = {**os.environ, "TUF_MIRROR": "http://127.0.0.1:9", "HOME": str(self._folder)}
        done = subprocess.run(
            command, cwd=self._folder, env=nowhere, capture_output=True, text=True, timeout=60, check=False
        )
        self.said = done.stderr
        return done.returncode == 0


@pytest.fixture
def repository(registry_host: str) -> Iterator[Repository]:
    with RemoteRegistry() as registry:
        yield registry.repository(Reference.parse(f"{registry_host}/keyless/{uuid4().hex}"))


def test_cosign_and_we_agree_on_a_keyless_signature(sigstore: Sigstore, repository: Repository, tmp_path: Path) -> None:
    program = Cosign(cosign(), tmp_path, sigstore)
    digest = pack(repository, [b""], tag="1").digest
    root = trusted_root.parse(sigstore.trusted_root())
    push(repository, digest, sigstore.bundle(payload(digest)))
    image = str(repository.reference.at(digest))
    assert program.verify(image), program.said
    assert verify_image(repository, digest, root, WHO)
    assert not program.verify(image, identity="somebody@else.example")
    assert not verify_image(repository, digest, root, Identity("somebody@else.example", ISSUER))


@pytest.mark.parametrize(
    "name", ["another entry", "a broken promise", "a wrong path", "expired", "not logged", "moved"]
)
def test_cosign_and_we_refuse_the_same(sigstore: Sigstore, repository: Repository, tmp_path: Path, name: str) -> None:
    program = Cosign(cosign(), tmp_path, sigstore)
    digest = pack(repository, [b""], tag="1").digest
    odd: dict[str, dict[str, Any]] = {"expired": {"lives": (-900, -300)}, "not logged": {"stamped": False}}
    about = digest_of(b"other") if name == "moved" else digest
    made = sigstore.bundle(payload(about), **odd.get(name, {}))
    if name in FORGERIES:
        FORGERIES[name][0](sigstore, made, sigstore.bundle(payload(about)))
    push(repository, digest, made)
    root = trusted_root.parse(sigstore.trusted_root())
    assert not program.verify(str(repository.reference.at(digest)))
    assert not verify_image(repository, digest, root, WHO)

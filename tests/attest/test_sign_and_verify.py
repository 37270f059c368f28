"""Signing and verifying against repositories, honest and hostile, without any other program."""

import base64
import io
import json
from pathlib import Path

import pytest

from pratique.attest import beside, bundle, dsse, keys, predicates, simple_signing
from pratique.attest.sign import Form, attest, sign_image
from pratique.attest.verify import attestations, verify_image
from pratique.model.descriptor import DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import InvalidData, NotFound, Unavailable, Unsafe
from pratique.model.reference import Reference
from pratique.registry.in_memory import InMemoryRegistry, InMemoryRepository
from pratique.registry.layout import LayoutRegistry
from pratique.registry.pack import pack
from pratique.registry.repository import Repository

REFERENCE = Reference.parse("registry.example/team/app:1")
BOTH = pytest.mark.parametrize("form", list(Form))


@pytest.fixture(scope="module")
def signer() -> keys.Signer:
    return keys.load_private(keys.generate(b"").private_pem)


@pytest.fixture(scope="module")
def stranger() -> keys.Signer:
    return keys.load_private(keys.generate(b"").private_pem)


@pytest.fixture(params=["memory", "layout"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    registry = InMemoryRegistry() if request.param == "memory" else LayoutRegistry(tmp_path)
    return registry.repository(REFERENCE)


@pytest.fixture
def digest(repository: Repository) -> Digest:
    return pack(repository, [b""], tag="1").digest


def other(repository: Repository) -> Digest:
    return pack(repository, [b"", b"more"], tag="2").digest


@BOTH
def test_a_signed_image_verifies_with_the_signers_key(
    repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    sign_image(repository, digest, signer, REFERENCE, form=form)
    (found,) = verify_image(repository, digest, [signer.public])
    assert (found.subject, found.predicate_type, found.key_id) == (digest, "", signer.key_id)


@BOTH
def test_another_key_does_not_verify_and_the_reason_is_told(
    repository: Repository, digest: Digest, signer: keys.Signer, stranger: keys.Signer, form: Form
) -> None:
    sign_image(repository, digest, signer, REFERENCE, form=form)
    result = verify_image(repository, digest, [stranger.public])
    assert not result
    assert len(result.refused) == 1
    assert "not signed by the given key" in result.refused[0].reason


def test_an_unsigned_image_has_no_signatures_and_no_refusals(
    repository: Repository, digest: Digest, signer: keys.Signer
) -> None:
    result = verify_image(repository, digest, [signer.public])
    assert not result
    assert result.refused == ()


def test_without_keys_nothing_verifies(repository: Repository, digest: Digest, signer: keys.Signer) -> None:
    sign_image(repository, digest, signer, REFERENCE)
    assert not verify_image(repository, digest, [])


@BOTH
def test_signing_again_adds_nothing(repository: Repository, digest: Digest, signer: keys.Signer, form: Form) -> None:
    first = sign_image(repository, digest, signer, REFERENCE, form=form)
    second = sign_image(repository, digest, signer, REFERENCE, form=form)
    assert first.digest == second.digest
    assert len(verify_image(repository, digest, [signer.public])) == 1


@BOTH
def test_others_signatures_are_kept(
    repository: Repository, digest: Digest, signer: keys.Signer, stranger: keys.Signer, form: Form
) -> None:
    sign_image(repository, digest, stranger, REFERENCE, form=form)
    sign_image(repository, digest, signer, REFERENCE, form=form)
    found = {each.key_id for each in verify_image(repository, digest, [signer.public, stranger.public])}
    assert found == {signer.key_id, stranger.key_id}


def test_what_others_wrote_into_the_manifest_is_kept(
    repository: Repository, digest: Digest, signer: keys.Signer, stranger: keys.Signer
) -> None:
    sign_image(repository, digest, stranger, REFERENCE)
    tag = beside.tag(digest, "sig")
    document = json.loads(repository.manifest(tag)[1])
    document["annotations"] = {"by": "stranger"}
    document["layers"][0]["annotations"]["dev.sigstore.cosign/certificate"] = "a certificate"
    document["layers"][0]["urls"] = ["https://example.com"]
    repository.put_manifest(json.dumps(document).encode(), OCI_MANIFEST, tag)
    sign_image(repository, digest, signer, REFERENCE)
    after = json.loads(repository.manifest(tag)[1])
    assert after["annotations"] == {"by": "stranger"}
    assert after["layers"][0] == document["layers"][0]
    assert len(after["layers"]) == 2


def test_a_manifest_in_dockers_format_is_read_and_added_to(
    repository: Repository, digest: Digest, signer: keys.Signer, stranger: keys.Signer
) -> None:
    sign_image(repository, digest, stranger, REFERENCE)
    tag = beside.tag(digest, "sig")
    document = {**json.loads(repository.manifest(tag)[1]), "mediaType": DOCKER_MANIFEST}
    repository.put_manifest(json.dumps(document).encode(), DOCKER_MANIFEST, tag)
    sign_image(repository, digest, signer, REFERENCE)
    assert len(verify_image(repository, digest, [signer.public, stranger.public])) == 2


def test_an_index_in_the_signatures_place_is_refused(
    repository: Repository, digest: Digest, signer: keys.Signer
) -> None:
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    repository.put_manifest(json.dumps(index).encode(), OCI_INDEX, beside.tag(digest, "sig"))
    assert "an index" in verify_image(repository, digest, [signer.public]).refused[0].reason
    with pytest.raises(InvalidData, match="an index"):
        sign_image(repository, digest, signer, REFERENCE)


@BOTH
def test_annotations_are_signed_and_can_be_required(
    repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    sign_image(repository, digest, signer, REFERENCE, {"stage": "prod"}, form)
    assert verify_image(repository, digest, [signer.public], {"stage": "prod"})
    refused = verify_image(repository, digest, [signer.public], {"stage": "test"})
    assert not refused
    assert "stage=test" in refused.refused[0].reason


@BOTH
def test_an_attestation_comes_back_with_its_predicate(
    repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    attest(repository, digest, predicates.CYCLONEDX, b'{"bomFormat": "CycloneDX"}', signer, REFERENCE, form)
    (found,) = attestations(repository, digest, [signer.public], predicates.CYCLONEDX)
    assert json.loads(bytes(found.predicate)) == {"bomFormat": "CycloneDX"}
    assert found.predicate_type == predicates.CYCLONEDX
    assert not attestations(repository, digest, [signer.public], predicates.SPDX)


@BOTH
def test_a_signature_is_no_attestation_and_an_attestation_is_no_signature(
    repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    sign_image(repository, digest, signer, REFERENCE, form=form)
    assert not attestations(repository, digest, [signer.public])
    fresh = other(repository)
    attest(repository, fresh, predicates.SPDX, b"{}", signer, REFERENCE, form)
    assert not verify_image(repository, fresh, [signer.public])


@BOTH
def test_the_same_statement_is_not_added_twice_but_a_new_one_is(
    repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    for predicate in (b'{"a":1}', b'{"a":1}', b'{"a":2}'):
        attest(repository, digest, predicates.SPDX, predicate, signer, REFERENCE, form)
    found = attestations(repository, digest, [signer.public], predicates.SPDX)
    assert sorted(bytes(each.predicate) for each in found) == [b'{"a":1}', b'{"a":2}']


def test_replacing_drops_our_older_statements_of_that_type_only(
    repository: Repository, digest: Digest, signer: keys.Signer, stranger: keys.Signer
) -> None:
    attest(repository, digest, predicates.SPDX, b'{"by":"stranger"}', stranger, REFERENCE)
    attest(repository, digest, predicates.CYCLONEDX, b'{"kept":1}', signer, REFERENCE)
    for number in range(3):
        predicate = json.dumps({"number": number}).encode()
        attest(repository, digest, predicates.SPDX, predicate, signer, REFERENCE, replace=True)
    found = attestations(repository, digest, [signer.public, stranger.public])
    assert [json.loads(bytes(each.predicate)) for each in found] == [{"by": "stranger"}, {"kept": 1}, {"number": 2}]


def test_a_signature_moved_to_another_image_is_refused(
    repository: Repository, digest: Digest, signer: keys.Signer
) -> None:
    sign_image(repository, digest, signer, REFERENCE)
    attest(repository, digest, predicates.SPDX, b"{}", signer, REFERENCE)
    target = other(repository)
    for suffix in ("sig", "att"):
        _, data = repository.manifest(beside.tag(digest, suffix))
        repository.put_manifest(data, OCI_MANIFEST, beside.tag(target, suffix))
    result = verify_image(repository, target, [signer.public])
    assert not result
    assert "another image" in result.refused[0].reason
    moved = attestations(repository, target, [signer.public])
    assert not moved
    assert "another image" in moved.refused[0].reason


def test_a_payload_that_was_changed_after_signing_is_refused(
    repository: Repository, digest: Digest, signer: keys.Signer
) -> None:
    sign_image(repository, digest, signer, REFERENCE)
    tag = beside.tag(digest, "sig")
    layer = beside.parse(repository.manifest(tag)[1]).layers[0]
    forged = simple_signing.payload("registry.example/team/other", digest)
    put_signature(repository, digest, forged, layer.annotations[simple_signing.SIGNATURE])
    result = verify_image(repository, digest, [signer.public])
    assert not result
    assert "not signed" in result.refused[0].reason


def test_an_envelopes_changed_predicate_is_refused(repository: Repository, digest: Digest, signer: keys.Signer) -> None:
    attest(repository, digest, predicates.SPDX, b'{"safe":false}', signer, REFERENCE)
    tag = beside.tag(digest, "att")
    document = json.loads(repository.manifest(tag)[1])
    with repository.blob(beside.parse(json.dumps(document).encode()).layers[0]) as stream:
        envelope = dsse.parse(stream.read())
    forged = dsse.Envelope(envelope.payload_type, envelope.payload.replace(b"false", b"true"), envelope.signatures)
    put_layer(repository, tag, Descriptor(dsse.ENVELOPE, Digest(""), 0), dsse.render(forged))
    result = attestations(repository, digest, [signer.public])
    assert not result
    assert "not signed" in result.refused[0].reason


@pytest.mark.parametrize("signature", ["", "!!!", "é", base64.b64encode(b"no").decode(), "A" * 10_000])
def test_nonsense_in_the_signatures_place_is_refused(
    repository: Repository, digest: Digest, signer: keys.Signer, signature: str
) -> None:
    put_signature(repository, digest, simple_signing.payload("a/b", digest), signature)
    result = verify_image(repository, digest, [signer.public])
    assert not result
    assert len(result.refused) == 1


@pytest.mark.parametrize("payload", [b"", b"{}", b"null", b"\xff\xfe", b"[" * 50_000])
def test_a_well_signed_payload_that_is_nonsense_is_refused(
    repository: Repository, digest: Digest, signer: keys.Signer, payload: bytes
) -> None:
    put_signature(repository, digest, payload, base64.b64encode(signer.sign(payload)).decode())
    result = verify_image(repository, digest, [signer.public])
    assert not result
    assert len(result.refused) == 1


@BOTH
def test_one_bad_signature_does_not_hide_a_good_one(
    repository: Repository, digest: Digest, signer: keys.Signer, form: Form
) -> None:
    put_signature(repository, digest, b"nonsense", "nonsense")
    sign_image(repository, digest, signer, REFERENCE, form=form)
    result = verify_image(repository, digest, [signer.public])
    assert len(result) == 1
    assert len(result.refused) == 1


def test_a_manifest_with_more_than_a_hundred_signatures_is_not_read(
    digest_and: tuple[InMemoryRepository, Digest],
) -> None:
    repository, digest = digest_and
    layer = {"mediaType": simple_signing.MEDIA_TYPE, "digest": store(repository, b"x"), "size": 1}
    put_manifest(repository, beside.tag(digest, "sig"), [layer] * 101)
    signer = keys.load_private(keys.generate(b"").private_pem)
    result = verify_image(repository, digest, [signer.public])
    assert "101" in result.refused[0].reason
    with pytest.raises(InvalidData):
        sign_image(repository, digest, signer, REFERENCE)


def test_the_hundred_and_first_signature_is_not_added(digest_and: tuple[InMemoryRepository, Digest]) -> None:
    repository, digest = digest_and
    layer = {"mediaType": simple_signing.MEDIA_TYPE, "digest": store(repository, b"x"), "size": 1}
    put_manifest(repository, beside.tag(digest, "sig"), [layer] * 100)
    with pytest.raises(Unsafe, match="100"):
        sign_image(repository, digest, keys.load_private(keys.generate(b"").private_pem), REFERENCE)


def test_a_payload_that_claims_to_be_huge_is_not_fetched(
    digest_and: tuple[InMemoryRepository, Digest], signer: keys.Signer
) -> None:
    repository, digest = digest_and
    layer = {"mediaType": simple_signing.MEDIA_TYPE, "digest": store(repository, b"x"), "size": 33 * 1024 * 1024}
    put_manifest(repository, beside.tag(digest, "sig"), [layer])
    (reason,) = verify_image(repository, digest, [signer.public]).refused
    assert "too many" in reason.reason


def test_all_payloads_together_are_bounded_too(
    digest_and: tuple[InMemoryRepository, Digest], signer: keys.Signer
) -> None:
    repository, digest = digest_and
    content = bytes(30 * 1024 * 1024)
    layer = {"mediaType": simple_signing.MEDIA_TYPE, "digest": store(repository, content), "size": len(content)}
    put_manifest(repository, beside.tag(digest, "sig"), [layer] * 6)
    reasons = [each.reason for each in verify_image(repository, digest, [signer.public]).refused]
    assert [("too many" in reason) for reason in reasons] == [False] * 4 + [True] * 2


def test_a_blob_with_another_content_than_its_digest_is_refused(
    digest_and: tuple[InMemoryRepository, Digest], signer: keys.Signer
) -> None:
    repository, digest = digest_and
    sign_image(repository, digest, signer, REFERENCE)
    layer = beside.parse(repository.manifest(beside.tag(digest, "sig"))[1]).layers[0]
    repository._blobs[layer.digest] = repository._blobs[layer.digest].replace(b"team", b"TEAM")
    result = verify_image(repository, digest, [signer.public])
    assert not result
    assert "instead of" in result.refused[0].reason


def test_a_blob_that_is_gone_is_refused_by_name(
    digest_and: tuple[InMemoryRepository, Digest], signer: keys.Signer
) -> None:
    repository, digest = digest_and
    sign_image(repository, digest, signer, REFERENCE)
    layer = beside.parse(repository.manifest(beside.tag(digest, "sig"))[1]).layers[0]
    del repository._blobs[layer.digest]
    assert layer.digest in verify_image(repository, digest, [signer.public]).refused[0].reason


def test_a_registry_that_does_not_answer_is_not_taken_for_one_without_signatures(signer: keys.Signer) -> None:
    class Silent(InMemoryRepository):
        def manifest(self, target: str) -> tuple[Descriptor, bytes]:
            raise Unavailable("no answer")

    repository = Silent(REFERENCE, InMemoryRegistry())
    with pytest.raises(Unavailable):
        verify_image(repository, digest_of(b""), [signer.public])


def test_a_signature_lost_to_another_writer_is_added_again(signer: keys.Signer, stranger: keys.Signer) -> None:
    class Racy(InMemoryRepository):
        rivals = 2

        def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
            made = super().put_manifest(data, media_type, tag)
            if tag and tag.endswith(".sig") and self.rivals:
                self.rivals -= 1
                super().put_manifest(rival, OCI_MANIFEST, tag)
            return made

    registry = InMemoryRegistry()
    repository = Racy(REFERENCE, registry)
    digest = pack(repository, [b""]).digest
    repository.rivals = 0
    sign_image(repository, digest, stranger, REFERENCE)
    rival = repository.manifest(beside.tag(digest, "sig"))[1]
    repository.rivals = 2
    sign_image(repository, digest, signer, REFERENCE)
    assert len(verify_image(repository, digest, [signer.public, stranger.public])) == 2


def test_a_bundle_for_an_image_that_is_not_there_is_refused(repository: Repository, signer: keys.Signer) -> None:
    with pytest.raises(NotFound):
        sign_image(repository, digest_of(b"nothing"), signer, REFERENCE, form=Form.BUNDLE)


def test_a_bundle_that_signs_bytes_instead_of_a_statement_is_refused(
    repository: Repository, digest: Digest, signer: keys.Signer
) -> None:
    content = json.dumps({"mediaType": bundle.MEDIA_TYPE, "messageSignature": {}}).encode()
    layer = Descriptor(bundle.MEDIA_TYPE, digest_of(content), len(content))
    repository.put_blob(layer, io.BytesIO(content))
    repository.put_blob(bundle.EMPTY_CONFIG, io.BytesIO(b"{}"))
    subject = repository.resolve(digest)
    repository.put_manifest(bundle.manifest(layer, subject, predicates.COSIGN_SIGNATURE), OCI_MANIFEST)
    (reason,) = verify_image(repository, digest, [signer.public]).refused
    assert "without a DSSE envelope" in reason.reason


@pytest.fixture
def digest_and() -> tuple[InMemoryRepository, Digest]:
    repository = InMemoryRegistry().repository(REFERENCE)
    return repository, pack(repository, [b""]).digest


def store(repository: Repository, content: bytes) -> Digest:
    repository.put_blob(Descriptor("", digest_of(content), len(content)), io.BytesIO(content))
    return digest_of(content)


def put_manifest(repository: Repository, tag: str, layers: list[dict[str, object]]) -> None:
    config = {"mediaType": OCI_CONFIG, "digest": store(repository, b"{}"), "size": 2}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers}
    repository.put_manifest(json.dumps(document).encode(), OCI_MANIFEST, tag)


def put_layer(repository: Repository, tag: str, layer: Descriptor, content: bytes) -> None:
    entry: dict[str, object] = {
        "mediaType": layer.media_type,
        "digest": store(repository, content),
        "size": len(content),
    }
    put_manifest(repository, tag, [{**entry, "annotations": dict(layer.annotations)}])


def put_signature(repository: Repository, digest: Digest, payload: bytes, signature: str) -> None:
    layer = Descriptor(simple_signing.MEDIA_TYPE, Digest(""), 0, {simple_signing.SIGNATURE: signature})
    put_layer(repository, beside.tag(digest, "sig"), layer, payload)

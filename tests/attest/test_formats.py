"""The documents that are signed: envelopes, statements, simple signing payloads, predicates, bundles."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.attest import bundle, dsse, predicates, simple_signing, statements
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData
from pratique.model.reference import Reference

DIGEST = Digest("sha256:" + "ab" * 32)
OTHER = Digest("sha256:" + "cd" * 32)

any_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


def test_the_pre_authentication_encoding_is_the_specifications_example() -> None:
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_the_pre_authentication_encoding_counts_bytes_not_characters() -> None:
    assert dsse.pae("é", "é".encode()) == "DSSEv1 2 é 2 é".encode()


@given(st.text(max_size=30), st.binary(max_size=100), st.binary(max_size=80))
def test_an_envelope_comes_back_as_it_was(kind: str, payload: bytes, signature: bytes) -> None:
    envelope = dsse.Envelope(kind, payload, (dsse.Signature(signature, "hint"),))
    assert dsse.parse(dsse.render(envelope)) == envelope
    assert json.loads(dsse.render(envelope))["payload"] == base64.b64encode(payload).decode()


def test_a_statement_names_its_image_by_digest() -> None:
    data = statements.render("registry.example/app", DIGEST, "https://example.com/p", b'{"a": 1}')
    assert json.loads(data) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "registry.example/app", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://example.com/p",
        "predicate": {"a": 1},
    }
    statement = statements.parse(data)
    assert statement.names(DIGEST)
    assert not statement.names(OTHER)


def test_the_older_statement_type_is_read_and_an_unknown_one_is_not() -> None:
    data = statements.render("a", DIGEST, "https://example.com/p", b"{}")
    assert statements.parse(data.replace(b"Statement/v1", b"Statement/v0.1")).names(DIGEST)
    with pytest.raises(InvalidData, match="statement"):
        statements.parse(data.replace(b"Statement/v1", b"Statement/v9"))


def test_a_predicate_that_is_not_json_is_refused() -> None:
    for bad in (b"", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(InvalidData, match="not JSON"):
            statements.render("a", DIGEST, "https://example.com/p", bad)


@pytest.mark.parametrize(
    ("found", "wanted", "matches"),
    [
        ("https://cyclonedx.org/bom", "https://cyclonedx.org/bom", True),
        ("https://cyclonedx.org/bom/v1.6", "https://cyclonedx.org/bom", True),
        ("https://cyclonedx.org/bomb", "https://cyclonedx.org/bom", False),
        ("https://cyclonedx.org/bom", "https://cyclonedx.org/bom/v1.6", False),
        ("anything", "", True),
    ],
)
def test_a_predicate_type_matches_with_its_versions(found: str, wanted: str, matches: bool) -> None:
    assert statements.is_a(found, wanted) is matches


def test_a_simple_signing_payload_is_cosigns() -> None:
    assert json.loads(simple_signing.payload("registry.example/app", DIGEST)) == {
        "critical": {
            "identity": {"docker-reference": "registry.example/app"},
            "image": {"docker-manifest-digest": DIGEST},
            "type": "cosign container image signature",
        },
        "optional": None,
    }


def test_the_same_signature_has_the_same_payload_however_its_annotations_were_given() -> None:
    one = simple_signing.payload("a/b", DIGEST, {"x": "1", "a": "2"})
    assert one == simple_signing.payload("a/b", DIGEST, {"a": "2", "x": "1"})


def test_keys_are_read_in_any_case_as_go_does() -> None:
    data = simple_signing.payload("a/b", DIGEST).replace(b"critical", b"Critical").replace(b"docker-m", b"Docker-M")
    assert simple_signing.parse(data).names(DIGEST)


def test_a_key_that_is_there_twice_in_different_case_is_refused() -> None:
    data = simple_signing.payload("a/b", DIGEST).replace(
        b'"docker-manifest-digest"', b'"Docker-Manifest-Digest":"%b","docker-manifest-digest"' % OTHER.encode()
    )
    with pytest.raises(InvalidData, match="twice"):
        simple_signing.parse(data)


def test_a_payload_of_another_type_names_nothing() -> None:
    data = simple_signing.payload("a/b", DIGEST).replace(b"cosign container", b"atomic container")
    assert not simple_signing.parse(data).names(DIGEST)


@given(any_json)
def test_no_json_is_taken_for_a_signed_document_by_accident(value: object) -> None:
    data = json.dumps(value).encode()
    for parse in (dsse.parse, statements.parse, simple_signing.parse, bundle.parse):
        with pytest.raises(InvalidData):
            parse(data)


@given(st.binary(max_size=100))
def test_no_bytes_make_a_parser_fail_in_another_way_than_ours(data: bytes) -> None:
    for parse in (dsse.parse, statements.parse, simple_signing.parse, bundle.parse):
        with pytest.raises(InvalidData):
            parse(data)


def test_deeply_nested_json_is_refused() -> None:
    deep = b'{"critical":' + b"[" * 100_000
    for parse in (dsse.parse, statements.parse, simple_signing.parse, bundle.parse):
        with pytest.raises(InvalidData):
            parse(deep)


def test_provenance_lists_the_bases_with_their_digests() -> None:
    base = Reference.parse("registry.example/base:12")
    made = json.loads(
        predicates.provenance(
            build_type="https://example.com/rebase",
            builder="https://example.com",
            parameters={},
            bases=[(base, DIGEST)],
        )
    )
    assert made["buildDefinition"]["resolvedDependencies"] == [
        {
            "name": "registry.example/base:12",
            "uri": f"docker://registry.example/base@{DIGEST}",
            "digest": {"sha256": "ab" * 32},
        }
    ]
    assert made["runDetails"]["metadata"] == {}


def test_the_vulnerability_predicate_has_cosigns_required_fields() -> None:
    made = json.loads(
        predicates.vulnerabilities(
            b'{"findings":[]}',
            scanner="pkg:pypi/pratique",
            version="1",
            database="https://osv.dev",
            database_version=DIGEST,
            started="2026-01-01T00:00:00Z",
            finished="2026-01-01T00:00:01Z",
        )
    )
    assert made["scanner"]["result"] == {"findings": []}
    assert made["metadata"] == {"scanStartedOn": "2026-01-01T00:00:00Z", "scanFinishedOn": "2026-01-01T00:00:01Z"}

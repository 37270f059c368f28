"""Envelopes and chains: what the Notary Project's rules allow, and what they don't, whoever signed it."""

import base64
import json
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.attest import jose, keys
from pratique.attest.notation import chain, check, cose, jws, payload
from pratique.attest.notation import envelope as envelopes
from pratique.attest.notation.envelope import Beside
from pratique.attest.notation.sign import Identity, Kind
from pratique.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData, UsageError
from tests.attest.notation.material import NOW, identity, policy
from tests.support.certificates import (
    DAY,
    LEAF,
    Extension,
    Issued,
    authority,
    ca_extensions,
    issue,
    key_usage,
    new_key,
    pem,
)
from tests.support.machine import require

SUBJECT = Descriptor(OCI_MANIFEST, digest_of(b"image"), 5)
KINDS = pytest.mark.parametrize("kind", list(Kind))
SIGNER = issue(authority())
OTHER = issue(authority(name="another"))
FORMS: dict[Kind, Any] = {Kind.JWS: jws, Kind.COSE: cose}
Headers = dict[str, object]


def trust(
    signer: Issued = SIGNER, level: str = "strict", now: datetime = NOW, override: dict[str, str] | None = None
) -> check.Trust:
    return check.Trust(policy(level=level, override=override).statements[0], {"ca": signer.chain}, now)


def made(
    kind: Kind,
    change: Callable[[Headers], Headers] = lambda headers: headers,
    *,
    signer: Issued = SIGNER,
    content: bytes = b"",
    expires_at: datetime | None = None,
    shown: tuple[bytes, ...] | None = None,
) -> bytes:
    """An envelope with changed protected headers, well signed."""
    own = identity(signer)
    headers = change(envelopes.protected(own.algorithm, payload.MEDIA_TYPE, NOW, expires_at))
    content = content or payload.render(SUBJECT, {"stage": "prod"})
    signature = keys.load_private(signer.key_pem).sign_jose(FORMS[kind].to_sign(headers, content))
    data: bytes = FORMS[kind].render(headers, content, signature, Beside(own.der if shown is None else shown), "tests")
    return data


def without(*names: str) -> Callable[[Headers], Headers]:
    return lambda headers: {key: value for key, value in headers.items() if key not in names}


def with_(**more: object) -> Callable[[Headers], Headers]:
    words = {key.replace("__", "."): value for key, value in more.items()}
    return lambda headers: headers | words


@KINDS
def test_what_is_made_is_read_back(kind: Kind) -> None:
    expires_at = NOW + DAY
    found = FORMS[kind].parse(made(kind, expires_at=expires_at))
    assert (found.algorithm, found.scheme, found.content_type) == ("ES256", envelopes.X509, payload.MEDIA_TYPE)
    assert (found.signed_at, found.expires_at) == (NOW, expires_at)
    assert found.chain == identity(SIGNER).der
    assert json.loads(found.payload)["targetArtifact"]["digest"] == SUBJECT.digest
    signature = check.signature(made(kind, expires_at=expires_at), kind.media_type, SUBJECT, trust())
    assert signature.annotations == {"stage": "prod"}
    assert signature.key_id == keys.load_private(SIGNER.key_pem).key_id
    assert "CN=signer" in signature.subject


@KINDS
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_(crit=["io.cncf.notary.signingScheme", "mystery"], mystery="x"), "critical header is not known"),
        (with_(crit=["io.cncf.notary.signingScheme", "cty"]), "critical header is not known"),
        (with_(crit=["io.cncf.notary.signingScheme", "io.cncf.notary.expiry"]), "but isn't there"),
        (with_(crit=[[envelopes.SCHEME]]), "critical header is not known"),
        (with_(crit=[]), "no header is marked"),
        (with_(crit="io.cncf.notary.signingScheme"), "no header is marked"),
        (without("crit"), "no header is marked"),
        (with_(io__cncf__notary__expiry=NOW + DAY), "expiry is not marked"),
        (with_(io__cncf__notary__signingScheme="notary.x509.other"), "is not known here"),
        (with_(io__cncf__notary__signingScheme=7), "not a text"),
        (without("io.cncf.notary.signingScheme"), "signingScheme is missing"),
        (without("io.cncf.notary.signingTime"), "signingTime is missing"),
        (with_(io__cncf__notary__signingTime="soon"), "not a (time|JWS envelope)"),
        (with_(io__cncf__notary__authenticSigningTime=NOW), "does not belong to the signing scheme"),
        (with_(io__cncf__notary__signingScheme=envelopes.AUTHORITY), "is not marked as critical"),
        (with_(io__cncf__notary__verificationPlugin="com.example"), "plugins are not run here"),
        (with_(io__cncf__notary__verificationPluginMinVersion="1.0.0"), "plugins are not run here"),
        (with_(cty="application/json"), "not a Notary Project payload"),
        (without("cty"), "cty is missing"),
        (with_(alg="ES384"), "but its key is one for ES256"),
        (with_(alg="PS256"), "but its key is one for ES256"),
    ],
)
def test_a_well_signed_envelope_that_breaks_a_rule_is_refused(
    kind: Kind, change: Callable[[Headers], Headers], said: str
) -> None:
    with pytest.raises(InvalidData, match=said) as caught:
        check.signature(made(kind, change), kind.media_type, SUBJECT, trust(level="audit"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES256K", "EdDSA", ""])
def test_an_algorithm_that_is_not_allowed_is_refused(algorithm: str) -> None:
    with pytest.raises(InvalidData):
        check.signature(made(Kind.JWS, with_(alg=algorithm)), envelopes.JWS, SUBJECT, trust(level="audit"))


def test_a_header_that_nobody_must_understand_is_let_be() -> None:
    for kind in Kind:
        assert check.signature(made(kind, with_(mystery="x")), kind.media_type, SUBJECT, trust()).authentic


@KINDS
def test_a_signature_by_a_signing_authority_counts_at_the_time_that_it_tells(kind: Kind) -> None:
    signer = issue(authority(), lives=(NOW - 9 * DAY, NOW - 2 * DAY))

    def change(headers: Headers) -> Headers:
        more: Headers = {
            envelopes.SCHEME: envelopes.AUTHORITY,
            envelopes.AUTHENTIC_TIME: NOW - 3 * DAY,
            envelopes.CRITICAL: [envelopes.SCHEME, envelopes.AUTHENTIC_TIME],
        }
        return without(envelopes.SIGNING_TIME)(headers) | more

    data = made(kind, change, signer=signer)
    (statement,) = policy(stores=["signingAuthority:acme"]).statements
    trusted = check.Trust(statement, {"signingAuthority": signer.chain}, NOW)
    assert check.signature(data, kind.media_type, SUBJECT, trusted).authentic
    with pytest.raises(InvalidData, match="no signingAuthority trust store"):
        check.signature(data, kind.media_type, SUBJECT, check.Trust(statement, {"ca": signer.chain}, NOW))
    late = made(kind, lambda headers: change(headers) | {envelopes.AUTHENTIC_TIME: NOW - DAY}, signer=signer)
    with pytest.raises(InvalidData, match="expired"):
        check.signature(late, kind.media_type, SUBJECT, check.Trust(statement, {"signingAuthority": signer.chain}, NOW))


@KINDS
@pytest.mark.parametrize(
    "subject",
    [
        Descriptor(OCI_MANIFEST, digest_of(b"other"), 5),
        Descriptor(OCI_MANIFEST, SUBJECT.digest, 6),
        Descriptor(OCI_INDEX, SUBJECT.digest, 5),
    ],
)
def test_a_signature_is_of_one_digest_size_and_media_type(kind: Kind, subject: Descriptor) -> None:
    with pytest.raises(InvalidData, match="another image"):
        check.signature(made(kind), kind.media_type, subject, trust(level="audit"))


@KINDS
@pytest.mark.parametrize("content", [b"x", b"{}", b'{"targetArtifact": {}}', b'{"targetArtifact": {"digest": 7}}'])
def test_a_payload_that_is_none_is_refused(kind: Kind, content: bytes) -> None:
    with pytest.raises(InvalidData, match="not a Notary Project payload"):
        check.signature(made(kind, content=content), kind.media_type, SUBJECT, trust(level="audit"))


@KINDS
def test_an_expired_signature_is_told_apart_from_an_expired_certificate(kind: Kind) -> None:
    data = made(kind, expires_at=NOW + DAY)
    assert check.signature(data, kind.media_type, SUBJECT, trust(now=NOW + DAY - timedelta(seconds=1))).authentic
    with pytest.raises(InvalidData, match="the signature expired"):
        check.signature(data, kind.media_type, SUBJECT, trust(now=NOW + DAY))
    with pytest.raises(InvalidData, match="it expires before it was made"):
        check.signature(made(kind, expires_at=NOW), kind.media_type, SUBJECT, trust())
    with pytest.raises(InvalidData, match=r"the certificate 'CN=signer.* expired"):
        check.signature(made(kind), kind.media_type, SUBJECT, trust(now=NOW + 400 * DAY))
    found = check.signature(data, kind.media_type, SUBJECT, trust(level="permissive", now=NOW + 400 * DAY))
    assert [warning.partition(":")[0] for warning in found.warnings] == ["expiry", "authenticTimestamp"]


def test_an_audit_tells_an_authentic_signature_from_others() -> None:
    assert check.signature(made(Kind.JWS), envelopes.JWS, SUBJECT, trust(level="audit")).authentic
    found = check.signature(made(Kind.JWS), envelopes.JWS, SUBJECT, trust(OTHER, level="audit"))
    assert not found.authentic


@KINDS
@pytest.mark.parametrize("shown", [(), (b"",), (b"\x30\x00",), tuple(b"x" for _ in range(17))])
def test_a_chain_that_is_none_is_refused(kind: Kind, shown: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidData):
        check.signature(made(kind, shown=shown), kind.media_type, SUBJECT, trust(level="audit"))


def test_a_jws_with_more_than_its_four_parts_is_refused() -> None:
    parts = json.loads(made(Kind.JWS))
    for changed in (
        {**parts, "signatures": []},
        {key: value for key, value in parts.items() if key != "signature"},
        {**parts, "payload": parts["payload"] + "="},
        {**parts, "payload": parts["payload"] + "!"},
        {**parts, "protected": ""},
        {**parts, "protected": base64.urlsafe_b64encode(b"[]").decode().rstrip("=")},
        {**parts, "signature": ""},
        {**parts, "header": {}},
    ):
        with pytest.raises(InvalidData):
            check.opened(json.dumps(changed).encode(), envelopes.JWS)


def test_a_cose_message_that_is_not_a_tagged_sign1_is_refused() -> None:
    data = made(Kind.COSE)
    parts = cbor2.loads(data).value
    for changed in (
        data[1:],
        data + b"\0",
        cbor2.dumps(cbor2.CBORTag(98, list(parts))),
        cbor2.dumps(cbor2.CBORTag(18, list(parts)[:3])),
        cbor2.dumps(cbor2.CBORTag(18, [parts[0], {33: b"one"}, parts[2], parts[3]])),
        cbor2.dumps(cbor2.CBORTag(18, [parts[0], {}, parts[2], parts[3]])),
        cbor2.dumps(cbor2.CBORTag(18, [parts[0], parts[1], None, parts[3]])),
        cbor2.dumps(cbor2.CBORTag(18, [b"\x80", parts[1], parts[2], parts[3]])),
        cbor2.dumps(cbor2.CBORTag(18, [parts[0] + b"\0", parts[1], parts[2], parts[3]])),
    ):
        with pytest.raises(InvalidData):
            check.opened(changed, envelopes.COSE)


def test_an_envelope_of_another_media_type_is_refused() -> None:
    for media_type in ("", "application/json", envelopes.COSE):
        with pytest.raises(InvalidData):
            check.opened(made(Kind.JWS), media_type)


@pytest.mark.filterwarnings("ignore:Attribute's length")  # cryptography's, of names in certificates
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(Kind)), st.data())
def test_an_envelope_changed_anywhere_is_refused_or_says_the_same(kind: Kind, data: st.DataObject) -> None:
    whole = _WHOLE[kind]
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = check.signature(bytes(changed), kind.media_type, SUBJECT, trust())
    except InvalidData:
        return
    assert found == check.signature(whole, kind.media_type, SUBJECT, trust())


_WHOLE = {kind: made(kind, expires_at=NOW + DAY) for kind in Kind}


@given(st.sampled_from(list(Kind)), st.binary(max_size=300))
def test_bytes_that_are_no_envelope_are_refused(kind: Kind, data: bytes) -> None:
    with pytest.raises(InvalidData):
        check.opened(data, kind.media_type)


def purposes(*oids: x509.ObjectIdentifier) -> tuple[Extension, ...]:
    return (*LEAF, (x509.ExtendedKeyUsage(oids), False))


@pytest.mark.parametrize(
    ("extensions", "fits"),
    [
        (LEAF, True),
        (((key_usage(digital_signature=True, content_commitment=True), True),), True),
        ((*LEAF, (x509.BasicConstraints(ca=False, path_length=None), False)), True),
        (purposes(ExtendedKeyUsageOID.CODE_SIGNING), True),
        ((), False),
        (((key_usage(digital_signature=True), False),), False),
        (((key_usage(content_commitment=True), True),), False),
        *(
            (((key_usage(**{"digital_signature": True, bit: True}), True),), False)
            for bit in ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
        ),
        (ca_extensions(), False),
        *(
            (purposes(ExtendedKeyUsageOID.CODE_SIGNING, purpose), False)
            for purpose in (
                ExtendedKeyUsageOID.SERVER_AUTH,
                ExtendedKeyUsageOID.CLIENT_AUTH,
                ExtendedKeyUsageOID.EMAIL_PROTECTION,
                ExtendedKeyUsageOID.TIME_STAMPING,
                ExtendedKeyUsageOID.OCSP_SIGNING,
                ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
            )
        ),
    ],
)
@pytest.mark.parametrize("self_signed", [True, False])
def test_who_may_sign(extensions: tuple[Extension, ...], fits: bool, self_signed: bool) -> None:
    issued = issue(None if self_signed else authority(), extensions=extensions)
    if fits:
        chain.check_signing(issued.chain)
    else:
        with pytest.raises(InvalidData):
            chain.check_signing(issued.chain)


def test_a_key_of_an_unusual_kind_may_not_sign() -> None:
    with pytest.raises(InvalidData, match="no algorithm for"):
        chain.check_signing(issue(key=new_key("K-256")).chain)


def test_a_certificate_signed_with_sha_1_may_not_sign(tmp_path: Path) -> None:
    require("openssl")
    (tmp_path / "config").write_text(
        "[req]\ndistinguished_name=name\nx509_extensions=leaf\n[name]\n[leaf]\nkeyUsage=critical,digitalSignature\n"
    )
    files = ("-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert"), "-config", str(tmp_path / "config"))
    command = ["openssl", "req", "-x509", "-sha1", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=old", *files]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with pytest.raises(InvalidData, match="is signed with sha1"):
        chain.check_signing(x509.load_pem_x509_certificates((tmp_path / "cert").read_bytes()))


def test_a_chain_goes_from_the_leaf_over_its_issuers_to_a_root() -> None:
    root = authority()
    middle = authority(root, name="middle", path_length=0)
    leaf = issue(middle)
    chain.check_signing(leaf.chain)
    for broken, said in (
        (leaf.chain[:-1], "ends the chain"),
        (leaf.chain[::-1], "self-signed, but does not end"),
        ((leaf.chain[0], leaf.chain[2]), "was not issued by"),
        ((*leaf.chain, authority(name="more").certificate), "does not end the chain"),
        ((leaf.certificate, authority(root, name="middle").certificate, root.certificate), "was not issued by"),
        (issue(authority(middle, name="below")).chain, "allows 0 CAs below it, not 1"),
        (issue(issue(root, name="no ca")).chain, "isn't one"),
        (issue(issue(root, name="x", extensions=(ca_extensions()[0],))).chain, "keyUsage"),
        (
            issue(issue(root, name="x", extensions=((ca_extensions()[0][0], False), ca_extensions()[1]))).chain,
            "isn't one",
        ),
        (issue(issue(root, name="x", extensions=(ca_extensions()[0], LEAF[0]))).chain, "may not sign certificates"),
    ):
        with pytest.raises(InvalidData, match=said):
            chain.check_signing(broken)


def test_a_chain_is_put_in_order_and_must_hold_the_keys_certificate() -> None:
    leaf = issue(authority(authority(), name="middle"))
    signer = keys.load_private(leaf.key_pem)
    shuffled = b"".join(pem(each) for each in (*leaf.chain[::-1], OTHER.certificate))
    assert Identity(signer, shuffled).chain == leaf.chain
    with pytest.raises(InvalidData, match="none of the certificates belongs to the key"):
        Identity(signer, OTHER.chain_pem)
    with pytest.raises(InvalidData, match=r"the issuer of .* is missing"):
        Identity(signer, pem(leaf.certificate))
    with pytest.raises(InvalidData, match="a certificate cannot be read"):
        Identity(signer, b"-----BEGIN nothing")


def test_what_could_have_been_revoked_counts_as_the_policy_says() -> None:
    responder = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://o"))
    point = x509.DistributionPoint([x509.UniformResourceIdentifier("http://c")], None, None, None)
    for source in (x509.AuthorityInformationAccess([responder]), x509.CRLDistributionPoints([point])):
        signer = issue(authority(), extensions=(*LEAF, (source, False)))
        data = made(Kind.JWS, signer=signer)
        with pytest.raises(InvalidData, match="nobody was asked"):
            check.signature(data, envelopes.JWS, SUBJECT, trust(signer))
        found = check.signature(data, envelopes.JWS, SUBJECT, trust(signer, override={"revocation": "log"}))
        assert len(found.warnings) == 1
        found = check.signature(data, envelopes.JWS, SUBJECT, trust(signer, override={"revocation": "skip"}))
        assert found.warnings == ()


def test_annotations_of_the_format_itself_cannot_be_signed() -> None:
    with pytest.raises(UsageError):
        payload.render(SUBJECT, {"io.cncf.notary.x": "y"})


def test_keys_of_other_kinds_have_no_algorithm() -> None:
    with pytest.raises(InvalidData):
        jose.algorithm_of(ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(InvalidData):
        jose.algorithm_of(new_key("RSA-2056"))

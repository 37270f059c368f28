"""RFC 3161 timestamps: made by OpenSSL, and by it for the real notation."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.attest import keys
from pratique.attest.notation import chain, check, cose, jws, payload, timestamp
from pratique.attest.notation import envelope as envelopes
from pratique.attest.notation.sign import Kind
from pratique.attest.notation.trust_policy import Check
from pratique.model.descriptor import OCI_MANIFEST, Descriptor
from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData
from pratique.model.reference import Reference
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from tests.attest.notation.material import NOW, identity, policy, policy_json, store
from tests.attest.notation.test_interoperability import Notation, both, named
from tests.support.certificates import DAY, Issued, authority, issue, new_key
from tests.support.timestamps import Authority
from tests.support.tools import notation

SUBJECT = Descriptor(OCI_MANIFEST, digest_of(b"image"), 5)
STAMPED = ("ca:acme", "tsa:time")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def token(tsa: Authority) -> bytes:
    return tsa.stamp(b"signature")


@pytest.mark.parametrize("key", ["P-256", "P-384", "RSA-2048"])
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_timestamp_proves_when_something_existed(tmp_path: Path, key: str, digest: str) -> None:
    tsa = Authority(tmp_path, key=new_key(key), digest=digest, issuer=authority(authority(name="top"), name="middle"))
    found = timestamp.verify(tsa.stamp(b"signature", digest), b"signature", [tsa.root.chain[-1]])
    now = datetime.now(UTC)
    assert now - timedelta(seconds=60) < found.earliest < found.latest < now + timedelta(seconds=2)
    assert found.latest - found.earliest == timedelta(seconds=2)
    assert len(found.chain) == 3


def test_the_accuracy_widens_the_time(tmp_path: Path) -> None:
    tsa = Authority(tmp_path / "a", accuracy="secs:2, millisecs:500, microsecs:100")
    found = timestamp.verify(tsa.stamp(b"s"), b"s", tsa.root.chain)
    assert found.latest - found.earliest == 2 * timedelta(seconds=2, milliseconds=500, microseconds=100)
    baseline = Authority(tmp_path / "b", policy="0.4.0.2023.1.1", accuracy="secs:0")
    found = timestamp.verify(baseline.stamp(b"s"), b"s", baseline.root.chain)
    assert found.latest - found.earliest == timedelta(seconds=2)


def test_a_timestamp_of_other_bytes_or_of_an_unknown_authority_is_refused(tsa: Authority, token: bytes) -> None:
    assert timestamp.verify(token, b"signature", tsa.root.chain)
    with pytest.raises(InvalidData, match="another signature"):
        timestamp.verify(token, b"signaturf", tsa.root.chain)
    with pytest.raises(InvalidData, match="vouches"):
        timestamp.verify(token, b"signature", authority(name="time root").chain)
    with pytest.raises(InvalidData, match="vouches"):
        timestamp.verify(token, b"signature", [])


def test_a_certificate_for_something_else_makes_no_timestamps(tmp_path: Path) -> None:
    tsa = Authority(tmp_path)
    good = tsa.stamp(b"s")
    found = timestamp._signed_data(good)
    assert len(found.certificates) == 2
    with pytest.raises(InvalidData, match="not made for timestamps only"):
        chain.check_timestamping(issue(tsa.root).chain)


@pytest.mark.filterwarnings("ignore:Attribute's length", "ignore:Parsed a serial")  # cryptography's
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_timestamp_changed_anywhere_is_refused_or_means_the_same(
    data: st.DataObject, tsa: Authority, token: bytes
) -> None:
    position = data.draw(st.integers(0, len(token) - 1))
    changed = bytearray(token)
    changed[position] ^= data.draw(st.integers(1, 255))
    right = timestamp.verify(token, b"signature", tsa.root.chain)
    try:
        found = timestamp.verify(bytes(changed), b"signature", tsa.root.chain)
    except InvalidData:
        return
    assert (found.earliest, found.latest, found.chain[0]) == (right.earliest, right.latest, right.chain[0])


@given(st.binary(max_size=200))
def test_bytes_that_are_no_timestamp_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidData):
        timestamp.verify(data, b"signature", [])


def stamped(signer: Issued, tsa: Authority, kind: Kind = Kind.JWS, made: datetime = NOW) -> bytes:
    """An envelope with a timestamp, as only its unprotected part carries it."""
    own = identity(signer)
    headers = envelopes.protected(own.algorithm, payload.MEDIA_TYPE, made, None)
    content = payload.render(SUBJECT, {})
    signs = keys.load_private(signer.key_pem).sign_jose
    if kind is Kind.JWS:
        signature = signs(jws.to_sign(headers, content))
        return jws.render(headers, content, signature, envelopes.Beside(own.der, tsa.stamp(signature)), "tests")
    signature = signs(cose.to_sign(headers, content))
    return cose.render(headers, content, signature, envelopes.Beside(own.der, tsa.stamp(signature)), "tests")


@pytest.mark.parametrize("kind", list(Kind))
def test_a_timestamp_lets_a_signature_outlive_its_certificates(tsa: Authority, kind: Kind) -> None:
    signer = issue()
    data, later = stamped(signer, tsa, kind), NOW + 900 * DAY
    stores = {"ca": signer.chain, "tsa": tsa.root.chain}
    always = policy(stores=STAMPED).statements[0]
    assert check.signature(data, kind.media_type, SUBJECT, check.Trust(always, stores, later)).authentic
    never = policy().statements[0]
    with pytest.raises(InvalidData, match="expired"):
        check.signature(data, kind.media_type, SUBJECT, check.Trust(never, {"ca": signer.chain}, later))


def test_a_timestamp_from_after_the_certificates_end_does_not_help(tsa: Authority) -> None:
    signer = issue(lives=(NOW - 9 * DAY, NOW - DAY))
    data = stamped(signer, tsa, made=NOW - 2 * DAY)
    trust = check.Trust(policy(stores=STAMPED).statements[0], {"ca": signer.chain, "tsa": tsa.root.chain}, NOW)
    with pytest.raises(InvalidData, match="expired"):
        check.signature(data, envelopes.JWS, SUBJECT, trust)


def test_a_timestamp_is_needed_always_or_only_once_certificates_expired(tsa: Authority) -> None:
    signer = issue()
    stores = {"ca": signer.chain, "tsa": tsa.root.chain}
    plain = identity(signer).envelope(Kind.JWS, payload.render(SUBJECT, {}), NOW, None)
    always = policy(stores=STAMPED).statements[0]
    with pytest.raises(InvalidData, match="no timestamp"):
        check.signature(plain, envelopes.JWS, SUBJECT, check.Trust(always, stores, NOW))
    logged = policy(stores=STAMPED, override={"authenticTimestamp": "log"}).statements[0]
    found = check.signature(plain, envelopes.JWS, SUBJECT, check.Trust(logged, stores, NOW))
    assert found.warnings == (f"{Check.TIMESTAMP}: it has no timestamp",)
    after = policy(stores=STAMPED, verify_timestamp="afterCertExpiry").statements[0]
    assert not check.signature(plain, envelopes.JWS, SUBJECT, check.Trust(after, stores, NOW)).warnings
    with pytest.raises(InvalidData, match="no timestamp"):
        check.signature(plain, envelopes.JWS, SUBJECT, check.Trust(after, stores, NOW + 900 * DAY))


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(Kind))
def test_notations_timestamped_signature_counts_for_both_after_its_certificate_expired(
    tmp_path: Path, registry_host: str, kind: Kind
) -> None:
    program, tsa = Notation(notation(), tmp_path), Authority(tmp_path / "tsa", key=new_key("RSA-2048"))
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    signer = issue(lives=(NOW - DAY, end))
    store(program.config, signer)
    store(program.config, tsa.root, kind="tsa", name="time")
    (tmp_path / "time.pem").write_bytes(tsa.root.chain_pem)
    with RemoteRegistry() as registry, tsa.served() as url:
        repository = registry.repository(Reference.parse(f"{registry_host}/stamped/{kind}"))
        digest = pack(repository, [b""], tag="1").digest
        how = ("--timestamp-url", url, "--timestamp-root-cert", str(tmp_path / "time.pem"))
        program.sign(named(repository, digest), signer, kind, *how)
        time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds() + 1.1))
        now = datetime.now(UTC)
        both(program, repository, digest, agree_on=False, now=now)
        both(program, repository, digest, agree_on=True, policy=policy_json(stores=STAMPED), now=now)
        store(program.config, authority(name="another"), kind="tsa", name="other")
        elsewhere = policy_json(stores=("ca:acme", "tsa:other"))
        both(program, repository, digest, agree_on=False, policy=elsewhere, now=now)

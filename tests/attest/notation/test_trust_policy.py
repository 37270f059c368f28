"""Trust policies, the names in them, and trust stores, as notation reads them."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from pratique.attest.notation import names, trust_policy, trust_store
from pratique.attest.notation.trust_policy import Action, Check, Level
from pratique.model.errors import NotFound, UsageError
from tests.attest.notation.material import SIGNER, policy, policy_json, store
from tests.support.certificates import authority, issue, pem

ENFORCED = {
    "strict": set(Check),
    "permissive": {Check.INTEGRITY, Check.AUTHENTICITY},
    "audit": {Check.INTEGRITY},
}


def many(*statements: bytes) -> bytes:
    policies = []
    for position, each in enumerate(statements):
        (statement,) = json.loads(each)["trustPolicies"]
        policies.append({**statement, "name": f"p{position}"})
    return json.dumps({"version": "1.0", "trustPolicies": policies}).encode()


@pytest.mark.parametrize("level", ENFORCED)
def test_a_level_says_what_is_enforced_and_the_rest_is_logged(level: str) -> None:
    (statement,) = policy(level=level).statements
    assert statement.level == level
    assert {check for check, action in statement.actions.items() if action is Action.ENFORCE} == ENFORCED[level]
    assert set(statement.actions.values()) <= {Action.ENFORCE, Action.LOG}


def test_an_override_changes_one_check() -> None:
    (statement,) = policy(level="audit", override={"revocation": "skip", "expiry": "enforce"}).statements
    assert statement.actions[Check.REVOCATION] is Action.SKIP
    assert statement.actions[Check.EXPIRY] is Action.ENFORCE
    assert statement.actions[Check.AUTHENTICITY] is Action.LOG


def test_the_policy_that_names_a_repository_is_before_the_one_for_all() -> None:
    found = trust_policy.parse(many(policy_json(["*"]), policy_json(["registry.example/team/app"])))
    assert found.statement_for("registry.example/team/app").name == "p1"
    for other in ("registry.example/team/app2", "registry.example/team", "registry.example/team/app/sub", "x/y"):
        assert found.statement_for(other).name == "p0"
    with pytest.raises(NotFound, match="no trust policy is for"):
        policy(["registry.example:5000/app"]).statement_for("registry.example/app")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a trust policy"),
        (b"[]", "not a trust policy"),
        (b"\xff", "not a trust policy"),
        (b"[" * 100_000, "not a trust policy"),
        (policy_json().replace(b'"1.0"', b'"2.0"'), "version '2.0'"),
        (b'{"version": "1.0", "trustPolicies": []}', "holds no policy"),
        (policy_json().replace(b'"prod"', b'""'), "no name"),
        (policy_json().replace(b"strict", b"Strict"), "not a trust policy"),
        (policy_json(()), "no registryScopes"),
        (policy_json(["*", "a.b/c"]), "beside other scopes"),
        (policy_json(["registry.example"]), "not a repository"),
        (policy_json(["registry.example/*"]), "not a repository"),
        (policy_json(["https://registry.example/a"]), "not a repository"),
        (policy_json(["registry.example/a:1"]), "not a repository"),
        (policy_json(["a.b/c", "a.b/c"]), "twice"),
        (many(policy_json(["a.b/c"]), policy_json(["a.b/c", "a.b/d"])), "there twice"),
        (policy_json(["*"], "skip", stores=(), identities=()), "skips verification everywhere"),
        (policy_json(["a.b/c"], "skip", identities=()), "skips verification, but"),
        (policy_json(["a.b/c"], "skip", override={"expiry": "log"}, stores=(), identities=()), "cannot be overridden"),
        (policy_json(override={"integrity": "log"}), "integrity cannot be overridden"),
        (policy_json(override={"expiry": "skip"}), "expiry cannot be skipped"),
        (policy_json(override={"authenticity": "ignore"}), "not a trust policy"),
        (policy_json(override={"everything": "log"}), "not a trust policy"),
        (policy_json(verify_timestamp="never"), "not a trust policy"),
        (policy_json(stores=()), "needs trustStores"),
        (policy_json(identities=()), "needs trustStores"),
        (policy_json(stores=["acme"]), "not a trust store"),
        (policy_json(stores=["root:acme"]), "not a trust store"),
        (policy_json(stores=["ca:../acme"]), "not a trust store"),
        (policy_json(stores=["ca:.."]), "not a trust store"),
        (policy_json(identities=["*", SIGNER]), "beside other trustedIdentities"),
        (policy_json(identities=["acme"]), "not an identity"),
        (policy_json(identities=["x509.subject:"]), "not a name"),
        (policy_json(identities=["x509.subject: C=US, O=acme"]), "ST is missing"),
        (policy_json(identities=[SIGNER, f"{SIGNER}, CN=a"]), "overlap"),
        (policy_json(identities=[SIGNER, SIGNER]), "overlap"),
    ],
)
def test_a_policy_that_notation_would_refuse_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        trust_policy.parse(data, "trustpolicy.json")
    assert said in str(caught.value)
    assert "trustpolicy.json" in caught.value.what


def test_two_policies_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two policies are named 'p'"):
        trust_policy.parse(
            many(policy_json(["*"]), policy_json(["a.b/c"])).replace(b'"p1"', b'"p"').replace(b'"p0"', b'"p"')
        )


def test_a_skipping_policy_asks_nothing() -> None:
    (statement,) = policy(["a.b/c"], "skip", stores=(), identities=()).statements
    assert statement.level is Level.SKIP
    assert set(statement.actions.values()) == {Action.SKIP}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("C=US,ST=WA,O=acme", {"C": "US", "ST": "WA", "O": "acme"}),
        (" C = US ; S = WA ; O = acme ", {"C": "US", "ST": "WA", "O": "acme"}),
        (r"C=US,ST=WA,O=acme\, inc\.,CN=a\=b\\", {"C": "US", "ST": "WA", "O": "acme, inc.", "CN": "a=b\\"}),
        (r"C=US,ST=WA,O=Z\C3\BCrich\ ", {"C": "US", "ST": "WA", "O": "Zürich "}),
        ("O=a+", None),
        ("C=US,ST=WA,O=a+OU=b", None),
        ("C=US,ST=WA,O=#0401", None),
        ("C=US,ST=WA,O=", None),
        ("C=US,ST=WA,O=a,O=b", None),
        ("C=US,ST=WA,S=WB,O=a", None),
        (r"C=US,ST=WA,O=a\\ ", {"C": "US", "ST": "WA", "O": "a\\"}),
        (r"C=US,ST=WA,O=\FF", None),
        (r"C=US,ST=WA,O=\F", None),
        ("C=US,ST=WA,O=a\\", None),
        ("c=US,st=WA,o=a", None),
        ("C=US,ST=WA,O=a,", None),
        ("=US", None),
        ("", None),
        ("C=US,ST=WA,O=" + "a" * 5000, None),
    ],
)
def test_a_distinguished_name_is_read_as_rfc_4514_writes_it(text: str, meant: dict[str, str] | None) -> None:
    if meant is None:
        with pytest.raises(UsageError):
            names.parse(text)
    else:
        assert names.parse(text) == meant


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        found = names.parse(text)
    except UsageError:
        return
    assert {"C", "ST", "O"} <= found.keys()


@given(st.dictionaries(st.sampled_from(["CN", "OU", "L"]), st.text(min_size=1, max_size=10), max_size=3))
def test_an_escaped_name_is_read_back(more: dict[str, str]) -> None:
    attributes = {"C": "US", "ST": "WA", "O": "acme", **more}
    escaped = ",".join(
        f"{kind}={''.join(f'{chr(92)}{byte:02x}' for byte in value.encode())}" for kind, value in attributes.items()
    )
    assert names.parse(escaped) == attributes


def test_a_subject_matches_what_is_part_of_it() -> None:
    subject = names.of_subject(issue(name="signer").certificate)
    assert subject == {"C": "US", "ST": "WA", "O": "acme", "CN": "signer"}
    assert names.is_part({"C": "US", "CN": "signer"}, subject)
    assert not names.is_part({"C": "US", "CN": "Signer"}, subject)
    assert not names.is_part({"C": "US", "OU": "signer"}, subject)


@pytest.mark.parametrize("place", ["truststore/x509", "trust-store/x509", "x509", "."])
def test_a_trust_store_is_found_where_notation_keeps_it(tmp_path: Path, place: str) -> None:
    root, self_signed = authority(), issue()
    folder = tmp_path / place / "ca" / "acme"
    folder.mkdir(parents=True)
    (folder / "root.pem").write_bytes(pem(root.certificate) + pem(authority(root).certificate))
    (folder / "signer.crt").write_bytes(self_signed.certificate.public_bytes(Encoding.DER))
    found = trust_store.load(tmp_path, policy().statements[0])
    assert {kind: len(certificates) for kind, certificates in found.items()} == {
        "ca": 3,
        "signingAuthority": 0,
        "tsa": 0,
    }


def test_a_store_that_is_not_what_it_seems_is_refused(tmp_path: Path) -> None:
    statement = policy().statements[0]
    with pytest.raises(UsageError, match="there is no trust store ca:acme"):
        trust_store.load(tmp_path, statement)
    folder = store(tmp_path, authority()) / "x509" / "ca" / "acme"
    assert trust_store.load(tmp_path, statement)["ca"]
    odd = folder / "odd"
    odd.write_bytes(b"-----BEGIN nothing")
    with pytest.raises(UsageError, match="a certificate cannot be read"):
        trust_store.load(tmp_path, statement)
    odd.write_bytes(pem(issue(authority()).certificate))
    with pytest.raises(UsageError, match="neither a CA's nor self-signed"):
        trust_store.load(tmp_path, statement)
    odd.unlink()
    odd.symlink_to(folder / "0.pem")
    with pytest.raises(UsageError, match="plain files"):
        trust_store.load(tmp_path, statement)
    odd.unlink()
    odd.mkdir()
    with pytest.raises(UsageError, match="plain files"):
        trust_store.load(tmp_path, statement)
    odd.rmdir()
    (folder / "0.pem").unlink()
    with pytest.raises(UsageError, match="0 files"):
        trust_store.load(tmp_path, statement)


def test_a_linked_store_is_refused(tmp_path: Path) -> None:
    stores = store(tmp_path, authority(), name="real") / "x509" / "ca"
    (stores / "acme").symlink_to(stores / "real")
    with pytest.raises(UsageError, match="not a folder"):
        trust_store.load(tmp_path, policy().statements[0])


def test_a_store_of_timestamp_authorities_holds_roots_only(tmp_path: Path) -> None:
    statement = policy(stores=["ca:acme", "tsa:time"]).statements[0]
    store(tmp_path, authority())
    store(tmp_path, authority(authority()), kind="tsa", name="time")
    with pytest.raises(UsageError, match="roots only"):
        trust_store.load(tmp_path, statement)

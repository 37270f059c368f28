"""What the tests of Notary Project signatures share: trust policies, trust stores, images."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pratique.attest import keys
from pratique.attest.notation.sign import Identity
from pratique.attest.notation.trust_policy import TrustPolicy, parse
from tests.support.certificates import Issued, pem

NOW = datetime.now(UTC).replace(microsecond=0)
SIGNER = "x509.subject: C=US, ST=WA, O=acme"


def policy_json(
    scopes: Sequence[str] = ("*",),
    level: str = "strict",
    *,
    override: Mapping[str, str] | None = None,
    stores: Sequence[str] = ("ca:acme",),
    identities: Sequence[str] = (SIGNER,),
    verify_timestamp: str = "",
) -> bytes:
    verification: dict[str, object] = {"level": level}
    if override:
        verification["override"] = override
    if verify_timestamp:
        verification["verifyTimestamp"] = verify_timestamp
    statement = {
        "name": "prod",
        "registryScopes": list(scopes),
        "signatureVerification": verification,
        "trustStores": list(stores),
        "trustedIdentities": list(identities),
    }
    return json.dumps({"version": "1.0", "trustPolicies": [statement]}).encode()


def policy(scopes: Sequence[str] = ("*",), level: str = "strict", **settings: object) -> TrustPolicy:
    return parse(policy_json(scopes, level, **settings))  # type: ignore[arg-type]


def store(root: Path, *anchors: Issued, kind: str = "ca", name: str = "acme") -> Path:
    """Put certificates into a trust store; returns its root."""
    folder = root / "truststore" / "x509" / kind / name
    folder.mkdir(parents=True, exist_ok=True)
    for position, anchor in enumerate(anchors):
        (folder / f"{position}.pem").write_bytes(pem(anchor.certificate))
    return root / "truststore"


def identity(issued: Issued) -> Identity:
    return Identity(keys.load_private(issued.key_pem), issued.chain_pem)

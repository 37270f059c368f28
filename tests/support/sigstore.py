"""A small Sigstore of our own: an authority like Fulcio, a log like Rekor, a log of certificates; no server needed."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from pratique.attest import bundle, dsse
from tests.support.certificates import authority, key_usage

IDENTITY, ISSUER = "https://ci.example/acme/shop/release.yml@refs/heads/main", "https://token.ci.example"
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")


class Sigstore:
    """Its parts are attributes, so that a test may put wrong ones in their place."""

    def __init__(self) -> None:
        self.root = authority(name="fulcio root")
        self.issuing = authority(self.root, name="fulcio", path_length=0)
        self.log = ec.generate_private_key(ec.SECP256R1())
        self.certificate_log = ec.generate_private_key(ec.SECP256R1())
        self.now = datetime.now(UTC).replace(microsecond=0)

    def trusted_root(self, **more: object) -> bytes:
        """The file that says whom to believe."""
        valid = {"start": "2020-01-01T00:00:00Z"}

        def log(key: ec.EllipticCurvePrivateKey, url: str) -> dict[str, object]:
            public = {"rawBytes": _b64(_spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}
            return {
                "baseUrl": url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": public,
                "logId": {"keyId": _b64(_log_id(key))},
            }

        certificates = [{"rawBytes": _b64(_der(each))} for each in self.issuing.chain]
        fulcio = {
            "subject": {"organization": "acme", "commonName": "fulcio"},
            "uri": "https://fulcio.example",
            "certChain": {"certificates": certificates},
            "validFor": valid,
        }
        root: dict[str, object] = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.log, "https://rekor.example")],
            "certificateAuthorities": [fulcio],
            "ctlogs": [log(self.certificate_log, "https://ctfe.example")],
            "timestampAuthorities": [],
        }
        return json.dumps(root | more).encode()

    def certificate(
        self,
        key: ec.EllipticCurvePrivateKey,
        *,
        identity: str = IDENTITY,
        issuer: str = ISSUER,
        lives: tuple[int, int] = (-60, 540),
        stamped: bool = True,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
    ) -> x509.Certificate:
        """A certificate that lives for so many seconds around now, with the stamp of the log of certificates in it."""
        begins, ends = (self.now + timedelta(seconds=each) for each in lives)
        name = x509.RFC822Name(identity) if "://" not in identity else x509.UniformResourceIdentifier(identity)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.issuing.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_ISSUER, _utf8(issuer)), critical=False)
        )
        first = builder.sign(self.issuing.key, hashes.SHA256())
        if not stamped:
            return first
        stamps = x509.UnrecognizedExtension(_SCTS, self._stamps(first.tbs_certificate_bytes))
        return builder.add_extension(stamps, critical=False).sign(self.issuing.key, hashes.SHA256())

    def _stamps(self, body: bytes) -> bytes:
        milliseconds = int(self.now.timestamp() * 1000).to_bytes(8)
        issuer = hashlib.sha256(_spki(self.issuing.key)).digest()
        signed = b"\0\0" + milliseconds + b"\0\1" + issuer + len(body).to_bytes(3) + body + b"\0\0"
        made = self.certificate_log.sign(signed, ec.ECDSA(hashes.SHA256()))
        stamp = b"\0" + _log_id(self.certificate_log) + milliseconds + b"\0\0\4\3" + len(made).to_bytes(2) + made
        entry = len(stamp).to_bytes(2) + stamp
        whole = len(entry).to_bytes(2) + entry
        return b"\x04" + (bytes([len(whole)]) if len(whole) < 128 else b"\x81" + bytes([len(whole)])) + whole

    def entry(self, body: dict[str, object], *, promise: bool = True, proof: bool = True) -> dict[str, Any]:
        """A log entry for a body, between two others."""
        data = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
        seconds, log_id = int(self.now.timestamp()), _log_id(self.log)
        entry: dict[str, Any] = {
            "logIndex": "1001",
            "logId": {"keyId": _b64(log_id)},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "integratedTime": str(seconds),
            "canonicalizedBody": _b64(data),
        }
        if promise:
            said = {"body": _b64(data), "integratedTime": seconds, "logID": log_id.hex(), "logIndex": 1001}
            text = json.dumps(said, separators=(",", ":")).encode()
            entry["inclusionPromise"] = {"signedEntryTimestamp": _b64(self._sign(text))}
        if proof:
            left, leaf, right = (hashlib.sha256(b"\0" + each).digest() for each in (b"left", data, b"right"))
            below = hashlib.sha256(b"\1" + left + leaf).digest()
            root = hashlib.sha256(b"\1" + below + right).digest()
            note = f"rekor.example - 1\n3\n{_b64(root)}\n"
            made = _b64(log_id[:4] + self._sign(note.encode()))
            entry["inclusionProof"] = {
                "logIndex": "1",
                "rootHash": _b64(root),
                "treeSize": "3",
                "hashes": [_b64(left), _b64(right)],
                "checkpoint": {"envelope": f"{note}\n\N{EM DASH} rekor.example {made}\n"},
            }
        return entry

    def bundle(
        self, payload: bytes, *, promise: bool = True, proof: bool = True, tiles: bool = False, **certificate: Any
    ) -> dict[str, Any]:
        """A bundle v0.3 around a statement, signed by somebody with a new key and a new certificate.

        `tiles`: the log's entry is of Rekor v2.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self.certificate(key, **certificate)
        signature = key.sign(dsse.pae(dsse.IN_TOTO, payload), ec.ECDSA(hashes.SHA256()))
        envelope = {
            "payload": _b64(payload),
            "payloadType": dsse.IN_TOTO,
            "signatures": [{"sig": _b64(signature)}],
        }
        pem = leaf.public_bytes(serialization.Encoding.PEM)
        body: dict[str, object] = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {
                    "algorithm": "sha256",
                    "value": hashlib.sha256(json.dumps(envelope, separators=(",", ":")).encode()).hexdigest(),
                },
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                "signatures": [{"signature": _b64(signature), "verifier": _b64(pem)}],
            },
        }
        if tiles:
            verifier = {"x509Certificate": {"rawBytes": _b64(_der(leaf))}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
            digest = {"algorithm": "SHA2_256", "digest": _b64(hashlib.sha256(payload).digest())}
            signatures = [{"content": _b64(signature), "verifier": verifier}]
            spec = {"dsseV002": {"payloadHash": digest, "signatures": signatures}}
            body = {"apiVersion": "0.0.2", "kind": "dsse", "spec": spec}
        return {
            "mediaType": bundle.MEDIA_TYPE,
            "verificationMaterial": {
                "certificate": {"rawBytes": _b64(_der(leaf))},
                "tlogEntries": [self.entry(body, promise=promise, proof=proof)],
            },
            "dsseEnvelope": envelope,
        }

    def layer(self, content: bytes) -> tuple[bytes, dict[str, str]]:
        """Signed bytes as cosign puts them under a `.sig` tag: the content and its annotations."""
        key = ec.generate_private_key(ec.SECP256R1())
        signature = key.sign(content, ec.ECDSA(hashes.SHA256()))
        pem = self.certificate(key).public_bytes(serialization.Encoding.PEM)
        body: dict[str, object] = {
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}},
                "signature": {"content": _b64(signature), "publicKey": {"content": _b64(pem)}},
            },
        }
        entry = self.entry(body)
        rekor = {
            "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": entry["canonicalizedBody"],
                "integratedTime": int(entry["integratedTime"]),
                "logIndex": int(entry["logIndex"]),
                "logID": _log_id(self.log).hex(),
            },
        }
        return content, {
            "dev.cosignproject.cosign/signature": _b64(signature),
            "dev.sigstore.cosign/certificate": pem.decode(),
            "dev.sigstore.cosign/bundle": json.dumps(rekor),
        }

    def _sign(self, data: bytes) -> bytes:
        return self.log.sign(data, ec.ECDSA(hashes.SHA256()))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _spki(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der


def _log_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_spki(key)).digest()


def _utf8(text: str) -> bytes:
    data = text.encode()
    return b"\x0c" + bytes([len(data)]) + data


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()

"""The predicates that we write: their types, and their JSON. A CycloneDX or SPDX document is its own predicate.

Sources: cosign `specs/COSIGN_VULN_ATTESTATION_SPEC.md`; slsa.dev/provenance/v1; in-toto/attestation `spec/predicates`.
"""

from collections.abc import Mapping, Sequence

import msgspec

from pratique.model.attestation import VALIDATION, VERDICT
from pratique.model.change import Validation
from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.model.verdict import Verdict

CYCLONEDX = "https://cyclonedx.org/bom"
SPDX = "https://spdx.dev/Document"
VULNERABILITIES = "https://cosign.sigstore.dev/attestation/vuln/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
COSIGN_SIGNATURE = "https://sigstore.dev/cosign/sign/v1"

# The words that `cosign attest --type` takes, and ours.
NAMES: Mapping[str, str] = {
    "cyclonedx": CYCLONEDX,
    "spdx": SPDX,
    "spdxjson": SPDX,
    "vuln": VULNERABILITIES,
    "slsaprovenance1": PROVENANCE,
    "verdict": VERDICT,
    "validation": VALIDATION,
}


def vulnerabilities(
    result: bytes, *, scanner: str, version: str, database: str, database_version: str, started: str, finished: str
) -> bytes:
    """Cosign's vuln/v1 predicate around a scanner's raw JSON report.

    `scanner` is its purl or URI, `database` where its advisories came from, `database_version` their digest; the two
    times are RFC 3339 and required by the format.
    """
    return msgspec.json.encode(
        {
            "invocation": {"parameters": [], "uri": "", "event_id": "", "builder.id": ""},
            "scanner": {
                "uri": scanner,
                "version": version,
                "db": {"uri": database, "version": database_version},
                "result": msgspec.Raw(result),
            },
            "metadata": {"scanStartedOn": started, "scanFinishedOn": finished},
        }
    )


def provenance(
    *,
    build_type: str,
    builder: str,
    parameters: Mapping[str, object],
    bases: Sequence[tuple[Reference, Digest]],
    invocation: str = "",
    started: str = "",
    finished: str = "",
) -> bytes:
    """SLSA provenance v1; the base images are its resolved dependencies. Times are RFC 3339, empty where unknown."""
    run = {"invocationId": invocation, "startedOn": started, "finishedOn": finished}
    return msgspec.json.encode(
        {
            "buildDefinition": {
                "buildType": build_type,
                "externalParameters": dict(parameters),
                "resolvedDependencies": [_dependency(reference, digest) for reference, digest in bases],
            },
            "runDetails": {"builder": {"id": builder}, "metadata": {key: value for key, value in run.items() if value}},
        }
    )


def verdict(verdict: Verdict) -> bytes:
    """Our verdict as a predicate of type `VERDICT`: the model's JSON."""
    return msgspec.json.encode(verdict)


def validation(validation: Validation) -> bytes:
    """The evidence for a rebuilt image as a predicate of type `VALIDATION`: the model's JSON."""
    return msgspec.json.encode(validation)


def _dependency(reference: Reference, digest: Digest) -> dict[str, object]:
    algorithm, _, value = digest.partition(":")
    return {
        "name": str(reference),
        "uri": f"docker://{reference.at(digest)}",
        "digest": {algorithm: value},
    }

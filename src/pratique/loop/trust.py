"""What is signed and attested about an image: what is in it, what was found, what was said, and how it came to be."""

import msgspec

from pratique import __version__
from pratique.attest import predicates
from pratique.attest.sign import attest, sign_image
from pratique.loop import assess
from pratique.loop.parts import Parts
from pratique.model.attestation import VALIDATION, VERDICT
from pratique.model.digest import Digest
from pratique.model.errors import NotFound, UsageError
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from pratique.report import cyclonedx, document
from pratique.report.report import Advisories, Report

_SCANNER = f"pkg:pypi/pratique@{__version__}"
_BUILD_TYPE = "https://pratique.dev/build/{strategy}/v1"


class Attested(msgspec.Struct, frozen=True):
    """The predicate types that were attested, by which key, and whether the image itself was signed."""

    predicates: tuple[str, ...]
    key_id: str
    signed: bool


def attest_image(parts: Parts, reference: Reference, digest: Digest) -> Attested:
    """Attest an image's SBOM, findings and verdict (for one that we made, its validation and provenance), and sign it.

    An image that the policy denies is not signed, but what was found is attested all the same, so that the gate can
    tell a developer why. Everything said is already in the store: doing it twice says the same. The signature comes
    last: whoever sees it finds the attestations there.
    """
    if parts.signer is None:
        raise UsageError("there is no key to sign with", "give one with --key")
    report = _report(parts, reference, digest)
    statements = [(predicates.CYCLONEDX, cyclonedx.render(report)), *_about(parts, report), *_origin(parts, digest)]
    repository = parts.registry.repository(reference)
    signed = report.verdict is not None and report.verdict.outcome is not Outcome.DENY
    with parts.turns.take(f"attest/{reference.name}@{digest}"):  # what is said is read, added to, written back
        for predicate_type, predicate in statements:
            attest(repository, digest, predicate_type, predicate, parts.signer, reference, replace=True)
        if signed:
            sign_image(repository, digest, parts.signer, reference)
    parts.announce(reference, digest)
    return Attested(tuple(predicate_type for predicate_type, _ in statements), parts.signer.key_id, signed)


def _report(parts: Parts, reference: Reference, digest: Digest) -> Report:
    verdict = parts.store.assessments.verdict(digest)
    if verdict is None:
        raise NotFound(f"image {digest} was not judged", "push it again")
    return Report(
        target=str(reference),
        image=assess.known_image(parts, digest),
        inventory=assess.known_inventory(parts, digest),
        findings=parts.store.assessments.findings(digest),
        verdict=verdict,
        advisories=Advisories(verdict.advisories_digest, verdict.judged_at),
        tool_version=__version__,
        generated_at=verdict.judged_at,
    )


def _about(parts: Parts, report: Report) -> list[tuple[str, bytes]]:
    verdict = report.verdict
    if verdict is None:
        return []
    findings = predicates.vulnerabilities(
        document.render(report),
        scanner=_SCANNER,
        version=__version__,
        database="osv",
        database_version=verdict.advisories_digest,
        started=verdict.judged_at,
        finished=verdict.judged_at,
    )
    return [(predicates.VULNERABILITIES, findings), (VERDICT, predicates.verdict(verdict))]


def _origin(parts: Parts, digest: Digest) -> list[tuple[str, bytes]]:
    made = parts.store.lineage.rebuild_of(digest)
    if made is None:
        return []
    rebuild, validation = made
    plan = rebuild.plan
    provenance = predicates.provenance(
        build_type=_BUILD_TYPE.format(strategy=plan.strategy.value),
        builder=_SCANNER,
        parameters={"image": str(plan.image), "from": rebuild.old},
        bases=[(plan.base, plan.new_base)] if plan.base and plan.new_base else [],
    )
    return [(VALIDATION, predicates.validation(validation)), (predicates.PROVENANCE, provenance)]

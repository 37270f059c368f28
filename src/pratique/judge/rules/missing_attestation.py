"""`missing-attestation`: images without an SBOM, provenance or another statement that verifies."""

from collections.abc import Mapping
from typing import ClassVar

from pratique.judge.fields import Fields, near
from pratique.judge.rules.case import Case
from pratique.judge.rules.settings import Settings, Texts
from pratique.model.attestation import VALIDATION, VERDICT
from pratique.model.verdict import Reason

# The types that each word stands for: one of them is enough.
WORDS: Mapping[str, frozenset[str]] = {
    "sbom": frozenset({"https://cyclonedx.org/bom", "https://spdx.dev/Document"}),
    "provenance": frozenset({f"https://slsa.dev/provenance/{version}" for version in ("v0.1", "v0.2", "v1")}),
    "vulnerabilities": frozenset({"https://cosign.sigstore.dev/attestation/vuln/v1"}),
    "verdict": frozenset({VERDICT}),
    "validation": frozenset({VALIDATION}),
}


class MissingAttestationRule(Settings, frozen=True, omit_defaults=True, tag="missing-attestation", tag_field="rule"):
    """`missing-attestation: {types: [sbom, provenance]}`, by word or by the predicate type's URI."""

    id: ClassVar[str] = "missing-attestation"

    types: Texts

    def check(self, fields: Fields) -> None:
        """Each is a word or a URI. Raises UsageError."""
        for word in self.types:
            if word not in WORDS and ":" not in word:
                raise fields.place_of("types").error(f"{word!r} is no type of statement", near(word, WORDS))

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each type that is missing, or one where nobody looked."""
        attested = case.facts.attested
        if attested is None:
            message = f"whether it has a verified {' and '.join(self.types)} is not known: nobody looked"
            return (Reason(self.id, self.action, message, "name the public keys with --key"),)
        missing = [word for word in self.types if not WORDS.get(word, frozenset({word})) & {*attested}]
        return tuple(
            Reason(
                self.id,
                self.action,
                f"it has no {word} that verifies",
                f"attest it: pratique sign --key KEY --type {word} --predicate FILE IMAGE",
                word,
            )
            for word in missing
        )

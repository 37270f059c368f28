"""`missing-signature`: images without a signature that verifies. Whoever calls the judge has verified them."""

from typing import ClassVar

from pratique.judge.rules.case import Case
from pratique.judge.rules.settings import Settings, Texts
from pratique.model.verdict import Reason


class MissingSignatureRule(Settings, frozen=True, omit_defaults=True, tag="missing-signature", tag_field="rule"):
    """`missing-signature: {keys: [sha256:...]}`; without `keys` (sha256 of the public key), any will do."""

    id: ClassVar[str] = "missing-signature"

    keys: Texts = ()

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason where there is no such signature, or nobody looked."""
        signed = case.facts.signed_by
        if signed is not None and ((not self.keys and signed) or {*self.keys} & {*signed}):
            return ()
        if signed is None:
            message = "whether it is signed is not known: nobody looked"
            return (Reason(self.id, self.action, message, "name the public keys with --key"),)
        message = "it is signed by other keys than the policy names" if signed else "it has no signature that verifies"
        return (Reason(self.id, self.action, message, "sign it: pratique sign --key KEY IMAGE"),)

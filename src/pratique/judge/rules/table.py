"""Every rule, once. A new rule is a file beside this one, and a name in both places here."""

from collections.abc import Mapping

from pratique.judge.rules.allowed_licenses import AllowedLicensesRule
from pratique.judge.rules.base_freshness import BaseFreshnessRule
from pratique.judge.rules.base_image import BaseImageRule
from pratique.judge.rules.denied_licenses import DeniedLicensesRule
from pratique.judge.rules.denied_packages import DeniedPackagesRule
from pratique.judge.rules.end_of_life import EndOfLifeRule
from pratique.judge.rules.epss import EpssRule
from pratique.judge.rules.expression import ExpressionRule
from pratique.judge.rules.finding_age import FindingAgeRule
from pratique.judge.rules.fixable import FixableRule
from pratique.judge.rules.grace_period import GracePeriodRule
from pratique.judge.rules.image_age import ImageAgeRule
from pratique.judge.rules.kev import KevRule
from pratique.judge.rules.missing_attestation import MissingAttestationRule
from pratique.judge.rules.missing_signature import MissingSignatureRule
from pratique.judge.rules.required_packages import RequiredPackagesRule
from pratique.judge.rules.runs_as_root import RunsAsRootRule
from pratique.judge.rules.scan_age import ScanAgeRule
from pratique.judge.rules.scanner_agreement import ScannerAgreementRule
from pratique.judge.rules.severity import SeverityRule
from pratique.judge.rules.unscanned import UnscannedRule

Rule = (
    SeverityRule
    | FixableRule
    | FindingAgeRule
    | GracePeriodRule
    | KevRule
    | EpssRule
    | UnscannedRule
    | ScanAgeRule
    | ScannerAgreementRule
    | DeniedPackagesRule
    | RequiredPackagesRule
    | DeniedLicensesRule
    | AllowedLicensesRule
    | BaseImageRule
    | BaseFreshnessRule
    | ImageAgeRule
    | EndOfLifeRule
    | RunsAsRootRule
    | MissingSignatureRule
    | MissingAttestationRule
    | ExpressionRule
)

RULES: Mapping[str, type[Rule]] = {rule.id: rule for rule in Rule.__args__}

"""`scanner-agreement`: findings that not all of the named scanners report, and scanners that have not looked."""

from typing import ClassVar

from pratique.judge.rules.case import Case, reason
from pratique.judge.rules.settings import Settings, Texts
from pratique.judge.scanners import scanners_of
from pratique.model.advisory import Severity
from pratique.model.verdict import Reason


class ScannerAgreementRule(Settings, frozen=True, omit_defaults=True, tag="scanner-agreement", tag_field="rule"):
    """`scanner-agreement: {scanners: [pratique, trivy], at_least: high}`."""

    id: ClassVar[str] = "scanner-agreement"

    scanners: Texts
    at_least: Severity = Severity.UNKNOWN

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each scanner without a report, and for each finding on which those that looked disagree."""
        looked = [name for name in self.scanners if name in case.facts.scanners]
        absent = tuple(
            Reason(self.id, self.action, f"there is no report of {name}", "give it with --with-report FILE", name)
            for name in self.scanners
            if name not in looked
        )
        found = []
        for finding in case.findings:
            if finding.severity >= self.at_least:
                has = {*scanners_of(finding)}
                lacks = [name for name in looked if name not in has]
                if lacks and has & {*looked}:
                    words = f"found by {' and '.join(sorted(has))}, not by {' and '.join(lacks)}"
                    found.append(reason(self.id, self.action, finding, words))
        return (*absent, *found)

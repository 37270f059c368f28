"""JUnit XML as Azure Pipelines' PublishTestResults and Jenkins' junit step read it: a finding is a test that failed.

With a verdict, the policy decides: what it denies has failed, what it only warns of or ignores was skipped. Names are
stable and unique, so that a finding's history is one line in the pipeline's charts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape

import msgspec

from pratique.model.finding import Finding, State
from pratique.model.verdict import Outcome, Reason, Verdict
from pratique.report import places
from pratique.report.report import Report, worst_first
from pratique.report.text import one_line

_OPEN = frozenset({State.AFFECTED, State.UNDER_INVESTIGATION})
_TEXT_LIMIT = 4000


class Case(msgspec.Struct, frozen=True):
    """One test: it passed where both `failed` and `skipped` are empty; `kind` is what a failure is of."""

    group: str
    name: str
    failed: str = ""
    skipped: str = ""
    kind: str = ""
    details: str = ""


def render(report: Report) -> bytes:
    """The report as XML 1.0 in UTF-8."""
    cases = _unique([*_findings(report), *_rest(report)])
    failures, skipped = sum(1 for case in cases if case.failed), sum(1 for case in cases if case.skipped)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0"'
    name = _attribute(f"pratique {report.target}")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="pratique" {counts} time="0.000">',
        f'<testsuite name="{name}" {counts} skipped="{skipped}" time="0.000" timestamp="{_time(report.generated_at)}">',
        *(_xml(case) for case in cases),
        "</testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines).encode() + b"\n"


def _findings(report: Report) -> Iterator[Case]:
    denied, known = _subjects(report.verdict)
    for finding in worst_first(report.findings):
        package = finding.package
        where = places.path(finding)
        case = Case(
            group=f"pratique.{package.type.value}.{package.name}",
            name=f"{finding.id} in {package.name}" + (f" ({where})" if where else ""),
            kind=finding.severity.word,
            details=_details(finding),
        )
        said = f"{package.name} {package.version} has {finding.id} ({finding.severity.word}): {places.advice(finding)}"
        subject = f"{finding.id} {package.purl}"
        if finding.state not in _OPEN:
            yield msgspec.structs.replace(case, skipped=finding.state.value.replace("_", " "))
        elif report.verdict is None or subject in denied:
            yield msgspec.structs.replace(case, failed=said)
        else:
            word = known.get(subject)
            how = f"the policy says {word}" if word else "the policy has nothing against it"
            yield msgspec.structs.replace(case, skipped=f"{how}: {said}")


def _subjects(verdict: Verdict | None) -> tuple[frozenset[str], dict[str, str]]:
    """What the verdict denies, and what it says of the other subjects."""
    reasons = verdict.reasons if verdict else ()
    denied = frozenset(reason.subject for reason in reasons if reason.outcome is Outcome.DENY)
    return denied, {reason.subject: reason.rule if reason.rule == "ignore" else "warn" for reason in reasons}


def _rest(report: Report) -> Iterator[Case]:
    """Reasons that are not about a finding, and one test that passed where nothing was found."""
    about = {f"{finding.id} {finding.package.purl}" for finding in report.findings}
    for reason in report.verdict.reasons if report.verdict else ():
        if reason.subject not in about or not reason.subject:
            yield _reason(reason)
    if report.advisories and not report.findings:
        yield Case("pratique", "no known vulnerabilities")


def _reason(reason: Reason) -> Case:
    name = reason.subject or reason.message
    case = Case(f"pratique.policy.{reason.rule}", name, kind=reason.rule, details=reason.remedy)
    if reason.outcome is Outcome.DENY:
        return msgspec.structs.replace(case, failed=reason.message)
    return msgspec.structs.replace(case, skipped=reason.message or reason.outcome.value)


def _details(finding: Finding) -> str:
    lines = [
        finding.summary,
        f"severity: {finding.severity.word}" + ("" if finding.score is None else f", CVSS {finding.score:.1f}"),
        f"also known as: {', '.join(finding.aliases)}" if finding.aliases else "",
        f"package: {finding.package.purl}",
        f"fixed in: {', '.join(finding.fix_versions)}" if finding.fix_versions else "",
        finding.url,
    ]
    return "\n".join(one_line(line) for line in lines if line)


def _unique(cases: Iterable[Case]) -> list[Case]:
    seen: Counter[tuple[str, str]] = Counter()
    made = []
    for case in cases:
        case = msgspec.structs.replace(case, group=one_line(case.group, 300), name=one_line(case.name, 300) or "?")
        seen[case.group, case.name] += 1
        number = seen[case.group, case.name]
        made.append(msgspec.structs.replace(case, name=f"{case.name} #{number}") if number > 1 else case)
    return made


def _xml(case: Case) -> str:
    head = f'<testcase classname="{_attribute(case.group)}" name="{_attribute(case.name)}" time="0.000"'
    if case.failed:
        text = escape(case.details[:_TEXT_LIMIT], quote=False)
        return (
            f'{head}><failure message="{_attribute(case.failed)}" type="{_attribute(case.kind)}">'
            f"{text}</failure></testcase>"
        )
    if case.skipped:
        return f'{head}><skipped message="{_attribute(case.skipped)}"/></testcase>'
    return head + "/>"


def _attribute(text: str) -> str:
    return escape(one_line(text))  # one_line leaves only printable characters, all of which XML 1.0 allows


def _time(text: str) -> str:
    return escape(text.removesuffix("Z"))

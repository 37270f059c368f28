"""What `pratique explain` says of a saved report."""

import json

from msgspec.structs import replace

from pratique.model.verdict import Outcome, Reason
from pratique.report import document, explanation
from tests.report.samples import FINDINGS, VERDICT, report

FINDING = FINDINGS[0]
REASONS = (
    Reason("severity", Outcome.DENY, "bad", "update it", f"{FINDING.id} {FINDING.package.purl}"),
    Reason("runs-as-root", Outcome.WARN, "it runs as root", "add a USER line"),
    Reason("ignore", Outcome.ALLOW, "CVE-1 is ignored until 2027-01-01 by us: fine"),
)
DOCUMENT = document.read_document(
    document.render(replace(report(), verdict=replace(VERDICT, reasons=REASONS))), "report.json"
)


def test_each_reason_has_its_evidence_and_what_would_change_it() -> None:
    severity, root, ignored = explanation.explain(DOCUMENT)
    assert severity.evidence == (
        "GHSA-x84v-xcm2-53pg (osv): requests 2.19.0 is in < 2.20.0",
        "CVSS 7.5 CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
        "published 2018-10-29T19:06:46Z",
        f"found in app/lib/requests-2.19.0.dist-info/METADATA, layer {FINDING.package.locations[0].layer}",
        "that layer was made by: COPY . /",
        "it is not from the base image",
    )
    assert severity.changes[0] == "update it"
    assert "{vulnerability: CVE-2018-18074, package: requests," in severity.changes[1]
    assert (root.evidence, root.changes) == ((), ("add a USER line",))
    assert ignored.changes == ("the ignore entry's expiry, or its removal",)


def test_the_text_names_the_inputs_so_that_the_verdict_can_be_made_again() -> None:
    text = explanation.render_text(DOCUMENT, explanation.explain(DOCUMENT))
    assert text.startswith("registry.example/shop/web:1.0: denied\n")
    assert f"policy      {VERDICT.policy_digest}" in text
    assert f"advisories  {VERDICT.advisories_digest}" in text
    assert "evidence    GHSA-x84v-xcm2-53pg" in text
    assert "changed by  update it" in text


def test_one_subject_can_be_asked_for() -> None:
    assert [one.reason.rule for one in explanation.explain(DOCUMENT, "cve-2018-18074")] == ["severity"]
    assert [one.reason.rule for one in explanation.explain(DOCUMENT, "runs-as-root")] == ["runs-as-root"]
    assert explanation.explain(DOCUMENT, "nothing such") == ()


def test_json_holds_the_same() -> None:
    made = json.loads(explanation.render_json(DOCUMENT, explanation.explain(DOCUMENT)))
    assert made["outcome"] == "deny"
    assert [one["reason"]["rule"] for one in made["reasons"]] == ["severity", "runs-as-root", "ignore"]

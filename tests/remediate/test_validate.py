from collections.abc import Sequence
from typing import Any

import pytest

from pratique.model.advisory import Severity
from pratique.model.change import Strategy, Validation
from pratique.model.descriptor import Platform
from pratique.model.finding import Finding, State
from pratique.model.image import BASE_DIGEST, Image
from pratique.model.inventory import Inventory, Package, PackageType, Skipped
from pratique.remediate.validate import Candidate, validate
from tests.remediate.images import image

CONFIG: dict[str, Any] = {"Entrypoint": ["app"], "User": "7", "Env": ["A=1"], "Labels": {"team": "x", BASE_DIGEST: "1"}}
OLD = image(["os1", "app"], CONFIG)
NEW = image(["os2", "app"], {**CONFIG, "Env": ["A=2", "B=3"], "Labels": {"team": "x", BASE_DIGEST: "2"}})


def package(name: str, version: str = "1") -> Package:
    return Package(PackageType.DEB, name, version, f"pkg:deb/{name}@{version}")


def finding(identifier: str, name: str, version: str = "1", state: State = State.AFFECTED) -> Finding:
    return Finding(identifier, package(name, version), Severity.HIGH, state)


def candidate(of: Image, findings: Sequence[Finding], packages: Sequence[str] = ("a", "b"), **more: Any) -> Candidate:
    return Candidate(of, Inventory(packages=tuple(map(package, packages)), **more), tuple(findings))


def failed(validation: Validation) -> dict[str, str]:
    return {check.name: check.detail for check in validation.checks if not check.passed}


BEFORE = candidate(OLD, [finding("CVE-1", "a"), finding("CVE-2", "b")])


def test_fewer_findings_and_nothing_else_changed_passes() -> None:
    result = validate(BEFORE, candidate(NEW, [finding("CVE-2", "b", "2")]))
    assert result.passed
    assert (result.fixed, result.remaining) == (("CVE-1 in a (deb)",), ("CVE-2 in b (deb)",))
    assert [check.name for check in result.checks] == [
        "findings-gone",
        "no-new-findings",
        "inventory-complete",
        "configuration-unchanged",
        "packages-kept",
        "platform-unchanged",
    ]
    assert result.checks[0].detail == "1 of 2 findings are gone: CVE-1 in a (deb)"


def test_nothing_fixed_fails_and_a_new_finding_fails() -> None:
    assert failed(validate(BEFORE, candidate(NEW, [*BEFORE.findings, finding("CVE-3", "a")]))) == {
        "findings-gone": "0 of 2 findings are gone",
        "no-new-findings": "1 new findings: CVE-3 in a (deb)",
    }


def test_without_findings_before_there_is_nothing_to_fix() -> None:
    assert validate(candidate(OLD, []), candidate(NEW, [])).passed


def test_findings_that_do_not_affect_the_image_are_not_counted() -> None:
    settled = finding("CVE-3", "a", state=State.NOT_AFFECTED)
    assert validate(candidate(OLD, []), candidate(NEW, [settled])).passed


def test_a_package_that_went_away_fails_it_may_hide_a_finding() -> None:
    assert failed(validate(BEFORE, candidate(NEW, [], ["a"]))) == {"packages-kept": "1 packages are gone: b (deb)"}


def test_a_file_that_can_no_longer_be_read_fails() -> None:
    unread = (Skipped("var/lib/dpkg/status", "truncated"),)
    assert failed(validate(BEFORE, candidate(NEW, [], skipped=unread))) == {
        "inventory-complete": "1 files can no longer be read: var/lib/dpkg/status"
    }
    assert validate(candidate(OLD, [], skipped=unread), candidate(NEW, [], skipped=unread)).passed


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"Entrypoint": ["other"]}, "the entrypoint changed"),
        ({"Cmd": ["x"]}, "the command changed"),
        ({"User": ""}, "the user changed"),
        ({"Env": []}, "environment variable A is gone"),
        ({"WorkingDir": "/x"}, "the working directory changed"),
        ({"StopSignal": "SIGINT"}, "the stop signal changed"),
        ({"ExposedPorts": {"1/tcp": {}}}, "the exposed ports changed"),
        ({"Volumes": {"/x": {}}}, "the volumes changed"),
        ({"Labels": {"team": "y"}}, "the labels changed"),
    ],
)
def test_a_change_of_how_it_runs_fails(change: dict[str, Any], detail: str) -> None:
    changed = image(["os2", "app"], {**CONFIG, **change})
    assert failed(validate(BEFORE, candidate(changed, []))) == {"configuration-unchanged": detail}


def test_saying_the_default_is_no_change() -> None:
    same = image(["os2", "app"], {**CONFIG, "WorkingDir": "/", "Cmd": None})
    assert validate(BEFORE, candidate(same, [])).passed


def test_another_platform_fails() -> None:
    arm = image(["os2", "app"], CONFIG, platform=Platform("linux", "arm64"))
    assert failed(validate(BEFORE, candidate(arm, []))) == {"platform-unchanged": "linux/amd64 became linux/arm64"}


def test_the_promised_base_must_be_under_it() -> None:
    assert validate(BEFORE, candidate(NEW, []), expected_base=image(["os2"])).passed
    assert "on-new-base" in failed(validate(BEFORE, candidate(NEW, []), expected_base=image(["os3"])))


def test_a_rebased_image_must_have_the_new_bases_packages() -> None:
    base = Inventory(packages=(package("a", "2"), package("b", "1")))
    stale = validate(BEFORE, candidate(NEW, []), strategy=Strategy.REBASE, base_layers=1, base_inventory=base)
    assert failed(stale) == {"base-packages-current": "1 packages are not as in the new base: a"}
    fresh = Candidate(NEW, base, ())
    assert validate(BEFORE, fresh, strategy=Strategy.REBASE, base_layers=1, base_inventory=base).passed


def test_a_rebase_must_leave_the_applications_layers_alone() -> None:
    assert validate(BEFORE, candidate(NEW, []), strategy=Strategy.REBASE, base_layers=1).passed
    other = candidate(image(["os2", "other"], CONFIG), [])
    assert "application-layers-unchanged" in failed(validate(BEFORE, other, strategy=Strategy.REBASE, base_layers=1))
    assert validate(BEFORE, other, strategy=Strategy.REBUILD, base_layers=1).passed

"""Findings of several scanners, joined."""

from typing import Any

import pytest

from pratique.judge.scanners import merge, scanners_of
from pratique.model.advisory import Severity
from pratique.model.finding import Evidence, Finding
from pratique.model.inventory import Package, PackageType, Source
from tests.judge.making import apk, deb, finding, npm

OPENSSL = Source("openssl", "3.0.11")
SSL = deb("libssl3", "3.0.11", OPENSSL)


def ours(identity: str = "CVE-2024-1", package: Package = SSL, **more: Any) -> Finding:
    evidence = (Evidence(identity, "debian", "Debian:12", "openssl", "3.0.11", "< 3.0.13"),)
    return finding(identity, package=package, evidence=evidence, **more)


def theirs(
    identity: str = "CVE-2024-1", package: Package = SSL, tool: str = "trivy", word: str = "high", **more: Any
) -> Finding:
    evidence = (Evidence(identity, f"scanner:{tool}", "", package.name, package.version, f"{word}, no fix"),)
    return finding(identity, Severity[word.upper()], package, evidence=evidence, **more)


def test_one_vulnerability_in_one_package_is_one_finding_with_both_as_evidence() -> None:
    [found] = merge([ours()], [theirs()])
    assert scanners_of(found) == ("pratique", "trivy")
    assert found.severity is Severity.HIGH


def test_names_are_joined_by_alias() -> None:
    [found] = merge([ours("CVE-2024-1", aliases=("GHSA-a",))], [theirs("GHSA-a", aliases=("GHSA-b",))])
    assert found.aliases == ("GHSA-a", "GHSA-b")


@pytest.mark.parametrize(
    ("package", "same"),
    [
        (SSL, True),
        (deb("openssl", "3.0.11"), True),  # a tool that knows sources alone
        (deb("openssl", "3.0.11", OPENSSL), False),  # another binary of the same source
        (deb("curl", "8"), False),
        (apk("libssl3", "3.0.11"), False),
        (Package(PackageType.GENERIC, "libssl3", "", ""), True),
    ],
)
def test_a_distributions_package_goes_by_its_name_or_its_sources(package: Package, same: bool) -> None:
    assert len(merge([ours()], [theirs(package=package)])) == (1 if same else 2)


def test_copies_of_a_language_package_go_by_their_version() -> None:
    own = [ours(package=npm("lodash", "4.17.20")), ours(package=npm("lodash", "4.17.11"))]
    found = merge(own, [theirs(package=npm("lodash", "4.17.11"))])
    assert [(one.package.version, scanners_of(one)) for one in found] == [
        ("4.17.11", ("pratique", "trivy")),
        ("4.17.20", ("pratique",)),
    ]


def test_what_only_others_found_is_kept_and_what_we_say_stays() -> None:
    found = merge([ours()], [theirs("CVE-2024-9"), theirs(word="low", fix=("9",))])
    assert [(one.id, scanners_of(one)) for one in found] == [
        ("CVE-2024-1", ("pratique", "trivy")),
        ("CVE-2024-9", ("trivy",)),
    ]
    assert (found[0].severity, found[0].fix_versions) == (Severity.HIGH, ("9",))


def test_two_others_are_joined_with_each_other() -> None:
    [found] = merge([], [theirs(), theirs(tool="grype")])
    assert scanners_of(found) == ("grype", "trivy")

"""Each scanner's report becomes the same findings; what can't be taken over is named."""

from typing import Any

import pytest

from pratique.model.advisory import Severity
from pratique.model.finding import Finding, State
from pratique.model.inventory import Distro, Location, PackageType, Source
from pratique.report import cyclonedx, sarif
from pratique.report.importers.imported import Imported
from pratique.report.importers.reading import read
from tests.report.importers import files
from tests.report.samples import FINDINGS, report


def imported(document: Any) -> Imported:
    return read(files.data(document), "report.json")


def by_id(found: Imported) -> dict[str, Finding]:
    return {one.id: one for one in found.findings}


def reasons(found: Imported) -> list[str]:
    return [f"{one.path}: {one.reason}" for one in found.inventory.skipped]


def test_trivy() -> None:
    found = imported(files.TRIVY)
    assert (found.tool, found.version, found.target) == ("trivy", "0.68.0", "registry.example/web:1")
    assert found.inventory.image == files.IMAGE
    assert found.inventory.distro == Distro("debian", "12.5")
    ssl, lodash = by_id(found)["CVE-2024-1"], by_id(found)["GHSA-aaaa-bbbb-cccc"]
    assert (ssl.severity, ssl.aliases, ssl.fix_versions) == (Severity.HIGH, ("DSA-1-1",), ("3.0.13-1", "3.1.0-1"))
    assert (ssl.score, ssl.vector, ssl.published) == (7.5, "CVSS:3.1/AV:N", "2024-01-01T00:00:00Z")
    assert (ssl.package.name, ssl.package.version, ssl.package.source) == (
        "libssl3",
        "3.0.11-1",
        Source("openssl", "3.0.11-1"),
    )
    assert ssl.package.locations == (Location("", files.LAYER),)
    [said] = ssl.evidence
    assert (said.source, said.ecosystem, said.range) == (
        "scanner:trivy",
        "debian",
        "high, fixed in 3.0.13-1 or 3.1.0-1",
    )
    assert (lodash.package.type, lodash.package.purl) == (PackageType.NPM, "pkg:npm/lodash@4.17.11")
    assert [package.name for package in found.inventory.packages] == ["bash", "libssl3", "lodash"]
    assert reasons(found) == [
        "a finding: it names no package",
        "CVE-2024-3 in bash: Trivy was told that it is ignored",
    ]


def test_grype() -> None:
    found = imported(files.GRYPE)
    assert (found.tool, found.version, found.target) == ("grype", "0.100.0", "web:1")
    assert (found.inventory.image, found.inventory.distro) == (files.IMAGE, Distro("debian", "12"))
    lodash, ssl = by_id(found)["CVE-2019-10744"], by_id(found)["CVE-2024-1"]
    assert (lodash.aliases, lodash.severity, lodash.score) == (("GHSA-aaaa-bbbb-cccc",), Severity.CRITICAL, 9.1)
    assert lodash.package.locations == (Location("app/node_modules/lodash/package.json", files.LAYER),)
    assert lodash.evidence[0].ecosystem == "github:language:javascript"
    assert (ssl.severity, ssl.fix_versions, ssl.package.source) == (
        Severity.NEGLIGIBLE,
        (),
        Source("openssl", "3.0.11-1"),
    )
    assert reasons(found) == ["CVE-2024-3 in bash: Grype was told to ignore it"]


def test_twistcli() -> None:
    found = imported(files.TWISTLOCK)
    assert (found.tool, found.target, found.created) == ("twistlock", "registry.example/web:1", "2026-06-01T00:00:00Z")
    assert found.inventory.image == files.IMAGE
    glibc = [one for one in found.findings if one.id == "CVE-2023-4911"]
    assert [(one.package.name, one.package.type, one.package.source) for one in glibc] == [
        ("libc6", PackageType.DEB, Source("glibc", "2.36-9")),
        ("libc-bin", PackageType.DEB, Source("glibc", "2.36-9")),
    ]
    assert (glibc[0].severity, glibc[0].fix_versions, glibc[0].score) == (
        Severity.HIGH,
        ("2.36-9+deb12u3", "2.38-1"),
        7.8,
    )
    own = by_id(found)["PRISMA-2021-0001"]
    assert (own.package.type, own.package.locations, own.fix_versions) == (
        PackageType.NPM,
        (Location("app/node_modules/lodash"),),
        (),
    )


def test_prismas_console() -> None:
    [found] = imported(files.PRISMA).findings
    assert (found.id, found.package.type, found.fix_versions) == ("CVE-2024-1", PackageType.APK, ("3.1.4-r5",))
    assert (found.vector, found.published) == ("CVSS:3.1/AV:N", "")


def test_a_clean_image_of_twistcli_has_no_findings() -> None:
    clean = {key: value for key, value in files.TWISTLOCK["results"][0].items() if key != "vulnerabilities"}
    assert imported({"results": [clean]}).findings == ()


def test_aqua() -> None:
    found = imported(files.AQUA)
    assert (found.tool, found.target, found.inventory.image) == ("aqua", "registry.example/web:1", files.IMAGE)
    severities = {one.id: one.severity for one in found.findings}
    assert severities == {"CVE-2024-1": Severity.CRITICAL, "CVE-2024-2": Severity.MEDIUM, "CVE-2024-3": Severity.HIGH}
    worst = by_id(found)["CVE-2024-1"]
    assert (worst.score, worst.fix_versions, worst.url) == (9.1, ("3.0.13-1",), "https://nvd.example")
    kinds = {package.name: package.type for package in found.inventory.packages}
    assert kinds == {"openssl": PackageType.DEB, "jinja2": PackageType.PYPI}


def test_aquas_server() -> None:
    found = imported({"cves": [{"name": "CVE-1-1", "file": "/usr/lib/x.so", "score": 9.5, "fix_version": "2"}]})
    [one] = found.findings
    assert (one.package.name, one.severity) == ("/usr/lib/x.so", Severity.CRITICAL)


def test_defender() -> None:
    found = imported(files.DEFENDER)
    assert (found.tool, found.target) == ("defender", "registry.azurecr.example/web:1")
    assert (found.inventory.image, found.inventory.distro) == (files.IMAGE, Distro("debian", "12"))
    [one] = found.findings
    assert (one.id, one.package.name, one.package.type, one.package.version) == (
        "CVE-2024-1",
        "openssl",
        PackageType.DEB,
        "3.0.11-1",
    )
    assert (one.severity, one.score, one.fix_versions) == (Severity.HIGH, 7.5, ("3.0.13-1",))
    assert reasons(found) == ["odd: Defender says it is not applicable"]


def test_defenders_older_form() -> None:
    [one] = imported(files.QUALYS).findings
    assert (one.id, one.aliases, one.severity) == ("CVE-2024-1", ("CVE-2024-2",), Severity.MEDIUM)


def test_trivys_sarif() -> None:
    found = imported(files.TRIVY_SARIF)
    [one] = found.findings
    assert (found.tool, one.id, one.package.name, one.package.version) == ("trivy", "CVE-2024-1", "libssl3", "3.0.11-1")
    assert (one.severity, one.score, one.fix_versions) == (Severity.HIGH, 7.5, ("3.0.13-1",))
    assert reasons(found) == ["result of rule 'secret-key': it is not about a vulnerability"]


def test_trivys_cyclonedx() -> None:
    found = imported(files.TRIVY_CYCLONEDX)
    assert (found.tool, found.version, found.target) == ("trivy", "0.68.0", "web:1")
    one = by_id(found)["CVE-2024-1"]
    assert (one.package.name, one.severity, one.score) == ("libssl3", Severity.HIGH, 7.5)
    assert by_id(found)["CVE-2024-4"].state is State.NOT_AFFECTED
    assert reasons(found) == ["gone: the component that it affects is not in the document"]


@pytest.mark.parametrize("form", [sarif, cyclonedx])
def test_what_we_write_we_read(form: Any) -> None:
    found = read(form.render(report()), "ours")
    assert found.tool == "pratique"
    wanted = {(one.id, one.package.name, one.package.version, one.fix_versions) for one in FINDINGS}
    assert {(one.id, one.package.name, one.package.version, one.fix_versions) for one in found.findings} == wanted

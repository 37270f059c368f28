import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings

from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData
from pratique.model.finding import Finding
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Skipped, Source
from pratique.report import cyclonedx, cyclonedx_reader
from tests.report.samples import FINDING_TUPLES, INVENTORIES, INVENTORY, bare, report

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def loaded(data: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(data)
    return document


def foreign(*components: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components, **more}).encode()


def test_a_report_is_valid_by_the_official_schema() -> None:
    assert VALIDATOR.validate_str(cyclonedx.render(report()).decode()) is None


@settings(max_examples=12, deadline=None)
@given(INVENTORIES, FINDING_TUPLES)
def test_any_report_is_valid_by_the_official_schema(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    assert VALIDATOR.validate_str(cyclonedx.render(report(inventory, findings)).decode()) is None


@given(INVENTORIES)
def test_what_was_written_is_read_back_with_nothing_lost(inventory: Inventory) -> None:
    assert cyclonedx_reader.read(cyclonedx.render(bare(inventory)), "sbom.json") == inventory


def test_the_same_report_gives_the_same_bytes_and_another_one_another_serial_number() -> None:
    assert cyclonedx.render(report()) == cyclonedx.render(report())
    other = loaded(cyclonedx.render(report(Inventory())))
    assert other["serialNumber"] != loaded(cyclonedx.render(report()))["serialNumber"]


def test_the_image_is_the_subject_and_layers_are_properties() -> None:
    document = loaded(cyclonedx.render(report()))
    root = document["metadata"]["component"]
    assert (root["type"], root["name"], root["version"]) == (
        "container",
        "registry.example/shop/web:1.0",
        digest_of(b"manifest"),
    )
    assert {"name": "pratique:layer:0:diffID", "value": digest_of(b"base")} in root["properties"]


def test_findings_are_vulnerabilities_worst_first_and_point_at_their_component() -> None:
    document = loaded(cyclonedx.render(report()))
    refs = {component["bom-ref"] for component in document["components"]}
    vulnerabilities = document["vulnerabilities"]
    assert [one["id"] for one in vulnerabilities][:2] == ["CVE-2024-0001", "CVE-2018-18074"]
    assert {affected["ref"] for one in vulnerabilities for affected in one["affects"]} <= refs
    assert vulnerabilities[1]["ratings"][0]["method"] == "CVSSv31"
    assert vulnerabilities[1]["recommendation"] == "Update to 2.20.0"


def test_an_inventory_without_findings_has_no_vulnerabilities() -> None:
    assert "vulnerabilities" not in loaded(cyclonedx.render(bare(INVENTORY)))


def test_a_package_found_twice_is_two_components_with_their_own_references() -> None:
    twice = Inventory(packages=(INVENTORY.packages[0], INVENTORY.packages[0]))
    data = cyclonedx.render(bare(twice))
    assert len({component["bom-ref"] for component in loaded(data)["components"]}) == 2
    assert cyclonedx_reader.read(data, "sbom.json") == twice


def test_syft_components_are_read_by_purl() -> None:
    layer = digest_of(b"layer")
    data = foreign(
        {
            "type": "library",
            "name": "libssl3",
            "version": "3.0.11-1",
            "purl": "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl%403.0.11",
            "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "GPL"}}],
            "properties": [
                {"name": "syft:location:0:path", "value": "/var/lib/dpkg/status"},
                {"name": "syft:location:0:layerID", "value": layer},
            ],
        },
        {"type": "library", "name": "@types/node", "version": "1.0", "purl": "pkg:npm/%40types/node@1.0"},
        {"type": "operating-system", "name": "debian", "version": "12", "swid": {"tagId": "debian"}},
        {"type": "file", "name": "/bin/sh"},
        metadata={"component": {"type": "container", "name": "web", "version": layer}, "tools": {"components": []}},
    )
    inventory = cyclonedx_reader.read(data, "syft.json")
    assert inventory.image == layer
    assert inventory.distro == Distro("debian", "12")
    assert inventory.skipped == ()
    ssl, node = inventory.packages
    assert ssl.source == Source("openssl", "3.0.11")
    assert (ssl.architecture, ssl.licenses, ssl.locations) == (
        "amd64",
        ("MIT", "GPL"),
        (Location("var/lib/dpkg/status", layer),),
    )
    assert (node.type, node.name) == (PackageType.NPM, "@types/node")


def test_trivy_components_keep_epoch_source_and_layer() -> None:
    layer = digest_of(b"layer")
    properties = {"LayerDiffID": layer, "SrcName": "shadow", "SrcVersion": "4.13", "SrcRelease": "1", "SrcEpoch": "1"}
    data = foreign(
        {
            "type": "library",
            "name": "passwd",
            "version": "1:4.13-1",
            "purl": "pkg:deb/debian/passwd@4.13-1?distro=debian-12.5&epoch=1",
            "properties": [{"name": f"aquasecurity:trivy:{key}", "value": value} for key, value in properties.items()],
        },
        {"type": "application", "name": "app/package-lock.json"},
        metadata={
            "tools": [{"name": "trivy"}],
            "component": {
                "type": "container",
                "name": "web",
                "properties": [{"name": "aquasecurity:trivy:RepoDigest", "value": f"example/web@{layer}"}],
            },
        },
    )
    inventory = cyclonedx_reader.read(data, "trivy.json")
    assert inventory.image == layer
    assert inventory.distro == Distro("debian", "12.5")
    assert inventory.packages == (
        Package(
            PackageType.DEB,
            "passwd",
            "1:4.13-1",
            "pkg:deb/debian/passwd@4.13-1?distro=debian-12.5&epoch=1",
            source=Source("shadow", "1:4.13-1"),
            locations=(Location("", layer),),
        ),
    )


def test_what_cannot_be_a_package_is_named_with_the_reason() -> None:
    data = foreign(
        {"type": "library", "name": "Alamofire", "version": "1", "purl": "pkg:swift/github.com/Alamofire/Alamofire@1"},
        {"type": "library", "name": "mystery", "version": "1"},
        {"type": "library", "name": "broken", "version": "1", "purl": "pkg:"},
        {"type": "library", "name": "flask", "purl": "pkg:pypi/flask"},
    )
    assert [item.reason for item in cyclonedx_reader.read(data, "x").skipped] == [
        "packages of type swift are not supported",
        "it has no package URL",
        "its package URL cannot be read: it is pkg:type/namespace/name@version",
        "it has no version",
    ]


def test_components_inside_components_are_found() -> None:
    inner = {"type": "library", "name": "flask", "version": "1", "purl": "pkg:pypi/flask@1"}
    outer = {"type": "application", "name": "app", "components": [inner]}
    assert [package.name for package in cyclonedx_reader.read(foreign(outer), "x").packages] == ["flask"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"bomFormat": "CycloneDX", "components": [{"type": 1}]}', r"\$.components\[0\].type"),
        (b'{"bomFormat": "SPDX"}', "not a CycloneDX document"),
        (b'{"bomFormat": "CycloneDX", "comp', "truncated"),
        (b"\xff\xfe{", "malformed"),
        (b'{"bomFormat":"CycloneDX","components":' + b"[" * 100_000, "."),
        (
            foreign({"type": "library", "name": "x", "properties": [{"name": "pratique:type", "value": "swift"}]}),
            "type",
        ),
    ],
)
def test_a_malformed_document_is_refused_with_the_place(data: bytes, why: str) -> None:
    with pytest.raises(InvalidData, match=why) as error:
        cyclonedx_reader.read(data, "bad.json")
    assert "bad.json" in error.value.what


def test_skipped_files_stay_skipped() -> None:
    inventory = Inventory(skipped=(Skipped("a", "b"), Skipped("c", "")))
    assert cyclonedx_reader.read(cyclonedx.render(bare(inventory)), "x") == inventory


def test_an_rpm_package_of_another_tools_has_its_source_from_the_source_packages_file() -> None:
    upstream = "openssl-3.0.7-27.el9.src.rpm"
    purl = f"pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1&upstream={upstream}"
    component = {"type": "library", "name": "openssl-libs", "version": "1:3.0.7-27.el9", "purl": purl}
    inventory = cyclonedx_reader.read(foreign(component), "syft.json")
    assert inventory.packages[0].version == "1:3.0.7-27.el9"
    assert inventory.packages[0].source == Source("openssl", "1:3.0.7-27.el9")
    assert inventory.distro == Distro("rhel", "9.4")

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData
from pratique.model.inventory import Distro, Inventory, Source
from pratique.report import spdx, spdx_reader
from pratique.report.licenses import IDS
from tests.report.samples import INVENTORIES, INVENTORY, OPENSSL, bare, report


def problems(data: bytes, folder: Path) -> list[str]:
    """What the SPDX project's own tools say of a document."""
    file = folder / "document.spdx.json"
    file.write_bytes(data)
    return [message.validation_message for message in validate_full_spdx_document(parse_file(str(file)))]


def loaded(data: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(data)
    return document


def test_a_report_is_valid_by_the_official_tools(tmp_path: Path) -> None:
    assert problems(spdx.render(report()), tmp_path) == []


def test_an_empty_inventory_is_valid_by_the_official_tools(tmp_path: Path) -> None:
    assert problems(spdx.render(bare(Inventory())), tmp_path) == []


@settings(max_examples=12, deadline=None)
@given(INVENTORIES)
def test_any_inventory_is_valid_by_the_official_tools(
    tmp_path_factory: pytest.TempPathFactory, inventory: Inventory
) -> None:
    assert problems(spdx.render(bare(inventory)), tmp_path_factory.mktemp("spdx")) == []


@given(INVENTORIES)
def test_what_was_written_is_read_back_with_nothing_lost(inventory: Inventory) -> None:
    assert spdx_reader.read(spdx.render(bare(inventory)), "sbom.json") == inventory


def test_the_same_report_gives_the_same_bytes_and_another_one_another_namespace() -> None:
    assert spdx.render(report()) == spdx.render(report())
    other = loaded(spdx.render(report(Inventory())))
    assert other["documentNamespace"] != loaded(spdx.render(report()))["documentNamespace"]


def test_the_image_contains_the_packages() -> None:
    document = loaded(spdx.render(report()))
    held = [one for one in document["relationships"] if one["relationshipType"] == "CONTAINS"]
    assert len(held) == len(document["packages"]) - 1 == len(INVENTORY.packages) + 1  # the operating system too
    assert document["packages"][0]["checksums"] == [
        {"algorithm": "SHA256", "checksumValue": digest_of(b"manifest").removeprefix("sha256:")}
    ]


def test_licences_on_the_list_are_expressions_and_others_are_quoted() -> None:
    document = loaded(spdx.render(report()))
    declared = {one["name"]: one["licenseDeclared"] for one in document["packages"]}
    assert declared["@types/node"] == "MIT OR Apache-2.0"
    assert declared["libssl3"].startswith("Apache-2.0 AND LicenseRef-")
    assert {one["extractedText"] for one in document["hasExtractedLicensingInfos"]} == {"GPL-2", "Apache 2.0"}


def test_our_licence_ids_are_on_the_official_list() -> None:
    schema = json.loads(_schema("spdx.SNAPSHOT.schema.json").read_text())
    assert set(schema["enum"]) >= IDS


def _schema(name: str) -> Path:
    import cyclonedx.schema._res

    return Path(cyclonedx.schema._res.__file__).parent / name


def test_another_tools_packages_are_read_by_purl() -> None:
    purl = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": OPENSSL.purl}
    data = {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            {"name": "web", "SPDXID": "SPDXRef-1", "primaryPackagePurpose": "CONTAINER", "versionInfo": digest_of(b"")},
            {
                "name": "libssl3",
                "SPDXID": "SPDXRef-2",
                "versionInfo": "3.0.11-1~deb12u1",
                "licenseDeclared": "MIT AND LicenseRef-x",
                "externalRefs": [purl],
            },
            {"name": "go", "SPDXID": "SPDXRef-3", "externalRefs": [{**purl, "referenceLocator": "pkg:swift/x@1"}]},
        ],
        "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-x", "extractedText": "Be kind", "name": "Kind"}],
        "files": [{"fileName": "x"}],
    }
    inventory = spdx_reader.read(json.dumps(data).encode(), "syft.spdx.json")
    assert inventory.image == digest_of(b"")
    assert inventory.distro == Distro("debian", "12")
    assert inventory.packages[0].source == Source("openssl", "3.0.11-1~deb12u1")
    assert inventory.packages[0].licenses == ("MIT", "Kind")
    assert [item.reason for item in inventory.skipped] == ["packages of type swift are not supported"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"spdxVersion": "SPDX-3.0"}', "not SPDX 2.x"),
        (b'{"spdxVersion": "SPDX-2.3", "packages": [{"name": null}]}', r"\$.packages\[0\].name"),
        (b"[]", "Expected `object`"),
        (b'{"spdxVersion":', "truncated"),
    ],
)
def test_a_malformed_document_is_refused_with_the_place(data: bytes, why: str) -> None:
    with pytest.raises(InvalidData, match=why):
        spdx_reader.read(data, "bad.json")

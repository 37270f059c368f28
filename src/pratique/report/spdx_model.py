"""The part of SPDX 2.3 (JSON) that we write and read (spdx.github.io/spdx-spec/v2.3), as structs."""

import msgspec

NOASSERTION = "NOASSERTION"


class Checksum(msgspec.Struct, frozen=True, rename="camel"):
    """A hash of a package."""

    algorithm: str
    checksum_value: str


class ExternalRef(msgspec.Struct, frozen=True, rename="camel"):
    """Another name of a package; `purl` is the one we use."""

    reference_category: str
    reference_type: str
    reference_locator: str


class Annotation(msgspec.Struct, frozen=True, rename="camel"):
    """A note by a tool; ours hold JSON after `pratique:`."""

    annotation_date: str
    annotation_type: str
    annotator: str
    comment: str


class SpdxPackage(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A package, the operating system, or the image itself."""

    name: str
    spdx_id: str = msgspec.field(default="", name="SPDXID")
    version_info: str = ""
    download_location: str = ""
    files_analyzed: bool | None = None
    license_concluded: str = ""
    license_declared: str = ""
    copyright_text: str = ""
    primary_package_purpose: str = ""
    source_info: str = ""
    checksums: tuple[Checksum, ...] = ()
    external_refs: tuple[ExternalRef, ...] = ()
    annotations: tuple[Annotation, ...] = ()


class Relationship(msgspec.Struct, frozen=True, rename="camel"):
    """One element of another: `DESCRIBES`, `CONTAINS`."""

    spdx_element_id: str
    relationship_type: str
    related_spdx_element: str


class ExtractedLicense(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A licence that isn't on SPDX's list."""

    license_id: str
    extracted_text: str = ""
    name: str = ""


class CreationInfo(msgspec.Struct, frozen=True):
    """When and by what."""

    created: str = ""
    creators: tuple[str, ...] = ()


class SpdxDocument(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The document."""

    spdx_version: str
    data_license: str = ""
    spdx_id: str = msgspec.field(default="", name="SPDXID")
    name: str = ""
    document_namespace: str = ""
    creation_info: CreationInfo | None = None
    has_extracted_licensing_infos: tuple[ExtractedLicense, ...] = ()
    packages: tuple[SpdxPackage, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    annotations: tuple[Annotation, ...] = ()


class PackageNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What SPDX has no field for, or would not give back as it was: one annotation per package."""

    type: str
    name: str | None = None
    purl: str | None = None
    architecture: str = ""
    owner: str = ""
    source: tuple[str, str] | None = None
    locations: tuple[tuple[str, str | None], ...] = ()
    licenses: tuple[str, ...] = ()
    vendor: str = ""
    modularity: str = ""


class DocumentNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rest of the inventory: one annotation on the document."""

    image: str | None = None
    distro: tuple[str, str, str, str, tuple[str, ...]] | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    end_of_life: str = ""


MARK = "pratique:"

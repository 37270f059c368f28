"""The part of CycloneDX 1.6 that we write and read (cyclonedx.org/docs/1.6/json), as structs.

Everything is optional, because other tools' documents leave out much; what isn't named here is ignored.
"""

import msgspec


class Property(msgspec.Struct, frozen=True):
    """A name and a value; names are namespaced with colons."""

    name: str
    value: str = ""


class LicenseName(msgspec.Struct, frozen=True, omit_defaults=True):
    """An SPDX id or any other name."""

    id: str | None = None
    name: str | None = None


class LicenseChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One licence, or (alone in its list) an expression."""

    license: LicenseName | None = None
    expression: str = ""


class Component(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A package, an operating system, an image."""

    type: str
    name: str
    bom_ref: str = msgspec.field(default="", name="bom-ref")
    group: str = ""
    version: str = ""
    purl: str = ""
    licenses: tuple[LicenseChoice, ...] | None = None
    properties: tuple[Property, ...] | None = None
    components: "tuple[Component, ...] | None" = None


class ToolChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What made the document."""

    components: tuple[Component, ...] = ()


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """When, by what, of what."""

    timestamp: str = ""
    tools: ToolChoice | None = None
    component: Component | None = None
    properties: tuple[Property, ...] | None = None


class Dependency(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a component holds or needs, by bom-ref."""

    ref: str
    depends_on: tuple[str, ...] = ()


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who published a vulnerability or a rating."""

    name: str = ""
    url: str = ""


class Rating(msgspec.Struct, frozen=True, omit_defaults=True):
    """How bad; `method` is `CVSSv31` and its like."""

    severity: str
    score: float | None = None
    method: str = ""
    vector: str = ""


class OtherId(msgspec.Struct, frozen=True):
    """Another name of a vulnerability."""

    id: str
    source: Origin


class Versions(msgspec.Struct, frozen=True):
    """A version and whether it is `affected`, `unaffected` or `unknown`."""

    version: str
    status: str


class Affects(msgspec.Struct, frozen=True, omit_defaults=True):
    """One component that a vulnerability is about."""

    ref: str
    versions: tuple[Versions, ...] = ()


class Analysis(msgspec.Struct, frozen=True):
    """Where a finding stands (VEX)."""

    state: str


class Vulnerability(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One vulnerability with the components it affects."""

    id: str
    bom_ref: str = msgspec.field(default="", name="bom-ref")
    source: Origin | None = None
    references: tuple[OtherId, ...] = ()
    ratings: tuple[Rating, ...] = ()
    description: str = ""
    recommendation: str = ""
    published: str = ""
    updated: str = ""
    analysis: Analysis | None = None
    affects: tuple[Affects, ...] = ()
    properties: tuple[Property, ...] = ()


class Bom(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The document that we write."""

    schema: str = msgspec.field(default="", name="$schema")
    bom_format: str = ""
    spec_version: str = ""
    serial_number: str = ""
    version: int = 0
    metadata: Metadata | None = None
    components: tuple[Component, ...] | None = None
    dependencies: tuple[Dependency, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()


class MetadataRead(msgspec.Struct, frozen=True):
    """Of what; tools come in two shapes and do not matter here."""

    component: Component | None = None
    properties: tuple[Property, ...] | None = None


class BomRead(msgspec.Struct, frozen=True, rename="camel"):
    """The document that we read: only what leads to packages."""

    bom_format: str = ""
    spec_version: str = ""
    metadata: MetadataRead | None = None
    components: tuple[Component, ...] | None = None

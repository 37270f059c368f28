"""What is in an image: packages with where they came from, the distribution, and what could not be read."""

from enum import StrEnum

import msgspec

from pratique.model.digest import Digest


class PackageType(StrEnum):
    """The kind of package, in purl's words."""

    DEB = "deb"
    APK = "apk"
    RPM = "rpm"
    ALPM = "alpm"
    PYPI = "pypi"
    NPM = "npm"
    GOLANG = "golang"
    MAVEN = "maven"
    CARGO = "cargo"
    NUGET = "nuget"
    GEM = "gem"
    COMPOSER = "composer"
    CONDA = "conda"
    BITNAMI = "bitnami"
    GENERIC = "generic"


class Distro(msgspec.Struct, frozen=True, omit_defaults=True):
    """The distribution by os-release: `id` (debian), `version_id` (12), `codename` (bookworm), `name` for people.

    `end_of_life` is the day (YYYY-MM-DD) after which the distribution mends nothing for everybody, where that is known.
    """

    id: str
    version_id: str = ""
    codename: str = ""
    name: str = ""
    id_like: tuple[str, ...] = ()
    end_of_life: str = ""


class Location(msgspec.Struct, frozen=True, order=True):
    """A file that proves a package: its path in the image (no leading slash) and the layer (diffID) that brought it."""

    path: str
    layer: Digest | None = None


class Source(msgspec.Struct, frozen=True, order=True):
    """The source package that a distribution's binary package was built from; advisories name this one."""

    name: str
    version: str


class Package(msgspec.Struct, frozen=True, omit_defaults=True):
    """One installed package. `purl` identifies it; `source` is set for distribution packages built from another name.

    `licenses` are the strings as found. `locations` are sorted; the first is where the package is declared.
    `owner` is the purl of the operating system's package that brought this one (python3-yaml brings PyYAML): such a
    package is the distribution's to mend, so it is listed here but judged under its owner.
    `vendor` and `modularity` (RPM's module label, `name:stream:version:context`) are as RPM's header has them.
    """

    type: PackageType
    name: str
    version: str
    purl: str
    architecture: str = ""
    source: Source | None = None
    locations: tuple[Location, ...] = ()
    licenses: tuple[str, ...] = ()
    owner: str = ""
    vendor: str = ""
    modularity: str = ""


class Skipped(msgspec.Struct, frozen=True, order=True):
    """Something that should have been read and could not be: never silence."""

    path: str
    reason: str


class Inventory(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that was found in an image or root file system.

    `image` is the manifest's digest where there is an image. Packages are sorted by type, name, version, location.
    """

    image: Digest | None = None
    distro: Distro | None = None
    packages: tuple[Package, ...] = ()
    skipped: tuple[Skipped, ...] = ()

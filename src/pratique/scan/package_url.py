"""The package URL of what was found: the distribution as namespace, a group or scope in front (purl-spec, types/)."""

from pratique.model import purl
from pratique.model.inventory import Distro, PackageType
from pratique.scan.found import Found

_OF_DISTROS = {PackageType.DEB: "debian", PackageType.APK: "alpine", PackageType.RPM: "", PackageType.ALPM: "arch"}
_VENDORS = {"rhel": "redhat"}  # where purls are written with another word than os-release's ID
_SEPARATOR = {
    PackageType.NPM: "/",
    PackageType.GOLANG: "/",
    PackageType.COMPOSER: "/",
    PackageType.MAVEN: ":",
}


def purl_of(found: Found, distro: Distro | None) -> str:
    """The canonical package URL; RPM's epoch is a qualifier, not a part of the version."""
    if found.type in _OF_DISTROS:
        return _of_distro(found, distro)
    namespace, name = "", found.name
    if separator := _SEPARATOR.get(found.type):
        namespace, _, name = found.name.rpartition(separator)
        if not name:
            namespace, name = "", found.name.strip(separator)
    return purl.write(found.type.value, name, found.version, namespace)


def _of_distro(found: Found, distro: Distro | None) -> str:
    version, qualifiers = found.version, {"arch": found.architecture}
    if found.type is PackageType.RPM:
        epoch, colon, rest = version.partition(":")
        if colon:
            version, qualifiers["epoch"] = rest, epoch
    if distro:
        qualifiers["distro"] = "-".join(filter(None, (distro.id, distro.version_id or distro.codename)))
    namespace = _OF_DISTROS[found.type]
    if distro:
        namespace = _VENDORS.get(distro.id, distro.id) if found.type is PackageType.RPM else distro.id
    return purl.write(found.type.value, found.name, version, namespace, qualifiers)

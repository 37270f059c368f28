"""Which ecosystem a distribution's packages are asked for in, and what is said where there is none."""

import pytest

from pratique.judge.ecosystems import Lookup, concerns, lookup, of_distro, unsupported
from pratique.judge.match import match, match_all
from pratique.model.advisory import Range
from pratique.model.inventory import Distro, Package, PackageType, Source
from tests.judge.making import ALPINE, BOOKWORM, Advisories, advisory, apk, deb, image_of, pypi


@pytest.mark.parametrize(
    ("distro", "ecosystems"),
    [
        (BOOKWORM, ("Debian:12",)),
        (Distro("debian", "12.5"), ("Debian:12",)),
        (Distro("debian", "", "trixie"), ()),
        (Distro("ubuntu", "24.04", "noble"), ("Ubuntu:24.04:LTS", "Ubuntu:24.04")),
        (ALPINE, ("Alpine:v3.19",)),
        (Distro("alpine", "3.22"), ("Alpine:v3.22",)),
        (Distro("alpine", "3.21.0_alpha20240807"), ()),
        (Distro("wolfi", "20230201"), ("Wolfi",)),
        (Distro("chainguard", "20230214"), ("Chainguard",)),
        (Distro("almalinux", "9.4"), ("AlmaLinux:9",)),
        (Distro("rocky", "8.10"), ("Rocky Linux:8",)),
        (
            Distro("rhel", "9.5"),
            tuple(f"Red Hat:enterprise_linux:9::{part}" for part in ("baseos", "appstream", "crb")),
        ),
        (Distro("azurelinux", "3.0"), ("Azure Linux:3",)),
        (Distro("mariner", "2.0"), ("Azure Linux:2", "CBL-Mariner:2")),
        (Distro("opensuse-leap", "15.6"), ("openSUSE:Leap 15.6",)),
        (Distro("opensuse-tumbleweed", "20260101"), ("openSUSE:Tumbleweed",)),
        (Distro("arch", ""), ()),
        (Distro("fedora", "40"), ()),
        (Distro("kali", "2024.1", id_like=("debian",)), ()),
        (Distro("ubuntu", "rolling"), ()),
    ],
)
def test_a_distribution_has_its_words_in_osv(distro: Distro, ecosystems: tuple[str, ...]) -> None:
    assert of_distro(distro) == ecosystems


def test_sle_is_asked_for_the_server_and_its_modules() -> None:
    words = of_distro(Distro("sles", "15.6"))
    assert words[:2] == ("SUSE:Linux Enterprise Server 15 SP6", "SUSE:Linux Enterprise Module for Basesystem 15 SP6")
    assert of_distro(Distro("sles", "15"))[0] == "SUSE:Linux Enterprise Server 15"


@pytest.mark.parametrize(
    ("kind", "name", "ecosystem", "asked"),
    [
        (PackageType.GOLANG, "golang.org/x/net", "Go", "golang.org/x/net"),
        (PackageType.GOLANG, "std", "Go", "stdlib"),
        (PackageType.MAVEN, "org.apache.commons:commons-text", "Maven", "org.apache.commons:commons-text"),
        (PackageType.MAVEN, "org.apache.commons/commons-text", "Maven", "org.apache.commons:commons-text"),
        (PackageType.CARGO, "time", "crates.io", "time"),
        (PackageType.NUGET, "Newtonsoft.Json", "NuGet", "Newtonsoft.Json"),
        (PackageType.GEM, "rack", "RubyGems", "rack"),
        (PackageType.COMPOSER, "symfony/http-kernel", "Packagist", "symfony/http-kernel"),
        (PackageType.BITNAMI, "postgresql", "Bitnami", "postgresql"),
    ],
)
def test_a_language_s_packages_are_asked_for_by_its_own_names(
    kind: PackageType, name: str, ecosystem: str, asked: str
) -> None:
    package = Package(kind, name, "1.0", f"pkg:{kind.value}/{name}@1.0")
    assert lookup(package, None) == Lookup((ecosystem,), (asked,), "1.0")


@pytest.mark.parametrize(
    ("distro", "asked"),
    [
        (Distro("almalinux", "9"), "openssl-libs"),
        (Distro("azurelinux", "3.0"), "openssl"),
        (Distro("rocky", "9"), "openssl"),
    ],
)
def test_an_rpm_is_asked_for_as_its_distribution_writes_of_it(distro: Distro, asked: str) -> None:
    package = Package(PackageType.RPM, "openssl-libs", "1:3.0-1", "", source=Source("openssl", "1:3.0-1"))
    question = lookup(package, distro)
    assert question is not None
    assert (question.names, question.version) == ((asked,), "1:3.0-1")


@pytest.mark.parametrize(
    ("package", "entry", "said"),
    [
        ("", "", True),
        ("nodejs:16", "nodejs:16", True),
        ("nodejs:16", "nodejs:18", False),
        ("", "nodejs:16", False),
        ("nodejs:16", "", False),
        ("*", "nodejs:16", True),
        ("nodejs:16", "*", True),
    ],
)
def test_a_module_s_packages_are_compared_with_its_stream(package: str, entry: str, said: bool) -> None:
    assert concerns(Lookup(("AlmaLinux:8",), ("nodejs",), "1", package), entry) is said


def test_a_modular_build_without_a_label_may_be_of_any_stream() -> None:
    package = Package(PackageType.RPM, "nodejs", "1:16-1.module_el8", "")
    question = lookup(package, Distro("almalinux", "8"))
    assert question is not None
    assert question.module == "*"


def test_ubuntu_records_are_found_under_either_word() -> None:
    noble = image_of(deb("bash", "5"), distro=Distro("ubuntu", "24.04"))
    for ecosystem in ("Ubuntu:24.04:LTS", "Ubuntu:24.04"):
        assert len(match(noble, Advisories([advisory("CVE-2024-1", ecosystem, "bash", Range())]))) == 1


@pytest.mark.parametrize(
    ("distro", "says"),
    [
        (Distro("debian", "", "trixie"), "Debian trixie has no release number"),
        (Distro("debian"), "Debian testing or unstable has no release number"),
        (Distro("fedora", "40"), "the distribution fedora 40 is not supported"),
        (Distro("alpine", "3.21.0_alpha20240807"), "Alpine 3.21.0_alpha20240807 is not a released branch"),
        (None, "no distribution was recognised"),
    ],
)
def test_an_unsupported_distribution_is_named_with_the_number_of_its_packages(distro: Distro | None, says: str) -> None:
    image = image_of(deb("bash", "5"), deb("curl", "8"), pypi("lib", "1.0"), distro=distro)
    lib = advisory("X-1", "PyPI", "lib", Range())
    result = match_all(image, Advisories([lib]))
    assert [one.package.name for one in result.findings] == ["lib"], "language packages are matched all the same"
    [missed] = result.unmatched
    assert missed.path == "etc/os-release"
    assert missed.reason.startswith(says)
    assert ": 2 packages of " in missed.reason


def test_packages_of_a_kind_that_the_distribution_does_not_use_are_named() -> None:
    [missed] = unsupported(image_of(apk("busybox", "1"), distro=BOOKWORM))
    assert missed.reason == "1 package of another distribution than debian 12: not matched with advisories"


def test_an_image_without_distribution_packages_needs_no_distribution() -> None:
    assert unsupported(image_of(pypi("lib", "1.0"))) == ()

"""Which ecosystem a distribution's packages are asked for in, and what is said where there is none."""

import pytest

from pratique.judge.ecosystems import of_distro, unsupported
from pratique.judge.match import match, match_all
from pratique.model.advisory import Range
from pratique.model.inventory import Distro
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
        (Distro("fedora", "40"), ()),
        (Distro("kali", "2024.1", id_like=("debian",)), ()),
        (Distro("ubuntu", "rolling"), ()),
    ],
)
def test_a_distribution_has_its_words_in_osv(distro: Distro, ecosystems: tuple[str, ...]) -> None:
    assert of_distro(distro) == ecosystems


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

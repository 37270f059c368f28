"""What a new image did about an old one's vulnerabilities; and which of them its base brought."""

import msgspec
import pytest

from pratique.judge.base import mark_base
from pratique.judge.compare import Difference, PackageChange, fixed_and_new, packages
from pratique.model.digest import Digest, digest_of
from pratique.model.inventory import Location, PackageType
from tests.judge.making import deb, finding, image_of, npm

BASE, OTHER = digest_of(b"base"), digest_of(b"other")


def test_findings_are_fixed_kept_or_new() -> None:
    gone = finding("CVE-2024-1")
    before = finding("CVE-2024-2", package=deb("openssl", "3.0.11"))
    after = finding("CVE-2024-2", package=deb("openssl", "3.0.13"))
    fresh = finding("CVE-2024-3")
    assert fixed_and_new([gone, before], [after, fresh]) == Difference((gone,), (after,), (fresh,))


def test_the_same_vulnerability_in_another_package_is_another_finding() -> None:
    old, new = finding(package=deb("a", "1")), finding(package=deb("b", "1"))
    assert fixed_and_new([old], [new]) == Difference((old,), (), (new,))


def test_a_package_installed_twice_is_fixed_when_no_copy_is_affected() -> None:
    one, two = finding(package=deb("a", "1")), finding(package=deb("a", "2"))
    assert fixed_and_new([one, two], [two]) == Difference((), (two,), ())
    assert fixed_and_new([one, two], []).fixed == (one, two)


@pytest.mark.parametrize(
    ("layers", "base", "in_base"),
    [
        ([BASE], [BASE], True),
        ([BASE, OTHER], [BASE], False),
        ([OTHER], [BASE], False),
        ([BASE, OTHER], [OTHER, BASE], True),
        ([None], [BASE], None),
        ([BASE, None], [BASE], None),
        ([], [BASE], None),
        ([BASE], [], None),
    ],
)
def test_a_finding_is_the_bases_when_all_its_locations_are(
    layers: list[Digest | None], base: list[Digest], in_base: bool | None
) -> None:
    package = msgspec.structs.replace(deb("a", "1"), locations=tuple(Location("status", layer) for layer in layers))
    [marked] = mark_base([finding(package=package)], base)
    assert marked.in_base is in_base


def test_packages_are_added_removed_and_changed() -> None:
    old = image_of(deb("a", "1"), deb("b", "1"), npm("c", "1"), npm("c", "2"))
    new = image_of(deb("a", "2"), npm("b", "1"), npm("c", "2"), npm("c", "3"))
    assert packages(old, new) == (
        PackageChange(PackageType.DEB, "a", ("1",), ("2",)),
        PackageChange(PackageType.DEB, "b", ("1",), ()),
        PackageChange(PackageType.NPM, "b", (), ("1",)),
        PackageChange(PackageType.NPM, "c", ("1",), ("3",)),
    )
    assert packages(old, old) == ()

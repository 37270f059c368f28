"""What holds for every ecosystem and every string."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion as NotPep440
from packaging.version import Version

from pratique import versions
from pratique.versions import numbers
from tests.versions import apk_reference

BASES = [
    *("Debian", "Ubuntu", "Alpine", "Wolfi", "Chainguard", "PyPI", "npm", "AlmaLinux", "Arch Linux", "Go", "crates.io"),
    *("Maven", "RubyGems", "NuGet", "Packagist", "Pub", "Hex", "Bitnami", "CRAN", "CPAN"),
]
APK = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]{0,2}){0,2}(~[0-9a-f]{1,2})?(-r[0-9]{1,2})?",
    fullmatch=True,
)
PEP440 = st.from_regex(
    r"([0-2]!)?[0-3](\.[0-3]){0,2}((a|b|rc)[0-2])?(\.post[0-2])?(\.dev[0-2])?(\+[0-2ab]{1,2}(\.[0-2ab]{1,2}){0,2})?",
    fullmatch=True,
)


@pytest.mark.parametrize("ecosystem", BASES)
@given(text=st.text(max_size=20) | st.text("0123.-~+:_rvapost!", max_size=20))
def test_any_text_has_a_key_or_is_no_version(ecosystem: str, text: str) -> None:
    with contextlib.suppress(versions.InvalidVersion):
        assert isinstance(versions.key(ecosystem, text), bytes)


@pytest.mark.parametrize("ecosystem", BASES)
def test_ten_megabytes_are_no_version(ecosystem: str) -> None:
    with pytest.raises(versions.InvalidVersion) as raised:
        versions.key(ecosystem, "1" * 10_000_000)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("ecosystem", BASES)
@pytest.mark.parametrize("text", ["", " ", "1.0\x00", "1.0 1", "one two", "\u0661.\u0662", "²"])
def test_what_is_no_version_is_refused(ecosystem: str, text: str) -> None:
    with pytest.raises(versions.InvalidVersion):
        versions.key(ecosystem, text)


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [
        ("Debian", "1.0-"),
        ("Debian", "-1"),
        ("Debian", ":1"),
        ("Debian", "1:"),
        ("Debian", "a:1"),
        ("Debian", "1_0"),
        ("Debian", "1:1-2:3"),
        ("Debian", "2147483648:1"),
        ("Alpine", "1.0bc"),
        ("Alpine", "23_foo"),
        ("Alpine", "1..2"),
        ("Alpine", "1.0-2"),
        ("Alpine", "v1.0"),
        ("Alpine", "1.0-r"),
        ("PyPI", "1.0-foo"),
        ("PyPI", "2004d-legacy"),
        ("PyPI", "1.0+"),
        ("npm", "1.2"),
        ("npm", "0"),
        ("npm", "1.2.3.4"),
        ("npm", "9007199254740992.0.0"),
        ("npm", "1.2.3-" + "a" * 251),
        ("Rocky Linux:9", "1.0-1-1"),
        ("Red Hat", "a:1.0-1"),
        ("SUSE:15", "1.0-"),
        ("Arch Linux", "1.0"),
        ("Arch Linux", "1.0.-1"),
        ("Go", "(devel)"),
        ("Go", "v1.2.3.4"),
        ("Go", "v01.2.3"),
        ("crates.io", "1.2"),
        ("crates.io", "v1.2.3"),
        ("crates.io", "1.2.3-01"),
        ("Hex", "1.2"),
        ("RubyGems", "1.0.beta-"),
        ("RubyGems", "a.1"),
        ("NuGet", "1.2.3.4.5"),
        ("NuGet", "2147483648.0"),
        ("Packagist", "dev-main"),
        ("Packagist", "1.0-foo"),
        ("Pub", "1.2"),
        ("Bitnami", "nightly.2026-03-10.0"),
        ("CRAN", "1.0a"),
        ("CPAN", "1.0a"),
    ],
)
def test_what_the_package_manager_refuses_is_refused(ecosystem: str, text: str) -> None:
    with pytest.raises(versions.InvalidVersion):
        versions.key(ecosystem, text)


def test_a_release_suffix_does_not_matter() -> None:
    assert (
        versions.key("Debian:12", "1.0-1")
        == versions.key("Debian", "1.0-1")
        == versions.key("Ubuntu:22.04:LTS", "1.0-1")
    )
    assert versions.supports("Alpine:v3.19")


def test_an_unknown_ecosystem_is_not_supported_and_has_no_order() -> None:
    assert not versions.supports("ConanCenter")
    with pytest.raises(versions.InvalidVersion):
        versions.key("ConanCenter", "1.0")


@pytest.mark.parametrize(
    "rising",
    [
        ("AlmaLinux:9", "1.0~rc1-1", "1.0-1", "1.0^git1-1", "1.0.1-1", "1:0.1-1"),
        ("Azure Linux:3", "1.2.3-9.azl3", "1.2.3-10.azl3"),
        (
            "Go",
            "go1.21.9",
            "go1.22rc1",
            "1.22.0-rc.2",
            "go1.22",
            "1.22.1",
            "go1.22.2 X:boringcrypto",
            "v2.0.0+incompatible",
        ),
        ("Go", "v0.0.0-20190101000000-abcdef123456", "v0.0.0-20230102030405-abcdef123456", "v0.0.1"),
        ("CRAN", "1.0", "1.0.0", "1.0-1", "1.0.2", "1.10"),
        ("Hackage", "0.9.9", "1", "1.0"),
        ("Hex", "1.0.0-rc.1", "1.0.0", "1.0.1"),
        ("Maven", "1.0-alpha-1", "1.0-M1", "1.0.0.RC1", "1.0-SNAPSHOT", "1.0.0.Final", "1.0-sp", "1.0-jre", "1.0.1"),
        ("Packagist", "2.0-dev", "2.0-beta1", "2.0-RC1", "v2.0", "2.0-p1", "2.1.x-dev"),
    ],
)
def test_a_row_of_versions_rises(rising: tuple[str, ...]) -> None:
    ecosystem, *row = rising
    keys = [versions.key(ecosystem, version) for version in row]
    assert keys == sorted(set(keys))


@given(text=st.text("012.~^abAB+_", min_size=1, max_size=12))
def test_a_tilde_sorts_before_the_end_and_a_caret_after_it_in_rpm(text: str) -> None:
    plain = versions.key("AlmaLinux", text)
    assert versions.key("AlmaLinux", text + "~") < plain < versions.key("AlmaLinux", text + "^")


@given(text=st.text("012.-alphbetrcsnpof", min_size=1, max_size=16))
def test_every_printable_text_is_a_version_to_maven_and_case_does_not_matter(text: str) -> None:
    assert versions.key("Maven", text) == versions.key("Maven", text.upper())


@given(left=st.integers(0, 10**400), right=st.integers(0, 10**400))
def test_numbers_of_any_length_keep_their_order(left: int, right: int) -> None:
    assert (numbers.encode(str(left)) < numbers.encode(str(right))) == (left < right)


@given(left=APK, right=APK)
def test_apk_keys_order_as_a_comparison_token_by_token(left: str, right: str) -> None:
    a, b = versions.key("Alpine", left), versions.key("Alpine", right)
    assert (a > b) - (a < b) == apk_reference.compare(left, right)


@given(left=PEP440, right=PEP440)
def test_pypi_keys_order_as_packaging_compares(left: str, right: str) -> None:
    a, b = versions.key("PyPI", left), versions.key("PyPI", right)
    assert (a < b, a == b) == (Version(left) < Version(right), Version(left) == Version(right))


@given(text=st.text("0123.-+abcpostdevr!v_", max_size=15))
def test_pypi_takes_exactly_what_packaging_takes(text: str) -> None:
    try:
        Version(text)
    except NotPep440:
        with pytest.raises(versions.InvalidVersion):
            versions.key("PyPI", text)
    else:
        versions.key("PyPI", text)


@given(text=st.text("019.~+-:aZ", min_size=1, max_size=12))
def test_a_tilde_sorts_before_the_end_in_debian(text: str) -> None:
    try:
        plain = versions.key("Debian", text)
    except versions.InvalidVersion:
        return
    assert versions.key("Debian", text + "~") < plain


@given(build=st.from_regex(r"[0-9A-Za-z-]{1,9}(\.[0-9A-Za-z-]{1,9})?", fullmatch=True))
def test_build_metadata_does_not_count_in_npm(build: str) -> None:
    assert versions.key("npm", f"v1.2.3-rc.1+{build}") == versions.key("npm", "1.2.3-rc.1")

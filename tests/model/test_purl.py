"""Our package URLs against packageurl-python."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from pratique.model import purl
from pratique.model.errors import InvalidData

_TEXT = st.text(
    st.characters(min_codepoint=33, exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=30
)
_SEGMENT = _TEXT.map(lambda text: text.replace("/", "")).filter(lambda text: text.strip() not in {"", ".", ".."})
_KINDS = "alpm apk bitnami cargo composer conda deb gem generic golang maven npm nuget pypi rpm"
_TYPES = st.sampled_from(_KINDS.split())
# The oracle lower-cases after quoting, so that %C3%89 becomes %c3%a9: it is asked only about names in ASCII.
_NAME = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/%"), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (
            ("deb", "openssl", "3.0.11-1~deb12u2", "debian", {"arch": "amd64", "distro": "debian-12"}),
            "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
        ),
        (("deb", "libstdc++6", "1:12.2-1", "debian", {}), "pkg:deb/debian/libstdc%2B%2B6@1:12.2-1"),
        (("npm", "core", "1.0.0", "@angular", {}), "pkg:npm/%40angular/core@1.0.0"),
        (("maven", "log4j-core", "2.14.1", "org.apache.logging", {}), "pkg:maven/org.apache.logging/log4j-core@2.14.1"),
        (
            ("golang", "x", "v1.0.0+incompatible", "github.com/A/b", {}),
            "pkg:golang/github.com/A/b/x@v1.0.0%2Bincompatible",
        ),
        (
            ("rpm", "curl", "7.50.3-1.fc25", "fedora", {"arch": "i386", "epoch": "2"}),
            "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&epoch=2",
        ),
        (("nuget", "Newtonsoft.Json", "13.0.1", "", {}), "pkg:nuget/Newtonsoft.Json@13.0.1"),
        (("composer", "Monolog", "2.0", "Monolog", {}), "pkg:composer/monolog/monolog@2.0"),
        (("pypi", "Typing_Extensions", "4.0", "", {}), "pkg:pypi/typing-extensions@4.0"),
        (
            ("apk", "musl", "1.2.5-r0", "alpine", {"arch": "", "distro": "alpine-3.20"}),
            "pkg:apk/alpine/musl@1.2.5-r0?distro=alpine-3.20",
        ),
    ],
)
def test_package_urls_look_as_the_specification_says(
    parts: tuple[str, str, str, str, dict[str, str]], text: str
) -> None:
    assert purl.write(*parts) == text
    assert str(purl.parse(text)) == text


@given(
    _TYPES,
    _NAME.filter(lambda n: n.strip("/")),
    _TEXT,
    st.dictionaries(st.sampled_from(["arch", "distro", "a.b"]), _TEXT),
)
def test_we_write_as_packageurl_writes(kind: str, name: str, version: str, qualifiers: dict[str, str]) -> None:
    namespace = {"deb": "debian", "apk": "alpine", "npm": "@scope", "rpm": "fedora", "maven": "org.Apache"}.get(
        kind, ""
    )
    ours = purl.write(kind, name, version, namespace, qualifiers)
    theirs = PackageURL(kind, namespace, name.lower() if kind == "deb" else name, version, qualifiers)
    assert PackageURL.from_string(ours) == PackageURL.from_string(theirs.to_string())
    assert purl.parse(theirs.to_string()) == purl.parse(ours)


@given(
    _TYPES, _SEGMENT, _TEXT, st.lists(_SEGMENT, max_size=3), st.dictionaries(st.sampled_from(["arch", "distro"]), _TEXT)
)
def test_what_is_written_is_read_back(
    kind: str, name: str, version: str, namespace: list[str], qualifiers: dict[str, str]
) -> None:
    text = purl.write(kind, name, version, "/".join(namespace), qualifiers)
    found = purl.parse(text)
    assert (found.type, found.version, found.qualifiers) == (kind, version, qualifiers)
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pkg:",
        "pkg:deb",
        "pkg:deb/",
        "deb/debian/x",
        "http://x/y",
        "pkg:d b/x",
        "pkg:npm/a?b",
        "pkg:npm/a?%61=b",
        "pkg:npm/%ff",
    ],
)
def test_what_is_not_a_package_url_is_refused(text: str) -> None:
    with pytest.raises(InvalidData):
        purl.parse(text)


@pytest.mark.parametrize(
    ("loose", "canonical"),
    [
        ("pkg://PYPI/Django_X@1", "pkg:pypi/django-x@1"),
        ("PKG:npm/%40a//b@1?Arch=x&empty=#/sub/../p/", "pkg:npm/%40a/b@1?arch=x#sub/p"),
        ("pkg:npm/@scope/name", "pkg:npm/%40scope/name"),
    ],
)
def test_loose_package_urls_become_canonical(loose: str, canonical: str) -> None:
    assert str(purl.parse(loose)) == canonical


@given(st.text(max_size=60).map("pkg:npm/".__add__) | st.text(max_size=60))
def test_any_text_is_a_package_url_or_refused(text: str) -> None:
    try:
        found = purl.parse(text)
    except InvalidData:
        return
    assert purl.parse(str(found)) == found


def test_an_unencoded_scope_is_not_a_version() -> None:
    assert purl.parse("pkg:npm/@types/node") == purl.Purl("npm", "node", namespace="@types")
    assert purl.parse("pkg:npm/@types/node@1.2").full_name == "@types/node"


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidData):
        again = str(purl.parse("pkg:" + text))
        assert str(purl.parse(again)) == again

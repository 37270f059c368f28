import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from pratique.model.errors import InvalidData
from pratique.model.purl import Purl

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
SEGMENT = TEXT.filter(lambda text: "/" not in text and text.strip() and text not in {".", ".."})
PURLS = st.builds(
    Purl,
    type=st.sampled_from(["generic", "deb", "npm"]),
    name=SEGMENT,
    version=TEXT | st.just(""),
    namespace=SEGMENT | st.just(""),
    qualifiers=st.dictionaries(st.sampled_from(["arch", "distro", "upstream"]), TEXT),
)


@given(PURLS)
def test_what_was_written_is_read_back(purl: Purl) -> None:
    assert Purl.parse(str(purl)) == purl


@pytest.mark.parametrize(
    "text",
    [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12",
        "pkg:deb/debian/openssl@1:3.0.11-1~deb12u2?upstream=openssl%401.1",
        "pkg:apk/alpine/busybox@1.36.1-r5?arch=x86_64&distro=alpine-3.19.1",
        "pkg:npm/%40angular/core@12.3.1",
        "pkg:pypi/django@1.11.1",
        "pkg:golang/google.golang.org/genproto@abc#googleapis/api/annotations",
    ],
)
def test_canonical_purls_are_written_as_the_reference_library_does(text: str) -> None:
    theirs = PackageURL.from_string(text)
    ours = Purl.parse(text)
    assert (ours.type, ours.namespace or None, ours.name, ours.version) == theirs[:4]
    assert str(ours) == theirs.to_string() == text


def test_an_unencoded_scope_is_not_a_version() -> None:
    assert Purl.parse("pkg:npm/@types/node") == Purl("npm", "node", namespace="@types")
    assert Purl.parse("pkg:npm/@types/node@1.2").full_name == "@types/node"


@pytest.mark.parametrize(
    "text", ["", "pkg:", "pkg:deb", "deb/x", "pkg:deb/", "pkg:/x", "pkg:d b/x", "pkg:a/b?=1", "pkg:a/" + "x" * 9000]
)
def test_what_is_not_a_purl_is_refused(text: str) -> None:
    with pytest.raises(InvalidData, match="not a package URL"):
        Purl.parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidData):
        again = str(Purl.parse("pkg:" + text))
        assert str(Purl.parse(again)) == again

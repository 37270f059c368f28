"""Digests and platforms."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import Platform
from pratique.model.digest import digest_of, hasher, is_digest, parse_digest, short
from pratique.model.errors import UsageError

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_digest_of_nothing_is_the_one_that_all_know() -> None:
    assert digest_of(b"") == EMPTY


@given(st.binary(max_size=200))
def test_hashing_in_parts_gives_the_digest(data: bytes) -> None:
    digest = digest_of(data)
    assert parse_digest(digest) == digest
    hashed = hasher(digest)
    hashed.update(data[:50])
    hashed.update(memoryview(data[50:]))
    assert f"sha256:{hashed.hexdigest()}" == digest


def test_sha512_is_a_digest_too() -> None:
    digest = parse_digest(f"sha512:{hashlib.sha512(b'x').hexdigest()}")
    hashed = hasher(digest)
    hashed.update(b"x")
    assert digest.endswith(hashed.hexdigest())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        EMPTY[:-1],
        EMPTY + "0",
        EMPTY.upper(),
        EMPTY + "\n",
        " " + EMPTY,
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha512:" + "a" * 64,
        "sha256:" + "g" * 64,
        "sha256:../../../../etc/passwd",
        "sha256:" + "\u0660" * 64,
        "x" * 1_000_000,
    ],
)
def test_what_is_not_a_digest_is_refused(text: str) -> None:
    assert not is_digest(text)
    with pytest.raises(UsageError) as caught:
        parse_digest(text)
    assert len(str(caught.value)) < 400


@given(st.text(max_size=100))
def test_any_text_is_a_digest_or_not(text: str) -> None:
    assert is_digest(text) is False
    assert isinstance(short(text), str)


def test_a_short_digest_is_its_first_twelve_digits() -> None:
    assert short(EMPTY) == "e3b0c44298fc"


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/arm64/v8", Platform("linux", "arm64", "v8")),
        ("windows/amd64", Platform("windows", "amd64")),
    ],
)
def test_platforms_print_as_they_are_written(text: str, platform: Platform) -> None:
    assert Platform.parse(text) == platform
    assert str(platform) == text


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux//v8", "linux/amd64/"])
def test_what_is_not_a_platform_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Platform.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_platform_or_a_usage_error(text: str) -> None:
    try:
        platform = Platform.parse(text)
    except UsageError:
        return
    assert Platform.parse(str(platform)) == platform

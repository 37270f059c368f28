"""References as Docker and containerd read them. The tables are distribution/reference's own test cases."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pratique.model.digest import digest_of
from pratique.model.errors import UsageError
from pratique.model.reference import Reference, is_tag

HEX = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a"
DIGEST = digest_of(b"")

WORDS = st.from_regex(r"[a-z0-9]+(?:(?:[.]|_|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True)
LABELS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=2, max_size=3).map(".".join),
    st.sampled_from(["localhost", "127.0.0.1", "[::1]", "[fc00::1]", "example.azurecr.io"]),
)
PORTS = st.one_of(st.just(""), st.integers(1, 65535).map(lambda port: f":{port}"))
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


@st.composite
def references(draw: st.DrawFn) -> str:
    """What people write."""
    host = draw(st.one_of(st.just(""), st.tuples(HOSTS, PORTS).map("".join)))
    words = draw(st.lists(WORDS, min_size=1, max_size=4))
    if not host and len(words) > 1:
        words[0] = words[0].replace(".", "-")  # else it would be the host
    path = "/".join(words)
    tag = draw(st.one_of(st.just(""), TAGS.map(lambda tag: f":{tag}")))
    digest = draw(st.sampled_from(["", f"@{DIGEST}"]))
    return (f"{host}/" if host else "") + path + tag + digest


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("debian", "docker.io", "library/debian", "latest", None),
        ("debian:12", "docker.io", "library/debian", "12", None),
        ("library/debian", "docker.io", "library/debian", "latest", None),
        ("docker/docker", "docker.io", "docker/docker", "latest", None),
        ("docker.io/debian", "docker.io", "library/debian", "latest", None),
        ("docker.io/library/debian", "docker.io", "library/debian", "latest", None),
        ("docker.io/docker/docker", "docker.io", "docker/docker", "latest", None),
        ("index.docker.io/debian", "docker.io", "library/debian", "latest", None),
        ("index.docker.io/docker/docker", "docker.io", "docker/docker", "latest", None),
        ("127.0.0.1:5000/docker/docker", "127.0.0.1:5000", "docker/docker", "latest", None),
        ("127.0.0.1:5000/debian", "127.0.0.1:5000", "debian", "latest", None),
        ("192.168.0.1", "docker.io", "library/192.168.0.1", "latest", None),
        ("192.168.0.1:80", "docker.io", "library/192.168.0.1", "80", None),
        ("192.168.0.1:8/debian", "192.168.0.1:8", "debian", "latest", None),
        ("localhost/debian", "localhost", "debian", "latest", None),
        ("localhost:5000/a/b:c", "localhost:5000", "a/b", "c", None),
        ("Docker/docker", "Docker", "docker", "latest", None),
        ("foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080", None),
        ("foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080", None),
        ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", None),
        ("xn--7o8h.com:5000/myimage", "xn--7o8h.com:5000", "myimage", "latest", None),
        ("[fc00::1]:5000/docker", "[fc00::1]:5000", "docker", "latest", None),
        ("[2001:db8::1]/repo", "[2001:db8::1]", "repo", "latest", None),
        ("test.com/repo:tag", "test.com", "repo", "tag", None),
        (f"test:5000/repo@{DIGEST}", "test:5000", "repo", None, DIGEST),
        (f"test:5000/repo:tag@{DIGEST}", "test:5000", "repo", "tag", DIGEST),
        (f"debian@{DIGEST}", "docker.io", "library/debian", None, DIGEST),
        (f"{HEX}:tag", "docker.io", f"library/{HEX}", "tag", None),
        (f"docker.io/{HEX}", "docker.io", f"library/{HEX}", "latest", None),
        ("example.azurecr.io/team/app__x/a-b---c:1.0_RC", "example.azurecr.io", "team/app__x/a-b---c", "1.0_RC", None),
    ],
)
def test_references_are_normalised_as_docker_does(
    text: str, registry: str, repository: str, tag: str | None, digest: str | None
) -> None:
    parsed = Reference.parse(text)
    assert (parsed.registry, parsed.repository, parsed.tag, parsed.digest) == (registry, repository, tag, digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":justtag",
        f"@{DIGEST}",
        "repo@sha256:ffff",
        "validname@invaliddigest:" + "f" * 64,
        "Uppercase:tag",
        "test:5000/Uppercase/lowercase:tag",
        "aa/asdf$$^/aa",
        "https://github.com/docker/docker",
        "docker/Docker",
        "-docker",
        "-docker/docker",
        "-docker.io/docker/docker",
        "docker///docker",
        "docker.io/docker/Docker",
        "docker.io/docker///docker",
        "[fc00::1]",
        "[fc00::1]:5000",
        "fc00::1:5000/debian",
        "[fe80::1%eth0]:5000/debian",
        "[2001:db8:3:4::192.0.2.33]:5000/debian",
        HEX,  # an image's id
        "a//b",
        "/a",
        "a/",
        "a b",
        "a\n",
        "debian\n:12",
        "debian:12\n",
        "debian:",
        "debian:12:13",
        "debian@",
        f"debian@{DIGEST}@{DIGEST}",
        f"debian@{DIGEST.upper()}",
        f"debian@{DIGEST}\n",
        "a..b",
        "a___b",
        ".a",
        "a.",
        "dé",
        "host:99999999/a",
        "x" * 256,
        "x/" * 5000,
        "x" * 10_000_000,
        "debian:" + "x" * 129,
        "../../etc/passwd",
        "localhost/../x",
    ],
)
def test_what_is_not_a_reference_is_refused_in_one_short_line(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Reference.parse(text)
    assert "\n" not in caught.value.what
    assert len(str(caught.value)) < 500


@given(references())
@example("a:latest")
def test_parsing_what_is_printed_gives_the_same_reference(text: str) -> None:
    parsed = Reference.parse(text)
    assert Reference.parse(str(parsed)) == parsed


@given(references())
def test_a_reference_prints_as_its_parts(text: str) -> None:
    parsed = Reference.parse(text)
    assert str(parsed).startswith(parsed.name)
    assert parsed.target == (parsed.digest or parsed.tag)
    assert parsed.at(DIGEST).target == DIGEST
    assert parsed.tagged("x").target == "x"
    assert parsed.at(DIGEST).name == parsed.tagged("x").name == parsed.name


@given(st.text(max_size=120))
def test_any_text_is_a_reference_or_a_usage_error(text: str) -> None:
    try:
        parsed = Reference.parse(text)
    except UsageError:
        return
    assert Reference.parse(str(parsed)) == parsed
    assert str(parsed).isascii()
    assert ".." not in parsed.repository


@given(st.text(alphabet="ab:/@.-_[]A1\n %", max_size=40))
def test_any_punctuation_is_a_reference_or_a_usage_error(text: str) -> None:
    try:
        parsed = Reference.parse(text)
    except UsageError:
        return
    assert Reference.parse(str(parsed)) == parsed
    assert not set(str(parsed)) & set("\n %")


@given(TAGS)
def test_tags_are_tags(tag: str) -> None:
    assert is_tag(tag)
    assert not is_tag(tag + "\n")
    assert not is_tag("/" + tag)


@pytest.mark.parametrize("tag", ["", ".x", "-x", "a/b", "a:b", "x" * 129, "é", "a\n"])
def test_what_is_not_a_tag_is_refused(tag: str) -> None:
    assert not is_tag(tag)
    with pytest.raises(UsageError):
        Reference.parse("debian").tagged(tag)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import Platform
from pratique.model.errors import InvalidData, PratiqueError, UsageError
from pratique.model.reference import Reference
from pratique.remediate.dockerfile import Dockerfile, parse
from pratique.remediate.expansion import expand
from tests.remediate.images import digest


def names(file: Dockerfile, target: str = "") -> list[str]:
    return [str(reference) for reference in file.references(target)]


def test_from_names_the_base() -> None:
    file = parse("FROM debian:12\nRUN true\n")
    assert names(file) == ["docker.io/library/debian:12"]
    base = file.base()
    assert base
    assert (base.line, base.keyword) == (1, "FROM")


def test_scratch_is_no_image() -> None:
    file = parse("from scratch\ncopy a /a\n")
    assert names(file) == []
    assert file.base() is None


def test_stages_are_not_images_and_the_base_is_found_through_them() -> None:
    text = "FROM t/go:1 AS Build\nFROM t/run:1 AS base\nFROM base\nCOPY --from=build /x /x\nCOPY --from=0 /y /y\n"
    file = parse(text)
    assert names(file) == ["docker.io/t/go:1", "docker.io/t/run:1"]
    base = file.base()
    assert base
    assert str(base.reference) == "docker.io/t/run:1"
    assert names(file, "build") == ["docker.io/t/go:1"]
    assert names(file, "1") == ["docker.io/t/run:1"]


def test_a_stage_that_the_target_does_not_need_is_not_read_from() -> None:
    assert names(parse("FROM t/a:1 AS a\nFROM t/b:1\n")) == ["docker.io/t/b:1"]


def test_copy_and_mounts_read_from_images_too() -> None:
    file = parse(
        "FROM t/a:1\n"
        "COPY --chown=1:1 --from=t/tool:2 /x /y\n"
        "RUN --mount=type=cache,target=/c --mount=type=bind,from=t/data:3,target=/d true --mount=from=t/no:1\n"
    )
    assert names(file) == ["docker.io/t/a:1", "docker.io/t/tool:2", "docker.io/t/data:3"]


def test_arguments_before_from_are_expanded() -> None:
    text = 'ARG NAME=python\nARG TAG="3.${MINOR:-11}"\nARG EMPTY=\nFROM t/${NAME}:$TAG${EMPTY:+-x}-${OTHER-slim}\n'
    assert names(parse(text)) == ["docker.io/t/python:3.11-slim"]
    assert names(parse(text, {"NAME": "ruby", "TAG": "9", "EMPTY": "1"})) == ["docker.io/t/ruby:9-x-slim"]


def test_an_argument_of_a_stage_is_not_known_to_from() -> None:
    with pytest.raises(InvalidData, match=r"line 3: 't/b:\$\{TAG\}' needs TAG") as caught:
        parse("FROM t/a:1\nARG TAG=1\nFROM t/b:${TAG}\n")
    assert "--build-arg TAG" in caught.value.hint


def test_a_stage_takes_global_arguments_by_naming_them() -> None:
    assert names(parse("ARG V=2\nFROM t/a:1\nARG V\nCOPY --from=t/b:$V /x /x\n")) == [
        "docker.io/t/a:1",
        "docker.io/t/b:2",
    ]


def test_platforms_are_read_and_their_arguments_expanded() -> None:
    file = parse("FROM --platform=$BUILDPLATFORM t/a-$TARGETARCH:1\n", platform=Platform("linux", "arm64"))
    base = file.base()
    assert base
    assert (base.platform, str(base.reference)) == ("linux/arm64", "docker.io/t/a-arm64:1")


def test_comments_and_continuations_are_left_out() -> None:
    text = "# FROM t/no:1\n\n  FROM \\\n# in between\n\n   t/a:1 \\  \n  AS x\nRUN a && \\\n    FROM t/no:2\n"
    assert names(parse(text)) == ["docker.io/t/a:1"]


def test_the_escape_directive_changes_the_continuation() -> None:
    assert names(parse("# escape=`\nFROM `\nt/a:1\nRUN dir C:\\\nFROM t/b:1\n")) == ["docker.io/t/b:1"]
    assert names(parse("# a comment first\n# escape=`\nFROM t/a:1\nRUN x \\\nFROM t/b:1\n")) == ["docker.io/t/a:1"]


def test_here_documents_are_text() -> None:
    text = "FROM t/a:1\nRUN <<EOF bash\nFROM t/no:1\nEOF\nCOPY <<-'A' <<B /x\nFROM t/no:2\n\tA\nFROM t/no:3\nB\nRUN x\n"
    assert names(parse(text)) == ["docker.io/t/a:1"]


def test_what_only_looks_like_a_here_document_is_none() -> None:
    assert names(parse('FROM t/a:1\nRUN echo "a <<EOF" $((1<<2)) <<<x\nFROM t/b:1\n')) == ["docker.io/t/b:1"]


def test_windows_line_ends_and_a_byte_order_mark_are_fine() -> None:
    assert names(parse("\ufeffFROM t/a:1\r\nRUN x \\\r\n  y\r\n")) == ["docker.io/t/a:1"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no FROM"),
        ("RUN x\n", "no FROM"),
        ("FROM\n", "line 1: FROM takes an image"),
        ("FROM a b\n", "line 1: FROM takes an image"),
        ("FROM t/A:1\n", "line 1: not an image reference"),
        ("FROM ${X%y}\n", "line 1: .* not known after"),
        ("FROM ${X:-y\n", "line 1: .* no '}'"),
        ("FROM ${X?}\n", "line 1: .* needs X"),
        ("FROM a$\n", "line 1: .* a lone"),
        ("FROM t/a:1\nFROM t/b:1\nCOPY --from=1 a b\n", "line 3: stage 1 is not built yet"),
        ("COPY --from=x a b\nFROM t/a:1\n", "line 1: COPY before the first FROM"),
        ("FROM a\n" * 200_000, "that is no Dockerfile"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(InvalidData, match=problem):
        parse(text)


def test_an_unknown_stage_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="no stage 'x'"):
        parse("FROM t/a:1\n").base("x")


def test_pinning_replaces_each_name_and_nothing_else() -> None:
    text = (
        "ARG TAG=1\n# FROM t/a:1 stays in comments\nFROM --platform=linux/amd64 t/a:${TAG} AS b\nRUN echo t/a:1\n"
        "FROM \\\n  t/a:1@" + digest("old") + "\nCOPY --from=t/a:1 x y\n"
        "RUN --mount=type=bind,\\\nfrom=t/b:2,target=/b x\nCOPY --from=b x y\n"
    )
    a, b = Reference.parse("t/a:1"), Reference.parse("t/b:2")
    pinned = f"docker.io/t/a@{digest('new')}"
    assert parse(text).pinned({a: digest("new")}) == (
        f"ARG TAG=1\n# FROM t/a:1 stays in comments\nFROM --platform=linux/amd64 {pinned} AS b\nRUN echo t/a:1\n"
        f"FROM \\\n  {pinned}\nCOPY --from={pinned} x y\n"
        f"RUN --mount=type=bind,\\\nfrom={b},target=/b x\nCOPY --from=b x y\n"
    )


def test_pinning_a_base_that_is_not_used_is_refused() -> None:
    with pytest.raises(UsageError, match=r"does not build on docker.io/t/b:1"):
        parse("FROM t/a:1\n").pinned({Reference.parse("t/b:1"): digest("x")})


def test_quotes_and_escapes_in_words() -> None:
    values = {"A": "1", "E": ""}
    assert expand("'$A'\"$A\"\\$A", values).text == "$A1$A"
    assert expand("${A:+${B:-x}}${E:-${A}}${E-y}", values).text == "x1"
    assert expand("${A:-${MISSING}}", values).missing == ()


@given(st.text(st.sampled_from("FROM COPY RUN--from=ab:1\\\n\"'$${}<>#`,-+?"), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        file = parse(text)
        assert parse(file.pinned({})).references() == file.references()
    except PratiqueError:
        pass


@given(
    st.lists(
        st.sampled_from(["FROM t/a:1 AS s", "RUN x \\\n y", "# c", "COPY --from=t/b:2 x y", "ARG A=1"]), max_size=9
    )
)
def test_a_pinned_dockerfile_names_the_same_repositories(lines: list[str]) -> None:
    file = parse("\n".join(["FROM t/a:1", *lines, ""]))
    again = parse(file.pinned({reference: digest("new") for reference in file.references()}))
    assert [use.name for use in again.references()] == [use.name for use in file.references()]
    assert all(reference.digest == digest("new") for reference in again.references())

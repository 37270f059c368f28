import pytest

from pratique.model.digest import digest_of
from pratique.model.errors import UsageError
from pratique.model.reference import Reference
from pratique.remediate.tasks.arguments import BuildArguments
from pratique.remediate.tasks.build_step import Discovered
from pratique.remediate.tasks.dependencies import Dependencies, dependencies
from pratique.remediate.tasks.discovered import dependency_report
from pratique.remediate.tasks.task import Step
from tests.remediate.tasks.tasks import task


def found(text: str, **files: str) -> Dependencies:
    def read(step: Step, arguments: BuildArguments) -> str:
        name = arguments.file or "Dockerfile"
        if name not in files:
            raise UsageError(f"no {name}")
        return files[name]

    return dependencies(task(text), read)


def listed(text: str, **files: str) -> list[str]:
    return [f"{each.step} {each.kind.value} {each.reference}" for each in found(text, **files).found]


WEATHER = """
ARG BuildImage=r.test/sdk:1
ARG BaseImage=r.test/aspnet:1
FROM ${BaseImage} AS base
FROM --platform=$BUILDPLATFORM ${BuildImage} AS build
RUN publish
FROM base AS final
COPY --from=build /app .
"""


def test_the_runtime_base_is_the_origin_of_the_last_stage_and_others_are_build_time_ones() -> None:
    assert listed("steps: [{id: b, build: --build-arg BaseImage=r.test/aspnet:2 .}]", Dockerfile=WEATHER) == [
        "b RunTime r.test/aspnet:2",
        "b BuildTime r.test/sdk:1",
    ]


def test_a_target_decides_which_stage_is_the_last() -> None:
    assert listed("steps: [{id: b, build: --target build .}]", Dockerfile=WEATHER) == ["b RunTime r.test/sdk:1"]


def test_runtime_tracks_what_is_in_the_result_and_all_what_built_it_too() -> None:
    all_of_it = found("steps: [{build: .}]", Dockerfile=WEATHER)
    assert [str(each) for each in all_of_it.tracked()] == ["r.test/aspnet:1"]
    assert [str(each) for each in all_of_it.tracked(all_bases=True)] == ["r.test/aspnet:1", "r.test/sdk:1"]


def test_copies_and_mounts_from_images_count_though_acr_does_not_see_them() -> None:
    text = "FROM r.test/a:1\nCOPY --from=r.test/b:1 / /\nRUN --mount=type=bind,from=r.test/c:1,target=/c x\n"
    seen = {str(each.reference): each.seen_by_acr for each in found("steps: [{build: .}]", Dockerfile=text).found}
    assert seen == {"r.test/a:1": True, "r.test/b:1": False, "r.test/c:1": False}


def test_scratch_is_no_dependency() -> None:
    assert listed("steps: [{build: .}]", Dockerfile="FROM scratch\n") == []


def test_images_that_commands_run_are_listed_and_never_trigger() -> None:
    names = found("steps: [{id: c, cmd: r.test/tool x}]")
    assert [(each.kind.value, str(each.reference)) for each in names.found] == [("Command", "r.test/tool:latest")]
    assert names.tracked(all_bases=True) == ()


def test_what_the_task_builds_is_nobodys_dependency() -> None:
    text = "steps: [{id: one, build: -t mine -f One .}, {id: two, build: -f Two .}, {id: c, cmd: mine x}]"
    assert listed(text, One="FROM r.test/a:1\n", Two="FROM mine\n") == ["one RunTime r.test/a:1"]


def test_a_build_by_the_docker_command_is_one_too() -> None:
    text = "steps: [{id: b, cmd: docker build -t x .}, {id: p, cmd: docker pull y}]"
    assert listed(text, Dockerfile="FROM r.test/a:1\n") == ["b RunTime r.test/a:1"]


def test_what_cannot_be_told_is_said() -> None:
    (unread,) = found("steps: [{id: b, build: -f Nowhere .}]").unread
    assert (unread.step, unread.reason) == ("b", "no Nowhere")
    (unread,) = found("steps: [{id: b, build: .}]", Dockerfile="FROM ${NO}\n").unread
    assert "needs NO" in unread.reason


def test_the_report_of_a_run_is_as_acr_prints_it() -> None:
    tag, base = Reference.parse("c.azurecr.io/app:1"), Reference.parse("debian:12")
    built = Discovered("b", (tag,), base, (), {base: digest_of(b"base")})
    (entry,) = dependency_report([built], {tag: digest_of(b"app")})
    assert entry == {
        "image": {
            "registry": "c.azurecr.io",
            "repository": "app",
            "tag": "1",
            "digest": digest_of(b"app"),
            "reference": "c.azurecr.io/app:1",
        },
        "runtime-dependency": {
            "registry": "registry.hub.docker.com",
            "repository": "library/debian",
            "tag": "12",
            "digest": digest_of(b"base"),
            "reference": "docker.io/library/debian:12",
        },
        "buildtime-dependency": [],
        "git": {"git-head-revision": ""},
    }


@pytest.mark.parametrize("keyword", ["from", "FROM", "From"])
def test_keywords_may_be_in_any_case(keyword: str) -> None:
    assert listed("steps: [{id: b, build: .}]", Dockerfile=f"{keyword} a:1\n") == ["b RunTime docker.io/library/a:1"]

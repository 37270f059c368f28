"""A task file as an image's build definition, through the `Builder` protocol: real builds and pushes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, NotFound, UsageError
from pratique.model.image import BASE_DIGEST, BASE_NAME
from pratique.model.reference import Reference
from pratique.registry.images import load
from pratique.registry.in_memory import InMemoryRegistry
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Repository
from pratique.remediate.builder import Builder, BuildFailed
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.in_memory import InMemoryBuilder
from pratique.remediate.tasks.builder import TaskBuilder
from tests.remediate.images import digest
from tests.remediate.tasks.shell_image import push_shell
from tests.remediate.tasks.tasks import NOW
from tests.support.machine import require, require_root

Opens = Callable[[str], Repository]


@pytest.fixture(scope="module")
def repository() -> Iterator[Opens]:
    with RemoteRegistry() as registry:
        yield lambda name: registry.repository(Reference.parse(name))


@pytest.fixture
def name(registry_host: str) -> str:
    require("buildah")
    require_root()
    return f"{registry_host}/{uuid4().hex[:8]}"


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return TaskBuilder(InMemoryBuilder(InMemoryRegistry(), tmp_path), tmp_path / "tasks", lambda: NOW)


def definition(tmp_path: Path, task: str, dockerfile: str = "", **values: str) -> BuildDefinition:
    context = tmp_path / "context"
    context.mkdir(exist_ok=True)
    (context / "acb.yaml").write_text(task)
    (context / "Dockerfile").write_text(dockerfile)
    return BuildDefinition(context / "acb.yaml", context, values)


@pytest.mark.root
def test_what_the_task_pushes_is_built_on_the_plan_and_published_under_the_tag_asked_for(
    name: str, builder: Builder, tmp_path: Path, repository: Opens
) -> None:
    planned = push_shell(repository(f"{name}/base"), "1", Env=["V=planned"])
    push_shell(repository(f"{name}/base"), "1", Env=["V=moved"])
    base = Reference.parse(f"{name}/base:1")
    path = name.partition("/")[2]
    task = f"""
version: v1.1.0
steps:
  - build: >
      -t $Registry/{path}/app:live -t $Registry/{path}/app:$ID -t $Registry/{path}/other:live
      --build-arg W={{{{.Values.w}}}} .
  - cmd: $Registry/{path}/app:live /bin/sh -c 'test "$W" = yes && test "$V" = planned'
  - push: ["$Registry/{path}/app:live", "$Registry/{path}/app:$ID", "$Registry/{path}/other:live"]
"""
    made = definition(tmp_path, task, f"FROM {base}\nARG W\nENV W=$W\n", w="yes")
    built = builder.build(made, Reference.parse(f"{name}/app:candidate"), {base: planned.digest})
    image = load(repository(f"{name}/app"), "candidate")
    assert image.digest == built.digest
    assert image.diff_ids[: len(planned.diff_ids)] == planned.diff_ids
    assert (image.annotations[BASE_NAME], image.annotations[BASE_DIGEST]) == (str(base), planned.digest)
    assert set(repository(f"{name}/app").tags()) == {"candidate"}
    with pytest.raises(NotFound):
        repository(f"{name}/other").resolve("live")
    assert "is not pushed: only the image that is being rebuilt is" in built.log_path.read_text()


@pytest.mark.root
def test_a_task_whose_test_fails_publishes_nothing(
    name: str, builder: Builder, tmp_path: Path, repository: Opens
) -> None:
    push_shell(repository(f"{name}/base"), "1")
    task = f"""
steps:
  - build: -t {name}/app:1 .
  - cmd: {name}/app:1 /bin/sh -c 'echo the test says no; exit 9'
  - push: ["{name}/app:1"]
"""
    with pytest.raises(BuildFailed, match=r"acb_step_1 failed: ended with 9: the test says no") as caught:
        builder.build(definition(tmp_path, task, f"FROM {name}/base:1\n"), Reference.parse(f"{name}/app:2"), {})
    assert "the test says no" in caught.value.log_path.read_text()
    with pytest.raises(NotFound):
        repository(f"{name}/app").resolve("2")


@pytest.mark.root
@pytest.mark.parametrize(("pushes", "problem"), [("other", "pushes nothing to"), ("app", "2 different images")])
def test_a_task_must_push_one_image_to_the_repository(
    name: str, builder: Builder, tmp_path: Path, repository: Opens, pushes: str, problem: str
) -> None:
    push_shell(repository(f"{name}/base"), "1")
    task = f"""
steps:
  - build: -t {name}/{pushes}:1 --build-arg W=1 .
  - build: -t {name}/{pushes}:2 --build-arg W=2 .
  - push: ["{name}/{pushes}:1", "{name}/{pushes}:2"]
"""
    made = definition(tmp_path, task, f"FROM {name}/base:1\nARG W\nENV W=$W\n")
    with pytest.raises(BuildFailed, match=problem):
        builder.build(made, Reference.parse(f"{name}/app:c"), {})


def test_a_planned_base_that_the_task_does_not_build_on_is_refused(builder: Builder, tmp_path: Path) -> None:
    made = definition(tmp_path, "steps: [{build: -t r.test/app .}]", "FROM r.test/base:1\n")
    bases: dict[Reference, Digest] = {Reference.parse("r.test/else:1"): digest("x")}
    with pytest.raises(UsageError, match=r"does not build on r\.test/else:1"):
        builder.build(made, Reference.parse("r.test/app:1"), bases)
    (made.context / "Dockerfile").unlink()
    with pytest.raises(InvalidData, match="cannot be told"):
        builder.build(made, Reference.parse("r.test/app:1"), bases)


def test_a_task_that_is_wrong_is_refused_before_anything_runs(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"acb\.yaml:1:9: a step without"):
        builder.build(definition(tmp_path, "steps: [{id: a}]"), Reference.parse("r.test/app:1"), {})


def test_a_dockerfile_goes_to_the_other_builder(builder: Builder, tmp_path: Path) -> None:
    made = definition(tmp_path, "", "FROM scratch\n")
    made = BuildDefinition(made.context / "Dockerfile", made.context)
    built = builder.build(made, Reference.parse("r.test/app:1"), {})
    assert "FROM scratch" in built.log_path.read_text()

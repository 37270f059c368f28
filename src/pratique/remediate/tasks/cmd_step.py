"""A cmd step by buildah: a container of its own, the arguments read by `/bin/sh -c` as on ACR's agent."""

import re
import shlex

import msgspec

from pratique.model.errors import InvalidData, UsageError
from pratique.model.reference import Reference
from pratique.remediate.tasks import capabilities
from pratique.remediate.tasks.buildah_store import BuildahStore
from pratique.remediate.tasks.programs import Exit
from pratique.remediate.tasks.task import Step
from pratique.remediate.tasks.workspace import HOME

_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def run_command(store: BuildahStore, step: Step, deadline: float) -> Exit:
    """Run to the end, or start where the step is detached. Raises UsageError, InvalidData."""
    reference = Reference.parse(step.image)
    name = f"step-{store.number()}-{_NAME.sub('-', step.id)}"
    make = ["from", "--name", name, "--pull=false", *store.authentication, str(reference)]
    made = store.run(step, make, deadline, [reference], quiet=True)
    if made.code or made.timed_out:
        return made
    _note_limits(store, step)
    program = store.program(step, ["/bin/sh", "-c", _shell_line(store, step, name)], deadline, of_task=True)
    if step.detach:
        store.programs.detach(program)
        return Exit(0)
    try:
        return store.programs.run(program)
    finally:
        if not step.keep:
            store.answer(["rm", name])


def _shell_line(store: BuildahStore, step: Step, container: str) -> str:
    """`buildah run ... -- ENTRYPOINT` quoted, then the arguments as the task has them: the shell reads those."""
    entry, default = _started_with(store, step, container)
    words = [*entry, *([] if step.arguments.strip() or step.entry_point else default)]
    if not words and not step.arguments.strip():
        raise UsageError(f"{step.image} says nothing about what to run", "give cmd arguments, or an entryPoint")
    run = [*store.command, "run", *store.isolation, *_options(store, step), container, "--", *words]
    return f"{shlex.join(run)} {step.arguments}"


def _options(store: BuildahStore, step: Step) -> list[str]:
    workspace = store.workspace
    options = ["--volume", f"{workspace.root / 'hosts'}:/etc/hosts:ro", "--no-hosts"]
    for inside, here, writable in workspace.mounts(step):
        options += ["--volume", f"{here}:{inside}" + ("" if writable else ":ro")]
    for key, value in {"HOME": HOME, **step.env}.items():
        options += ["--env", f"{key}={value}"]
    if not step.disable_working_directory_override:
        workspace.make_directory(step)
        options += ["--workingdir", step.working_directory]
    if step.user:
        options += ["--user", step.user]
    if step.privileged:
        options += [f"--cap-add={name}" for name in capabilities.ours()]
    return options


def _started_with(store: BuildahStore, step: Step, container: str) -> tuple[list[str], list[str]]:
    """The entrypoint and the default arguments, of the step or of the image."""
    document = store.answer(["inspect", "--type", "container", container])
    try:
        config = msgspec.json.decode(document, type=_Container).image.config or _Config()
    except msgspec.MsgspecError as error:
        raise InvalidData(f"buildah says nothing about {container}", str(error)) from None
    return [step.entry_point] if step.entry_point else config.entrypoint or [], config.cmd or []


def _note_limits(store: BuildahStore, step: Step) -> None:
    for given, what in (
        (step.ports, "ports are those of the machine, and not mapped"),
        (step.network not in ("", "host"), f"network {step.network}: steps share the machine's network"),
        (step.isolation or step.cpus, "isolation and cpus have no meaning here"),
    ):
        if given:
            store.programs.note(step.id, f"note: {what}")


class _Config(msgspec.Struct, rename="pascal"):
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None


class _Image(msgspec.Struct):
    config: _Config | None = None


class _Container(msgspec.Struct):
    image: _Image = msgspec.field(name="OCIv1")

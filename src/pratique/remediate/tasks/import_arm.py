"""Tasks as Azure describes them (ARM: Microsoft.ContainerRegistry/registries/tasks) → task files and triggers. Pure.

Reads what `az acr task show|list` and `GET .../tasks` give, and the resources of an ARM template; API versions
2019-06-01-preview and 2025-03-01-preview. Secrets never come out of Azure: which are missing is said in `notes`.
"""

import base64
import binascii
import re
import shlex
from collections.abc import Iterator, Mapping

import msgspec

from pratique.model.errors import InvalidData, UsageError
from pratique.remediate.tasks import cron
from pratique.remediate.tasks.triggers import (
    BaseImageTrigger,
    BaseImageTriggerType,
    SourceTrigger,
    TimerTrigger,
    Triggers,
)

_LIMIT = 32 << 20  # bytes
_HOST = re.compile(r"[^/]*[.:{$][^/]*/")  # a first part that is a registry, or a template or alias for one


class ImportedTask(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A task of Azure's, ready to run here. `text` is the task file; empty where `file` names one in the context.

    `context` is where the source is; `values` are for `--set`; `timeout` in seconds; `notes` say what was not carried
    over.
    """

    name: str
    kind: str
    text: str = ""
    file: str = ""
    context: str = ""
    values: Mapping[str, str] = {}
    values_file: str = ""
    values_text: str = ""
    platform: str = "linux/amd64"
    timeout: int = 3600
    enabled: bool = True
    triggers: Triggers = Triggers()
    bases: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(document: bytes) -> tuple[ImportedTask, ...]:
    """All tasks in a document. Raises InvalidData where it isn't what Azure writes, or has no task in it."""
    if len(document) > _LIMIT:
        raise InvalidData(f"{len(document):,} bytes is too long for tasks from Azure", f"at most {_LIMIT:,}")
    try:
        tasks = tuple(imported(_decoded(entry)) for entry in _resources(msgspec.json.decode(document), 0))
    except msgspec.MsgspecError as error:
        raise InvalidData("not tasks as Azure writes them", str(error)[:300]) from None
    except RecursionError:
        raise InvalidData("not tasks as Azure writes them", "nested too deep") from None
    except UnicodeDecodeError as error:
        raise InvalidData("not tasks as Azure writes them", f"not UTF-8: {error.reason}") from None
    if not tasks:
        raise InvalidData("there is no task in it", "give what `az acr task show` or `list` prints, or a template")
    return tasks


def imported(resource: "_Resource") -> ImportedTask:
    """One task of Azure's as ours. Raises InvalidData."""
    properties = resource.properties
    step = properties.step
    if step is None or step.type not in _STEPS:
        raise InvalidData(f"the task {resource.name[:80]} has no step that we know", "Docker, FileTask or EncodedTask")
    notes = list(_notes(properties, step))
    task = ImportedTask(
        name=resource.name.rpartition("/")[2],
        kind=step.type,
        context=step.context_path or "",
        values={each.name: each.value or "" for each in step.values or () if not each.is_secret},
        values_file=step.values_file_path or "",
        values_text=_decoded_text(step.encoded_values_content, resource.name),
        platform=str(properties.platform or _Platform()),
        timeout=properties.timeout or 3600,
        enabled=(properties.status or "Enabled").lower() == "enabled",
        triggers=_triggers(properties.trigger or _Trigger(), resource.name),
        bases=tuple(str(base) for base in step.base_image_dependencies or ()),
        registries=tuple(sorted((properties.credentials or _Credentials()).custom_registries or {})),
        notes=tuple(notes),
    )
    return msgspec.structs.replace(task, **_STEPS[step.type](step, resource.name))


class _Argument(msgspec.Struct, rename="camel"):
    name: str
    value: str | None = None
    is_secret: bool | None = None


class _Base(msgspec.Struct, rename="camel"):
    type: str | None = None
    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        name = "/".join(part for part in (self.registry, self.repository) if part)
        return f"{self.type or 'RunTime'} {name}:{self.tag or 'latest'}" + (f"@{self.digest}" if self.digest else "")


class _Step(msgspec.Struct, rename="camel"):
    type: str | None = None
    context_path: str | None = None
    context_access_token: str | None = None
    docker_file_path: str | None = None
    image_names: list[str] | None = None
    is_push_enabled: bool | None = None
    no_cache: bool | None = None
    target: str | None = None
    arguments: list[_Argument] | None = None
    task_file_path: str | None = None
    values_file_path: str | None = None
    encoded_task_content: str | None = None
    encoded_values_content: str | None = None
    values: list[_Argument] | None = None
    base_image_dependencies: list[_Base] | None = None


class _BaseTrigger(msgspec.Struct, rename="camel"):
    name: str | None = None
    base_image_trigger_type: str | None = None
    status: str | None = None
    update_trigger_endpoint: str | None = None


class _Timer(msgspec.Struct, rename="camel"):
    name: str
    schedule: str
    status: str | None = None


class _Repository(msgspec.Struct, rename="camel"):
    repository_url: str
    source_control_type: str | None = None
    branch: str | None = None


class _Source(msgspec.Struct, rename="camel"):
    name: str
    source_repository: _Repository
    source_trigger_events: list[str] | None = None
    status: str | None = None


class _Trigger(msgspec.Struct, rename="camel"):
    base_image_trigger: _BaseTrigger | None = None
    timer_triggers: list[_Timer] | None = None
    source_triggers: list[_Source] | None = None


class _Platform(msgspec.Struct, rename="camel"):
    os: str | None = None
    architecture: str | None = None
    variant: str | None = None

    def __str__(self) -> str:
        architecture = {"x86": "386"}.get(self.architecture or "", self.architecture or "amd64")
        return "/".join(part for part in ((self.os or "linux").lower(), architecture, self.variant) if part)


class _Credentials(msgspec.Struct, rename="camel"):
    custom_registries: dict[str, object] | None = None


class _Properties(msgspec.Struct, rename="camel"):
    status: str | None = None
    platform: _Platform | None = None
    timeout: int | None = None
    agent_pool_name: str | None = None
    step: _Step | None = None
    trigger: _Trigger | None = None
    credentials: _Credentials | None = None


class _Resource(msgspec.Struct, rename="camel"):
    name: str
    properties: _Properties


def _resources(document: object, depth: int) -> Iterator[object]:
    """The tasks' resources in a list, a page of a list, a template or alone."""
    if depth > 8:
        raise InvalidData("tasks nested too deep")
    if isinstance(document, list):
        for entry in document:
            yield from _resources(entry, depth + 1)
    elif isinstance(document, dict):
        if isinstance(document.get("step"), dict):  # `az` prints a task without `properties`
            yield {"name": document.get("name"), "properties": document}
        elif _is_task(document):
            yield document
        for key in ("value", "resources"):
            if isinstance(document.get(key), list):
                yield from _resources(document[key], depth + 1)


def _is_task(resource: dict[str, object]) -> bool:
    kind, properties = str(resource.get("type", "")).lower(), resource.get("properties")
    return (
        kind.endswith("registries/tasks") or kind == "tasks" or (isinstance(properties, dict) and "step" in properties)
    )


def _decoded(entry: object) -> _Resource:
    return msgspec.convert(entry, _Resource)


def _docker(step: _Step, name: str) -> dict[str, object]:
    images = [_full(image) for image in step.image_names or ()]
    words = [word for image in images for word in ("-t", image)]
    for argument in step.arguments or ():
        value = f"{{{{.Values.{argument.name}}}}}" if argument.is_secret else argument.value or ""
        words += ["--build-arg", f"{argument.name}={value}"]
    words += ["--target", step.target] if step.target else []
    words += ["--no-cache"] if step.no_cache else []
    words += ["-f", step.docker_file_path or "Dockerfile", "."]
    # A template may hold quotes; the shell's quoting around it would be right before it is filled in, not after.
    text = " ".join(word if "{{" in word else shlex.quote(word) for word in words)
    lines = ["version: v1.1.0", "steps:", f"  - build: {_quoted(text)}"]
    if images and step.is_push_enabled is not False:
        lines += ["  - push:", *(f"      - {_quoted(image)}" for image in images)]
    return {"text": "\n".join(lines) + "\n"}


def _file(step: _Step, name: str) -> dict[str, object]:
    return {"file": step.task_file_path or "acb.yaml"}


def _encoded(step: _Step, name: str) -> dict[str, object]:
    return {"text": _decoded_text(step.encoded_task_content, name)}


_STEPS = {"Docker": _docker, "FileTask": _file, "EncodedTask": _encoded}


def _decoded_text(content: str | None, name: str) -> str:
    try:
        return base64.b64decode(content or "", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidData(f"the encoded content of the task {name[:80]} is not base64 of UTF-8 text") from None


def _full(image: str) -> str:
    """Names without a registry are the task's own registry's."""
    return image if _HOST.match(image) else "{{.Run.Registry}}/" + image


def _quoted(text: str) -> str:
    """A YAML text in single quotes; templates in it may hold double ones."""
    return "'" + text.replace("'", "''") + "'"


def _triggers(trigger: _Trigger, name: str) -> Triggers:
    base = trigger.base_image_trigger
    return Triggers(
        base_image=_base_trigger(base) if base else None,
        timers=tuple(_timers(trigger, name)),
        sources=tuple(_source(source) for source in trigger.source_triggers or ()),
    )


def _base_trigger(base: _BaseTrigger) -> BaseImageTrigger:
    everything = (base.base_image_trigger_type or "").lower() == "all"
    return BaseImageTrigger(
        name=base.name or "defaultBaseimageTriggerName",
        type=BaseImageTriggerType.ALL if everything else BaseImageTriggerType.RUNTIME,
        enabled=_enabled(base.status),
        endpoint=base.update_trigger_endpoint or "",
    )


def _timers(trigger: _Trigger, name: str) -> Iterator[TimerTrigger]:
    for timer in trigger.timer_triggers or ():
        try:
            cron.check(timer.schedule)
        except UsageError as error:
            raise InvalidData(f"the timer {timer.name[:80]} of the task {name[:80]}", str(error)) from None
        yield TimerTrigger(timer.name, timer.schedule, _enabled(timer.status))


def _source(source: _Source) -> SourceTrigger:
    repository = source.source_repository
    return SourceTrigger(
        name=source.name,
        repository=repository.repository_url,
        branch=repository.branch or "master",
        provider=repository.source_control_type or "Github",
        events=tuple(event.lower() for event in source.source_trigger_events or ("commit",)),
        enabled=_enabled(source.status),
    )


def _enabled(status: str | None) -> bool:
    return (status or "Enabled").lower() == "enabled"


def _notes(properties: _Properties, step: _Step) -> Iterator[str]:
    for each in (*(step.values or ()), *(step.arguments or ())):
        if each.is_secret:
            yield f"the value of {each.name} is secret: give it with --set-secret {each.name}=..."
    for registry in (properties.credentials or _Credentials()).custom_registries or {}:
        yield f"log in to {registry} yourself: Azure does not give its credentials out"
    if properties.agent_pool_name:
        yield f"it ran in the agent pool {properties.agent_pool_name}; here it runs on this machine"
    if properties.platform and (properties.platform.os or "").lower() == "windows":
        yield "it is a task for Windows, which buildah cannot run"

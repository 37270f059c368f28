"""A task file's tree → a task, with all that is wrong in it (ACR Tasks reference: YAML; acb's graph package).

Errors are what ACR refuses too, or would hang on; warnings are what ACR ignores without a word.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence

from pratique.model.errors import PratiqueError
from pratique.model.reference import Reference
from pratique.remediate.tasks.aliases import expand_command
from pratique.remediate.tasks.arguments import problem_of_build
from pratique.remediate.tasks.fields import Fields
from pratique.remediate.tasks.places import Place, Problem, shown
from pratique.remediate.tasks.task import (
    RETRY_DELAY,
    STEP_TIMEOUT,
    WORKSPACE,
    Kind,
    Network,
    Secret,
    Step,
    Task,
    Volume,
    VolumeMount,
)
from pratique.remediate.tasks.tree import Mapped, Node, Scalar, load

TASK_KEYS = ("version", "steps", "stepTimeout", "workingDirectory", "env", "secrets", "networks", "volumes", "alias")
STEP_KEYS = (
    *("id", "build", "push", "cmd", "when", "timeout", "startDelay", "retries", "retryDelay", "retryOnErrors"),
    *("repeat", "ignoreErrors", "entryPoint", "env", "workingDirectory", "disableWorkingDirectoryOverride", "user"),
    *("privileged", "network", "isolation", "cpus", "ports", "expose", "detach", "keep", "pull", "cache", "secret"),
    *("cmdDownloadRetries", "cmdDownloadRetryDelay", "volumeMounts", "exitedWith", "exitedWithout"),
)
_STEPS = 1000
_ROOT = "acb_root"
_VOLUME = re.compile(r"[A-Za-z0-9_-]+")
_FILE = re.compile(r"[A-Za-z0-9_.-]+")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read(
    node: Node, name: str, version: str, images: Mapping[str, str] | None = None
) -> tuple[Task, tuple[Problem, ...]]:
    """The task, as far as it could be read, and all problems in the order of the file.

    `images` are names that a cmd's first word may be, and what they stand for.
    """
    problems: list[Problem] = []
    task = _Parser(name, version, problems, images or {}).task(node)
    return task, tuple(sorted(problems, key=lambda problem: problem.place))


def parse(text: str, name: str, version: str = "v1.1.0") -> Task:
    """Read a task whose templates and aliases are filled in. Raises UsageError: the first that is wrong."""
    task, problems = read(load(text, name), name, version)
    for problem in problems:
        if problem.error:
            raise problem.raised()
    return task


def secrets_of(node: Node) -> tuple[Secret, ...]:
    """Only the secrets that a task asks for; what is wrong elsewhere is not looked at."""
    fields = Fields(node, "the task", TASK_KEYS, [])
    return tuple(_secrets(fields, []))


class _Parser:
    def __init__(self, name: str, version: str, problems: list[Problem], images: Mapping[str, str]) -> None:
        self.name, self.version, self.problems, self.images = name, version, problems, images

    def task(self, node: Node) -> Task:
        fields = Fields(node, "the task", TASK_KEYS, self.problems)
        environment = fields.environment("env")
        volumes = tuple(_volumes(fields, self.problems))
        networks = tuple(_networks(fields, self.problems))
        timeout = fields.integer("stepTimeout") or STEP_TIMEOUT
        directory = _directory(fields.text("workingDirectory"), WORKSPACE)
        shared = _Shared(timeout, directory, environment, volumes, networks)
        return Task(
            name=self.name,
            version=self.version,
            steps=tuple(self._steps(fields, shared)),
            step_timeout=timeout,
            working_directory=directory,
            env=environment,
            secrets=tuple(_secrets(fields, self.problems)),
            networks=networks,
            volumes=volumes,
        )

    def _steps(self, fields: Fields, shared: "_Shared") -> Iterator[Step]:
        nodes = fields.items("steps")
        if not nodes:
            fields.wrong(fields.at("steps"), "the task has no steps", "give at least one of build, push and cmd")
        if len(nodes) > _STEPS:
            fields.wrong(nodes[_STEPS].place, f"more than {_STEPS} steps")
        seen: dict[str, Place] = {}
        for number, node in enumerate(nodes[:_STEPS]):
            step = self._step(Fields(node, "a step", STEP_KEYS, self.problems), number, shared)
            if step.id in seen:
                fields.wrong(
                    step.place, f"the id {shown(step.id)} is taken", f"by the step on line {seen[step.id].line}"
                )
            seen.setdefault(step.id, step.place)
            yield step

    def _step(self, fields: Fields, number: int, shared: "_Shared") -> Step:
        kind = _kind(fields)
        step = Step(
            place=fields.place,
            id=_identifier(fields, number),
            kind=kind,
            build=fields.text("build") if kind is Kind.BUILD else "",
            push=_pushed(fields) if kind is Kind.PUSH else (),
            cmd=expand_command(fields.text("cmd"), self.images) if kind is Kind.CMD else "",
            when=fields.texts("when") or None if fields.given("when") else None,
            timeout=fields.integer("timeout") or shared.timeout,
            start_delay=fields.integer("startDelay"),
            retries=fields.integer("retries"),
            retry_delay=fields.integer("retryDelay", RETRY_DELAY),
            retry_on_errors=fields.texts("retryOnErrors"),
            repeat=fields.integer("repeat"),
            ignore_errors=fields.truth("ignoreErrors"),
            entry_point=fields.text("entryPoint"),
            env={**shared.environment, **fields.environment("env")},
            working_directory=_directory(fields.text("workingDirectory"), shared.directory),
            disable_working_directory_override=fields.truth("disableWorkingDirectoryOverride"),
            user=fields.text("user"),
            privileged=fields.truth("privileged"),
            network=fields.text("network") or shared.network,
            isolation=fields.text("isolation"),
            cpus=fields.text("cpus"),
            ports=fields.texts("ports"),
            expose=fields.texts("expose"),
            detach=fields.truth("detach"),
            keep=fields.truth("keep"),
            pull=fields.truth("pull"),
            download_retries=fields.integer("cmdDownloadRetries"),
            download_retry_delay=fields.integer("cmdDownloadRetryDelay"),
            cache=_cache(fields),
            volume_mounts=tuple(_mounts(fields, kind, shared)),
            exited_with=fields.integers("exitedWith"),
            exited_without=fields.integers("exitedWithout"),
        )
        _check_step(fields, step, shared)
        return step


class _Shared:
    """What steps take from their task."""

    def __init__(
        self,
        timeout: int,
        directory: str,
        environment: Mapping[str, str],
        volumes: Sequence[Volume],
        networks: Sequence[Network],
    ) -> None:
        self.timeout, self.directory, self.environment = timeout, directory, environment
        self.volumes = {volume.name for volume in volumes}
        self.networks = {network.name for network in networks}
        self.network = next((network.name for network in reversed(networks) if network.is_default), "")


def _kind(fields: Fields) -> Kind:
    given = [kind for kind in Kind if fields.given(kind.value)]
    if not given:
        fields.wrong(fields.place, "a step without build, push or cmd", "give exactly one of them")
    elif len(given) > 1:
        names = " and ".join(kind.value for kind in given)
        fields.wrong(fields.at(given[1].value), f"a step with {names}", "give exactly one of them")
    return given[0] if given else Kind.CMD


def _identifier(fields: Fields, number: int) -> str:
    text = fields.text("id") or f"acb_step_{number}"
    if any(character.isspace() for character in text) or "/" in text or not text.isprintable() or text[:1] in ".-":
        fields.wrong(fields.at("id"), f"the id {shown(text)}", "an id is one word, without spaces and slashes")
    elif text == _ROOT:
        fields.wrong(fields.at("id"), f"the id {_ROOT} is ACR's own", "choose another one")
    elif len(text) > 128:
        fields.wrong(fields.at("id"), f"the id {shown(text)} has more than 128 characters", "choose a shorter one")
    return text


def _pushed(fields: Fields) -> tuple[str, ...]:
    names = []
    for text in fields.texts("push"):
        name = text.strip()
        name = name if "@" in name or ":" in name else f"{name}:latest"
        try:
            Reference.parse(name)
        except PratiqueError as error:
            fields.wrong(fields.at("push"), error.what, error.hint)
        names.append(name)
    if not names:
        fields.wrong(fields.at("push"), "a push step without images", "name at least one")
    return tuple(dict.fromkeys(names))


def _cache(fields: Fields) -> bool:
    word = fields.text("cache").lower()
    if word not in ("", "enabled", "disabled"):
        fields.wrong(fields.at("cache"), f"cache is {shown(word)}", "it must be enabled or disabled")
    return word == "enabled"


def _mounts(fields: Fields, kind: Kind, shared: _Shared) -> Iterator[VolumeMount]:
    paths: set[str] = set()
    for node in fields.items("volumeMounts"):
        mount = Fields(node, "a volume mount", ("name", "mountPath"), fields.problems)
        name, path = mount.text("name"), mount.text("mountPath")
        if name not in shared.volumes:
            fields.wrong(mount.place, f"there is no volume {shown(name)}", "declare it under volumes:")
        if not path:
            fields.wrong(mount.place, f"the volume {shown(name)} has no mountPath")
        elif path in paths:
            fields.wrong(mount.at("mountPath"), f"two volumes at {shown(path)}", "each needs a path of its own")
        paths.add(path)
        yield VolumeMount(name, path)
    if kind is Kind.PUSH and fields.given("volumeMounts"):
        fields.wrong(fields.at("volumeMounts"), "a push step with volumeMounts", "only build and cmd have them")


def _check_step(fields: Fields, step: Step, shared: _Shared) -> None:
    if step.when and "-" in step.when and len(step.when) > 1:
        fields.wrong(fields.at("when"), "when: '-' beside other steps", "'-' means at once, and stands alone")
    if step.network and shared.networks and step.network not in shared.networks | {"host", "none", "bridge"}:
        fields.wrong(fields.at("network"), f"there is no network {shown(step.network)}", "declare it under networks:")
    if fields.given("secret"):
        fields.warn(fields.at("secret"), "secret is in ACR's reference, but no ACR acts on it", "use secrets: and env")
    for key in ("exitedWith", "exitedWithout"):
        if fields.given(key):
            fields.warn(fields.at(key), f"{key} is read and never acted on, by ACR and by us", "use ignoreErrors")
    if step.kind is Kind.BUILD:
        problem = problem_of_build(step.build)
        if problem:
            fields.wrong(fields.at("build"), *problem)
    elif step.kind is Kind.CMD and fields.given("cmd") and (not step.image or step.image.startswith("-")):
        fields.wrong(fields.at("cmd"), "cmd without an image", "its first word is the image to run")
    _check_pointless(fields, step)


def _check_pointless(fields: Fields, step: Step) -> None:
    only_cmd = ("entryPoint", "user", "ports", "expose", "detach", "keep", "pull", "privileged", "cpus")
    pointless: tuple[str, ...] = only_cmd if step.kind is not Kind.CMD else ("cache",)
    if step.kind is Kind.PUSH:
        pointless += ("retries", "repeat", "workingDirectory", "cache")
    for key in pointless:
        if fields.given(key):
            fields.warn(fields.at(key), f"{key} does nothing in a {step.kind.value} step")


def _directory(given: str, default: str) -> str:
    if not given:
        return default
    return given if given.startswith("/") else f"{WORKSPACE}/{given}"


def _secrets(fields: Fields, problems: list[Problem]) -> Iterator[Secret]:
    seen: set[str] = set()
    for node in fields.items("secrets"):
        entry = Fields(node, "a secret", ("id", "keyvault", "clientID"), problems)
        secret = Secret(entry.text("id"), entry.text("keyvault"), entry.text("clientID"))
        if not secret.id or any(character.isspace() for character in secret.id):
            entry.wrong(entry.at("id"), f"the secret's id is {shown(secret.id)}", "it must be one word")
        elif secret.id in seen:
            entry.wrong(entry.at("id"), f"the secret {shown(secret.id)} stands here twice")
        if not secret.keyvault:
            entry.wrong(entry.place, f"the secret {shown(secret.id)} has no keyvault", "give its address there")
        if secret.client_id and not _GUID.fullmatch(secret.client_id):
            entry.wrong(entry.at("clientID"), f"clientID is {shown(secret.client_id)}", "it must be a GUID")
        seen.add(secret.id)
        yield secret


def _networks(fields: Fields, problems: list[Problem]) -> Iterator[Network]:
    seen: set[str] = set()
    for node in fields.items("networks"):
        entry = Fields(node, "a network", ("name", "driver", "ipv6", "skipCreation", "isDefault"), problems)
        name = entry.text("name")
        if not name or name in seen:
            entry.wrong(entry.at("name"), f"the network's name is {shown(name)}", "each needs a name of its own")
        seen.add(name)
        ipv6, skip, default = (entry.truth(key) for key in ("ipv6", "skipCreation", "isDefault"))
        yield Network(name, entry.text("driver"), ipv6, skip, default)


def _volumes(fields: Fields, problems: list[Problem]) -> Iterator[Volume]:
    seen: set[str] = set()
    for node in fields.items("volumes"):
        entry = Fields(node, "a volume", ("name", "secret"), problems)
        name = entry.text("name")
        if not _VOLUME.fullmatch(name) or name in seen:
            entry.wrong(entry.at("name"), f"the volume's name is {shown(name)}", "letters, digits, - and _; unique")
        seen.add(name)
        yield Volume(name, _files(entry, name))


def _files(entry: Fields, volume: str) -> dict[str, str]:
    node = entry.node("secret")
    files: dict[str, str] = {}
    if not isinstance(node, Mapped) or not node.entries:
        entry.wrong(entry.at("secret"), f"the volume {shown(volume)} holds no secret", "give secret: with FILE: BASE64")
        return files
    for key, value in node.entries:
        text = value.text if isinstance(value, Scalar) else ""
        if not _FILE.fullmatch(key.text) or key.text in (".", ".."):
            entry.wrong(key.place, f"the file name {shown(key.text)}", "letters, digits, '-', '_' and '.'")
        elif not isinstance(value, Scalar) or not _is_base64(text):
            entry.wrong(value.place, f"what {shown(key.text)} holds is not base64", "use the template function b64enc")
        files[key.text] = text
    return files


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True

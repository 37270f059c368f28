"""docker build's arguments in a build step: what of them bears on the result (docker build reference)."""

import shlex
from collections.abc import Mapping

import msgspec

from pratique.model.errors import UsageError
from pratique.model.reference import Reference
from pratique.remediate.tasks.places import nearest, shown
from pratique.remediate.tasks.task import Kind, Step

# Options with a value that buildah takes as they are.
_PASSED = frozenset({"--label", "--add-host", "--secret", "--ssh", "--shm-size", "--ulimit", "--annotation"})
# Options that matter to a daemon's build or to Windows, and to nobody here.
_DROPPED = frozenset(
    {
        "--progress",
        "--isolation",
        "--memory",
        "-m",
        "--memory-swap",
        "--cpu-shares",
        "-c",
        "--cpu-period",
        "--cpu-quota",
    }
    | {"--cpuset-cpus", "--cpuset-mems", "--cgroup-parent", "--cache-from", "--cache-to", "--security-opt", "--output"}
    | {"-o", "--builder", "--iidfile", "--metadata-file", "--provenance", "--sbom", "--attest", "--network"}
)
_FLAGS = frozenset(
    {"--quiet", "-q", "--rm", "--force-rm", "--compress", "--load", "--push", "--stream", "--disable-content-trust"}
    | {"--no-cache", "--pull", "--squash"}
)
_SHORT = {"-t": "--tag", "-f": "--file"}
_VALUED = frozenset({"--tag", "--file", "--build-arg", "--target", "--platform"}) | _PASSED | _DROPPED
_REMOTE = ("https://", "http://", "git://", "git@", "ssh://", "oci://", "file://")


DOCKER = "docker"


class BuildArguments(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a build is asked for. `file` is empty for the context's Dockerfile; `passed` go to the builder unread."""

    context: str
    tags: tuple[str, ...] = ()
    file: str = ""
    build_args: Mapping[str, str] = {}
    target: str = ""
    platform: str = ""
    pull: bool = False
    passed: tuple[str, ...] = ()
    no_cache: bool = False

    @property
    def is_remote(self) -> bool:
        """Whether the context is somewhere else: a git repository, a tarball, an artifact."""
        return is_remote(self.context)


def is_remote(context: str) -> bool:
    """Whether a context is an address and not a folder."""
    return context.startswith(_REMOTE)


def parse_build(text: str) -> BuildArguments:
    """Read a build step's text. Raises UsageError."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"build arguments {shown(text)}", f"a quote is not closed: {error}") from None
    options: list[tuple[str, str]] = []
    contexts: list[str] = []
    at = 0
    while at < len(words):
        word, at = words[at], at + 1
        if not word.startswith("-") or word == "-":
            contexts.append(word)
            continue
        name, equals, value = _option(word)
        if name not in _VALUED and name not in _FLAGS:
            raise UsageError(f"docker build has no option {shown(name)}", nearest(name, sorted(_VALUED | _FLAGS)))
        if name in _VALUED and not equals:
            if at == len(words):
                raise UsageError(f"{name} without a value")
            value, at = words[at], at + 1
        options.append((name, value))
    if len(contexts) != 1:
        found = " and ".join(shown(context) for context in contexts) or "none"
        raise UsageError(f"a build needs one context, here is {found}", "it is the folder or address to build from")
    return _gathered(contexts[0], options)


def build_of(step: Step) -> str | None:
    """The arguments of what a step builds: a build step's, or those of `cmd: docker build ...`; None: no build."""
    if step.kind is Kind.BUILD:
        return step.build
    words = step.arguments.split(None, 1) if runs_docker(step) else []
    if words[:1] == ["buildx"] and len(words) > 1:
        words = words[1].split(None, 1)
    return (words[1] if len(words) > 1 else "") if words[:1] == ["build"] else None


def runs_docker(step: Step) -> bool:
    """Whether a cmd step runs the docker command line itself, in ACR against the agent's daemon."""
    return step.kind is Kind.CMD and step.image.partition(":")[0] in (DOCKER, "docker.io/docker", "library/docker")


def problem_of_build(text: str) -> tuple[str, str] | None:
    """What is wrong with a build step's text, and what to do; None when nothing is."""
    try:
        for tag in parse_build(text).tags:
            Reference.parse(tag)
    except UsageError as error:
        return error.what, error.hint
    return None


def _option(word: str) -> tuple[str, str, str]:
    """Name, `=` when a value is in the same word, value."""
    name, equals, value = word.partition("=")
    if not word.startswith("--") and len(name) > 2 and _SHORT.get(name[:2]):
        name, equals, value = word[:2], "=", word[2:].removeprefix("=")
    return _SHORT.get(name, name), equals, value


def _gathered(context: str, options: list[tuple[str, str]]) -> BuildArguments:
    def last(name: str) -> str:
        return next((value for each, value in reversed(options) if each == name), "")

    passed = tuple(f"{name}={value}" for name, value in options if name in _PASSED)
    return BuildArguments(
        context=context,
        tags=tuple(dict.fromkeys(value for name, value in options if name == "--tag")),
        file=last("--file"),
        build_args=dict(_pair(value) for name, value in options if name == "--build-arg"),
        target=last("--target"),
        platform=last("--platform"),
        pull=any(name == "--pull" for name, _ in options),
        passed=passed,
        no_cache=any(name == "--no-cache" for name, _ in options),
    )


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value

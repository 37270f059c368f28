"""`cmd: docker ...` in a task: the few commands that need no daemon, read."""

import shlex

import msgspec

from pratique.model.errors import UsageError
from pratique.remediate.tasks.places import shown

_IMAGES = {"pull": 1, "push": 1, "tag": 2}
_SHELL = frozenset({"&&", "||", ";", "|", "&", ">", "<"})


class DockerCommand(msgspec.Struct, frozen=True):
    """`pull`, `push` or `tag`, with its images. (`build` is read as a build step's arguments are.)"""

    verb: str
    images: tuple[str, ...]


def read_docker_command(text: str) -> DockerCommand:
    """Read what follows `docker`. Raises UsageError for what needs a daemon."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"docker {shown(text)}: {error}") from None
    if words[:1] == ["image"]:
        words = words[1:]
    verb = words[0] if words else ""
    images = tuple(word for word in words[1:] if not word.startswith("-"))
    if verb not in _IMAGES or _SHELL & set(words):
        hint = "build, pull, push and tag need no daemon; for others use an image that has what you need"
        raise UsageError(f"no docker daemon to run {shown('docker ' + text)}", hint)
    if len(images) != _IMAGES[verb]:
        raise UsageError(f"docker {verb} with {len(images)} images", f"it takes {_IMAGES[verb]}")
    return DockerCommand(verb, images)

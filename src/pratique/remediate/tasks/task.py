"""A task as values: what a task file says once templates and aliases are filled in (ACR Tasks reference: YAML)."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from pratique.remediate.tasks.places import Place

STEP_TIMEOUT = 600  # seconds
RETRY_DELAY = 5  # seconds; what the executor does, whatever the reference says
WORKSPACE = "/workspace"


class Kind(StrEnum):
    """What a step does."""

    BUILD = "build"
    PUSH = "push"
    CMD = "cmd"


class VolumeMount(msgspec.Struct, frozen=True):
    """A volume's place in a step's container."""

    name: str
    path: str


class Volume(msgspec.Struct, frozen=True):
    """A volume of secret files: their names and contents in base64."""

    name: str
    files: Mapping[str, str]


class Network(msgspec.Struct, frozen=True, omit_defaults=True):
    """A network that steps may join."""

    name: str
    driver: str = ""
    ipv6: bool = False
    skip_creation: bool = False
    is_default: bool = False


class Secret(msgspec.Struct, frozen=True, omit_defaults=True):
    """A secret by its id: the address in a key vault, and the identity that may read it."""

    id: str
    keyvault: str = ""
    client_id: str = ""


class Step(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One step. Times are seconds. `when`: None after the step before, empty at once, else after all of these steps.

    `env` is the task's with the step's own. `working_directory` is absolute. `build` are docker build's arguments,
    `cmd` an image and its arguments as shell text, `push` full image names.
    """

    place: Place
    id: str
    kind: Kind
    build: str = ""
    push: tuple[str, ...] = ()
    cmd: str = ""
    when: tuple[str, ...] | None = None
    timeout: int = STEP_TIMEOUT
    start_delay: int = 0
    retries: int = 0
    retry_delay: int = RETRY_DELAY
    retry_on_errors: tuple[str, ...] = ()
    repeat: int = 0
    ignore_errors: bool = False
    entry_point: str = ""
    env: Mapping[str, str] = {}
    working_directory: str = WORKSPACE
    disable_working_directory_override: bool = False
    user: str = ""
    privileged: bool = False
    network: str = ""
    isolation: str = ""
    cpus: str = ""
    ports: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    detach: bool = False
    keep: bool = False
    pull: bool = False
    download_retries: int = 0
    download_retry_delay: int = 0
    cache: bool = False
    volume_mounts: tuple[VolumeMount, ...] = ()
    exited_with: tuple[int, ...] = ()
    exited_without: tuple[int, ...] = ()

    @property
    def image(self) -> str:
        """The image that a cmd step runs: its first word."""
        return self.cmd.split(None, 1)[0].strip("'\"") if self.cmd.strip() else ""

    @property
    def arguments(self) -> str:
        """What follows the image in a cmd step, as shell text."""
        parts = self.cmd.split(None, 1)
        return parts[1] if len(parts) > 1 else ""


class Task(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A task: its steps in the order of the file, and what they share. `step_timeout` in seconds."""

    name: str
    version: str
    steps: tuple[Step, ...]
    step_timeout: int = STEP_TIMEOUT
    working_directory: str = WORKSPACE
    env: Mapping[str, str] = {}
    secrets: tuple[Secret, ...] = ()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()

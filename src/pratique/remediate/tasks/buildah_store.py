"""buildah's store of one run, and how buildah is called: what it may see, which registries have no TLS."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.registry.hosts import base_url
from pratique.remediate.tasks.programs import Exit, Program, Programs
from pratique.remediate.tasks.task import Step
from pratique.remediate.tasks.workspace import Workspace

_KEPT = ("PATH", "XDG_RUNTIME_DIR", "TMPDIR", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")
_CREDENTIALS = ("HOME", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG")
_ANSWER = 120.0  # seconds
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How buildah is used. `insecure`: registries (host:port) without TLS; loopback never has it.

    `pins`: images to build on, by the names that Dockerfiles use. `destination`: where an image is pushed instead of
    under its own name; None: not at all.
    """

    storage_driver: str = "vfs"
    isolation: str = "chroot"
    network: str = "host"
    insecure: frozenset[str] = frozenset()
    authfile: Path | None = None
    pins: Mapping[Reference, Digest] = {}
    destination: Callable[[Reference], Reference | None] = lambda reference: reference


class BuildahStore:
    """Calls buildah for steps. Deadlines are `time.monotonic()`'s."""

    def __init__(self, workspace: Workspace, settings: Settings, programs: Programs) -> None:
        self.workspace, self.settings, self.programs = workspace, settings, programs
        self._numbers = iter(range(1, 1 << 30))

    def run(
        self,
        step: Step,
        arguments: Sequence[str],
        deadline: float,
        references: Sequence[Reference] = (),
        *,
        quiet: bool = False,
    ) -> Exit:
        """Run buildah; `references` are what it may fetch or push. A quiet one is heard only when it fails."""
        return self.programs.run(self.program(step, [*self.command, *arguments], deadline, references, quiet=quiet))

    def program(
        self,
        step: Step,
        command: Sequence[str],
        deadline: float,
        references: Sequence[Reference] = (),
        *,
        quiet: bool = False,
        of_task: bool = False,
    ) -> Program:
        """Any program of a step, with what it may see of this machine; a program `of_task` sees no credentials."""
        return Program(
            step=step.id,
            command=command,
            folder=self.workspace.files,
            environment=self._environment(references, of_task),
            seconds=max(0.0, deadline - time.monotonic()),
            words=step.retry_on_errors,
            quiet=quiet,
        )

    def answer(self, arguments: Sequence[str]) -> str:
        """buildah's own answer, in nobody's log; empty when it fails."""
        try:
            done = subprocess.run(
                [*self.command, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env=self._environment(()),
                timeout=_ANSWER,
            )
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.decode(errors="replace") if done.returncode == 0 else ""

    @property
    def command(self) -> list[str]:
        """The beginning of every command line."""
        root = self.workspace.root
        store = ["--root", str(root / "store"), "--runroot", str(root / "runroot")]
        return ["buildah", *store, "--storage-driver", self.settings.storage_driver]

    @property
    def isolation(self) -> tuple[str, ...]:
        """Options of `build` and `run`."""
        return ("--isolation", self.settings.isolation, "--network", self.settings.network)

    @property
    def authentication(self) -> tuple[str, ...]:
        """Options of whatever talks to registries."""
        return ("--authfile", str(self.settings.authfile)) if self.settings.authfile else ()

    def number(self) -> int:
        """A number that nothing else of this run has."""
        return next(self._numbers)

    def scratch(self, name: str) -> Path:
        """A file of its own."""
        return self.workspace.root / "scratch" / f"{self.number()}-{name}"

    def _environment(self, references: Sequence[Reference], of_task: bool = False) -> dict[str, str]:
        """What programs see of this machine. Which registries speak HTTP is told by a file: some may, others not."""
        plain = {each.registry for each in references if base_url(each.registry).startswith("http:")}
        entries = [
            f'[[registry]]\nlocation = "{name}"\ninsecure = true' for name in sorted(plain | self.settings.insecure)
        ]
        file = self.scratch("registries.conf")
        file.write_text("\n".join(['unqualified-search-registries = ["docker.io"]', *entries]) + "\n")
        names = (*_KEPT, *_PROXIES) if of_task else (*_KEPT, *_PROXIES, *_CREDENTIALS)
        kept = {name: os.environ[name] for name in names if name in os.environ}
        home = {"HOME": str(self.workspace.root / "home")} if of_task else {}
        return {**kept, **home, "CONTAINERS_REGISTRIES_CONF": str(file)}

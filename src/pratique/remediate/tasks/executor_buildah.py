"""Runs steps with buildah: no daemon, a store of its own for each run, chroot isolation, the machine's network.

Steps share the machine's network: a step's id means 127.0.0.1 in their `/etc/hosts`, ports are not mapped, `networks`
separate nothing. A task runs with the rights of whoever runs it. `cmd: docker build|pull|push|tag` is done by buildah.
"""

import base64
import queue
import re
import threading
import time
from collections.abc import Sequence

import msgspec

from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData, PratiqueError
from pratique.model.reference import Reference
from pratique.remediate.tasks.arguments import build_of, runs_docker
from pratique.remediate.tasks.build_step import Discovered, build
from pratique.remediate.tasks.buildah_store import BuildahStore, Settings
from pratique.remediate.tasks.cmd_step import run_command
from pratique.remediate.tasks.course import Act, Outcome, Verb
from pratique.remediate.tasks.docker_commands import DockerCommand, read_docker_command
from pratique.remediate.tasks.mask import Masker
from pratique.remediate.tasks.programs import Exit, Programs, Sink
from pratique.remediate.tasks.task import Step, Task
from pratique.remediate.tasks.workspace import Workspace

_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_BUILDAHS = re.compile(r"exit status \d+$|exited with status \d+$")  # what buildah adds to a command's last words


class Push(msgspec.Struct, frozen=True):
    """An image that was pushed: the task's name for it, where it went, the digest there."""

    image: Reference
    target: Reference
    digest: Digest


class BuildahExecutor:
    """See `run.Executor`. `discovered` gathers what builds depend on; `pushed` what was pushed, and where.

    `secrets`, and what is in the task's volumes, is masked in logs and in what `sink` is told.
    """

    def __init__(
        self,
        task: Task,
        workspace: Workspace,
        settings: Settings | None = None,
        *,
        secrets: Sequence[str] = (),
        sink: Sink = lambda step, line: None,
    ) -> None:
        hidden = (*secrets, *(_decoded(text) for volume in task.volumes for text in volume.files.values()))
        self._programs = Programs(workspace.logs, Masker(hidden), sink)
        self._store = BuildahStore(workspace, settings or Settings(), self._programs)
        self._ends: queue.Queue[tuple[str, Outcome]] = queue.Queue()
        self._threads: list[threading.Thread] = []
        self.discovered: list[Discovered] = []
        self.pushed: list[Push] = []
        hosts = " ".join(["localhost", *(step.id for step in task.steps if _HOST.fullmatch(step.id))])
        (workspace.root / "hosts").write_text(f"127.0.0.1 {hosts}\n::1 localhost\n")

    def begin(self, act: Act) -> None:
        """See `Executor.begin`."""
        thread = threading.Thread(target=self._do, args=(act,), name=f"step {act.step.id}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def next(self) -> tuple[str, Outcome]:
        """See `Executor.next`."""
        return self._ends.get()

    def now(self) -> float:
        """See `Executor.now`."""
        return time.monotonic()

    def stop(self) -> None:
        """See `Executor.stop`."""
        self._programs.stop()
        for thread in self._threads:
            thread.join(30)

    def _do(self, act: Act) -> None:
        try:
            outcome = self._outcome(act)
        except PratiqueError as error:
            outcome = Outcome(self.now(), str(error))
        except Exception as error:  # noqa: BLE001 - without an outcome the run would wait for ever
            outcome = Outcome(self.now(), f"a bug in pratique ({type(error).__name__}: {error})")
        if outcome.problem:
            self._programs.note(act.step.id, outcome.problem)
        self._ends.put((act.step.id, outcome))

    def _outcome(self, act: Act) -> Outcome:
        step, deadline = act.step, self.now() + act.seconds
        if act.verb is Verb.WAIT:
            self._programs.stopped.wait(act.seconds)
            return Outcome(self.now())
        if act.verb is Verb.PULL:
            return self._ended(step, self._pull(step, step.image, deadline))
        if act.verb is Verb.PUSH:
            return self._push(step, act.image, deadline)
        text = build_of(step)
        if text is not None:
            return self._build(step, text, deadline)
        if runs_docker(step):
            return self._docker(step, read_docker_command(step.arguments), deadline)
        return self._ended(step, run_command(self._store, step, deadline))

    def _build(self, step: Step, text: str, deadline: float) -> Outcome:
        exit_, found = build(self._store, step, text, deadline)
        if found:
            self.discovered.append(found)
        return self._ended(step, exit_)

    def _ended(self, step: Step, exit_: Exit) -> Outcome:
        now = self.now()
        if exit_.timed_out:
            return Outcome(now, f"took more than {step.timeout} s", exit_.matched, timed_out=True)
        if exit_.code:
            tail = [line for line in exit_.tail.strip().splitlines() if not _BUILDAHS.search(line)]
            said = f": {tail[-1][:300]}" if tail else ""
            return Outcome(now, f"ended with {exit_.code}{said}", exit_.matched)
        return Outcome(now, matched=exit_.matched)

    def _docker(self, step: Step, command: DockerCommand, deadline: float) -> Outcome:
        if command.verb == "push":
            return self._push(step, command.images[0], deadline)
        if command.verb == "pull":
            return self._ended(step, self._pull(step, command.images[0], deadline))
        source, target = (str(Reference.parse(image)) for image in command.images)
        return self._ended(step, self._store.run(step, ["tag", source, target], deadline))

    def _pull(self, step: Step, image: str, deadline: float) -> Exit:
        reference = Reference.parse(image)
        command = ["pull", "--quiet", *self._store.authentication, f"docker://{reference}"]
        return self._store.run(step, command, deadline, [reference])

    def _push(self, step: Step, image: str, deadline: float) -> Outcome:
        reference = Reference.parse(image)
        target = self._store.settings.destination(reference)
        if target is None:
            self._programs.note(step.id, f"{reference} is not pushed: only the image that is being rebuilt is")
            return Outcome(self.now())
        file = self._store.scratch("digest")
        command = ["push", "--digestfile", str(file), *self._store.authentication, str(reference), f"docker://{target}"]
        outcome = self._ended(step, self._store.run(step, command, deadline, [target]))
        if outcome.problem:
            return outcome
        digest = file.read_text().strip()
        if not is_digest(digest):
            raise InvalidData(f"buildah gave no digest for {target}")
        self.pushed.append(Push(reference, target, Digest(digest)))
        self._programs.note(step.id, f"{target.name}:{target.tag} {digest}")
        return msgspec.structs.replace(outcome, digest=Digest(digest))


def _decoded(content: str) -> str:
    return base64.b64decode(content).decode(errors="replace").strip()

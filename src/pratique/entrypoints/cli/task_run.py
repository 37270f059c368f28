"""`pratique task run`: a task file, a Dockerfile or a command, run with buildah. Imported only by `cli.task`."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from pratique.entrypoints.cli import output, task_inputs
from pratique.model.errors import NotFound, PratiqueError, UsageError
from pratique.remediate.tasks.arguments import is_remote
from pratique.remediate.tasks.buildah_store import Settings
from pratique.remediate.tasks.discovered import HEADING, dependency_report
from pratique.remediate.tasks.executor_buildah import BuildahExecutor
from pratique.remediate.tasks.graph import graph
from pratique.remediate.tasks.prepare import Prepared, prepare, ready
from pratique.remediate.tasks.programs import Exit
from pratique.remediate.tasks.quick import quick_build, quick_command
from pratique.remediate.tasks.run import RunResult, run
from pratique.remediate.tasks.sources import fetch_context
from pratique.remediate.tasks.task import Task
from pratique.remediate.tasks.workspace import Workspace

_REGISTRY = re.compile(r"^[^#\n]*(\$Registry\b|\.Run\.Registry\b)", re.MULTILINE)


def run_task(args: argparse.Namespace) -> int:
    """Run it. Raises UsageError for a task that cannot run, PratiqueError for one that failed."""
    with tempfile.TemporaryDirectory(prefix="pratique-context-") as scratch:
        file, context = _paths(args, Path(scratch))
        prepared = _prepared(args, file)
        task = ready(prepared)
        for problem in prepared.problems:
            print(problem, file=sys.stderr)
        if args.dry_run:
            output.write(_planned(task, prepared).encode(), None)
            return 0
        if shutil.which("buildah") is None:
            raise NotFound("buildah is not on this machine", "install it; --dry-run, lint and graph work without")
        return _run(args, task, prepared, context)


def _prepared(args: argparse.Namespace, file: str | None) -> Prepared:
    if args.cmd is not None:
        text, name, reads = quick_command(args.cmd), "--cmd", None
    elif file is None:
        text = quick_build(args.file, args.tag, args.build_arg, args.target, not args.no_push)
        name, reads = args.file, None
    else:
        name = file
        text, reads = task_inputs.task_text(file)
    if not args.registry and _REGISTRY.search(text):
        raise UsageError(f"{name} needs a registry", "give it with --registry HOST; it is $Registry and .Run.Registry")
    secrets = None if args.dry_run else task_inputs.secret_files(args.secret)
    return prepare(text, name, task_inputs.inputs(args), secrets, reads)


def _paths(args: argparse.Namespace, scratch: Path) -> tuple[str | None, Path | None]:
    """The task file, none for a quick build or command, and the context (none for /dev/null)."""
    quick = args.file is not None or args.cmd is not None
    if args.file is not None and args.cmd is not None:
        raise UsageError("-f and --cmd", "give one of them")
    if len(args.paths) != (1 if quick else 2):
        hint = "give CONTEXT" if quick else "give FILE and CONTEXT, or -f or --cmd"
        raise UsageError(f"{len(args.paths)} paths", hint)
    context = _context(args.paths[-1], scratch)
    if quick:
        return None, context
    file = args.paths[0]
    fetched = context / file if context and is_remote(args.paths[-1]) else None
    if fetched and not Path(file).is_file() and fetched.resolve().is_relative_to(scratch.resolve()):
        return str(fetched), context
    return file, context


def _context(name: str, scratch: Path) -> Path | None:
    if name == os.devnull:
        return None
    if is_remote(name):
        return fetch_context(name, scratch / "context", _fetch)
    if not Path(name).is_dir():
        raise UsageError(f"no context: {name} is not a folder")
    return Path(name)


def _fetch(command: Sequence[str]) -> Exit:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return Exit(done.returncode, tail=done.stderr.decode(errors="replace"))


def _run(args: argparse.Namespace, task: Task, prepared: Prepared, context: Path | None) -> int:
    settings = Settings(
        storage_driver=args.storage_driver,
        isolation=args.isolation,
        insecure=frozenset(args.plain_http),
        authfile=Path(args.authfile) if args.authfile else None,
    )
    stream = sys.stderr if args.format == "json" else sys.stdout

    def say(line: str) -> None:
        with suppress(BrokenPipeError):  # nobody listens any more; the run and its logs go on
            print(line, file=stream, flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what runs, as Ctrl-C does
    with Workspace(_store(args.store), context, task.volumes) as workspace:
        executor = BuildahExecutor(
            task, workspace, settings, secrets=prepared.secrets, sink=lambda step, line: say(f"{step} | {line}")
        )
        result = run(task, executor, lambda step, what: say(f"{step}: {what}"))
    found = dependency_report(executor.discovered, {push.image: push.digest for push in executor.pushed})
    if args.format == "json":
        document = {"task": task.name, "steps": result.steps, "dependencies": found, "logs": str(workspace.logs)}
        output.write(msgspec.json.format(msgspec.json.encode(document)) + b"\n", None)
    else:
        output.write(_told(result, found).encode(), None)
    if not result.successful:
        raise PratiqueError(f"{task.name}: {result.failure}", f"the logs are in {workspace.logs}")
    return 0


def _told(result: RunResult, found: list[dict[str, object]]) -> str:
    lines = [f"{step.status.value:>10}  {step.id}  {step.seconds:.1f} s" for step in result.steps]
    lines += [f"{pushed.image} {pushed.digest}" for pushed in result.pushed]
    if found:
        lines += [HEADING, msgspec.json.encode(found).decode()]
    return "\n".join(lines) + "\n"


def _planned(task: Task, prepared: Prepared) -> str:
    from pratique.remediate.tasks.mask import Masker

    steps = {step.id: step for step in task.steps}
    lines = []
    for at, level in enumerate(graph(task.steps).levels, 1):
        for name in level:
            step = steps[name]
            what = step.build or step.cmd or " ".join(step.push)
            lines.append(f"{at}  {name}  {step.kind.value} {what.strip()}\n")
    return Masker(prepared.secrets).mask("".join(lines))


def _store(folder: str | None) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return Path(folder) if folder else (Path(cache) if cache else Path.home() / ".cache") / "pratique" / "tasks"

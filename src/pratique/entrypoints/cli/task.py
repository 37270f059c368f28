"""`pratique task run|lint|graph|dependencies|import`: ACR task files, without Azure."""

import argparse
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.remediate.tasks.graph import Graph
    from pratique.remediate.tasks.import_arm import ImportedTask
    from pratique.remediate.tasks.places import Problem
    from pratique.remediate.tasks.task import Task

_RUN = """\
FILE is a task file (YAML); CONTEXT is the folder that its steps see as /workspace (a copy of it). Without FILE:
  -f DOCKERFILE -t IMAGE CONTEXT   builds and pushes, as `az acr build` does
  --cmd 'IMAGE ARGUMENTS' CONTEXT  runs one command, as `az acr run --cmd` does
A task runs with your rights: its commands are read by your shell, as on ACR's agents. Run tasks that you trust.
"""


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "run, check and import ACR task files, without Azure"
    parser = subparsers.add_parser("task", help=summary, description=summary[:1].upper() + summary[1:] + ".")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(verbs)
    lint = _command(verbs, "lint", "say all that is wrong with task files, with line and column")
    lint.add_argument("files", metavar="FILE", nargs="+")
    lint.add_argument("--strict", action="store_true", help="warnings count as errors (exit code 1)")
    lint.add_argument("-f", "--format", choices=("text", "json"), default="text", help="default: text")
    _add_inputs(lint)
    lint.set_defaults(run=run_lint)
    graph = _command(verbs, "graph", "show which steps wait for which")
    graph.add_argument("file", metavar="FILE")
    graph.add_argument(
        "-f", "--format", choices=("text", "json", "dot", "mermaid"), default="text", help="default: text"
    )
    _add_inputs(graph)
    graph.set_defaults(run=run_graph)
    needs = _command(verbs, "dependencies", "list the images that a task builds on and runs")
    needs.add_argument("file", metavar="FILE")
    needs.add_argument("context", metavar="CONTEXT")
    needs.add_argument("-f", "--format", choices=("text", "json"), default="text", help="default: text")
    _add_inputs(needs)
    needs.set_defaults(run=run_dependencies)
    summary = "read tasks as Azure describes them (az acr task show|list, ARM templates)"
    importer = _command(verbs, "import", summary)
    importer.add_argument("file", metavar="FILE", help="JSON; - for standard input")
    importer.add_argument("-o", "--output", metavar="FOLDER", help="write NAME/task.yaml, values.yaml, definition.json")
    importer.set_defaults(run=run_import)


def _add_run(verbs: "options.Subparsers[argparse.ArgumentParser]") -> None:
    run = _command(verbs, "run", "run a task with buildah", _RUN)
    run.add_argument("paths", metavar="FILE CONTEXT", nargs="+", help="see below")
    run.add_argument(
        "-f", "--file", metavar="DOCKERFILE", help="build this, in CONTEXT, instead of running a task file"
    )
    run.add_argument("-t", "--tag", metavar="IMAGE", action="append", default=[], help="what to call it; repeatable")
    run.add_argument("--build-arg", metavar="NAME=VALUE", action="append", default=[], help="repeatable")
    run.add_argument("--target", metavar="STAGE", default="", help="the stage to build; default: the last")
    run.add_argument("--no-push", action="store_true", help="with -f: build only")
    run.add_argument("--cmd", metavar="COMMAND", help="run this instead of a task file")
    run.add_argument(
        "--secret", metavar="ID=FILE", action="append", default=[], help="a secret of the task; repeatable"
    )
    run.add_argument("--dry-run", action="store_true", help="show what would run, with everything filled in")
    run.add_argument("--format", choices=("text", "json"), default="text", help="of the result; default: text")
    run.add_argument("--plain-http", metavar="HOST", action="append", default=[], help="a registry without TLS")
    run.add_argument("--authfile", metavar="FILE", help="logins, as buildah and docker keep them")
    run.add_argument("--store", metavar="FOLDER", help="where runs and logs are; default: in the cache folder")
    run.add_argument("--storage-driver", metavar="NAME", default="vfs", help="buildah's; default: vfs")
    run.add_argument("--isolation", metavar="NAME", default="chroot", help="buildah's; default: chroot")
    _add_inputs(run)
    run.set_defaults(run=run_run)


def _command(
    verbs: "options.Subparsers[argparse.ArgumentParser]", name: str, summary: str, epilog: str = ""
) -> argparse.ArgumentParser:
    return verbs.add_parser(
        name,
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what templates see")
    group.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="{{.Values.NAME}}; repeatable")
    group.add_argument(
        "--set-secret", metavar="NAME=VALUE", action="append", default=[], help="the same, masked in logs"
    )
    group.add_argument("--values", metavar="FILE", help="values in YAML; --set wins")
    group.add_argument("--registry", metavar="HOST", default="", help="{{.Run.Registry}}, and $Registry")
    group.add_argument("--id", metavar="ID", default="", help="{{.Run.ID}}; default: a new one")
    for name in ("commit", "branch", "repository"):
        group.add_argument(f"--{name}", metavar=name.upper(), default="", help=f"{{{{.Run.{name.capitalize()}}}}}")
    group.add_argument(
        "--alias", metavar="NAME=IMAGE", action="append", default=[], help="what a cmd's first word stands for"
    )


def run_run(args: argparse.Namespace) -> int:
    """Run a task, and show what became of it."""
    from pratique.entrypoints.cli.task_run import run_task

    return run_task(args)


def run_lint(args: argparse.Namespace) -> int:
    """Show all problems; 1 when there are errors."""
    import msgspec

    from pratique.entrypoints.cli import output, task_inputs
    from pratique.remediate.tasks.lint import lint

    found: list[Problem] = []
    for file in args.files:
        text, reads = task_inputs.task_text(file)
        found += lint(text, file, task_inputs.inputs(args, task_inputs.EXAMPLE), reads)
    if args.format == "json":
        output.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n", None)
    else:
        output.write("".join(f"{problem}\n" for problem in found).encode(), None)
    return 1 if any(problem.error or args.strict for problem in found) else 0


def run_graph(args: argparse.Namespace) -> int:
    """Show the graph."""
    import msgspec

    from pratique.entrypoints.cli import output, task_inputs
    from pratique.remediate.tasks.graph import graph

    task = task_inputs.task_of(args, args.file)
    made = graph(task.steps)
    if args.format == "json":
        output.write(msgspec.json.format(msgspec.json.encode(made)) + b"\n", None)
    else:
        output.write(_drawn(task, made, args.format).encode(), None)
    return 0


def run_dependencies(args: argparse.Namespace) -> int:
    """Show the dependencies, and what could not be told."""
    from pathlib import Path

    import msgspec

    from pratique.entrypoints.cli import output, task_inputs
    from pratique.model.errors import UsageError
    from pratique.remediate.tasks.dependencies import dependencies
    from pratique.remediate.tasks.files import dockerfiles_below

    if not Path(args.context).is_dir():
        raise UsageError(f"no context: {args.context} is not a folder")
    found = dependencies(task_inputs.task_of(args, args.file), dockerfiles_below(Path(args.context)))
    if args.format == "json":
        output.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n", None)
        return 0
    lines = [
        f"{each.step}  {each.kind.value}  {each.reference}" + ("" if each.seen_by_acr else "  (not tracked by ACR)")
        for each in found.found
    ]
    lines += [f"{each.step}  unknown: {each.reason}" for each in found.unread]
    output.write("".join(f"{line}\n" for line in lines).encode(), None)
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Show tasks as definitions, or write them into folders."""
    import msgspec

    from pratique.entrypoints.cli import output, task_inputs
    from pratique.remediate.tasks.import_arm import read

    tasks = read(task_inputs.read_bytes(args.file))
    if args.output is None:
        output.write(msgspec.json.format(msgspec.json.encode(tasks)) + b"\n", None)
        return 0
    output.write("".join(f"{_written(task, args.output)}\n" for task in tasks).encode(), None)
    return 0


def _written(task: "ImportedTask", folder: str) -> str:
    import re
    from pathlib import Path

    import msgspec

    from pratique.entrypoints.cli import output
    from pratique.model.errors import UsageError

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", task.name):
        raise UsageError(f"not a task's name: {task.name[:80]!r}", "letters, digits, - and _")
    place = Path(folder) / task.name
    place.mkdir(parents=True, exist_ok=True)
    if task.text:
        output.write(task.text.encode(), str(place / "task.yaml"))
    values = task.values_text or "".join(
        f"{key}: {msgspec.json.encode(text).decode()}\n" for key, text in task.values.items()
    )
    if values:
        output.write(values.encode(), str(place / "values.yaml"))
    output.write(msgspec.json.format(msgspec.json.encode(task)) + b"\n", str(place / "definition.json"))
    return f"{place}  {task.kind}" + "".join(f"\n  note: {note}" for note in task.notes)


def _drawn(task: "Task", made: "Graph", form: str) -> str:
    edges = [(before, step.id) for step in task.steps for before in made.after[step.id]]
    if form == "dot":
        word = {step.id: step.id.replace("\\", "\\\\").replace('"', '\\"') for step in task.steps}
        names = "".join(f'  "{word[step.id]}" [label="{word[step.id]}\\n{step.kind.value}"];\n' for step in task.steps)
        arrows = "".join(f'  "{word[one]}" -> "{word[other]}";\n' for one, other in edges)
        return f"digraph task {{\n{names}{arrows}}}\n"
    if form == "mermaid":
        number = {step.id: f"s{at}" for at, step in enumerate(task.steps)}
        words = {step.id: f"{step.id} ({step.kind.value})".replace('"', "#quot;") for step in task.steps}
        names = "".join(f'  {number[name]}["{word}"]\n' for name, word in words.items())
        return "graph TD\n" + names + "".join(f"  {number[one]} --> {number[other]}\n" for one, other in edges)
    kinds = {step.id: step.kind.value for step in task.steps}
    lines = []
    for at, level in enumerate(made.levels, 1):
        for name in level:
            after = f"  after {', '.join(made.after[name])}" if made.after[name] else ""
            lines.append(f"{at}  {name}  {kinds[name]}{after}\n")
    return "".join(lines)

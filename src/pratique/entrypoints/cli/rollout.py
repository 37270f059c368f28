"""`pratique rollout list|who|set|undo`: what runs in a cluster, and moving it to another digest."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.model.workload import RolloutState
    from pratique.rollout.cluster import Cluster

_TARGET = "NAMESPACE/KIND/NAME"
_FAILED = 3


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "say what runs in a Kubernetes cluster, and move it to another image"
    parser = subparsers.add_parser("rollout", help=summary, description=summary[:1].upper() + summary[1:] + ".")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_questions(verbs)
    move = verbs.add_parser("set", help="move a workload to an image, watch it, go back when it fails")
    move.add_argument("workload", metavar=_TARGET, help="shop/Deployment/web")
    move.add_argument("image", metavar="IMAGE@DIGEST", help="the image to run, by its digest")
    move.add_argument(
        "--container", metavar="C", default="", help="default: the one of that repository, or the only one"
    )
    move.add_argument("--deadline", metavar="S", type=_seconds, default=600.0, help="seconds; default: 600")
    move.add_argument("--no-undo", action="store_true", help="leave a failed rollout as it is")
    back = verbs.add_parser("undo", help="go back to the images before the last rollout by pratique")
    back.add_argument("workload", metavar=_TARGET, help="shop/Deployment/web")
    for each, run in ((move, run_set), (back, run_undo)):
        _add_cluster(each)
        each.set_defaults(run=run)


def _add_questions(verbs: "options.Subparsers[argparse.ArgumentParser]") -> None:
    listing = verbs.add_parser("list", help="list the workloads with their images and the digests that run")
    who = verbs.add_parser("who", help="say which workloads run an image, pin it, or name it by tag")
    who.add_argument("image", metavar="IMAGE@DIGEST", help="with a tag too, containers that name the tag are found")
    for each, run in ((listing, run_list), (who, run_who)):
        _add_cluster(each)
        each.add_argument(
            "-n", "--namespace", metavar="N", action="append", default=[], help="only there; repeatable; default: all"
        )
        each.add_argument("-f", "--format", choices=("table", "json"), default="table", help="default: table")
        each.set_defaults(run=run)


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kubeconfig", metavar="FILE", help="default: the cluster that we run in, $KUBECONFIG, ~/.kube/config"
    )
    parser.add_argument(
        "--context", metavar="NAME", default="", help="a context of the kubeconfig; default: its current"
    )


def run_list(args: argparse.Namespace) -> int:
    """Show all workloads."""
    from pratique.model.digest import short

    with _cluster(args) as cluster:
        found = cluster.list_workloads(args.namespace)
    if args.format == "json":
        _print_json(found)
        return 0
    rows = [
        (it.id, container.name, container.image, " ".join(map(short, container.running)) or "-")
        for it in found
        for container in it.containers
    ]
    _print_table([("WORKLOAD", "CONTAINER", "IMAGE", "RUNS"), *rows])
    return 0


def run_who(args: argparse.Namespace) -> int:
    """Show who has to do with an image."""
    from pratique.rollout.find import running
    from pratique.rollout.target import pinned_reference

    reference, digest = pinned_reference(args.image)
    with _cluster(args) as cluster:
        uses = running(cluster.list_workloads(args.namespace), digest, reference)
    if args.format == "json":
        _print_json([{"workload": use.workload.id, "container": use.container, "how": use.how} for use in uses])
        return 0
    _print_table([("WORKLOAD", "CONTAINER", "HOW"), *((it.workload.id, it.container, it.how.value) for it in uses)])
    return 0


def run_set(args: argparse.Namespace) -> int:
    """Roll out, telling what happens."""
    from pratique.rollout import act, patch, target

    reference, digest = target.pinned_reference(args.image)
    asked = target.parse(args.workload)
    shown: list[RolloutState] = []
    with _cluster(args) as cluster:
        workload = cluster.workload(*asked)
        container = target.container_for(workload, reference, args.container)
        for warning in cluster.warnings(workload):
            _tell(f"warning: {warning}")
        state = act.roll_out(
            cluster,
            workload,
            {container: patch.pinned(reference, digest)},
            args.deadline,
            undo_on_failure=not args.no_undo,
            on_progress=lambda state: _show(state, shown),
        )
    _show(state, shown)
    return _FAILED if state.stage.value in {"failed", "undone"} else 0


def run_undo(args: argparse.Namespace) -> int:
    """Go back."""
    from pratique.rollout import act, target

    asked = target.parse(args.workload)
    shown: list[RolloutState] = []
    with _cluster(args) as cluster:
        state = act.undo(cluster, cluster.workload(*asked), on_progress=lambda state: _show(state, shown))
    _show(state, shown)
    return 0 if state.stage.value == "undone" else _FAILED


def _cluster(args: argparse.Namespace) -> "Cluster":
    from pathlib import Path

    from pratique.rollout.cluster import Cluster

    return Cluster.connect(Path(args.kubeconfig) if args.kubeconfig else None, args.context)


def _show(state: "RolloutState", shown: "list[RolloutState]") -> None:
    """Tell a state once, however often it is seen in a row."""
    if shown[-1:] != [state]:
        _tell(f"{state.workload}: {state.stage.value}: {state.message}")
    shown.append(state)


def _tell(text: str) -> None:
    from pratique.report.text import one_line

    print(one_line(text), flush=True)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    from pratique.report.text import one_line

    clean = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    for row in clean:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_json(value: object) -> None:
    import msgspec

    print(msgspec.json.encode(value).decode())


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86_400:
        raise ValueError(text)
    return value

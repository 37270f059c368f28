"""`pratique fix plan|rebase|rebuild`: what would mend an image, and doing it."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.entrypoints.cli.images import Opened
    from pratique.model.change import Change
    from pratique.model.digest import Digest
    from pratique.model.reference import Reference
    from pratique.remediate.definition import BuildDefinition
    from pratique.remediate.safety import Facts


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "plan how an image gets to a new base; rebase or rebuild it"
    parser = subparsers.add_parser("fix", help=summary, description=summary[:1].upper() + summary[1:] + ".")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    plan = options.add_command(verbs, "plan", "say how an image would get to a new base, and change nothing")
    plan.add_argument("-f", "--format", choices=("text", "json"), default="text", help="default: text")
    plan.add_argument("--prefer", choices=("rebase", "rebuild"), help="default: rebase where that is safe")
    plan.add_argument("--dockerfile", metavar="FILE", help="how it is built, so that a rebuild may be planned")
    plan.set_defaults(run=run_plan)
    rebase = options.add_command(verbs, "rebase", "put an image's own layers on a new version of its base")
    rebase.add_argument("--tag", metavar="TAG", help="for the new image, in the same repository; default: none")
    rebase.set_defaults(run=run_rebase)
    for each in (plan, rebase):
        each.add_argument("--new-base", metavar="TARGET", required=True, help="the base to move to")
        each.add_argument(
            "--old-base", "--base", metavar="TARGET", help="the base it is on; default: the one that the image names"
        )
        each.add_argument("--base-name", metavar="REFERENCE", help="what to call the base; default: as --new-base")
        each.add_argument("--no-scan", action="store_true", help="don't look into the images for what makes it unsafe")
    _add_rebuild(verbs)


def _add_rebuild(verbs: "options.Subparsers[argparse.ArgumentParser]") -> None:
    summary = "build an image with buildah, on exactly the bases that its Dockerfile's tags mean now"
    rebuild = verbs.add_parser("rebuild", help=summary, description=summary[:1].upper() + summary[1:] + ".")
    rebuild.add_argument("context", metavar="CONTEXT", help="the folder to build from")
    rebuild.add_argument("-f", "--file", metavar="DOCKERFILE", help="default: CONTEXT/Dockerfile")
    rebuild.add_argument("-t", "--tag", metavar="REFERENCE", required=True, help="where to push the image")
    rebuild.add_argument("--build-arg", metavar="NAME=VALUE", action="append", default=[], help="repeatable")
    rebuild.add_argument("--target", metavar="STAGE", default="", help="the stage to build; default: the last")
    rebuild.add_argument("--platform", metavar="OS/ARCH", help="default: this machine's")
    rebuild.add_argument("--plain-http", action="store_true", help="speak HTTP, not HTTPS, to the registry")
    rebuild.add_argument("--store", metavar="FOLDER", help="buildah's store and logs; default: in the cache folder")
    rebuild.set_defaults(run=run_rebuild)


def run_plan(args: argparse.Namespace) -> int:
    """Show the plan."""
    import msgspec

    from pratique.entrypoints.cli import images, output
    from pratique.model.change import Strategy
    from pratique.remediate.definition import BuildDefinition
    from pratique.remediate.lineage import Lineage
    from pratique.remediate.plan import package_changes, plan

    output.check(args.output)
    app, old, new = _three(args)
    file = Path(args.dockerfile) if args.dockerfile else None
    made = plan(
        app.image,
        app.reference,
        Lineage(_base_name(args, new), old.image.digest, len(old.image.layers), certain=True),
        old.image,
        new.image,
        BuildDefinition(file, file.parent) if file else None,
        Strategy(args.prefer) if args.prefer else None,
        facts=_facts(args, app, old, new),
        packages=() if args.no_scan else package_changes(images.scanned(old), images.scanned(new)),
    )
    if args.format == "json":
        output.write(msgspec.json.format(msgspec.json.encode(made)) + b"\n", args.output)
    else:
        output.write(_lines(f"{made.strategy.value} {app.name}", made.changes).encode(), args.output)
    return 0


def run_rebase(args: argparse.Namespace) -> int:
    """Rebase, and show the new image's digest and what changed."""
    from pratique.entrypoints.cli import output
    from pratique.remediate.rebase import rebase
    from pratique.remediate.rebase_plan import rebased

    output.check(args.output)
    app, old, new = _three(args)
    name, facts = _base_name(args, new), _facts(args, app, old, new)
    created = output.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    changes = rebased(app.image, old.image, new.image, base_reference=name, created=created, facts=facts).changes
    image = rebase(
        app.repository,
        app.repository,
        app.image,
        old.image,
        new.image,
        base_repository=new.repository,
        base_reference=name,
        created=created,
        tag=args.tag,
        facts=facts,
    )
    place = app.repository.reference
    title = str(place.at(image.index or image.digest)) + (f" ({args.tag})" if args.tag else "")
    output.write(_lines(title, changes).encode(), args.output)
    return 0


def run_rebuild(args: argparse.Namespace) -> int:
    """Build and push, and show the new image's digest and the bases that it stands on."""
    from pratique.entrypoints.cli import output
    from pratique.model.change import Change
    from pratique.model.descriptor import Platform
    from pratique.model.reference import Reference
    from pratique.remediate.build_buildah import Buildah
    from pratique.remediate.definition import BuildDefinition

    target = Reference.parse(args.tag)
    context = Path(args.context)
    definition = BuildDefinition(
        Path(args.file) if args.file else context / "Dockerfile",
        context,
        dict(_pair(text) for text in args.build_arg),
        args.target,
        Platform.parse(args.platform) if args.platform else None,
    )
    bases = _bases_now(definition, args.plain_http)
    insecure = frozenset({target.registry, *(base.registry for base in bases)} if args.plain_http else ())
    built = Buildah(_store(args.store), insecure=insecure).build(definition, target, bases)
    changes = [Change(f"built on {base}", new=digest) for base, digest in bases.items()]
    output.write(_lines(f"{target.at(built.digest)} ({target.tag})", changes).encode(), None)
    return 0


def _three(args: argparse.Namespace) -> "tuple[Opened, Opened, Opened]":
    """The image, its old base, its new base."""
    from pratique.entrypoints.cli import images
    from pratique.model.errors import UsageError
    from pratique.registry.images import load
    from pratique.remediate.lineage import claimed_base

    app, new = images.opened(args, args.target), images.opened(args, args.new_base)
    if args.old_base:
        return app, images.opened(args, args.old_base), new
    claim = claimed_base(app.image)
    if claim is None or claim.digest is None:
        raise UsageError(f"{app.name} does not say which base it is on", "name it by --old-base")
    image = load(new.repository, claim.digest, app.image.platform)
    return app, images.Opened(new.repository, new.repository.reference.at(image.digest), str(claim.digest), image), new


def _facts(args: argparse.Namespace, app: "Opened", old: "Opened", new: "Opened") -> "Facts | None":
    from pratique.entrypoints.cli.images import scanned
    from pratique.remediate.safety import facts_of

    return None if args.no_scan else facts_of(scanned(app), old.image, scanned(new), scanned(old))


def _base_name(args: argparse.Namespace, new: "Opened") -> "Reference":
    from pratique.model.reference import Reference

    return Reference.parse(args.base_name) if args.base_name else new.reference


def _bases_now(definition: "BuildDefinition", plain_http: bool) -> "dict[Reference, Digest]":
    from pratique.registry.targets import open_target
    from pratique.remediate.builder import read_dockerfile

    references = read_dockerfile(definition).references(definition.target)
    targets = {each: open_target(str(each), plain_http=plain_http or None) for each in references}
    return {each: target.repository.resolve(target.target).digest for each, target in targets.items()}


def _pair(text: str) -> tuple[str, str]:
    from pratique.model.errors import UsageError

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"not a build argument: {text[:80]!r}", "write it as NAME=VALUE")
    return name, value


def _store(folder: str | None) -> Path:
    import os

    cache = os.environ.get("XDG_CACHE_HOME")
    return Path(folder) if folder else (Path(cache) if cache else Path.home() / ".cache") / "pratique" / "buildah"


def _lines(title: str, changes: "Iterable[Change]") -> str:
    lines = [title]
    for change in changes:
        moved = f": {change.old or 'none'} -> {change.new or 'none'}" if change.old or change.new else ""
        lines.append(f"  {change.reason}{moved}")
    return "\n".join(lines) + "\n"

"""How long a wave takes: one base with many dependents, pushed anew, healed by the durable engine.

    python benchmarks/wave/run.py [DEPENDENTS] [--layouts]

Against a real docker-registry on loopback, or with --layouts against OCI layouts in a folder. Prints seconds, images a
second, and what one image costs above the same rebase done by hand (no journey, no store, no scan, no signature).
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.loop import world
from tests.support.docker_registry import docker_registry

from pratique.loop.flow import Flow
from pratique.loop.journeys import journeys
from pratique.loop.parts import Parts
from pratique.loop.requests import Fate, Push, Pushed
from pratique.model.reference import Reference
from pratique.registry.images import load, pack
from pratique.registry.layout import LayoutRegistry
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Registry
from pratique.remediate.rebase import rebase

BY_HAND = 10


def main() -> int:
    """Build the world, push the new base, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dependents", type=int, nargs="?", default=100)
    parser.add_argument("--layouts", action="store_true")
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pratique-wave-")))
        registry, host = _registry(stack, folder, layouts=args.layouts)
        parts = _parts(stack, folder, registry, host)
        flow = Flow(folder / "flow.db", journeys(parts))
        stack.callback(flow.close)
        base = Reference.parse(f"{host}/base:1")
        names = [Reference.parse(f"{host}/app/{number}:1") for number in range(args.dependents)]
        old = _walk(flow, _push_base(registry, base, "2.10"))
        for name in names:
            _walk(flow, _push_app(registry, name, base))
        push = _push_base(registry, base, "3.1.6")
        by_hand = _by_hand(registry, base, old, push, names[:BY_HAND])
        begun = time.monotonic()
        result = _walk(flow, push)
        seconds = time.monotonic() - begun
        healed = sum(each.fate is Fate.HEALED for each in result.healed)
    figures = {
        "dependents": args.dependents,
        "healed": healed,
        "seconds": round(seconds, 2),
        "images_per_second": round(args.dependents / seconds, 1),
        "milliseconds_per_image": round(seconds / args.dependents * 1000, 1),
        "bare_rebase_milliseconds": round(by_hand * 1000, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(figures, indent=1))
    return 0 if healed == args.dependents else 1


def _registry(stack: ExitStack, folder: Path, *, layouts: bool) -> tuple[Registry, str]:
    if layouts:
        return LayoutRegistry(folder / "registry"), "registry.test"
    host = stack.enter_context(docker_registry(folder / "registry"))
    return stack.enter_context(RemoteRegistry()), host


def _parts(stack: ExitStack, folder: Path, registry: Registry, host: str) -> Parts:
    small = stack.enter_context(world.world(folder))
    return Parts(
        registry=registry,
        store=small.store,
        advisories=small.advisories,
        policy=small.policy,
        now=small.now,
        signer=small.signer,
        vouch_for=(host,),
    )


def _walk(flow: Flow, push: Push) -> Pushed:
    key = f"push/{push.reference}/{push.digest}"
    flow.start("pushed", key, push)
    return flow.result(key, Pushed)


def _push_base(registry: Registry, base: Reference, version: str) -> Push:
    layers = [world.site_packages("jinja2", version)]
    return Push(base, pack(registry.repository(base), layers, tag="1", config={"Env": [f"V={version}"]}).digest)


def _push_app(registry: Registry, name: Reference, base: Reference) -> Push:
    below = load(registry.repository(base), "1")
    repository = registry.repository(name)
    for each in below.layers:
        repository.mount_blob(each.descriptor, base)
    content = world.layer({"app/main.py": f"print({name.repository!r})\n".encode()})
    return Push(
        name, pack(repository, [content], base=below, tag="1", config={"Cmd": ["python", "/app/main.py"]}).digest
    )


def _by_hand(registry: Registry, base: Reference, old: Pushed, new: Push, names: list[Reference]) -> float:
    """The median seconds of a bare rebase."""
    repository = registry.repository(base)
    old_base, new_base = load(repository, old.digest), load(repository, new.digest)
    taken = []
    for name in names:
        there = registry.repository(name)
        image = load(there, "1")
        begun = time.monotonic()
        rebase(
            there,
            there,
            image,
            old_base,
            new_base,
            base_repository=repository,
            base_reference=base,
            created="2026-01-01T00:00:00Z",
        )
        taken.append(time.monotonic() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())

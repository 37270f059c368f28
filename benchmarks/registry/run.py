"""How fast one large layer comes from a registry, beside skopeo.

    python benchmarks/registry/run.py [MEGABYTES] [--runs N]

A real docker-registry on loopback holds one image with one layer of random bytes. Each run is a process of its
own, start included: `skopeo copy docker://... dir:...`, Pratique writing the layer to a file, and Pratique only
reading it, as scans do. All check every byte's digest. Prints the medians of wall time and CPU seconds, and the
largest peak of memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.docker_registry import docker_registry

from pratique.model.descriptor import OCI_LAYER, OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.reference import Reference
from pratique.registry import documents
from pratique.registry.remote import RemoteRegistry, RemoteRepository

MEGABYTE = 1_000_000
READ = """
import sys
from pratique.registry.targets import open_target
from pratique.registry.images import load
target = open_target(sys.argv[1])
image = load(target.repository, target.target)
out = open(sys.argv[2], "wb")
with target.repository.blob(image.layers[0].descriptor) as stream, out:
    while chunk := stream.read(1 << 20):
        out.write(chunk)
target.close()
"""
MEASURE = """
import os, sys, time
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print([time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss])
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Run(NamedTuple):
    """Seconds of wall time and of CPU, and kilobytes of memory at the peak."""

    wall: float
    cpu: float
    memory: int


def main() -> int:
    """Fill the registry, then take turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("megabytes", type=int, nargs="?", default=300)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pratique-pull-") as name, docker_registry(Path(name, "registry")) as host:
        folder = Path(name)
        with RemoteRegistry() as registry:
            fill(registry.repository(Reference(host, "large")), folder / "layer", args.megabytes * MEGABYTE)
        reference = f"{host}/large:1"
        reading = [sys.executable, "-c", READ, reference]
        skopeo = ["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{reference}"]
        contestants: dict[str, Callable[[int], list[str]]] = {
            "skopeo copy to dir:": lambda turn: [*skopeo, f"dir:{folder / f'copy-{turn}'}"],
            "pratique, to a file": lambda turn: [*reading, str(folder / f"file-{turn}")],
            "pratique, read only": lambda _: [*reading, os.devnull],
        }
        results: dict[str, list[Run]] = {each: [] for each in contestants}
        for turn in range(args.runs + 1):
            for each, command in contestants.items():
                result = run(command(turn))
                results[each] += [result] if turn else []  # the first turn only warms caches
            subprocess.run(["rm", "-rf", *map(str, folder.glob(f"*-{turn}"))], check=True)
        show(results, args.megabytes)
    return 0


def fill(repository: RemoteRepository, path: Path, size: int) -> None:
    """Push an image with one layer of so many bytes."""
    subprocess.run(f"head -c {size} /dev/urandom > {path}", shell=True, check=True)
    digest = subprocess.run(["sha256sum", str(path)], check=True, capture_output=True).stdout.split()[0].decode()
    layer = Descriptor(OCI_LAYER, Digest(f"sha256:{digest}"), size)
    with path.open("rb") as file:
        repository.put_blob(layer, file)
    rootfs = {"type": "layers", "diff_ids": [layer.digest]}
    config = documents.encode({"architecture": "amd64", "os": "linux", "rootfs": rootfs, "config": {}})
    described = Descriptor("application/vnd.oci.image.config.v1+json", digest_of(config), len(config))
    with tempfile.TemporaryFile() as file:
        file.write(config)
        file.seek(0)
        repository.put_blob(described, file)
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": [layer]}
    repository.put_manifest(documents.encode(manifest), OCI_MANIFEST, "1")


def run(command: list[str]) -> Run:
    """One process, measured by a small one: a child's peak of memory is never less than its parent's was."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *command], check=True, capture_output=True)
    return Run(*json.loads(done.stdout))


def show(results: dict[str, list[Run]], megabytes: int) -> None:
    """A line for each."""
    print(f"{'':22}{'seconds':>9}{'MB/s':>7}{'CPU s':>7}{'peak MB':>9}")
    for name, runs in results.items():
        wall = statistics.median(run.wall for run in runs)
        cpu = statistics.median(run.cpu for run in runs)
        peak = max(run.memory for run in runs) / 1000
        print(f"{name:22}{wall:9.2f}{megabytes / wall:7.0f}{cpu:7.2f}{peak:9.0f}")


if __name__ == "__main__":
    sys.exit(main())

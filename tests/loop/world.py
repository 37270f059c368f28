"""A small world in a folder: a base with a vulnerable package, two applications on it, one built on the other.

Everything that outlives a process is in the folder (OCI layouts, the store, the engine's database, the cluster's
objects), so that a test can kill the process that works on it and let another go on.
"""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pratique.attest.keys import generate, load_private
from pratique.judge.policy import DEFAULT
from pratique.loop.parts import Parts
from pratique.loop.requests import Push
from pratique.model.advisory import Advisory, Affected, Range, Severity
from pratique.model.digest import Digest, digest_of
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.model.workload import Container, RolloutState, Stage, Workload
from pratique.registry.images import load, pack
from pratique.registry.layout import LayoutRegistry
from pratique.rollout.patch import Record
from pratique.rollout.protocol import OnProgress
from pratique.store.store import Store

BASE = Reference.parse("registry.test/base:1")
WEB = Reference.parse("registry.test/shop/web:1")
CHECKOUT = Reference.parse("registry.test/shop/checkout:1")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADVISORY = Advisory(
    id="PYSEC-TEST-1",
    aliases=("CVE-2019-10906",),
    source="test",
    affected=(Affected("PyPI", "jinja2", (Range("0", "2.10.1"),)),),
    severity=Severity.HIGH,
)


class Feed:
    """One advisory, as a store of advisories."""

    digest = digest_of(b"feed")

    def find(self, ecosystem: str, name: str) -> Sequence[Advisory]:
        return (ADVISORY,) if (ecosystem, name) == ("PyPI", "jinja2") else ()

    def get(self, name: str) -> Advisory | None:
        return ADVISORY if name in (ADVISORY.id, *ADVISORY.aliases) else None


class FileCluster:
    """A cluster whose only state is a file: what each workload's containers run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def images(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return found

    def deploy(self, name: str, image: str) -> None:
        self.path.write_text(json.dumps({**self.images(), name: {"app": image}}))

    def list_workloads(self, namespaces: Sequence[str] = ()) -> tuple[Workload, ...]:
        return tuple(self.workload("default", "Deployment", name) for name in sorted(self.images()))

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        images = self.images()[name]
        return Workload(namespace, kind, name, tuple(Container(c, i) for c, i in images.items()))

    def set_images(self, workload: Workload, images: Mapping[str, str]) -> dict[str, str]:
        before = self.images()
        self.path.write_text(json.dumps({**before, workload.name: {**before[workload.name], **images}}))
        return before[workload.name]

    def watch(
        self,
        workload: Workload,
        digests: Sequence[Digest] = (),
        deadline: float = 600,
        on_progress: OnProgress | None = None,
    ) -> RolloutState:
        return RolloutState(workload.id, Stage.COMPLETE)

    def recorded(self, workload: Workload) -> Record:
        return Record()

    def settle(self, workload: Workload) -> None:
        """Nothing is pending here."""

    def undo(self, workload: Workload, previous: Mapping[str, str]) -> None:
        self.set_images(workload, previous)

    def running_digests(self, workload: Workload) -> tuple[Digest, ...]:
        return ()


@contextmanager
def world(folder: Path) -> Iterator[Parts]:
    """The parts of the loop over a folder; the same folder, the same world."""
    key = folder / "key.pem"
    if not key.exists():
        key.write_bytes(generate(b"").private_pem)
    with Store(folder / "store.db") as store:
        yield Parts(
            registry=LayoutRegistry(folder / "registry"),
            store=store,
            advisories=Feed(),
            policy=DEFAULT,
            now=lambda: NOW,
            signer=load_private(key.read_bytes(), b""),
            cluster=FileCluster(folder / "cluster.json"),
            vouch_for=("registry.test",),
        )


def publish_base(parts: Parts, version: str) -> Push:
    """Publish the base with a version of jinja2; returns the push that a registry would tell of."""
    repository = parts.registry.repository(BASE)
    release = layer({"etc/os-release": b'ID=debian\nVERSION_ID="12"\n'})
    image = pack(repository, [release, site_packages("jinja2", version)], tag="1", config={"Env": [f"V={version}"]})
    return Push(BASE, image.digest)


def publish_app(parts: Parts, name: Reference, base: Reference) -> Push:
    """Publish an application on top of what a base's tag names now."""
    below = load(parts.registry.repository(base), base.target)
    repository = parts.registry.repository(name)
    for each in below.layers:
        repository.mount_blob(each.descriptor, base)
    content = layer({f"app/{name.repository}.py": b"print()\n"})
    image = pack(repository, [content], base=below, tag="1", config={"Cmd": ["python", f"/app/{name.repository}.py"]})
    return Push(name, image.digest)


def current(parts: Parts, name: Reference) -> Image:
    """What a tag names now in the registry."""
    return load(parts.registry.repository(name), name.target)


def site_packages(name: str, version: str) -> bytes:
    """A layer with one installed Python package."""
    folder = f"usr/lib/python3.11/site-packages/{name}-{version}.dist-info"
    return layer({f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()})


def layer(content: Mapping[str, bytes]) -> bytes:
    """An uncompressed layer tar of these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in content.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from pratique.model.descriptor import DOCKER_LAYER_GZIP, DOCKER_MANIFEST, Descriptor, Platform
from pratique.model.errors import Unsafe
from pratique.model.image import BASE_DIGEST, BASE_NAME, Image
from pratique.model.reference import Reference
from pratique.registry.images import copy, load, pack
from pratique.registry.in_memory import InMemoryRegistry
from pratique.registry.layout import LayoutRegistry
from pratique.registry.pack import pack_index
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Registry, Repository
from pratique.remediate.rebase import rebase
from tests.remediate.images import NOW, digest, tar
from tests.support.machine import require

Place = tuple[Registry, str]
OS1, OS2 = tar({"etc/os": "one", "etc/shared": "base"}), tar({"etc/os": "two", "etc/shared": "base"})
OWN = tar({"app/run": "app", "etc/shared": "app"})


@pytest.fixture(params=["memory", "layout", "docker-registry"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "memory":
        yield InMemoryRegistry(), "registry.test"
    elif request.param == "layout":
        yield LayoutRegistry(tmp_path), "registry.test"
    else:
        with RemoteRegistry() as registry:
            yield registry, request.getfixturevalue("registry_host")


class Shelf:
    """Two versions of a base, and an application on the first, each in a repository of its own."""

    def __init__(self, place: Place) -> None:
        self.registry, self.host = place
        self.prefix = f"{self.host}/{uuid4().hex[:8]}"
        self.bases = self.repository("base")
        self.old = pack(self.bases, [OS1], config={"Env": ["OS=1"], "Cmd": ["sh"]}, tag="1", created_by=["os one"])
        self.new = pack(self.bases, [OS2], config={"Env": ["OS=2"], "Cmd": ["sh"]}, tag="1", created_by=["os two"])
        self.apps = self.repository("app")
        copy(self.bases, self.apps, self.old.descriptor)
        own = {"Env": ["OS=1", "APP=x"], "Entrypoint": ["/app/run"]}
        self.app = pack(self.apps, [OWN], base=self.old, config=own, tag="1", created_by=["own"])

    def repository(self, name: str) -> Repository:
        return self.registry.repository(Reference.parse(f"{self.prefix}/{name}"))

    def rebase(self, image: Image, target: Repository | None = None, **more: str) -> Image:
        return rebase(
            self.apps,
            target or self.apps,
            image,
            self.old,
            self.new,
            base_repository=self.bases,
            base_reference=self.bases.reference.tagged("1"),
            created=NOW,
            **more,  # type: ignore[arg-type]
        )


@pytest.fixture
def shelf(place: Place) -> Shelf:
    return Shelf(place)


def unpacked(repository: Repository, image: Image) -> dict[str, str]:
    """The files of an image, upper layers over lower ones."""
    files: dict[str, str] = {}
    for layer in image.layers:
        with repository.blob(layer.descriptor) as blob, tarfile.open(fileobj=io.BytesIO(blob.read())) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                files[member.name.removeprefix("./")] = content.read().decode(errors="replace") if content else ""
    return files


def test_the_application_stands_on_the_new_base(shelf: Shelf) -> None:
    image = shelf.rebase(shelf.app, tag="2")
    assert load(shelf.apps, "2") == image
    assert unpacked(shelf.apps, image) == {"etc/os": "two", "etc/shared": "app", "app/run": "app"}
    assert image.diff_ids == (*shelf.new.diff_ids, shelf.app.diff_ids[-1])
    assert image.runtime.env == ("OS=2", "APP=x")
    assert image.annotations == {BASE_NAME: f"{shelf.prefix}/base:1", BASE_DIGEST: shelf.new.digest}
    assert shelf.apps.resolve("1").digest == shelf.app.digest


def test_without_a_tag_it_is_there_by_digest_only(shelf: Shelf) -> None:
    image = shelf.rebase(shelf.app)
    assert shelf.apps.resolve(image.digest).digest == image.digest
    assert list(shelf.apps.tags()) == ["1"]


def test_again_gives_the_same_image(shelf: Shelf) -> None:
    assert shelf.rebase(shelf.app) == shelf.rebase(shelf.app)


def test_it_may_go_to_another_repository(shelf: Shelf) -> None:
    target = shelf.repository("mended")
    image = shelf.rebase(shelf.app, target, tag="1")
    assert unpacked(target, load(target, "1"))["etc/os"] == "two"
    assert image.digest == shelf.rebase(shelf.app).digest


def test_it_may_go_to_another_registry(shelf: Shelf) -> None:
    target = InMemoryRegistry().repository(Reference.parse("elsewhere.test/app"))
    image = shelf.rebase(shelf.app, target, tag="1")
    assert unpacked(target, image)["etc/os"] == "two"


def test_what_is_unsafe_sends_nothing(shelf: Shelf) -> None:
    alien = pack(shelf.apps, [OS2, OWN], tag="alien")
    target = shelf.repository("untouched")
    with pytest.raises(Unsafe, match="first layers are not those"):
        shelf.rebase(alien, target, tag="1")
    assert not any(target.has_blob(layer.descriptor.digest) for layer in alien.layers)


def test_skopeo_finds_the_image_well_formed(shelf: Shelf, tmp_path: Path) -> None:
    require("skopeo")
    shelf.rebase(shelf.app, tag="2")
    if isinstance(shelf.registry, InMemoryRegistry):
        target = LayoutRegistry(tmp_path / "copy").repository(Reference.parse("copy.test/app"))
        copy(shelf.apps, target, shelf.apps.resolve("2"), "2")
        source = f"oci:{target.folder}:2"
    elif isinstance(shelf.registry, LayoutRegistry):
        source = f"oci:{shelf.registry.repository(shelf.apps.reference).folder}:2"
    else:
        source = f"docker://{shelf.prefix}/app:2"
    destination = f"dir:{tmp_path / 'unpacked'}"
    subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", source, destination], check=True)
    seen = subprocess.run(["skopeo", "inspect", destination], check=True, capture_output=True)
    inspected = json.loads(seen.stdout)
    assert inspected["Env"] == ["OS=2", "APP=x"]
    assert len(inspected["Layers"]) == 2


class Counting:
    """A repository that counts what is read from it."""

    def __init__(self, repository: Repository) -> None:
        self.repository, self.read = repository, list[Descriptor]()

    def blob(self, descriptor: Descriptor) -> object:
        self.read.append(descriptor)
        return self.repository.blob(descriptor)

    def __getattr__(self, name: str) -> object:
        return getattr(self.repository, name)


def test_within_one_registry_no_layer_travels(shelf: Shelf) -> None:
    bases, apps = Counting(shelf.bases), Counting(shelf.apps)
    shelf.bases, shelf.apps = bases, apps  # type: ignore[assignment]
    image = shelf.rebase(shelf.app, tag="2")
    assert bases.read == []
    assert [descriptor.digest for descriptor in apps.read] == [image.config.digest]


def test_a_platform_of_an_index_is_replaced_and_the_others_stay(shelf: Shelf) -> None:
    arm = pack(shelf.apps, [tar({"arm": "x"})], platform=Platform("linux", "arm64"))
    index = pack_index(shelf.apps, [shelf.app, arm], tag="many")
    chosen = load(shelf.apps, "many", Platform())
    assert chosen.index == index.digest
    image = shelf.rebase(chosen, tag="many")
    assert image.index == shelf.apps.resolve("many").digest
    assert load(shelf.apps, "many", Platform()).annotations[BASE_DIGEST] == shelf.new.digest
    assert load(shelf.apps, "many", arm.platform).digest == arm.digest


def test_an_index_in_another_repository_gets_its_other_platforms_too(shelf: Shelf) -> None:
    arm = pack(shelf.apps, [tar({"arm": "x"})], platform=Platform("linux", "arm64"))
    pack_index(shelf.apps, [shelf.app, arm], tag="many")
    target = shelf.repository("mended")
    shelf.rebase(load(shelf.apps, "many", Platform()), target, tag="many")
    assert load(target, "many", arm.platform).digest == arm.digest


def test_what_attested_the_replaced_platform_leaves_the_index() -> None:
    from pratique.remediate.rebase import replaced
    from tests.remediate.images import image

    old, new = image(["os1"]), Descriptor("application/x", digest("new"), 3)
    attests = {"mediaType": "m", "digest": digest("x"), "size": 1}
    children = [
        {"mediaType": "m", "digest": old.digest, "size": 1, "platform": {"os": "linux"}},
        {**attests, "annotations": {"vnd.docker.reference.digest": old.digest}},
        {**attests, "annotations": {"vnd.docker.reference.digest": digest("other")}},
    ]
    assert replaced(children, old, new) == [
        {"mediaType": "application/x", "digest": digest("new"), "size": 3, "platform": {"os": "linux"}},
        children[2],
    ]


def test_unknown_keys_survive_a_real_push(shelf: Shelf) -> None:
    raw = msgspec.json.decode(shelf.app.raw_config)
    own = {**raw["config"], "Healthcheck": {"Test": ["CMD", "/app/run"]}}
    app = pack(shelf.apps, [OWN], base=shelf.old, config=own)
    image = shelf.rebase(app)
    assert msgspec.json.decode(image.raw_config)["config"]["Healthcheck"] == {"Test": ["CMD", "/app/run"]}


def test_an_image_of_dockers_media_types_stays_one_on_a_real_registry(registry_host: str, tmp_path: Path) -> None:
    require("skopeo")
    with RemoteRegistry() as registry:
        shelf = Shelf((registry, registry_host))
        source, target = (f"docker://{shelf.prefix}/app:{tag}" for tag in ("1", "docker"))
        options = ["--format=v2s2", "--src-tls-verify=false", "--dest-tls-verify=false"]
        subprocess.run(["skopeo", "copy", "-q", *options, source, target], check=True)
        app = load(shelf.apps, "docker")
        assert app.media_type == DOCKER_MANIFEST
        image = shelf.rebase(app, tag="rebased")
        assert {layer.descriptor.media_type for layer in image.layers} == {DOCKER_LAYER_GZIP}
        assert unpacked(shelf.apps, image)["etc/os"] == "two"
        destination = f"docker-archive:{tmp_path / 'archive.tar'}:rebased:1"
        rebased_ = f"docker://{shelf.prefix}/app:rebased"
        subprocess.run(["skopeo", "copy", "-q", "--src-tls-verify=false", rebased_, destination], check=True)

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pratique.model.errors import NotFound, UsageError
from pratique.model.image import BASE_DIGEST, BASE_NAME
from pratique.model.reference import Reference
from pratique.registry.images import load, pack
from pratique.registry.layout import LayoutRegistry
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Repository
from pratique.remediate.build_buildah import Buildah
from pratique.remediate.builder import Builder, BuildFailed
from pratique.remediate.definition import BuildDefinition
from tests.remediate.images import digest, tar
from tests.remediate.test_rebase import unpacked
from tests.support.machine import require, require_root

pytestmark = pytest.mark.root


@pytest.fixture
def name(registry_host: str) -> str:
    """A name for this test's repositories, on a real registry; needs buildah."""
    require("buildah")
    require_root()
    return f"{registry_host}/{uuid4().hex[:8]}"


@pytest.fixture
def buildah(tmp_path: Path) -> Buildah:
    return Buildah(tmp_path / "buildah")


def definition(tmp_path: Path, text: str, **more: object) -> BuildDefinition:
    context = tmp_path / "context"
    context.mkdir(exist_ok=True)
    (context / "file").write_text("own")
    (tmp_path / "Dockerfile").write_text(text)
    return BuildDefinition(tmp_path / "Dockerfile", context, **more)  # type: ignore[arg-type]


Opens = Callable[[str], Repository]


@pytest.fixture
def repository() -> Iterator[Opens]:
    """Opens a repository of the real registry by its name."""
    with RemoteRegistry() as registry:
        yield lambda name: registry.repository(Reference.parse(name))


def test_every_use_of_a_base_is_the_planned_digest_though_the_tag_moved(
    name: str, buildah: Buildah, tmp_path: Path, repository: Opens
) -> None:
    bases = repository(f"{name}/base")
    planned = pack(bases, [tar({"os": "planned"})], tag="1", config={"Env": ["OS=1"]})
    pack(bases, [tar({"os": "moved"})], tag="1")
    text = (
        f"ARG TAG=0\nFROM {name}/base:${{TAG}} AS first\nFROM {name}/base:1\nCOPY --from=first /os /first\n"
        f"COPY --from={name}/base:1 /os /copied\nCOPY file /own\nENTRYPOINT ['/own']\n"
    )
    base = Reference.parse(f"{name}/base:1")
    target = Reference.parse(f"{name}/app:2")
    made = definition(tmp_path, text, build_args={"TAG": "1"})
    built = buildah.build(made, target, {base: planned.digest})
    image = load(repository(f"{name}/app"), "2")
    assert image.digest == built.digest
    assert image.diff_ids[:1] == planned.diff_ids
    files = unpacked(repository(f"{name}/app"), image)
    assert {key: files[key] for key in ("os", "first", "copied", "own")} == {
        "os": "planned",
        "first": "planned",
        "copied": "planned",
        "own": "own",
    }
    assert image.annotations[BASE_NAME] == str(base)
    assert image.annotations[BASE_DIGEST] == planned.digest
    assert "COPY file /own" in built.log_path.read_text()


def test_the_store_keeps_no_image_that_was_built(name: str, buildah: Buildah, tmp_path: Path) -> None:
    buildah.build(definition(tmp_path, "FROM scratch\nCOPY file /x\n"), Reference.parse(f"{name}/app:1"), {})
    store = ["--root", str(tmp_path / "buildah/root"), "--runroot", str(tmp_path / "buildah/run")]
    listed = subprocess.run(
        ["buildah", *store, "--storage-driver", "vfs", "images", "--json"], check=True, capture_output=True
    )
    assert json.loads(listed.stdout) in (None, [])


def test_a_stage_may_be_asked_for_and_ignored_files_stay_out(
    name: str, buildah: Buildah, tmp_path: Path, repository: Opens
) -> None:
    made = definition(tmp_path, "FROM scratch AS a\nCOPY . /a/\nFROM scratch\nCOPY . /b/\n", target="a")
    (made.context / "secret").write_text("x")
    (tmp_path / "Dockerfile.dockerignore").write_text("secret\n")
    buildah.build(made, Reference.parse(f"{name}/app:1"), {})
    apps = repository(f"{name}/app")
    assert set(unpacked(apps, load(apps, "1"))) == {"a", "a/file"}


def test_it_may_be_published_to_a_folder_of_layouts(name: str, tmp_path: Path) -> None:
    target = Reference.parse("registry.test:5000/app:1")
    buildah = Buildah(tmp_path / "buildah", layouts=tmp_path / "layouts")
    built = buildah.build(definition(tmp_path, "FROM scratch\nCOPY file /x\n"), target, {})
    image = load(LayoutRegistry(tmp_path / "layouts").repository(target), "1")
    assert image.digest == built.digest


def test_a_build_that_fails_says_how_it_ended_and_keeps_the_log(
    name: str, buildah: Buildah, tmp_path: Path, repository: Opens
) -> None:
    made = definition(tmp_path, "FROM scratch\nCOPY nothing /x\n")
    with pytest.raises(BuildFailed, match=r"building .*/app:1 failed") as caught:
        buildah.build(made, Reference.parse(f"{name}/app:1"), {})
    assert "nothing" in caught.value.hint
    assert "nothing" in caught.value.log_path.read_text()
    with pytest.raises(NotFound):
        repository(f"{name}/app").resolve("1")


def test_a_base_that_is_not_there_fails(name: str, buildah: Buildah, tmp_path: Path, repository: Opens) -> None:
    base = Reference.parse(f"{name}/base:1")
    pack(repository(f"{name}/base"), [tar({"os": "1"})], tag="1")
    with pytest.raises(BuildFailed, match="building"):
        buildah.build(definition(tmp_path, f"FROM {base}\n"), Reference.parse(f"{name}/app:1"), {base: digest("no")})


def test_a_build_that_takes_too_long_is_ended(name: str, tmp_path: Path) -> None:
    buildah = Buildah(tmp_path / "buildah", timeout=0.001)
    with pytest.raises(BuildFailed, match=r"took more than 0\.001 s"):
        buildah.build(definition(tmp_path, "FROM scratch\nCOPY file /x\n"), Reference.parse(f"{name}/app:1"), {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("FROM 127.0.0.1:5000/a:1\nCOPY --from=registry.test/b:1 x y\n", "with and without TLS"),
        ("FROM scratch\n", r"does not build on registry\.test"),
    ],
)
def test_what_cannot_be_held_to_the_plan_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    require("buildah")
    bases = {} if "TLS" in problem else {Reference.parse("registry.test/x:1"): digest("x")}
    with pytest.raises(UsageError, match=problem):
        Buildah(tmp_path).build(definition(tmp_path, text), Reference.parse("registry.test/app:1"), bases)


def test_a_target_needs_a_tag_and_a_dockerfile_must_be_there(tmp_path: Path) -> None:
    require("buildah")
    builder: Builder = Buildah(tmp_path)
    made = definition(tmp_path, "FROM scratch\n")
    with pytest.raises(UsageError, match="no tag"):
        builder.build(made, Reference.parse("registry.test/app").at(digest("x")), {})
    made.dockerfile.unlink()
    with pytest.raises(UsageError, match="cannot read the Dockerfile"):
        builder.build(made, Reference.parse("registry.test/app:1"), {})


def test_without_buildah_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFound, match="buildah is not on this machine"):
        Buildah(tmp_path).build(definition(tmp_path, "FROM scratch\n"), Reference.parse("registry.test/app:1"), {})


@pytest.mark.slow
def test_a_real_distribution_is_rebuilt_with_a_run(
    name: str, buildah: Buildah, tmp_path: Path, repository: Opens
) -> None:
    require("mmdebstrap")
    archive = tmp_path / "base.tar"
    made = subprocess.run(
        ["mmdebstrap", "--variant=essential", "bookworm", str(archive)], check=False, capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"mmdebstrap has no archive to read from here: {made.stderr[-200:]}")
    bases = repository(f"{name}/debian")
    base = pack(bases, [archive.read_bytes()], tag="12", config={"Cmd": ["bash"], "Env": ["PATH=/usr/bin:/bin"]})
    reference = Reference.parse(f"{name}/debian:12")
    definition_ = definition(tmp_path, f"FROM {reference}\nRUN dpkg-query -W libc6 > /libc && test -s /libc\n")
    buildah.build(definition_, Reference.parse(f"{name}/app:1"), {reference: base.digest})
    apps = repository(f"{name}/app")
    image = load(apps, "1")
    assert image.diff_ids[:1] == base.diff_ids
    assert unpacked(apps, image)["libc"].startswith("libc6")

import json
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.image import BASE_DIGEST, BASE_NAME, Image
from pratique.model.reference import Reference
from pratique.registry.images import copy, load, pack
from pratique.registry.layout import LayoutRepository
from pratique.registry.remote import RemoteRegistry
from tests.remediate.images import tar
from tests.support.machine import require, require_root

Capture = pytest.CaptureFixture[str]
STATUS = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n"
RELEASE = "ID=debian\nVERSION_ID={}\n"


class Shelf:
    """A base in two versions and an application on the first, as OCI layouts."""

    def __init__(self, folder: Path) -> None:
        self.bases = LayoutRepository(folder / "base", Reference("localhost", "base"))
        self.apps = LayoutRepository(folder / "app", Reference("localhost", "app"))
        self.old, self.new = self.base("1", "12"), self.base("2", "12")
        copy(self.bases, self.apps, self.old.descriptor)
        self.app = self.application({"app": "x"})

    def base(self, version: str, release: str) -> Image:
        files = {"etc/os-release": RELEASE.format(release), "var/lib/dpkg/status": STATUS.format(version)}
        return pack(self.bases, [tar(files)], tag=version, config={"Env": [f"OS={version}"]})

    def application(self, files: dict[str, str], **more: str) -> Image:
        annotations = {BASE_DIGEST: self.old.digest}
        return pack(self.apps, [tar(files)], base=self.old, annotations=annotations, tag="1", **more)  # type: ignore[arg-type]

    def target(self, name: str) -> str:
        repository = self.apps if name.startswith("app") else self.bases
        return f"oci:{repository.folder}:{name.partition(':')[2]}"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_the_base_is_shown_with_its_evidence(shelf: Shelf, capsys: Capture) -> None:
    assert main(["base", "show", shelf.target("app:1"), "--known", shelf.target("base:1")]) == 0
    assert capsys.readouterr().out == (
        f"localhost/base:1 ({shelf.old.digest})\n"
        "  the first 1 of 2 layers are those of localhost/base:1\n"
        "  the annotation org.opencontainers.image.base.digest names it\n"
    )
    assert main(["base", "show", shelf.target("app:1"), "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["base_digest"] == shelf.old.digest


def test_an_unknown_base_is_exit_one(shelf: Shelf, capsys: Capture) -> None:
    assert main(["base", "show", shelf.target("base:1"), "--known", shelf.target("base:2")]) == 1
    assert capsys.readouterr().out.startswith("unknown:")


def test_dependents_come_in_the_order_of_mending(shelf: Shelf, capsys: Capture) -> None:
    pack(shelf.apps, [tar({"more": "y"})], base=shelf.app, tag="2")
    pack(shelf.apps, [tar({"alien": "y"})], tag="3")
    argv = ["base", "dependents", shelf.target("base:1")]
    assert main([*argv, *(f"--of={shelf.target(f'app:{tag}')}" for tag in "321")]) == 0
    assert capsys.readouterr().out == f"1  {shelf.target('app:1')}\n2  {shelf.target('app:2')}\n"
    assert main([*argv, "--of", shelf.target("app:3")]) == 0
    assert capsys.readouterr().out == "nothing is built on it\n"
    assert main([*argv, "--of", shelf.target("app:1"), "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [[shelf.target("app:1")]]


def test_a_plan_says_what_and_why(shelf: Shelf, capsys: Capture) -> None:
    argv = [
        "fix",
        "plan",
        shelf.target("app:1"),
        "--base",
        shelf.target("base:1"),
        "--new-base",
        shelf.target("base:2"),
    ]
    assert main(argv) == 0
    assert capsys.readouterr().out == (
        f"rebase {shelf.target('app:1')}\n"
        "  only layers of the base change, so a rebase will do\n"
        f"  the base has a new version: {shelf.old.digest} -> {shelf.new.digest}\n"
        "  packages of the base: 1 updated (libc6 1 -> 2): 1 -> 1\n"
    )
    assert main([*argv, "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["strategy"] == "rebase"


def test_the_old_base_is_the_one_that_the_image_names(shelf: Shelf, capsys: Capture) -> None:
    assert main(["fix", "plan", shelf.target("app:1"), "--new-base", shelf.target("base:2")]) == 0
    assert capsys.readouterr().out.startswith("rebase ")
    assert main(["fix", "plan", shelf.target("base:1"), "--new-base", shelf.target("base:2")]) == 2
    assert "name it by --old-base" in capsys.readouterr().err


def test_a_rebase_is_done_and_told(shelf: Shelf, capsys: Capture) -> None:
    argv = ["fix", "rebase", shelf.target("app:1"), "--new-base", shelf.target("base:2"), "--tag", "2"]
    assert main([*argv, "--base-name", "registry.test/base:2"]) == 0
    image = load(shelf.apps, "2")
    assert image.diff_ids == (*shelf.new.diff_ids, shelf.app.diff_ids[-1])
    assert image.annotations == {BASE_NAME: "registry.test/base:2", BASE_DIGEST: shelf.new.digest}
    assert image.created == "2023-11-14T22:13:20Z"
    assert capsys.readouterr().out == (
        f"localhost/app@{image.digest} (2)\n"
        f"  the base has a new version: {shelf.old.digest} -> {shelf.new.digest}\n"
        "  layers of the base are replaced: 1 -> 1\n"
        "  environment variable OS comes from the base: 1 -> 2\n"
    )


def test_what_scans_show_to_be_unsafe_is_refused(shelf: Shelf, capsys: Capture) -> None:
    shelf.application({"var/lib/dpkg/status": STATUS.format("1") + "\n" + STATUS.format("1").replace("libc6", "curl")})
    argv = ["fix", "rebase", shelf.target("app:1"), "--new-base", shelf.target("base:2"), "--tag", "2"]
    assert main(argv) == 3
    assert "package database (var/lib/dpkg/status)" in capsys.readouterr().err
    shelf.application({"var/lib/dpkg/status": "\n"})
    assert main(argv) == 3
    assert "package database (var/lib/dpkg/status)" in capsys.readouterr().err
    shelf.application({"app": "x"})
    shelf.base("2", "13")
    assert main(argv) == 3
    assert "from debian 12 to debian 13" in capsys.readouterr().err
    assert list(shelf.apps.tags()) == ["1"]
    assert main([*argv, "--no-scan"]) == 0


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["fix"], "required: COMMAND"),
        (["fix", "rebase", "oci:x"], "required: --new-base"),
        (["fix", "rebuild", ".", "-t", "a:1", "--build-arg", "x"], "not a build argument: 'x'"),
        (["fix", "rebuild", "/nowhere", "-t", "a:1"], "no build context"),
        (["fix", "plan", "registry.test/a:1", "--new-base", "registry.test/b:1", "--offline"], "--offline forbids"),
        (["base", "dependents", "oci:x"], "required: --of"),
    ],
)
def test_a_wrong_request_is_exit_two(argv: list[str], says: str, capsys: Capture) -> None:
    assert main(argv) == 2
    assert says in capsys.readouterr().err


@pytest.mark.root
def test_a_rebuild_stands_on_what_the_tags_mean_now(registry_host: str, tmp_path: Path, capsys: Capture) -> None:
    require("buildah")
    require_root()
    name = f"{registry_host}/rebuild-{tmp_path.name.replace('_', '-')}"
    with RemoteRegistry() as registry:
        base = pack(registry.repository(Reference.parse(f"{name}/base")), [tar({"os": "1"})], tag="1")
        (tmp_path / "Dockerfile").write_text(f"ARG T\nFROM {name}/base:$T\nCOPY file /file\n")
        (tmp_path / "file").write_text("x")
        argv = ["fix", "rebuild", str(tmp_path), "-t", f"{name}/app:1", "--build-arg", "T=1"]
        assert main([*argv, "--store", str(tmp_path / "store")]) == 0
        image = load(registry.repository(Reference.parse(f"{name}/app")), "1")
    assert image.diff_ids[:1] == base.diff_ids
    assert (
        capsys.readouterr().out == f"{name}/app@{image.digest} (1)\n  built on {name}/base:1: none -> {base.digest}\n"
    )

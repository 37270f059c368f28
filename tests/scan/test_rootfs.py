"""Folders: the same findings as an image, no link followed out of the root, and the real world."""

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from pratique.model.errors import NotFound, UsageError
from pratique.model.inventory import PackageType
from pratique.scan.image import scan_image
from pratique.scan.python import normalized
from pratique.scan.rootfs import scan_rootfs
from tests.scan.building import DEBIAN, Blobs, deb, image_of, layer_of, manifest, names
from tests.support.machine import require, require_root


def write(root: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def test_a_folder_gives_packages_without_layers(tmp_path: Path) -> None:
    root = write(tmp_path, {"usr/lib/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5")})
    (root / "etc").mkdir()
    (root / "etc/os-release").symlink_to("../usr/lib/os-release")
    inventory = scan_rootfs(root)
    assert [package.purl for package in inventory.packages] == ["pkg:deb/debian/bash@5?arch=amd64&distro=debian-12"]
    assert inventory.packages[0].locations[0].layer is None
    assert inventory.image is None


def test_no_link_is_followed_out_of_the_root(tmp_path: Path) -> None:
    outside = write(
        tmp_path / "outside", {"status": deb("secret", "1"), "node_modules/a/package.json": manifest("a", "1")}
    )
    root = write(tmp_path / "root", {"var/lib/dpkg/info/x": b""})
    (root / "var/lib/dpkg/status").symlink_to(outside / "status")
    (root / "app").symlink_to(outside)
    assert scan_rootfs(root).packages == ()


def test_an_absolute_link_means_the_folders_own_root(tmp_path: Path) -> None:
    root = write(tmp_path, {"opt/status": deb("bash", "5"), "var/lib/dpkg/x": b""})
    (root / "var/lib/dpkg/status").symlink_to("/opt/status")
    assert names(scan_rootfs(root)) == ["bash 5"]


def test_pipes_circles_and_large_files_are_skipped(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {"b/node_modules/b/package.json": b" " * 5_000_000, "c/node_modules/c/package.json": manifest("c", "1")},
    )
    (root / "a/node_modules/a").mkdir(parents=True)
    os.mkfifo(root / "a/node_modules/a/package.json")
    (root / "etc").mkdir()
    (root / "etc/os-release").symlink_to("os-release")
    inventory = scan_rootfs(root)
    assert names(inventory) == ["c 1"]
    assert [skipped.path for skipped in inventory.skipped] == [
        "a/node_modules/a/package.json",
        "b/node_modules/b/package.json",
    ]


def test_names_that_are_not_utf8_are_fine(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9/node_modules/a"
    write(Path(os.fsdecode(folder)), {"package.json": manifest("a", "1")})
    assert scan_rootfs(tmp_path).packages[0].locations[0].path == "caf\\xe9/node_modules/a/package.json"


def test_what_is_not_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        scan_rootfs(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError):
        scan_rootfs(tmp_path / "file")


def test_this_machines_packages_are_those_that_dpkg_query_lists(tmp_path: Path) -> None:
    require("dpkg-query")
    status = Path("/var/lib/dpkg/status")
    if not status.exists():
        pytest.skip("needs dpkg's status file, not on this machine")
    root = write(tmp_path, {"var/lib/dpkg/status": status.read_bytes()})
    form = "${Package} ${Version} ${Architecture} ${source:Package} ${source:Version} ${db:Status-Status}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", form], check=True, capture_output=True, text=True).stdout
    expected = {tuple(line.split()[:5]) for line in listed.splitlines() if line.endswith(" installed")}
    found = set()
    for package in scan_rootfs(root).packages:
        source = package.source
        found.add(
            (
                package.name,
                package.version,
                package.architecture,
                source.name if source else package.name,
                source.version if source else package.version,
            )
        )
    assert found == expected


def test_this_environments_packages_are_those_that_importlib_lists() -> None:
    folder = Path(sysconfig.get_path("purelib"))
    listed = importlib.metadata.distributions(path=[str(folder)])
    expected = {(normalized(one.metadata["Name"]), one.version) for one in listed}
    found = {
        (package.name, package.version)
        for package in scan_rootfs(folder).packages
        if any(location.path.count("/") == 1 for location in package.locations)
    }
    assert found == expected


def test_what_npm_installed_is_what_its_own_lock_lists() -> None:
    require("npm")
    npm = Path(subprocess.run(["npm", "root", "-g"], check=True, capture_output=True, text=True).stdout.strip()) / "npm"
    if not (npm / "package.json").exists():
        pytest.skip("needs npm's own package, not on this machine")
    listed = subprocess.run(
        ["npm", "ls", "--all", "--json", "--prefix", str(npm), "--omit=dev"], capture_output=True, check=False
    )
    expected = set(_tree(json.loads(listed.stdout)))
    found = {
        (package.name, package.version) for package in scan_rootfs(npm).packages if package.type is PackageType.NPM
    }
    assert expected
    assert expected <= found


def _tree(node: dict[str, object]) -> list[tuple[str, str]]:
    pairs = []
    dependencies = node.get("dependencies", {})
    assert isinstance(dependencies, dict)
    for name, child in dependencies.items():
        if "version" in child and "missing" not in child:
            pairs += [(name, child["version"]), *_tree(child)]
    return pairs


def test_importing_a_scan_brings_nothing_heavy() -> None:
    code = "import pratique.scan.image, pratique.scan.rootfs, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    heavy = {
        "isal",
        "backports.zstd",
        "concurrent.futures",
        "tarfile",
        "gzip",
        "email",
        "ssl",
        "socket",
        "logging",
        "asyncio",
    }
    assert heavy.isdisjoint(loaded)


@pytest.mark.slow
@pytest.mark.root
def test_a_real_debian_is_the_same_as_folder_and_as_layer(tmp_path: Path) -> None:
    require("mmdebstrap", "dpkg-query", "tar")
    require_root()
    tar = tmp_path / "debian.tar"
    made = subprocess.run(
        ["mmdebstrap", "--variant=apt", "--include=python3-yaml", "bookworm", str(tar)],
        capture_output=True,
        check=False,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"mmdebstrap could not build here: {made.stderr[-200:]}")
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run(["tar", "-C", str(root), "-xf", str(tar)], check=True)
    folder = scan_rootfs(root)
    blobs = Blobs()
    image = scan_image(image_of([layer_of(blobs, tar.read_bytes())]), blobs)
    assert [(p.purl, p.licenses, p.owner) for p in image.packages] == [
        (p.purl, p.licenses, p.owner) for p in folder.packages
    ]
    assert image.distro == folder.distro
    query = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"]
    listed = subprocess.run(query, check=True, capture_output=True, text=True).stdout.splitlines()
    assert sorted(f"{p.name} {p.version}" for p in image.packages if p.type is PackageType.DEB) == sorted(listed)
    yaml = next(p for p in image.packages if p.name == "pyyaml")
    assert "python3-yaml" in yaml.owner
    assert image.skipped == ()

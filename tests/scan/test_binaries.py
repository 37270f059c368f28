"""Programs that tell what they were made of: built here by the real compilers."""

import os
import shutil
import struct
import subprocess
import time
import zlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.inventory import Inventory, PackageType
from pratique.scan.binaries import evidence, programs
from pratique.scan.found import Found, Items, Problem
from pratique.scan.rootfs import scan_rootfs
from tests.scan.building import Program, deb, names, scan
from tests.support.machine import require

MAIN = """package main
import "example.org/lib"
var version = "unset"
func main() { println(version, lib.Name) }
"""
MOD = """module example.org/tool
go 1.20
require (
	example.org/lib v1.2.3
	example.org/other v0.5.0
)
replace example.org/lib => ./lib
replace example.org/other => ./other
"""


def _found(items: Items) -> dict[str, str]:
    return {item.name: item.version for item in items if isinstance(item, Found)}


def read(content: bytes, path: str = "app/tool") -> Items:
    """As the layer's walk reads it: the spans asked for, then what they tell."""
    spans = programs.spans(path, len(content), lambda size: content[:size])
    assert all(0 <= start < end <= len(content) for start, end in spans)
    assert all(one[1] < two[0] for one, two in pairwise(spans))
    return programs.parse(path, len(content), tuple((start, content[start:end]) for start, end in spans))


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Go module with two dependencies, both replaced by folders."""
    require("go")
    folder = tmp_path_factory.mktemp("go")
    for name in ("lib", "other"):
        (folder / name).mkdir()
        (folder / name / "go.mod").write_text(f"module example.org/{name}\ngo 1.20\n")
        (folder / name / f"{name}.go").write_text(f'package {name}\nconst Name = "{name}"\n')
    (folder / "lib" / "lib.go").write_text('package lib\nimport "example.org/other"\nconst Name = other.Name\n')
    (folder / "go.mod").write_text(MOD)
    (folder / "main.go").write_text(MAIN)
    return folder


def build(module: Path, *flags: str, **environment: str) -> bytes:
    """The program as `go build` makes it; stripped, which is quicker and what images have."""
    out = module / f"out-{abs(hash((flags, tuple(environment.items()))))}"
    ldflags = next((flag for flag in flags if flag.startswith("-ldflags")), "-ldflags=-s -w")
    command = [
        "go",
        "build",
        ldflags,
        *(flag for flag in flags if not flag.startswith("-ldflags")),
        "-o",
        str(out),
        ".",
    ]
    where = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GO111MODULE": "on"}
    subprocess.run(command, cwd=module, check=True, capture_output=True, env=os.environ | where | environment)
    return out.read_bytes()


@pytest.fixture(scope="session")
def tool(module: Path) -> bytes:
    return build(module)


@pytest.fixture(scope="session")
def go_version() -> str:
    require("go")
    return subprocess.run(["go", "env", "GOVERSION"], check=True, capture_output=True, text=True).stdout.strip()[2:]


def test_a_go_program_tells_its_modules_and_the_standard_library(tool: bytes, go_version: str) -> None:
    assert _found(read(tool)) == {
        "stdlib": go_version.partition(" ")[0],
        "example.org/tool": "(devel)",
        "example.org/lib": "v1.2.3",
        "example.org/other": "v0.5.0",
    }


def test_go_itself_is_told(go_version: str) -> None:
    go = Path(subprocess.run(["go", "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip())
    items = read((go / "bin" / "go").read_bytes(), "usr/local/go/bin/go")
    assert Found(PackageType.GENERIC, "go", go_version.partition(" ")[0]) in items


@pytest.mark.slow
@pytest.mark.parametrize("target", ["windows/amd64", "darwin/arm64", "linux/386", "linux/s390x"])
def test_programs_for_other_systems_and_processors_are_read(module: Path, target: str, tool: bytes) -> None:
    system, _, processor = target.partition("/")
    assert _found(read(build(module, GOOS=system, GOARCH=processor))) == _found(read(tool))


@pytest.mark.slow
def test_a_position_independent_program_that_gcc_linked_is_read(module: Path, tool: bytes) -> None:
    require("gcc")
    linked = build(module, "-buildmode=pie", "-ldflags=-linkmode=external", CGO_ENABLED="1")
    assert _found(read(linked)) == _found(read(tool))


@pytest.mark.parametrize(
    "flags", ["-X main.version=1.4.2", "-X=main.version=v1.4.2 -X other.Thing=9.9", "-s -X 'main.version=v1.4.2'"]
)
def test_the_version_that_the_linker_was_told_stands_for_devel(module: Path, flags: str) -> None:
    assert _found(read(build(module, f"-ldflags={flags}")))["example.org/tool"] == "v1.4.2"


def test_a_replaced_module_has_the_name_and_version_that_were_built() -> None:
    from pratique.scan.binaries.go import _modules

    text = "mod\ta.org/m\tv1.0.0\th1:x\ndep\ta.org/b\tv1.1.0\n=>\ta.org/fork\tv1.1.1\th1:y\n"
    text += "dep\ta.org/c\tv2.0.0\n=>\t./c\t\n"
    assert _found(tuple(_modules(text))) == {"a.org/m": "v1.0.0", "a.org/fork": "v1.1.1", "a.org/c": "v2.0.0"}


def test_a_working_copy_is_told_by_its_commit() -> None:
    from pratique.scan.binaries.go import _modules

    text = "mod\ta.org/m\t(devel)\t\nbuild\tvcs.revision=0123456789abcdef\nbuild\tvcs.time=2024-03-01T10:20:30Z\n"
    assert _found(tuple(_modules(text))) == {"a.org/m": "v0.0.0-20240301102030-0123456789ab"}


def test_programs_are_found_in_images_by_their_mode_and_first_bytes(tool: bytes) -> None:
    inventory = scan({"app/tool": Program(tool), "app/data": tool, "app/script": Program(b"#!/bin/sh\n" * 999)})
    assert {package.locations[0].path for package in inventory.packages} == {"app/tool"}
    one = next(package for package in inventory.packages if package.name == "example.org/lib")
    assert (one.type, one.purl) == (PackageType.GOLANG, "pkg:golang/example.org/lib@v1.2.3")


def test_a_program_that_a_later_layer_deletes_does_not_count(tool: bytes) -> None:
    assert scan({"app/tool": Program(tool)}, {"app/.wh.tool": b""}).packages == ()
    assert scan({"app/tool": Program(tool)}, {"app/tool": b"a text now"}).packages == ()


def test_programs_are_found_in_folders(tool: bytes, tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(tool)
    assert scan_rootfs(tmp_path).packages == ()
    (tmp_path / "tool").chmod(0o755)
    assert "example.org/lib v1.2.3" in names(scan_rootfs(tmp_path))


def _owner(inventory: Inventory) -> str:
    return next(package.owner for package in inventory.packages if package.name == "example.org/lib")


def test_a_program_of_the_distributions_has_its_package_as_owner(tool: bytes) -> None:
    files = {"usr/bin/tool": Program(tool), "var/lib/dpkg/info/tool.list": b"/.\n/usr/bin/tool\n"}
    maintained = deb("tool", "1", Maintainer="Debian Go Team <team+pkg-go@tracker.debian.org>")
    assert _owner(scan({**files, "var/lib/dpkg/status": maintained})) == "pkg:deb/debian/tool@1?arch=amd64"
    elsewhere = deb("tool", "1", Maintainer="Somebody <support@example.com>")
    assert _owner(scan({**files, "var/lib/dpkg/status": elsewhere})) == ""


def test_a_program_in_the_old_bin_folder_has_its_owner_too(tool: bytes) -> None:
    files = {"usr/bin/tool": Program(tool), "var/lib/dpkg/info/tool.list": b"/.\n/bin/tool\n"}
    assert _owner(scan({**files, "var/lib/dpkg/status": deb("tool", "1")})) == "pkg:deb/debian/tool@1?arch=amd64"


@pytest.mark.parametrize("where", [(0x28, "<Q", 2**63), (0x20, "<Q", 2**60), (0x38, "<H", 65535), (0x3C, "<H", 65535)])
def test_tables_that_point_outside_of_the_file_do_no_harm(tool: bytes, where: tuple[int, str, int]) -> None:
    at, layout, value = where
    content = bytearray(tool)
    struct.pack_into(layout, content, at, value)
    read(bytes(content))


def test_build_information_that_is_cut_off_is_told(tool: bytes) -> None:
    at = tool.index(b"\xff Go buildinf:")
    items = read(tool[: at + 32] + b"\xff" * 4096 + tool[at + 4128 :])
    assert [type(item) for item in items] == [Problem]


def with_section(section: bytes, tmp_path: Path) -> bytes:
    """A real program with this `.dep-v0` section, as cargo-auditable's linker step leaves it."""
    require("gcc", "objcopy")
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    (tmp_path / "data").write_bytes(section)
    subprocess.run(["gcc", "-o", tmp_path / "plain", tmp_path / "a.c"], check=True)
    add = ["objcopy", "--add-section", f".dep-v0={tmp_path}/data", "--set-section-flags", ".dep-v0=readonly,data"]
    subprocess.run([*add, tmp_path / "plain", tmp_path / "out"], check=True, capture_output=True)
    return (tmp_path / "out").read_bytes()


CRATES = (
    b'{"packages":[{"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1]},'
    b'{"name":"serde","version":"1.0.200","source":"crates.io"},'
    b'{"name":"cc","version":"1.0.1","source":"crates.io","kind":"build"}]}'
)


def test_a_rust_program_tells_its_crates_but_not_those_of_its_build(tmp_path: Path) -> None:
    items = read(with_section(zlib.compress(CRATES), tmp_path))
    assert items == (Found(PackageType.CARGO, "app", "0.1.0"), Found(PackageType.CARGO, "serde", "1.0.200"))


def test_libraries_that_patchelf_changed_are_no_trouble(tmp_path: Path) -> None:
    require("gcc", "patchelf")
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-o", tmp_path / "out", tmp_path / "a.c"], check=True)
    subprocess.run(["patchelf", "--set-rpath", "$ORIGIN/" + "x" * 4000, tmp_path / "out"], check=True)
    assert read((tmp_path / "out").read_bytes()) == ()


@pytest.mark.slow
def test_what_cargo_auditable_builds_is_read(tmp_path: Path) -> None:
    require("cargo", "cargo-auditable")
    for name, rest in {"app": '[dependencies]\nhelper = { path = "../helper" }\n', "helper": ""}.items():
        (tmp_path / name / "src").mkdir(parents=True)
        head = f'[package]\nname = "{name}"\nversion = "0.3.{len(name)}"\nedition = "2021"\n'
        (tmp_path / name / "Cargo.toml").write_text(head + rest)
    (tmp_path / "helper" / "src" / "lib.rs").write_text("pub fn one() -> u8 { 1 }\n")
    (tmp_path / "app" / "src" / "main.rs").write_text('fn main() { println!("{}", helper::one()); }\n')
    build_it = ["cargo", "auditable", "build", "--release", "--offline"]
    subprocess.run(build_it, cwd=tmp_path / "app", check=True, capture_output=True)
    program = (tmp_path / "app" / "target" / "release" / "app").read_bytes()
    expected = {"app": "0.3.3", "helper": "0.3.6"}
    assert _found(read(program)) == expected
    inventory = scan({"bin/app": Program(program)})
    assert [one.purl for one in inventory.packages] == ["pkg:cargo/app@0.3.3", "pkg:cargo/helper@0.3.6"]


@pytest.mark.parametrize("section", [b"", b"x" * 99, zlib.compress(b"{}"), zlib.compress(b" " * 10**8)])
def test_a_broken_list_of_crates_is_told(section: bytes, tmp_path: Path) -> None:
    started = time.perf_counter()
    assert [type(item) for item in read(with_section(section or b"\0", tmp_path))] == [Problem]
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("program", "version"),
    [
        ("busybox", [r"busybox"]),
        ("openssl", ["openssl", "version"]),
        ("node", ["node", "--version"]),
        ("python3.11", ["python3.11", "--version"]),
        ("nginx", ["nginx", "-v"]),
        ("redis-server", ["redis-server", "--version"]),
        ("ruby", ["ruby", "--version"]),
        ("php", ["php", "--version"]),
        ("haproxy", ["haproxy", "-v"]),
        ("memcached", ["memcached", "--version"]),
        ("httpd", ["httpd", "-v"]),
        ("postgres", ["postgres", "--version"]),
    ],
)
def test_a_real_program_tells_its_version(program: str, version: list[str]) -> None:
    require(program)
    done = subprocess.run(version, check=False, capture_output=True, text=True)
    real = Path(shutil.which(program) or "").resolve()
    items = read(real.read_bytes(), f"usr/local/bin/{program}")
    told = [item for item in items if isinstance(item, Found) and item.type is PackageType.GENERIC]
    if not told and program.startswith(("python", "ruby")):
        pytest.skip("the version of this one is in its library")
    assert told, done.stdout + done.stderr
    assert told[0].version in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("usr/local/bin/redis-server", b"A7.0.151790282056000000000\0", "redis 7.0.15"),
        ("usr/local/bin/redis-server", b"\x007.2.43f2a1b4c5d6e-1704899012000000000\0", "redis 7.2.4"),
        ("usr/local/bin/redis-server", b"\x007.0.14buildkitsandbox-1704899012000000000000000000\0", "redis 7.0.14"),
        ("usr/local/nginx/sbin/nginx", b"\0nginx version: nginx/1.25.3\0", "nginx 1.25.3"),
        ("usr/local/apache2/bin/httpd", b"Server: Apache/2.4.58 (Unix)", "httpd 2.4.58"),
        ("usr/local/pgsql/bin/postgres", b"postgres (PostgreSQL) 16.1\n", "postgresql 16.1"),
        ("usr/local/bin/php", b"X-Powered-By: PHP/8.3.1\0", "php 8.3.1"),
        ("usr/local/bin/memcached", b"memcached 1.6.22\0", "memcached 1.6.22"),
        ("usr/local/sbin/haproxy", b"\0 version 2.9.1-f72603c, released 2024/01/15\0", "haproxy 2.9.1"),
        ("usr/local/lib/libruby.so.3.3", b"ruby 3.3.0 (2023-12-25 revision", "ruby 3.3.0"),
        ("usr/local/lib/libpython3.12.so.1.0", b"\0" + b"3.12.1\0", "python 3.12.1"),
        ("usr/local/bin/node", b"node.js/v20.10.0\0", "node 20.10.0"),
        ("opt/openssl/bin/openssl", b"OpenSSL 3.2.0 23 Nov 2023", "openssl 3.2.0"),
        ("bin/busybox", b"BusyBox v1.36.1 (2023-11-07)", "busybox 1.36.1"),
    ],
)
def test_the_words_of_each_program_tell_its_version(path: str, data: bytes, expected: str) -> None:
    assert evidence.known(path)
    found = evidence.parse(path, [data])
    assert found
    assert f"{found.name} {found.version}" == expected


def test_twenty_thousand_programs_are_no_trouble() -> None:
    head = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 2, 62, 1, 0, 64, 4000, 0, 64, 56, 9, 64, 1, 0)
    program = Program(head.ljust(4096, b"\xff"))
    started = time.perf_counter()
    scan({f"bin/{number}": program for number in range(20_000)})
    assert time.perf_counter() - started < 10


@given(st.binary(max_size=600), st.sampled_from([b"\x7fELF\2\1\1", b"\x7fELF\1\2\1", b"MZ", b"\xcf\xfa\xed\xfe", b""]))
@settings(deadline=None)
def test_any_bytes_give_packages_or_problems(data: bytes, magic: bytes) -> None:
    for item in read(magic + data, "usr/bin/busybox"):
        assert isinstance(item, Found | Problem)


_CHANGES = st.lists(st.tuples(st.integers(0, 4095), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6)


@given(changes=_CHANGES)
@settings(deadline=None, max_examples=50)
def test_a_program_with_any_damage_in_its_headers_is_read_or_not(tool: bytes, changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(tool)
    for at, data in changes:
        content[at : at + len(data)] = data
    for item in read(bytes(content)):
        assert isinstance(item, Found | Problem)

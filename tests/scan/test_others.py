"""The lists of .NET, Ruby, PHP, conda, Bitnami, pacman, and Node's lock files, as their tools write them."""

import io
import json
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from pratique.model.inventory import PackageType, Source
from pratique.scan import bitnami, composer, conda, dotnet, gems, node_locks, pacman, runtimes
from pratique.scan.found import Found, Problem
from pratique.scan.rootfs import scan_rootfs
from tests.scan.building import manifest, metadata, names, scan
from tests.support.machine import require

DEPS = {
    "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64"},
    "targets": {".NETCoreApp,Version=v8.0": {"App/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}}}},
    "libraries": {
        "App/1.0.0": {"type": "project", "serviceable": False, "sha512": ""},
        "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "runtimepack", "serviceable": False},
        "Newtonsoft.Json/13.0.1": {"type": "package", "serviceable": True, "sha512": "sha512-x", "path": "n/13.0.1"},
    },
}
NUGET_LOCK = {
    "version": 1,
    "dependencies": {
        "net8.0": {
            "Serilog": {"type": "Direct", "requested": "[3.1.1, )", "resolved": "3.1.1", "contentHash": "x"},
            "System.Memory": {"type": "Transitive", "resolved": "4.5.5"},
            "shared": {"type": "Project", "dependencies": {"Serilog": "[3.1.1, )"}},
        }
    },
}


def found(items: object) -> list[tuple[str, str]]:
    assert hasattr(items, "__iter__")
    return [(item.name, item.version) for item in items if isinstance(item, Found)]


def test_dotnets_deps_name_packages_and_the_runtime_but_no_projects() -> None:
    inventory = scan({"app/App.deps.json": b"\xef\xbb\xbf" + json.dumps(DEPS).encode()})
    assert [one.purl for one in inventory.packages] == [
        "pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.1",
        "pkg:nuget/Newtonsoft.Json@13.0.1",
    ]


def test_nugets_lock_names_what_was_resolved() -> None:
    assert found(dotnet.parse("app/packages.lock.json", json.dumps(NUGET_LOCK).encode())) == [
        ("Serilog", "3.1.1"),
        ("System.Memory", "4.5.5"),
    ]


GEMSPEC = b"""# -*- encoding: utf-8 -*-
# stub: rack 3.0.8 ruby lib

Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.version = "3.0.8"

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :required_rubygems_version=
  s.metadata = { "name" => "x", "version" => "9" } if s.respond_to? :metadata=
  s.licenses = ["MIT".freeze, "Ruby".freeze]
  s.rubygems_version = "3.4.10".freeze
end
"""


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("usr/lib/ruby/gems/3.3.0/specifications/rack-3.0.8.gemspec", True),
        ("usr/lib/ruby/gems/3.3.0/specifications/default/json-2.7.1.gemspec", True),
        ("usr/lib/ruby/gems/3.3.0/gems/rack-3.0.8/rack.gemspec", False),
        ("app/my.gemspec", False),
    ],
)
def test_gems_are_known_by_installed_specifications_only(path: str, wanted: bool) -> None:
    assert gems.wanted(path) is wanted


def test_a_gems_specification_is_read_and_not_run() -> None:
    assert list(gems.parse("x", GEMSPEC)) == [Found(PackageType.GEM, "rack", "3.0.8", licenses=("MIT", "Ruby"))]
    older = b"  s.name = %q{old}\n  s.version = Gem::Version.new(\"1.0\")\n  s.license = 'MIT'\n"
    assert list(gems.parse("x", older)) == [Found(PackageType.GEM, "old", "1.0", licenses=("MIT",))]
    assert [type(item) for item in gems.parse("x", b"s.name = compute()\ns.version = `rm`\n")] == [Problem]


def test_a_gem_that_gem_installed_is_found(tmp_path: Path) -> None:
    require("gem")
    fields = "s.name = 'tiny'; s.version = '1.2'; s.summary = s.author = 'x'; s.license = 'MIT'"
    (tmp_path / "tiny.gemspec").write_text(f"Gem::Specification.new {{ |s| {fields} }}")
    subprocess.run(["gem", "build", "tiny.gemspec"], cwd=tmp_path, check=True, capture_output=True)
    install = ["gem", "install", "--local", "--no-document", "--install-dir", str(tmp_path / "root"), "tiny-1.2.gem"]
    subprocess.run(install, cwd=tmp_path, check=True, capture_output=True)
    assert [(one.purl, one.licenses) for one in scan_rootfs(tmp_path / "root").packages] == [
        ("pkg:gem/tiny@1.2", ("MIT",))
    ]


COMPOSER = b'{"packages": [{"name": "Monolog/monolog", "version": "2.9.1", "license": ["MIT"]}], "dev": false}'


def test_composers_list_is_read_in_both_forms() -> None:
    inventory = scan({"app/vendor/composer/installed.json": COMPOSER})
    assert [(one.purl, one.licenses) for one in inventory.packages] == [
        ("pkg:composer/monolog/monolog@2.9.1", ("MIT",))
    ]
    bare = b'[{"name": "a/b", "version": "v1.0", "license": "MIT"}]'
    assert found(composer.parse("x", bare)) == [("a/b", "v1.0")]


def test_condas_records_are_read() -> None:
    record = b'{"build": "py311_0", "name": "numpy", "version": "1.26.0", "license": "BSD-3-Clause", "files": ["a"]}'
    path = "opt/conda/envs/x/conda-meta/numpy-1.26.0-py311_0.json"
    inventory = scan({path: record, "opt/conda/conda-meta/history": b"x"})
    assert [(one.purl, one.licenses) for one in inventory.packages] == [("pkg:conda/numpy@1.26.0", ("BSD-3-Clause",))]
    assert [type(item) for item in conda.parse("x", b'{"name": "a b"}')] == [Problem]


def test_bitnamis_components_are_read_and_their_parts_are_not() -> None:
    document = {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            {
                "name": "redis",
                "versionInfo": "7.2.4-0",
                "licenseDeclared": "BSD-3-Clause",
                "externalRefs": [
                    {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:*:redis:redis:7.2.4"},
                    {
                        "referenceType": "purl",
                        "referenceLocator": "pkg:bitnami/redis@7.2.4-0?arch=amd64&distro=debian-12",
                    },
                ],
            },
            {"name": "x", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:golang/x@v1"}]},
        ],
    }
    content = json.dumps(document).encode()
    inventory = scan({"opt/bitnami/redis/.spdx-redis.spdx": content})
    assert [(one.purl, one.architecture) for one in inventory.packages] == [("pkg:bitnami/redis@7.2.4-0", "amd64")]
    assert [type(item) for item in bitnami.parse("x", content.replace(b"@7.2.4-0", b""))] == [Problem]


DESC = b"%NAME%\nlibxml2\n\n%VERSION%\n2.12.3-1\n\n%BASE%\nlibxml2-split\n\n%ARCH%\nx86_64\n\n%LICENSE%\nMIT\n\n"


def test_pacmans_database_is_read_and_tells_owners() -> None:
    metadata = "usr/lib/python3.11/site-packages/lxml-5.dist-info/METADATA"
    folder = "var/lib/pacman/local/libxml2-2.12.3-1"
    inventory = scan(
        {
            "etc/os-release": b"ID=arch\nNAME=Arch\n",
            f"{folder}/desc": DESC,
            f"{folder}/files": f"%FILES%\nusr/\n{metadata}\n\n%BACKUP%\n".encode(),
            metadata: b"Name: lxml\nVersion: 5\n",
        }
    )
    one, python = inventory.packages
    assert (one.type, one.purl) == (PackageType.ALPM, "pkg:alpm/arch/libxml2@2.12.3-1?arch=x86_64&distro=arch")
    assert (one.source, one.licenses) == (Source("libxml2-split", "2.12.3-1"), ("MIT",))
    assert python.owner == one.purl
    assert [type(item) for item in pacman.parse("x", b"%NAME%\n\n%VERSION%\n1\n")] == [Problem]


NPM_3 = {
    "name": "app",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "app", "version": "1.0.0"},
        "node_modules/@scope/a": {"version": "1.2.3", "resolved": "x"},
        "node_modules/b/node_modules/c": {"version": "2.0.0", "dev": True},
        "node_modules/alias": {"name": "real", "version": "4.0.0"},
        "node_modules/local": {"resolved": "local", "link": True},
        "local": {"version": "0.0.1"},
    },
}
NPM_1 = {
    "lockfileVersion": 1,
    "dependencies": {
        "a": {"version": "1.0.0", "requires": {"b": "^2"}, "dependencies": {"b": {"version": "2.0.0"}}},
        "git": {"version": "git+ssh://x"},
    },
}
YARN = b"""# yarn lockfile v1


"@babel/code-frame@^7.0.0", "@babel/code-frame@^7.1.0":
  version "7.22.5"
  resolved "x"
  dependencies:
    "@babel/highlight" "^7.22.5"

lodash@^4.17.21:
  version "4.17.21"
"""
BERRY = b"""__metadata:
  version: 6
  cacheKey: 8

"lodash@npm:^4.17.21":
  version: 4.17.21
  resolution: "lodash@npm:4.17.21"

"app@workspace:.":
  version: 0.0.0-use.local
"""
PNPM_6 = b"""lockfileVersion: '6.0'

dependencies:
  a:
    version: 9.9.9

packages:

  /@scope/a@1.2.3(react@18.0.0):
    resolution: {integrity: sha512-x}

  /lodash@4.17.21:
    resolution: {integrity: sha512-x}
    engines: {node: '>=10'}
"""
PNPM_9 = b"packages:\n\n  '@scope/a@1.2.3':\n    x: {}\n\n  lodash@4.17.21:\n    x: 1\n\nsnapshots:\n\n  z@9.0.0: {}\n"
PNPM_5 = b"packages:\n\n  /@scope/a/1.2.3_react@18.0.0:\n    x: 1\n  /lodash/4.17.21:\n    dev: false\n"


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("package-lock.json", json.dumps(NPM_3).encode(), [("@scope/a", "1.2.3"), ("c", "2.0.0"), ("real", "4.0.0")]),
        ("package-lock.json", json.dumps(NPM_1).encode(), [("a", "1.0.0"), ("b", "2.0.0")]),
        ("yarn.lock", YARN, [("@babel/code-frame", "7.22.5"), ("lodash", "4.17.21")]),
        ("yarn.lock", BERRY, [("lodash", "4.17.21")]),
        ("pnpm-lock.yaml", PNPM_5, [("@scope/a", "1.2.3"), ("lodash", "4.17.21")]),
        ("pnpm-lock.yaml", PNPM_6, [("@scope/a", "1.2.3"), ("lodash", "4.17.21")]),
        ("pnpm-lock.yaml", PNPM_9, [("@scope/a", "1.2.3"), ("lodash", "4.17.21")]),
    ],
)
def test_each_lock_file_of_node_is_read(file: str, content: bytes, expected: list[tuple[str, str]]) -> None:
    assert found(node_locks.parse(f"app/{file}", content)) == expected


def test_a_lock_file_counts_only_where_no_modules_lie_beside_it() -> None:
    lock = {"app/yarn.lock": YARN, "other/node_modules/x/package.json": manifest("x", "1")}
    assert names(scan(lock)) == ["@babel/code-frame 7.22.5", "lodash 4.17.21", "x 1"]
    assert names(scan({**lock, "app/node_modules/y/package.json": manifest("y", "1")})) == ["x 1", "y 1"]
    assert names(scan({"app/node_modules/y/yarn.lock": YARN})) == []


def test_the_lock_that_npm_writes_lists_what_npm_installs(tmp_path: Path) -> None:
    require("npm")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "package.json").write_bytes(manifest(name, "1.0.0"))
        subprocess.run(["npm", "pack", f"./{name}"], cwd=tmp_path, check=True, capture_output=True)
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_bytes(manifest("project", "1.0.0"))
    install = ["npm", "install", "--offline", "--no-audit", "--no-fund", "../one-1.0.0.tgz", "../two-1.0.0.tgz"]
    subprocess.run(install, cwd=project, check=True, capture_output=True)
    assert names(scan_rootfs(project)) == ["one 1.0.0", "two 1.0.0"]
    (project / "node_modules").rename(tmp_path / "elsewhere")
    assert names(scan_rootfs(project)) == ["one 1.0.0", "two 1.0.0"]


def test_java_and_go_tell_their_version_in_a_file() -> None:
    release = b'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_RUNTIME_VERSION="17.0.9+9"\nJAVA_VERSION="17.0.9"\n'
    inventory = scan({"opt/java/openjdk/release": release, "usr/local/go/VERSION": b"go1.22.3\ntime 2024\n"})
    assert [(one.purl, one.vendor) for one in inventory.packages] == [
        ("pkg:generic/go@1.22.3", ""),
        ("pkg:generic/java@17.0.9", "Eclipse Adoptium"),
    ]
    assert list(runtimes.parse("etc/release", b"something else")) == []


def test_the_real_java_is_told() -> None:
    require("java")
    homes = [path for path in Path("/usr/lib/jvm").glob("*/release") if path.is_file()]
    if not homes:
        pytest.skip("this Java has no release file")
    told = subprocess.run(["java", "-version"], check=True, capture_output=True, text=True).stderr
    assert any(
        version in told for path in homes for _, version in found(runtimes.parse("x/release", path.read_bytes()))
    )


_LINES = [b'"', b"a@", b"  version ", b"packages:\n", b"  '/@a/", b"  a@1(((", b"\n", b'{"a":']


def test_eggs_are_read_as_folders_and_as_files() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as egg:
        egg.writestr("EGG-INFO/PKG-INFO", "Metadata-Version: 1.0\nName: Zipped\nVersion: 2\n")
    inventory = scan(
        {
            "lib/site-packages/zipped-2-py3.11.egg": buffer.getvalue(),
            "lib/site-packages/plain-1-py3.11.egg/EGG-INFO/PKG-INFO": metadata("plain", "1"),
            "lib/site-packages/broken-1-py3.11.egg": b"PK\3\4",
            "lib/site-packages/source.egg": b"../src",
        }
    )
    assert names(inventory) == ["plain 1", "zipped 2"]
    assert [item.path for item in inventory.skipped] == ["lib/site-packages/broken-1-py3.11.egg"]


@pytest.mark.parametrize("file", node_locks.FILES)
@pytest.mark.parametrize("line", _LINES)
def test_hostile_lock_files_are_read_in_a_moment(file: str, line: bytes) -> None:
    started = time.perf_counter()
    for content in (b"packages:\n" + line * 200_000, (line + b"\n") * 200_000):
        list(node_locks.parse(f"app/{file}", content))
    assert time.perf_counter() - started < 5

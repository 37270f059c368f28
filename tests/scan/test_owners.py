"""Packages of a language that came with a package of the distribution."""

from tests.scan.building import DEBIAN, Content, deb, manifest, metadata, scan

YAML = "usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA"
LIST = "var/lib/dpkg/info/python3-yaml.list"
STATUS: dict[str, Content] = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("python3-yaml", "6.0-3+b2", Source="pyyaml (6.0-3)") + deb("nodejs", "20.1"),
}
OWNER = "pkg:deb/debian/python3-yaml@6.0-3%2Bb2?arch=amd64&distro=debian-12"


def owner_of(name: str, files: dict[str, Content]) -> str:
    return next(package.owner for package in scan(STATUS | files).packages if package.name == name)


def test_dpkgs_lists_tell_who_owns_a_python_package() -> None:
    assert owner_of("pyyaml", {YAML: metadata("PyYAML", "6.0"), LIST: f"/.\n/{YAML}\n".encode()}) == OWNER


def test_without_lists_the_folder_and_the_name_tell() -> None:
    owned = "usr/lib/python3/dist-packages/yaml-6.0.egg-info"
    assert owner_of("yaml", {owned: metadata("yaml", "6.0")}) == OWNER
    assert owner_of("other", {"usr/lib/python3/dist-packages/other-1.egg-info": metadata("other", "1")}) == ""


def test_what_pip_installed_has_no_owner() -> None:
    local = "usr/local/lib/python3.11/dist-packages/yaml-6.0.dist-info/METADATA"
    assert owner_of("yaml", {local: metadata("yaml", "6.0")}) == ""


def test_one_copy_without_owner_is_enough_to_be_judged() -> None:
    local = "usr/local/lib/python3.11/dist-packages/PyYAML-6.0.dist-info/METADATA"
    files: dict[str, Content] = {
        YAML: metadata("PyYAML", "6.0"),
        LIST: f"/{YAML}\n".encode(),
        local: metadata("PyYAML", "6.0"),
    }
    assert owner_of("pyyaml", files) == ""


def test_a_private_copy_inside_a_package_is_judged_on_its_own() -> None:
    path = "usr/lib/node_modules/npm/node_modules/tar/package.json"
    assert owner_of("tar", {path: manifest("tar", "6.0"), "var/lib/dpkg/info/nodejs.list": f"/{path}\n".encode()}) == ""


def test_a_list_of_a_package_that_is_gone_owns_nothing() -> None:
    assert owner_of("a", {YAML: metadata("a", "1"), "var/lib/dpkg/info/gone.list": f"/{YAML}\n".encode()}) == ""


def test_apks_database_tells_who_owns_a_python_package() -> None:
    database = (
        b"P:py3-yaml\nV:6.0-r1\nA:x86_64\nF:usr/lib/python3.12/site-packages/PyYAML-6.0.dist-info\nR:METADATA\n\n"
    )
    inventory = scan(
        {
            "lib/apk/db/installed": database,
            "usr/lib/python3.12/site-packages/PyYAML-6.0.dist-info/METADATA": metadata("PyYAML", "6.0"),
        }
    )
    assert [(p.name, p.owner) for p in inventory.packages] == [
        ("py3-yaml", ""),
        ("pyyaml", "pkg:apk/alpine/py3-yaml@6.0-r1?arch=x86_64"),
    ]


def test_licences_come_through_the_symlinked_folder_of_a_debian_package() -> None:
    from tests.scan.building import Link

    text = b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: MIT\n"
    files: dict[str, Content] = {
        "usr/share/doc/nodejs": Link("python3-yaml"),
        "usr/share/doc/python3-yaml/copyright": text,
    }
    assert {package.name: package.licenses for package in scan(STATUS | files).packages} == {
        "nodejs": ("MIT",),
        "python3-yaml": ("MIT",),
    }

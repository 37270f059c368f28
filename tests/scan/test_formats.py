"""Each package format: what its files look like, and that no bytes upset it."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.inventory import Distro, PackageType, Source
from pratique.scan import apk, dpkg, dpkg_files, end_of_life, node, os_release, python
from pratique.scan.formats import FORMATS, limit_of
from pratique.scan.found import Format, Found, Parsed, Problem
from tests.scan.building import DEBIAN, deb, manifest, metadata


def found(parsed: Parsed) -> list[Found]:
    return [item for item in parsed if isinstance(item, Found)]


def test_dpkg_reads_name_version_architecture_and_source() -> None:
    status = deb("libc6", "2.36-9", Source="glibc") + deb("libcap2", "1:2.66-4+b2", Source="libcap2 (1:2.66-4)")
    assert found(dpkg.parse(dpkg.STATUS, status)) == [
        Found(PackageType.DEB, "libc6", "2.36-9", "amd64", Source("glibc", "2.36-9")),
        Found(PackageType.DEB, "libcap2", "1:2.66-4+b2", "amd64", Source("libcap2", "1:2.66-4")),
    ]


@pytest.mark.parametrize(
    ("status", "present"),
    [
        ("install ok installed", True),
        ("hold ok installed", True),
        ("install ok triggers-pending", True),
        ("install ok half-configured", True),
        ("deinstall ok config-files", False),
        ("purge ok not-installed", False),
        ("install reinstreq half-installed", False),
        ("", False),
    ],
)
def test_dpkg_counts_what_has_its_files_on_disk(status: str, present: bool) -> None:
    assert bool(found(dpkg.parse(dpkg.STATUS, deb("bash", "5", Status=status)))) is present


def test_dpkg_reads_the_single_files_of_distroless_images() -> None:
    path = "var/lib/dpkg/status.d/base-files"
    assert dpkg.wanted(path)
    assert not dpkg.wanted(path + ".md5sums")
    assert [p.name for p in found(dpkg.parse(path, b"Package: base-files\nVersion: 12.4\nDescription: a\n b\n"))] == [
        "base-files"
    ]


def test_dpkg_tells_a_broken_stanza_and_reads_on() -> None:
    first, second = dpkg.parse(dpkg.STATUS, b"Package: a b\nVersion: 1\n\n \n\n" + deb("bash", "5"))
    assert isinstance(first, Problem)
    assert isinstance(second, Found)


def test_dpkg_is_not_fooled_by_descriptions() -> None:
    status = b"Package: a\nVersion: 1\nDescription: x\n Package: b\n Version: 2\n"
    assert [(p.name, p.version) for p in found(dpkg.parse(dpkg.STATUS, status))] == [("a", "1")]


def test_dpkg_licences_come_from_machine_readable_copyright_files_only() -> None:
    text = b"Format: https://example.org/copyright-format/1.0/\n\nLicense: MIT\n\nLicense: GPL-2+\n text\n"
    assert dpkg_files.licenses(text) == ("GPL-2+", "MIT")
    assert dpkg_files.licenses(text[8:]) == ()


def test_dpkg_lists_tell_which_of_our_files_are_theirs() -> None:
    content = b"/.\n/usr/bin/gosu\n/usr/share/doc/gosu/copyright\n"
    assert dpkg_files.among(content, frozenset({b"/usr/bin/gosu", b"/usr/bin/x"})) == {b"/usr/bin/gosu"}
    assert dpkg_files.package_of("var/lib/dpkg/info/python3-yaml.list") == ("python3-yaml", "")
    assert dpkg_files.package_of("var/lib/dpkg/info/libc6:i386.list") == ("libc6", "i386")


def test_apk_reads_packages_and_their_origin() -> None:
    content = (
        b"C:Q1abc=\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\no:openssl\nL:Apache-2.0\nF:lib\nR:libcrypto.so.3\n\n"
        b"P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\n"
    )
    assert found(apk.parse(apk.PATHS[0], content)) == [
        Found(PackageType.APK, "libcrypto3", "3.3.1-r0", "x86_64", Source("openssl", "3.3.1-r0"), ("Apache-2.0",)),
        Found(PackageType.APK, "musl", "1.2.5-r0", "x86_64"),
    ]
    assert list(apk.owned(content)) == [("lib/libcrypto.so.3", "libcrypto3")]


def test_apk_tells_a_broken_stanza_and_reads_on() -> None:
    first, second = apk.parse(apk.PATHS[0], b"P:x\n\nP:musl\nV:1\n")
    assert isinstance(first, Problem)
    assert isinstance(second, Found)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("usr/lib/python3/dist-packages/a-1.dist-info/METADATA", True),
        ("usr/lib/python3/dist-packages/a-1.egg-info/PKG-INFO", True),
        ("usr/lib/python3/dist-packages/a-1.egg-info", True),
        ("a-1.dist-info/RECORD", False),
        ("METADATA", False),
    ],
)
def test_python_wants_metadata_only(path: str, wanted: bool) -> None:
    assert python.wanted(path) is wanted


def test_python_names_are_normalised_as_pypi_has_them() -> None:
    assert [p.name for p in found(python.parse("x", metadata("Zope.Interface__x", "5")))] == ["zope-interface-x"]


@pytest.mark.parametrize(
    ("fields", "licenses"),
    [
        ({"License-Expression": "MIT OR Apache-2.0", "License": "other"}, ("MIT OR Apache-2.0",)),
        ({"License": "BSD"}, ("BSD",)),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: MIT License"}, ("MIT License",)),
        ({"License": "A long\n        licence text", "Classifier": "License :: OSI Approved :: ISC"}, ("ISC",)),
        ({"Classifier": "Topic :: Security"}, ()),
    ],
)
def test_python_takes_the_best_licence_there_is(fields: dict[str, str], licenses: tuple[str, ...]) -> None:
    assert [p.licenses for p in found(python.parse("x", metadata("a", "1", **fields)))] == [licenses]


def test_python_does_not_read_headers_in_the_description() -> None:
    assert [p.version for p in found(python.parse("x", metadata("a", "1") + b"\nVersion: 2\n"))] == ["1"]
    assert [type(p) for p in python.parse("x", b"Metadata-Version: 2.1\n\nName: a\nVersion: 1\n")] == [Problem]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("app/node_modules/a/package.json", True),
        ("app/node_modules/@s/a/package.json", True),
        ("app/node_modules/a/node_modules/b/package.json", True),
        ("app/node_modules/test/package.json", True),
        ("app/node_modules/@s/test/package.json", True),
        ("app/node_modules/a/test/fixtures/b/package.json", False),
        ("app/package.json", False),
        ("app/node_modules/package.json", False),
        ("app/my_node_modules/a/package.json", False),
    ],
)
def test_node_wants_installed_packages_only(path: str, wanted: bool) -> None:
    assert node.wanted(path) is wanted


@pytest.mark.parametrize(
    ("rest", "licenses"),
    [
        (', "license": "MIT"', ("MIT",)),
        (', "license": {"type": "BSD", "url": "x"}', ("BSD",)),
        (', "licenses": [{"type": "MIT"}, {"type": "GPL"}, 7]', ("MIT", "GPL")),
        (', "license": 3, "licenses": "x"', ()),
    ],
)
def test_node_takes_licences_in_old_forms_too(rest: str, licenses: tuple[str, ...]) -> None:
    assert found(node.parse("x", b"\xef\xbb\xbf" + manifest("a", "v1.0", rest))) == [
        Found(PackageType.NPM, "a", "1.0", licenses=licenses)
    ]


@pytest.mark.parametrize("content", [b"{}", b'{"type": "module"}', b'{"name": "a"}', b'{"name": "", "version": "1"}'])
def test_node_passes_over_manifests_that_name_no_package(content: bytes) -> None:
    assert list(node.parse("x", content)) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"name": 1, "version": "1"}', b'{"name": "a\\u001b", "version": "1"}', b'{"name": "\xff"}'],
)
def test_node_tells_what_it_cannot_read(content: bytes) -> None:
    assert [type(item) for item in node.parse("x", content)] == [Problem]


def test_a_distribution_is_known_by_os_release() -> None:
    expected = Distro("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", end_of_life="2028-06-30")
    assert os_release.distro({"etc/os-release": DEBIAN}.get) == expected
    assert os_release.distro({"etc/os-release": b"", "usr/lib/os-release": DEBIAN}.get) == expected
    quoted = b'# a comment\nID=\'Ubuntu\'\nID_LIKE="debian \\"x\\""\nNAME=Ubuntu\n'
    assert os_release.distro({"etc/os-release": quoted}.get) == Distro(
        "ubuntu", name="Ubuntu", id_like=("debian", '"x"')
    )


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("etc/debian_version", b"12.4\n", Distro("debian", "12", "bookworm", end_of_life="2028-06-30")),
        ("etc/debian_version", b"trixie/sid\n", Distro("debian", codename="trixie")),
        ("etc/alpine-release", b"3.20.1\n", Distro("alpine", "3.20.1", end_of_life="2026-04-01")),
        (
            "etc/centos-release",
            b"CentOS release 6.10 (Final)\n",
            Distro("centos", "6.10", name="CentOS release 6.10 (Final)", end_of_life="2020-11-30"),
        ),
        (
            "etc/SuSE-release",
            b"SUSE Linux Enterprise Server 12 (x86_64)\nVERSION = 12\n",
            Distro("sles", "12", name="SUSE Linux Enterprise Server 12 (x86_64)"),
        ),
        ("etc/redhat-release", b"Something else 1\n", None),
        ("etc/alpine-release", b"", None),
        ("etc/hostname", b"x", None),
    ],
)
def test_older_images_are_known_by_other_files(path: str, content: bytes, expected: Distro | None) -> None:
    assert os_release.distro({path: content}.get) == expected


@pytest.mark.parametrize(
    ("os_release_file", "day"),
    [
        ("ID=debian\nVERSION_ID=11\n", "2026-08-31"),
        ("ID=ubuntu\nVERSION_ID=24.04\n", "2029-05-31"),
        ("ID=alpine\nVERSION_ID=3.21.3\n", "2026-11-01"),
        ("ID=wolfi\nVERSION_ID=20230201\n", ""),
        ("ID=chainguard\nVERSION_ID=20230214\n", ""),
        ("ID=rhel\nVERSION_ID=9.4\n", "2032-05-31"),
        ("ID=rocky\nVERSION_ID=9.3\n", "2032-05-31"),
        ("ID=almalinux\nVERSION_ID=8.10\n", "2029-05-31"),
        ("ID=centos\nVERSION_ID=8\nNAME='CentOS Linux'\n", "2021-12-31"),
        ("ID=centos\nVERSION_ID=8\nNAME='CentOS Stream'\n", "2024-05-31"),
        ("ID=fedora\nVERSION_ID=42\n", "2026-05-27"),
        ("ID=amzn\nVERSION_ID=2023\n", "2029-06-30"),
        ("ID=ol\nVERSION_ID=8.9\n", "2029-07-31"),
        ("ID=sles\nVERSION_ID=15.5\n", "2024-12-31"),
        ("ID=opensuse-leap\nVERSION_ID=15.6\n", "2026-04-30"),
        ("ID=mariner\nVERSION_ID=2.0\n", "2025-07-31"),
        ("ID=photon\nVERSION_ID=2.0\n", "2022-12-31"),
        ("ID=arch\n", ""),
        ("ID=debian\nVERSION_ID=99\n", ""),
    ],
)
def test_a_release_has_its_last_day_where_that_is_known(os_release_file: str, day: str) -> None:
    found = os_release.distro({"etc/os-release": os_release_file.encode()}.get)
    assert found
    assert found.end_of_life == day


def test_the_table_of_last_days_is_well_formed() -> None:
    for (distro, version), day in end_of_life._table().items():
        assert distro
        assert version[0].isdigit()
        assert date.fromisoformat(day).isoformat() == day


@pytest.mark.parametrize(
    "path",
    ["var/lib/dpkg/status", "lib/apk/db/installed", "etc/os-release", "x/a.egg-info", "usr/share/doc/a/copyright"],
)
def test_the_table_wants_what_the_formats_want(path: str) -> None:
    assert limit_of(path) > 0


@pytest.mark.parametrize(
    "path", ["", "usr/bin/status", "var/lib/dpkg/available", "home/copyright", "etc/os-release.bak"]
)
def test_the_table_wants_nothing_else(path: str) -> None:
    assert limit_of(path) == 0


_WORDS = st.sampled_from(
    [
        b"Package: ",
        b"Version: ",
        b"Name: ",
        b"P:",
        b"V:",
        b"a",
        b"1",
        b"\n",
        b"\n\n",
        b" ",
        b'{"name":',
        b'"a"',
        b"}",
        b",",
        b"\xff",
        b"\0",
    ]
)


@settings(deadline=None)
@pytest.mark.parametrize("format_", FORMATS, ids=lambda item: item.name)
@given(content=st.binary(max_size=400) | st.lists(_WORDS, max_size=30).map(b"".join))
def test_any_bytes_give_packages_or_problems(format_: Format, content: bytes) -> None:
    for item in format_.parse("some/path", content):
        assert isinstance(item, Problem) or (item.name.isprintable() and 0 < len(item.version) <= 256)


@given(
    st.binary(max_size=400)
    | st.lists(st.sampled_from([b"ID=", b'"', b"\\", b"'", b"\n", b"x"]), max_size=20).map(b"".join)
)
def test_any_bytes_give_a_distribution_or_none(content: bytes) -> None:
    for path in os_release.PATHS:
        found = os_release.distro({path: content}.get)
        assert found is None or isinstance(found, Distro)


@pytest.mark.parametrize(
    ("format_name", "content"),
    [
        ("dpkg", b"Package: a" + b" " * 3_000_000 + b"b\nVersion: 1\n"),
        ("dpkg", b"Package: a\nVersion: 1\n" * 100_000),
        ("dpkg", b"Package: a\nVersion: 1\nSource: " + b"x (" * 500_000),
        ("apk", b"P:" + b"x" * 3_000_000 + b"\nV:1\n"),
        ("python", b"License: x\n" + b" y\n" * 1_000_000 + b"Name: a\nVersion: 1\n"),
        ("node", b'{"name": ' + b"1" * 3_000_000 + b', "version": "1"}'),
        ("node", b'{"name": "' + b"x" * 3_000_000 + b'", "version": "1"}'),
        ("gem", b"\n" * 1_000_000 + b"s.name =" + b" " * 1_000_000),
        ("gem", b"s.licenses = [" * 70_000),
        ("gem", b"a" * 1_000_000),
        ("pacman", b"%NAME%\n" * 1_000_000),
        ("rpm manifest", b"\t" * 3_000_000 + b"\n" * 3_000_000),
        ("composer", b'{"packages": [' + b'{"name": "a/b", "version": "1"},' * 100_000 + b"]}"),
        ("bitnami", b'{"packages": ' + b"[" * 1_000_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_files_are_read_in_a_moment(format_name: str, content: bytes) -> None:
    format_ = next(item for item in FORMATS if item.name == format_name)
    started = time.perf_counter()
    for item in format_.parse("some/path", content):
        assert isinstance(item, Problem | Found)
    assert time.perf_counter() - started < 5

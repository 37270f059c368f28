"""RPM's database in its three forms, made by the real tools; and damaged in every way."""

import lzma
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.inventory import PackageType, Source
from pratique.scan.found import Found, Problem
from pratique.scan.rpm import container_manifest, database, header, sqlite
from tests.scan.building import Link, metadata, scan
from tests.support.machine import require

ARTEFACTS = Path(__file__).parent / "artefacts"
FORMS = ["rpmdb.sqlite", "Packages.db", "Packages"]
METADATA = "usr/lib/python3.9/site-packages/hello-1.4.dist-info/METADATA"
RHEL = b'ID="rhel"\nVERSION_ID="9.4"\nID_LIKE="fedora"\n'
SPECS = [
    f"""Name: hello
Epoch: 2
Version: 1.4
Release: 3.el9
Summary: x
License: GPLv3+ and MIT
Vendor: Red Hat, Inc.
ModularityLabel: hello:1:820230101:abc
BuildArch: noarch
%description
x
%install
mkdir -p %{{buildroot}}/{METADATA[: -len("/METADATA")]}
echo x > %{{buildroot}}/{METADATA}
%files
/{METADATA}
""",
    """Name: libfoo
Version: 5.1^git1
Release: 1
Summary: x
License: MIT
%description
x
%files
""",
    """Name: openssl
Version: 3.0.7
Release: 27.el9
Epoch: 1
Summary: x
License: Apache-2.0
Vendor: Red Hat, Inc.
%description
x
%package libs
Summary: y
%description libs
%{lua:for i=1,400 do print("A long description that makes this header larger than one page. ") end}
%files
%files libs
""",
]
REDHAT = "Red Hat, Inc."
EXPECTED = {
    Found(
        PackageType.RPM,
        "hello",
        "2:1.4-3.el9",
        "noarch",
        None,
        ("GPLv3+ and MIT",),
        vendor=REDHAT,
        modularity="hello:1:820230101:abc",
        declares=(METADATA,),
    ),
    Found(PackageType.RPM, "libfoo", "5.1^git1-1", "x86_64", None, ("MIT",), maintained=False),
    Found(PackageType.RPM, "openssl", "1:3.0.7-27.el9", "x86_64", None, ("Apache-2.0",), vendor=REDHAT),
    Found(
        PackageType.RPM,
        "openssl-libs",
        "1:3.0.7-27.el9",
        "x86_64",
        Source("openssl", "1:3.0.7-27.el9"),
        ("Apache-2.0",),
        vendor=REDHAT,
    ),
}


def artefact(form: str) -> bytes:
    return lzma.decompress((ARTEFACTS / f"{form}.xz").read_bytes())


@pytest.fixture(scope="session")
def rpms(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The packages of `SPECS`, built by rpmbuild."""
    require("rpm", "rpmbuild")
    top = tmp_path_factory.mktemp("rpm")
    for number, text in enumerate(SPECS):
        spec = top / f"{number}.spec"
        spec.write_text(text)
        subprocess.run(
            ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {top}/top", spec], check=True, capture_output=True
        )
    return sorted(top.rglob("*.rpm"))


@pytest.fixture(scope="session")
def installed(rpms: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database that rpm wrote of them."""
    folder = tmp_path_factory.mktemp("db")
    install = ["rpm", "--dbpath", str(folder), "-i", "--justdb", "--nodeps", "--ignorearch", *map(str, rpms)]
    subprocess.run(install, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_each_form_tells_the_same_packages(form: str) -> None:
    items = list(database.parse(f"var/lib/rpm/{form}", artefact(form)))
    assert len(items) == len(EXPECTED)
    assert set(items) == EXPECTED


def test_what_rpm_writes_on_this_machine_is_read(installed: Path) -> None:
    content = (installed / "rpmdb.sqlite").read_bytes()
    assert set(database.parse("var/lib/rpm/rpmdb.sqlite", content)) == EXPECTED


def test_rpm_lists_what_we_list(installed: Path) -> None:
    query = [
        "rpm",
        "--dbpath",
        str(installed),
        "-qa",
        "--qf",
        "%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{NAME} %{ARCH}\\n",
    ]
    theirs = subprocess.run(query, check=True, capture_output=True, text=True).stdout.split("\n")
    content = (installed / "rpmdb.sqlite").read_bytes()
    ours = [item for item in database.parse("x", content) if isinstance(item, Found)]
    assert sorted(f"{one.version} {one.name} {one.architecture}" for one in ours) == sorted(filter(None, theirs))


def test_the_manifest_of_an_image_without_a_database_is_read(installed: Path) -> None:
    columns = (
        "%{NAME} %{VERSION}-%{RELEASE} %{INSTALLTIME} %{BUILDTIME} %{VENDOR}"
        " %{EPOCH} %{SIZE} %{ARCH} %{EPOCHNUM} %{SOURCERPM}"
    )
    query = ["rpm", "--dbpath", str(installed), "-qa", "--qf", columns.replace(" ", "\\t") + "\\n"]
    content = subprocess.run(query, check=True, capture_output=True).stdout
    inventory = scan({container_manifest.PATH: content, "etc/os-release": b"ID=mariner\nVERSION_ID=2.0\n"})
    assert [(one.name, one.version, one.source) for one in inventory.packages] == [
        ("hello", "2:1.4-3.el9", None),
        ("libfoo", "5.1^git1-1", None),
        ("openssl", "1:3.0.7-27.el9", None),
        ("openssl-libs", "1:3.0.7-27.el9", Source("openssl", "1:3.0.7-27.el9")),
    ]
    assert inventory.packages[0].purl == "pkg:rpm/mariner/hello@1.4-3.el9?arch=noarch&distro=mariner-2.0&epoch=2"


@pytest.mark.parametrize("form", FORMS)
def test_an_image_has_its_rpm_packages(form: str) -> None:
    inventory = scan({"etc/os-release": RHEL, f"usr/lib/sysimage/rpm/{form}": artefact(form)})
    one = inventory.packages[0]
    assert one.purl == "pkg:rpm/redhat/hello@1.4-3.el9?arch=noarch&distro=rhel-9.4&epoch=2"
    assert (one.vendor, one.modularity) == (REDHAT, "hello:1:820230101:abc")
    assert inventory.skipped == ()


def test_a_python_package_that_rpm_brought_has_its_owner() -> None:
    inventory = scan(
        {
            "etc/os-release": RHEL,
            "var/lib/rpm/rpmdb.sqlite": artefact("rpmdb.sqlite"),
            METADATA: metadata("hello", "1.4"),
        }
    )
    owned = next(one for one in inventory.packages if one.type is PackageType.PYPI)
    assert owned.owner == "pkg:rpm/redhat/hello@1.4-3.el9?arch=noarch&distro=rhel-9.4&epoch=2"


def test_the_database_is_found_through_a_linked_folder() -> None:
    database_at = "usr/lib/sysimage/rpm/rpmdb.sqlite"
    inventory = scan({"var/lib/rpm": Link("../../usr/lib/sysimage/rpm"), database_at: artefact("rpmdb.sqlite")})
    assert len(inventory.packages) == len(EXPECTED)


def test_the_empty_files_beside_a_database_say_nothing() -> None:
    assert list(database.parse("var/lib/rpm/Packages", b"")) == []


def test_changes_that_wait_in_a_log_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rpmdb.sqlite"
    path.write_bytes(artefact("rpmdb.sqlite"))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("DELETE FROM Packages WHERE hnum = 1")
    connection.commit()
    log = (tmp_path / "rpmdb.sqlite-wal").read_bytes()
    connection.close()
    inventory = scan({"var/lib/rpm/rpmdb.sqlite": path.read_bytes(), "var/lib/rpm/rpmdb.sqlite-wal": log})
    assert [item.path for item in inventory.skipped] == ["var/lib/rpm/rpmdb.sqlite-wal"]
    assert scan({"var/lib/rpm/rpmdb.sqlite-wal": b""}).skipped == ()


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_page_is_told_and_the_rest_is_read(form: str) -> None:
    content = bytearray(artefact(form))
    at = content.find(b"A long description", len(content) // 8 if form == "rpmdb.sqlite" else 0)
    page = at // 4096 * 4096
    content[page : page + 4096] = b"\xff" * 4096
    items = list(database.parse("x", bytes(content)))
    assert [type(item) for item in items].count(Problem) == 1
    inventory = scan({f"var/lib/rpm/{form}": bytes(content)})
    assert len(inventory.skipped) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_database_is_told(form: str) -> None:
    content = artefact(form)
    for size in (1, 20, 100, 600, 4096, len(content) // 2, len(content) - 4096):
        items = list(database.parse("x", content[:size]))
        assert any(isinstance(item, Problem) for item in items) or len(items) < len(EXPECTED)


def test_triggers_views_and_a_table_that_is_not_there_do_no_harm(tmp_path: Path) -> None:
    for name, statements in {
        "view": "CREATE VIEW Packages AS SELECT 1, load_extension('/tmp/evil.so')",
        "virtual": "CREATE VIRTUAL TABLE Packages USING fts5(blob)",
        "other": "CREATE TABLE Other (a); CREATE TRIGGER t AFTER INSERT ON Other BEGIN DELETE FROM Other; END",
    }.items():
        with sqlite3.connect(tmp_path / name) as connection:
            connection.executescript(statements)
        connection.close()
        assert [type(item) for item in database.parse("x", (tmp_path / name).read_bytes())] == [Problem]


def test_a_trigger_beside_the_real_table_is_never_run(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(artefact("rpmdb.sqlite"))
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER evil BEFORE INSERT ON Packages BEGIN SELECT 1/0; END")
    connection.close()
    assert set(database.parse("x", path.read_bytes())) == EXPECTED


@given(
    st.lists(st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), st.binary(max_size=9000)), max_size=40),
    st.sampled_from([512, 1024, 4096, 65536]),
)
@settings(deadline=None, max_examples=25)
def test_tables_are_read_as_sqlite_wrote_them(rows: list[tuple[int | None, bytes]], page_size: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"PRAGMA page_size = {page_size}")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, number INTEGER, blob BLOB)")
    connection.executemany("INSERT INTO Packages (number, blob) VALUES (?, ?)", rows)
    connection.commit()
    content = connection.serialize()
    connection.close()
    expected = [[number, number if value is None else value, blob] for number, (value, blob) in enumerate(rows, 1)]
    assert list(sqlite.rows(content, "Packages")) == expected


_BITS = st.lists(st.tuples(st.integers(0, 2**20), st.binary(min_size=1, max_size=8)), min_size=1, max_size=8)


@pytest.mark.parametrize("form", FORMS)
@given(changes=_BITS)
@settings(deadline=None, max_examples=60)
def test_any_damage_gives_packages_or_problems(form: str, changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(artefact(form))
    for at, data in changes:
        at %= len(content)
        content[at : at + len(data)] = data
    for item in database.parse("x", bytes(content)):
        assert isinstance(item, Problem) or (item.name.isprintable() and 0 < len(item.version) < 600)


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"\0\0\0\2\0\0\0\x40" + data))
def test_any_header_gives_a_package_or_a_problem(blob: bytes) -> None:
    assert isinstance(header.parse(blob, 1), Problem | Found)


_NDB = b"RpmP" + bytes(4) + b"\1\0\0\0\0\x10\0\0" + b"Slot\1\0\0\0\2\0\0\0\xff\xff\xff\x0f" * 10**6
_SQLITE = sqlite.MAGIC + b"\2\0\1\1\0\x40\x20\x20" + bytes(76) + b"\5\0\0\0\xff" * 10**6
_PAGE = bytes(20) + b"\xc8\0\0\0\0\2" + b"\x20\0" * 243
_BERKELEY = bytes(12) + b"\x61\x15\x06\0\x09\0\0\0\0\2\0\0" + bytes(488) + _PAGE * 10**5


@pytest.mark.parametrize("content", [_SQLITE, _NDB, _BERKELEY], ids=FORMS)
def test_hostile_databases_are_read_in_a_moment(content: bytes) -> None:
    started = time.perf_counter()
    inventory = scan({"var/lib/rpm/Packages": content})
    assert time.perf_counter() - started < 5
    assert inventory.skipped


@pytest.mark.parametrize("line", [b"a", b"\t\t\t\t\t\t\t\t\t", b"a b\t1\t\t\t\t\t\t\t\t", b"\xff" * 3000])
def test_a_broken_line_of_the_manifest_is_told(line: bytes) -> None:
    good = b"musl\t1-1\t1\t1\tMicrosoft Corporation\t(none)\t9\tx86_64\t0\tmusl-1-1.src.rpm"
    first, second = container_manifest.parse("x", line + b"\n" + good + b"\n")
    assert isinstance(first, Problem)
    assert second == Found(PackageType.RPM, "musl", "1-1", "x86_64", vendor="Microsoft Corporation")


@pytest.mark.skipif(shutil.which("perl") is None, reason="needs perl, not on this machine")
def test_a_table_of_many_small_and_large_values_is_read_as_berkeley_db_wrote_it(tmp_path: Path) -> None:
    script = """use DB_File; my $t = tie my %h, 'DB_File', $ARGV[0], O_RDWR|O_CREAT, 0644, $DB_HASH or exit 7;
        $h{pack('V', $_)} = pack('VV', 0, 0) . chr(65 + $_ % 26) x ($_ * 17) for 1..600; delete $h{pack('V', 5)};"""
    done = subprocess.run(["perl", "-e", script, tmp_path / "db"], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("needs Perl's DB_File")
    from pratique.scan.rpm import berkeley

    values = [value for value in berkeley.values((tmp_path / "db").read_bytes()) if isinstance(value, bytes)]
    assert sorted(map(len, values)) == [8 + 17 * number for number in range(1, 601) if number != 5]

"""Images: layers put together, links, whiteouts, and which layer brought what."""

import gzip
import io
import os
import threading
import tracemalloc
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.digest import digest_of
from pratique.model.errors import IntegrityError, InvalidData, NotFound, PratiqueError
from pratique.model.inventory import Inventory, Location, Skipped
from pratique.scan.decompress import Tar
from pratique.scan.formats import READING
from pratique.scan.image import scan_image
from pratique.scan.layers import Unread, read_layer
from tests.scan.building import (
    DEBIAN,
    FOLDER,
    Blobs,
    Content,
    Hard,
    Link,
    deb,
    diff_id,
    image_of,
    layer_of,
    manifest,
    metadata,
    names,
    scan,
    tar_of,
)

STATUS = "var/lib/dpkg/status"
A = "app/node_modules/a/package.json"
FLASK = "usr/local/lib/python3.12/site-packages/flask-3.0.dist-info/METADATA"


def test_packages_of_all_kinds_are_found_with_their_layer() -> None:
    base: dict[str, Content] = {"etc/os-release": DEBIAN, STATUS: deb("openssl", "3.0.11-1")}
    top: dict[str, Content] = {A: manifest("a", "1.0.0"), FLASK: metadata("Flask", "3.0")}
    inventory = scan(base, top)
    assert inventory.image == digest_of(b"manifest")
    assert inventory.distro is not None
    assert inventory.distro.codename == "bookworm"
    assert [(package.purl, package.locations) for package in inventory.packages] == [
        ("pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12", (Location(STATUS, diff_id(base)),)),
        ("pkg:npm/a@1.0.0", (Location(A, diff_id(top)),)),
        ("pkg:pypi/flask@3.0", (Location(FLASK, diff_id(top)),)),
    ]


def test_a_package_deleted_in_a_later_layer_does_not_count() -> None:
    assert names(scan({A: manifest("a", "1")}, {"app/node_modules/.wh.a": b""})) == []
    assert names(scan({A: manifest("a", "1")}, {"app/node_modules/a/.wh.package.json": b""})) == []
    assert names(scan({A: manifest("a", "1")}, {".wh.app": b""})) == []


def test_an_opaque_folder_hides_what_lies_below_but_not_beside_it() -> None:
    new = {"app/node_modules/b/package.json": manifest("b", "2"), "app/node_modules/.wh..wh..opq": b""}
    other = "other/node_modules/c/package.json"
    assert names(scan({A: manifest("a", "1"), other: manifest("c", "3")}, new)) == ["b 2", "c 3"]


def test_a_whiteout_hides_only_the_layers_beneath_its_own() -> None:
    both = [("app/.wh.node_modules", b""), (A, manifest("a", "2"))]
    assert names(scan({A: manifest("a", "1")}, both)) == ["a 2"]
    assert names(scan({A: manifest("a", "1")}, both[::-1])) == ["a 2"]


def test_whiteouts_of_nothing_are_harmless() -> None:
    inventory = scan({".wh.gone": b"", "a/.wh.": b"", "a/.wh...": b"", ".wh..wh.plnk": FOLDER, A: manifest("a", "1")})
    assert names(inventory) == ["a 1"]
    assert [skipped.reason for skipped in inventory.skipped] == ["a whiteout of nothing"] * 2


def test_a_newer_version_replaces_the_older_one() -> None:
    assert names(scan({A: manifest("a", "1")}, {A: manifest("a", "2")})) == ["a 2"]


def test_a_file_in_place_of_a_folder_hides_what_was_in_it_and_the_reverse() -> None:
    assert names(scan({A: manifest("a", "1")}, {"app/node_modules": b"now a file"})) == []
    assert names(scan({A: manifest("a", "1")}, {"app": Link("elsewhere")})) == []
    assert names(scan({A: manifest("a", "1")}, {A: FOLDER})) == []


def test_a_later_member_of_the_same_name_counts() -> None:
    assert names(scan([(A, manifest("a", "1")), (A, manifest("a", "2"))])) == ["a 2"]
    assert names(scan([(A, manifest("a", "1")), (A, Link("nowhere"))])) == []


@pytest.mark.parametrize("target", ["../usr/lib/os-release", "/usr/lib/os-release", "../../../../usr/lib/os-release"])
def test_os_release_is_found_through_its_symlink_and_no_link_leads_out_of_the_root(target: str) -> None:
    inventory = scan({"usr/lib/os-release": DEBIAN}, {"etc/os-release": Link(target)})
    assert inventory.distro is not None
    assert inventory.distro.id == "debian"


def test_a_database_behind_a_linked_folder_is_found() -> None:
    installed = b"P:musl\nV:1.2.5-r0\nA:x86_64\n\n"
    assert names(scan({"lib": Link("usr/lib"), "usr/lib/apk/db/installed": installed})) == ["musl 1.2.5-r0"]
    assert names(scan({"lib": Link("usr/lib")}, {"lib/apk/db/installed": installed})) == ["musl 1.2.5-r0"]
    moved: dict[str, Content] = {"var/lib/dpkg": Link("/opt/dpkg"), "opt/dpkg/status": deb("bash", "5")}
    assert names(scan(moved)) == ["bash 5"]


def test_a_whiteout_through_a_linked_folder_hides_the_real_file() -> None:
    installed = b"P:musl\nV:1.2.5-r0\n\n"
    base: dict[str, Content] = {"lib": Link("usr/lib"), "usr/lib/apk/db/installed": installed}
    assert names(scan(base, {"lib/apk/db/.wh.installed": b""})) == []


def test_a_folder_in_place_of_a_linked_one_ends_the_link() -> None:
    base: dict[str, Content] = {"lib": Link("usr/lib"), "usr/lib/apk/db/installed": b"P:musl\nV:1\n\n"}
    assert names(scan(base, {"lib": FOLDER, "lib/apk/db/installed": b"P:zlib\nV:2\n\n"})) == ["musl 1", "zlib 2"]


def test_links_that_run_in_a_circle_are_harmless() -> None:
    inventory = scan(
        {
            "etc/os-release": Link("os-release"),
            "lib": Link("lib2"),
            "lib2": Link("lib"),
            "lib/apk/db/installed": b"P:musl\nV:1\n\n",
            STATUS: Link("status2"),
            "var/lib/dpkg/status2": Link("status"),
            A: Hard(A),
        }
    )
    assert inventory.packages == ()
    assert [skipped.path for skipped in inventory.skipped] == [A]


@pytest.mark.parametrize("kind", [Link, Hard])
def test_a_wanted_file_may_be_a_link_to_an_unwanted_name(kind: type[Link | Hard]) -> None:
    target = "/store/0a1b" if kind is Link else "store/0a1b"
    inventory = scan({"store/0a1b": manifest("a", "1"), A: kind(target)})
    assert names(inventory) == ["a 1"]
    assert [location.path for location in inventory.packages[0].locations] == [A]


def test_a_hard_link_follows_into_the_layer_beneath() -> None:
    assert names(scan({"store/0a1b": manifest("a", "1")}, {A: Hard("store/0a1b")})) == ["a 1"]


def test_a_second_reading_happens_only_where_a_link_needs_it() -> None:
    blobs = Blobs()
    layers = [
        layer_of(blobs, tar_of({A: manifest("a", "1")})),
        layer_of(blobs, tar_of({"s": b"", "x/" + A: Hard("s")})),
    ]
    scan_image(image_of(layers), blobs)
    assert sorted(map(blobs.opened.count, blobs.held)) == [1, 2]


def test_a_link_to_a_deleted_file_finds_nothing() -> None:
    assert names(scan({"store/0a1b": manifest("a", "1"), A: Link("/store/0a1b")}, {".wh.store": b""})) == []


def test_the_layer_of_a_distribution_package_is_the_one_that_installed_this_version() -> None:
    layers: list[dict[str, Content]] = [
        {STATUS: deb("bash", "5") + deb("curl", "1")},
        {STATUS: deb("bash", "5") + deb("curl", "2")},
        {STATUS: deb("bash", "5") + deb("curl", "2") + deb("jq", "1")},
    ]
    brought = {package.name: package.locations[0].layer for package in scan(*layers).packages}
    assert brought == {"bash": diff_id(layers[0]), "curl": diff_id(layers[1]), "jq": diff_id(layers[2])}


def test_a_package_at_two_places_is_one_package_with_two_locations() -> None:
    inventory = scan({A: manifest("a", "1"), "b/" + A: manifest("a", "1"), "c/" + A: manifest("a", "2")})
    assert [[location.path for location in package.locations] for package in inventory.packages] == [
        [A, "b/" + A],
        ["c/" + A],
    ]


def test_the_same_layer_twice_is_read_once() -> None:
    blobs = Blobs()
    layer = layer_of(blobs, tar_of({A: manifest("a", "1")}))
    assert names(scan_image(image_of([layer, layer]), blobs)) == ["a 1"]
    assert len(blobs.opened) == 1


def test_a_corrupt_file_does_not_lose_the_others() -> None:
    inventory = scan({A: b"{not json", FLASK: b"\xff\xfe\0", STATUS: b"Package: x\n\n" + deb("bash", "5")})
    assert names(inventory) == ["bash 5"]
    assert [skipped.path for skipped in inventory.skipped] == [A, FLASK, STATUS]


def test_a_package_json_of_100_megabytes_is_skipped_and_costs_no_memory() -> None:
    tar = tar_of(
        {A: b'{"name": "a", "version": "1", "x": "' + bytes(100_000_000) + b'"}', "b/" + A: manifest("b", "1")}
    )
    blobs = Blobs()
    image = image_of([layer_of(blobs, tar)])
    del tar
    tracemalloc.start()
    try:
        inventory = scan_image(image, blobs)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert names(inventory) == ["b 1"]
    assert "more than" in inventory.skipped[0].reason
    assert peak < 10_000_000


def test_json_nested_a_million_deep_is_skipped() -> None:
    deep = b'{"name": "a", "version": "1", "license": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
    inventory = scan({A: deep})
    assert [skipped.path for skipped in inventory.skipped] == [A]


def test_names_that_are_not_utf8_can_be_reported() -> None:
    path = b"caf\xe9/node_modules/a/package.json".decode("utf-8", "surrogateescape")
    inventory = scan({path: manifest("a", "1"), path + "/../x": b""})
    assert inventory.packages[0].locations[0].path == "caf\\xe9/node_modules/a/package.json"
    assert msgspec.json.decode(msgspec.json.encode(inventory), type=Inventory) == inventory


def test_a_path_that_leaves_the_root_is_told() -> None:
    assert scan({"../etc/os-release": DEBIAN}).skipped == (
        Skipped("../etc/os-release", "its path leaves the root, or isn't one"),
    )


def test_a_hundred_thousand_empty_files_are_fine() -> None:
    assert names(scan({f"f/{number:06}": b"" for number in range(100_000)}, {A: manifest("a", "1")})) == ["a 1"]


def test_a_layer_that_is_not_what_the_config_says_is_refused() -> None:
    blobs = Blobs()
    layer = layer_of(blobs, tar_of({A: manifest("a", "1")}), blob=gzip.compress(tar_of({A: manifest("a", "2")})))
    with pytest.raises(IntegrityError, match="layer "):
        scan_image(image_of([layer]), blobs)


def test_the_lowest_bad_layer_is_the_one_that_is_told() -> None:
    blobs = Blobs()
    good, bad = layer_of(blobs, tar_of({A: b""})), layer_of(blobs, b"", blob=gzip.compress(os.urandom(2000)))
    missing = layer_of(Blobs(), tar_of({"b": b""}))
    with pytest.raises(InvalidData, match="not a tar header"):
        scan_image(image_of([good, bad, missing]), blobs)
    with pytest.raises(NotFound):
        scan_image(image_of([good, missing, bad]), blobs)


def test_an_image_without_layers_is_empty() -> None:
    assert scan() == Inventory(image=digest_of(b"manifest"))


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_order_does_not_depend_on_the_workers(workers: int) -> None:
    blobs = Blobs()
    layers = [layer_of(blobs, tar_of({f"{n}/{A}": manifest(f"p{n % 3}", f"{n}")})) for n in range(9)]
    found = names(scan_image(image_of(layers), blobs, workers=workers))
    assert found == ["p0 0", "p0 3", "p0 6", "p1 1", "p1 4", "p1 7", "p2 2", "p2 5", "p2 8"]


_NAMES = st.sampled_from(
    ["a", "b", "lib", "etc", "node_modules", "package.json", ".wh.a", ".wh.lib", ".wh..wh..opq", ".."]
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=5).map("/".join)
_THINGS: st.SearchStrategy[Content] = st.one_of(
    st.just(manifest("n", "1")), st.just(FOLDER), st.binary(max_size=9), _PATHS.map(Link), _PATHS.map(Hard)
)


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(_PATHS, _THINGS), max_size=6), max_size=4))
def test_any_layers_give_an_inventory(layers: list[list[tuple[str, Content]]]) -> None:
    inventory = scan(*layers)
    assert list(inventory.skipped) == sorted(set(inventory.skipped))


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_any_bytes_as_a_layer_give_an_inventory_or_a_clear_error(data: bytes) -> None:
    blobs = Blobs()
    with suppress(PratiqueError):
        assert isinstance(scan_image(image_of([layer_of(blobs, data, blob=data)]), blobs), Inventory)


@pytest.mark.parametrize("good", [True, False])
def test_a_large_layer_hashed_in_another_thread_gives_the_same_answer(good: bool) -> None:
    tar = tar_of({"random": os.urandom(6_000_000), A: manifest("a", "1")})
    blobs = Blobs()
    blob = tar if good else tar_of({"random": os.urandom(6_000_000)})
    image = image_of([layer_of(blobs, tar, blob=blob)])
    if good:
        assert names(scan_image(image, blobs, workers=2)) == ["a 1"]
    else:
        with pytest.raises(IntegrityError):
            scan_image(image, blobs, workers=2)


def test_a_bad_layer_among_large_ones_is_told_and_no_thread_stays() -> None:
    blobs = Blobs()
    layers = [layer_of(blobs, tar_of({str(n): os.urandom(2_000_000)})) for n in range(4)]
    layers[1] = layer_of(blobs, b"", blob=b"\x1f\x8b" + os.urandom(100))
    before = threading.active_count()
    with pytest.raises(InvalidData):
        scan_image(image_of(layers), blobs, workers=3)
    assert threading.active_count() == before


def test_a_layer_may_not_make_us_hold_more_package_data_than_its_share() -> None:
    tar = tar_of({f"{n}/{A}": manifest("a", str(n)) for n in range(5)})
    layer = read_layer(Tar(io.BytesIO(tar), "layer"), digest_of(tar), READING, most=100)
    assert [isinstance(content, Unread) for content in layer.files.values()] == [False, False, False, True, True]

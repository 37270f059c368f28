"""The store remembers what it was told, whole or not at all, for several threads and processes."""

import multiprocessing
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.model.advisory import Severity
from pratique.model.change import Check, Plan, Rebuild, Strategy, Validation
from pratique.model.descriptor import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, Platform
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import InvalidData, PratiqueError
from pratique.model.finding import Finding
from pratique.model.image import Image, Layer, Runtime
from pratique.model.inventory import Inventory, Package, PackageType
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome, Verdict
from pratique.store.events import Event
from pratique.store.store import Store

NOW = "2026-11-23T12:00:00Z"


def image(*layers: str, platform: Platform | None = None) -> Image:
    """An image whose layers are named by words; the same words, the same layers."""
    stack = tuple(
        Layer(Descriptor(OCI_LAYER_GZIP, digest_of(word.encode()), 1), digest_of(b"diff " + word.encode()))
        for word in layers
    )
    manifest = f"manifest of {layers} for {platform}".encode()
    return Image(
        digest=digest_of(manifest),
        media_type=OCI_MANIFEST,
        platform=platform or Platform(),
        config=Descriptor(OCI_CONFIG, digest_of(b"config"), 6),
        runtime=Runtime(env=("A=b",)),
        layers=stack,
        raw_manifest=manifest,
        raw_config=b"config",
    )


def ref(text: str) -> Reference:
    return Reference.parse(f"registry.test/{text}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


def test_an_image_comes_back_as_it_was_put_in(store: Store) -> None:
    store.images.add(image("a", "b"), NOW)
    store.images.add(image("a", "b"), "2026-12-01T00:00:00Z")
    assert store.images.get(image("a", "b").digest) == image("a", "b")
    assert store.images.get(digest_of(b"unknown")) is None


def test_a_tag_tells_what_it_named_before(store: Store) -> None:
    old, new = digest_of(b"old"), digest_of(b"new")
    assert store.images.tag(ref("base:1"), old, NOW) is None
    assert store.images.tag(ref("base:1"), new, NOW) == old
    assert store.images.tagged(ref("base:1")) == new
    assert store.images.names(new) == (ref("base:1"),)
    assert store.images.names(old) == ()


def test_images_that_share_a_base_are_found_from_both_ends(store: Store) -> None:
    base, app, other = image("a"), image("a", "b"), image("x", "b")
    for each, name in ((base, "base:1"), (app, "app:1"), (other, "other:1")):
        store.images.add(each, NOW)
        store.images.tag(ref(name), each.digest, NOW)
    assert [tagged.reference for tagged in store.images.sharing(app)] == [ref("base:1")]
    assert store.images.built_on(base) == (app.digest,)
    assert store.images.built_on(app) == ()


def test_a_base_is_still_found_after_its_tag_has_moved_on(store: Store) -> None:
    base, newer, app = image("a"), image("a2"), image("a", "b")
    for each in (base, newer, app):
        store.images.add(each, NOW)
    store.images.tag(ref("base:1"), base.digest, NOW)
    store.images.tag(ref("base:1"), newer.digest, NOW)
    (found,) = store.images.sharing(app)
    assert (found.reference, found.digest, found.current) == (ref("base:1"), base.digest, False)


def test_images_for_another_platform_share_nothing(store: Store) -> None:
    base, app = image("a", platform=Platform("linux", "arm64")), image("a", "b")
    store.images.add(base, NOW)
    store.images.tag(ref("base:1"), base.digest, NOW)
    store.images.add(app, NOW)
    assert store.images.sharing(app) == ()
    assert store.images.built_on(base) == ()


def test_dependents_are_found_at_any_depth(store: Store) -> None:
    for name, base in (("web:1", "base:1"), ("shop:1", "web:1"), ("other:1", "elsewhere:1")):
        digest = digest_of(name.encode())
        store.images.tag(ref(name), digest, NOW)
        store.lineage.link(digest, ref(base), digest_of(base.encode()), "layers")
    edges = store.lineage.dependents(ref("base:1"))
    assert [(edge.base.repository, edge.image.repository) for edge in edges] == [("web", "shop"), ("base", "web")]
    assert store.lineage.base(digest_of(b"web:1")) == (ref("base:1"), digest_of(b"base:1"))


def test_dependents_that_are_built_in_a_circle_do_not_hang(store: Store) -> None:
    for name, base in (("a:1", "b:1"), ("b:1", "a:1")):
        store.images.tag(ref(name), digest_of(name.encode()), NOW)
        store.lineage.link(digest_of(name.encode()), ref(base), digest_of(base.encode()), "claimed")
    assert len(store.lineage.dependents(ref("a:1"))) == 2


def test_who_has_a_vulnerability_is_answered_by_any_of_its_names(store: Store) -> None:
    package = Package(PackageType.PYPI, "jinja2", "2.10", "pkg:pypi/jinja2@2.10")
    finding = Finding("CVE-2019-10906", package, Severity.HIGH, aliases=("GHSA-462w-v97r-4m45",))
    digest = digest_of(b"app")
    store.assessments.judged(digest, (finding,), _verdict(digest, Outcome.DENY))
    assert store.assessments.affected_by("CVE-2019-10906") == (digest,)
    assert store.assessments.affected_by("GHSA-462w-v97r-4m45") == (digest,)
    store.assessments.judged(digest, (), _verdict(digest, Outcome.ALLOW, "2026-11-24T12:00:00Z"))
    assert store.assessments.affected_by("CVE-2019-10906") == ()
    assert store.assessments.findings(digest) == ()
    newest = store.assessments.verdict(digest)
    assert newest is not None
    assert newest.outcome is Outcome.ALLOW


def test_the_last_verdict_counts_even_when_the_clock_went_back(store: Store) -> None:
    digest = digest_of(b"app")
    store.assessments.judged(digest, (), _verdict(digest, Outcome.ALLOW, "2026-11-24T12:00:00Z"))
    store.assessments.judged(digest, (), _verdict(digest, Outcome.DENY, "2026-11-23T12:00:00Z"))
    newest = store.assessments.verdict(digest)
    assert newest is not None
    assert newest.outcome is Outcome.DENY


def test_an_inventory_comes_back_as_it_was_put_in(store: Store) -> None:
    inventory = Inventory(digest_of(b"i"), None, (Package(PackageType.DEB, "a", "1", "pkg:deb/debian/a@1"),))
    store.assessments.add_inventory(digest_of(b"i"), inventory)
    assert store.assessments.inventory(digest_of(b"i")) == inventory


def test_a_rebuild_is_told_from_an_image_that_others_made(store: Store) -> None:
    old, new, base = digest_of(b"old"), digest_of(b"new"), digest_of(b"base")
    rebuild = Rebuild(old, new, Plan(ref("app:1"), old, Strategy.REBASE))
    validation = Validation(old, new, (Check("none-new", True),))
    store.lineage.rebuilt(rebuild, validation, base)
    assert store.lineage.rebuild_of(new) == (rebuild, validation)
    assert store.lineage.rebuild_of(old) is None


def test_a_repeated_event_counts_once(store: Store) -> None:
    store.events.add(Event(NOW, "push:1", "pushed", "app:1", "now abc"))
    store.events.add(Event("2026-11-23T12:00:09Z", "push:1", "pushed", "app:1", "now abc"))
    store.events.add(Event(NOW, "push:2", "pushed", "app:1", "now abc"))
    assert [event.journey for event in store.events.all()] == ["push:1", "push:2"]
    assert [event.at for event in store.events.all("push:1")] == [NOW]


def test_what_one_connection_wrote_another_reads_and_nothing_is_lost_between_threads(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store(path) as one, Store(path) as two:
        threads = [threading.Thread(target=_add_many, args=(each, name)) for each, name in ((one, "x"), (two, "y"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(one.events.all()) == 100


def _add_many(store: Store, journey: str) -> None:
    for number in range(50):
        store.events.add(Event(NOW, journey, "told", "app", str(number)))


def test_a_transaction_that_fails_leaves_nothing_behind(store: Store) -> None:
    def half() -> None:
        with store.database.transaction() as write:
            write.execute("INSERT INTO inventories VALUES ('sha256:half', 'x')")
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        half()
    assert store.assessments.inventory(Digest("sha256:half")) is None


def _open_and_die(path: Path) -> None:
    store = Store(path)
    store.events.add(Event(NOW, "accepted", "told", "app", "kept"))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO events (at, journey, kind, subject, message) VALUES ('', 'half', '', '', '')")
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_killed_in_the_middle_of_a_write_loses_only_that_write(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    process = multiprocessing.get_context("spawn").Process(target=_open_and_die, args=(path,))
    process.start()
    process.join(30)
    assert process.exitcode == -9
    with Store(path) as store:
        assert [event.journey for event in store.events.all()] == ["accepted"]


def test_a_file_that_is_not_ours_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database at all, but long enough to be looked at as one" * 20)
    with pytest.raises(InvalidData, match="is not a store of Pratique"):
        Store(path)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(InvalidData, match="newer Pratique"):
        Store(path)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PratiqueError, match="store"):
        Store(tmp_path / "file" / "store.db")


def _verdict(image: Digest, outcome: Outcome, at: str = NOW) -> Verdict:
    return Verdict(image, outcome, (), digest_of(b"policy"), digest_of(b"advisories"), at)

from pathlib import Path

import pytest

from pratique.model.change import Strategy
from pratique.model.errors import Unsafe
from pratique.model.inventory import Inventory, Package, PackageType
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.lineage import Lineage
from pratique.remediate.plan import package_changes, plan
from pratique.remediate.safety import Facts
from tests.remediate.images import APP, BASE, digest, image

OLD, NEW, IMAGE = image(["os1"]), image(["os2"]), image(["os1", "app"])
LINEAGE = Lineage(BASE, OLD.digest, 1, (), certain=True)
DEFINITION = BuildDefinition(Path("Dockerfile"), Path())
TOUCHED = Facts(package_files=("lib/apk/db/installed",))


def test_a_safe_rebase_is_preferred() -> None:
    made = plan(IMAGE, APP, LINEAGE, OLD, NEW, DEFINITION)
    assert (made.strategy, made.image, made.digest) == (Strategy.REBASE, APP, IMAGE.digest)
    assert (made.base, made.old_base, made.new_base) == (BASE, OLD.digest, NEW.digest)
    assert [(change.reason, change.old, change.new) for change in made.changes] == [
        ("only layers of the base change, so a rebase will do", "", ""),
        ("the base has a new version", OLD.digest, NEW.digest),
    ]


def test_an_unsafe_rebase_becomes_a_rebuild_with_the_reason() -> None:
    made = plan(IMAGE, APP, LINEAGE, OLD, NEW, DEFINITION, facts=TOUCHED)
    assert made.strategy is Strategy.REBUILD
    assert "package database" in made.changes[0].reason


def test_a_rebuild_can_be_asked_for() -> None:
    made = plan(IMAGE, APP, LINEAGE, OLD, NEW, DEFINITION, Strategy.REBUILD)
    assert (made.strategy, made.changes[0].reason) == (Strategy.REBUILD, "a rebuild was asked for")


def test_an_unknown_base_can_only_be_rebuilt() -> None:
    claim = Lineage(BASE, digest("claimed"), 0, ())
    made = plan(IMAGE, APP, claim, None, NEW, DEFINITION)
    assert (made.strategy, made.old_base) == (Strategy.REBUILD, digest("claimed"))
    assert "the base (registry.test/base:1) that it was built on is not known" in made.changes[0].reason


@pytest.mark.parametrize("prefer", [None, Strategy.REBASE])
def test_on_the_newest_base_there_is_nothing_to_do(prefer: Strategy | None) -> None:
    made = plan(IMAGE, APP, LINEAGE, OLD, OLD, DEFINITION, prefer)
    assert (made.strategy, len(made.changes)) == (Strategy.NONE, 1)


def test_on_the_newest_base_a_rebuild_may_still_be_asked_for() -> None:
    assert plan(IMAGE, APP, LINEAGE, OLD, OLD, DEFINITION, Strategy.REBUILD).strategy is Strategy.REBUILD


@pytest.mark.parametrize(
    ("prefer", "facts", "message"),
    [
        (Strategy.REBASE, TOUCHED, "cannot rebase registry.test/app:1 .*package database"),
        (None, TOUCHED, "cannot mend registry.test/app:1 .*package database.*give its Dockerfile"),
        (Strategy.REBUILD, None, "cannot mend .*a rebuild was asked for.*give its Dockerfile"),
    ],
)
def test_where_nothing_will_do_it_is_refused(prefer: Strategy | None, facts: Facts | None, message: str) -> None:
    with pytest.raises(Unsafe, match=message):
        plan(IMAGE, APP, LINEAGE, OLD, NEW, None, prefer, facts=facts)


def inventory(**versions: str) -> Inventory:
    return Inventory(
        packages=tuple(Package(PackageType.DEB, name, v, f"pkg:deb/{name}@{v}") for name, v in versions.items())
    )


def test_package_changes_are_counted_with_examples() -> None:
    (change,) = package_changes(
        inventory(a="1", b="1", c="1", d="1", e="1"), inventory(a="2", b="2", c="2", d="2", f="1")
    )
    assert (change.old, change.new) == ("5", "5")
    assert (
        change.reason
        == "packages of the base: 4 updated (a 1 -> 2, b 1 -> 2, c 1 -> 2, ...); 1 added (f); 1 removed (e)"
    )
    assert plan(IMAGE, APP, LINEAGE, OLD, NEW, packages=(change,)).changes[-1] == change
    assert package_changes(inventory(a="1"), inventory(a="1")) == ()

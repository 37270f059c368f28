"""Images by digest, what tags name them, and how tags are built from source."""

import sqlite3
from collections.abc import Iterable

import msgspec

from pratique.model.digest import Digest
from pratique.model.image import Image, chain_ids
from pratique.model.reference import Reference
from pratique.store.database import Database

Tag = tuple[Reference, Digest]


class Tagged(msgspec.Struct, frozen=True):
    """A known image with a reference that names it, or once named it."""

    reference: Reference
    digest: Digest
    diff_ids: tuple[Digest, ...]
    current: bool


class Images:
    """Images and tags, kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, image: Image, seen_at: str) -> None:
        """Remember an image; once is enough."""
        with self._database.transaction() as write:
            row = (image.digest, msgspec.json.encode(image), len(image.layers), str(image.platform), seen_at)
            write.execute("INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?, ?)", row)
            rows = [(chain, image.digest, at) for at, chain in enumerate(chain_ids(image.diff_ids), 1)]
            write.executemany("INSERT OR IGNORE INTO chains VALUES (?, ?, ?)", rows)

    def get(self, digest: Digest) -> Image | None:
        """The image with this digest, if known."""
        row = self._database.row("SELECT document FROM images WHERE digest = ?", (digest,))
        return msgspec.json.decode(_bytes(row[0]), type=Image) if row else None

    def tag(self, reference: Reference, digest: Digest, seen_at: str) -> Digest | None:
        """Remember what a tag names now; returns what it named before, if that was known."""
        key = (reference.name, reference.tag or "latest")
        with self._database.transaction() as write:
            before = write.execute("SELECT digest FROM tags WHERE name = ? AND tag = ?", key).fetchone()
            write.execute("INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?)", (*key, digest, seen_at))
            write.execute("INSERT OR IGNORE INTO tag_history VALUES (?, ?, ?, ?)", (*key, digest, seen_at))
        return Digest(before[0]) if before else None

    def named(self, reference: Reference, digest: Digest, seen_at: str) -> None:
        """Remember what a tag named before what it names now."""
        key = (reference.name, reference.tag or "latest")
        with self._database.transaction() as write:
            write.execute("INSERT OR IGNORE INTO tag_history VALUES (?, ?, ?, ?)", (*key, digest, seen_at))

    def move(self, reference: Reference, old: Digest, new: Digest, seen_at: str, *, on: Tag | None = None) -> bool:
        """Let a tag name `new` where it still names `old`, and `on` (a base's tag) still names its digest.

        Whether the tag names `new` now: moving twice is moving once.
        """
        key = (reference.name, reference.tag or "latest")
        with self._database.transaction() as write:
            now = _names(write, reference)
            if now == new:
                return True
            if now != old or (on and _names(write, on[0]) not in {on[1], None}):
                return False
            write.execute("INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?)", (*key, new, seen_at))
            write.execute("INSERT OR IGNORE INTO tag_history VALUES (?, ?, ?, ?)", (*key, new, seen_at))
            return True

    def tagged(self, reference: Reference) -> Digest | None:
        """What a tag names, as far as we know."""
        key = (reference.name, reference.tag or "latest")
        row = self._database.row("SELECT digest FROM tags WHERE name = ? AND tag = ?", key)
        return Digest(str(row[0])) if row else None

    def names(self, digest: Digest) -> tuple[Reference, ...]:
        """Every tag that names this image now."""
        rows = self._database.rows("SELECT name, tag FROM tags WHERE digest = ? ORDER BY name, tag", (digest,))
        return tuple(reference(str(name), str(tag)) for name, tag in rows)

    def sharing(self, image: Image) -> tuple[Tagged, ...]:
        """Every known image, with each of its names, whose layers are all among the first layers of `image`."""
        chains = chain_ids(image.diff_ids)
        marks = ",".join("?" * len(chains))
        return self._tagged(
            "SELECT DISTINCT h.name, h.tag, i.digest, i.document, t.digest IS i.digest FROM chains c"  # noqa: S608
            " JOIN images i ON i.digest = c.image AND i.layers = c.position AND i.platform = ?"
            " JOIN tag_history h ON h.digest = i.digest LEFT JOIN tags t ON t.name = h.name AND t.tag = h.tag"
            f" WHERE c.chain IN ({marks}) AND i.digest <> ?",
            (str(image.platform), *chains, image.digest),
        )

    def built_on(self, image: Image) -> tuple[Digest, ...]:
        """Every known image of which `image` is a proper layer prefix."""
        chains = chain_ids(image.diff_ids)
        if not chains:
            return ()
        sql = (
            "SELECT c.image FROM chains c JOIN images i ON i.digest = c.image"
            " WHERE c.chain = ? AND i.layers > c.position AND i.platform = ? ORDER BY c.image"
        )
        return tuple(Digest(str(row[0])) for row in self._database.rows(sql, (chains[-1], str(image.platform))))

    def define(self, reference: Reference, document: bytes) -> None:
        """Remember how a tag is built: an encoded build definition, opaque to us."""
        key = (reference.name, reference.tag or "latest")
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO definitions VALUES (?, ?, ?)", (*key, document))

    def definition(self, reference: Reference) -> bytes | None:
        """The encoded build definition of a tag, if known."""
        key = (reference.name, reference.tag or "latest")
        row = self._database.row("SELECT document FROM definitions WHERE name = ? AND tag = ?", key)
        return _bytes(row[0]) if row else None

    def _tagged(self, sql: str, values: Iterable[object]) -> tuple[Tagged, ...]:
        found = []
        for name, tag, digest, document, current in self._database.rows(sql, tuple(values)):
            image = msgspec.json.decode(_bytes(document), type=Image)
            found.append(Tagged(reference(str(name), str(tag)), Digest(str(digest)), image.diff_ids, bool(current)))
        return tuple(sorted(found, key=lambda tagged: (tagged.reference, tagged.digest)))


def _names(connection: sqlite3.Connection, tag: Reference) -> str | None:
    key = (tag.name, tag.tag or "latest")
    (digest,) = connection.execute("SELECT digest FROM tags WHERE name = ? AND tag = ?", key).fetchone() or (None,)
    return digest


def reference(name: str, tag: str) -> Reference:
    """The reference of a stored name and tag."""
    registry, _, repository = name.partition("/")
    return Reference(registry, repository, tag)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()

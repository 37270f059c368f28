"""Who is built on whom, and what we rebuilt."""

import msgspec

from pratique.model.change import Rebuild, Validation
from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.store.database import Database
from pratique.store.images import reference


class Edge(msgspec.Struct, frozen=True, order=True):
    """A tag's current image, and the base that it was built on."""

    image: Reference
    digest: Digest
    base: Reference
    base_digest: Digest


class Lineage:
    """The graph base → image, and the record of rebuilds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def link(self, image: Digest, base: Reference, base_digest: Digest, evidence: str) -> None:
        """Remember an image's base; what is found later replaces it."""
        row = (image, base.name, base.tag or "latest", base_digest, evidence)
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO lineage VALUES (?, ?, ?, ?, ?)", row)

    def base(self, image: Digest) -> tuple[Reference, Digest] | None:
        """The base of an image, if known."""
        row = self._database.row("SELECT base_name, base_tag, base_digest FROM lineage WHERE image = ?", (image,))
        return (reference(str(row[0]), str(row[1])), Digest(str(row[2]))) if row else None

    def dependents(self, base: Reference) -> tuple[Edge, ...]:
        """Every edge below a base, at any depth: tags whose current image was built on it, those built on these, ..."""
        sql = (
            "WITH RECURSIVE below (name, tag) AS (VALUES (?, ?) UNION"
            " SELECT t.name, t.tag FROM below JOIN lineage l ON l.base_name = below.name AND l.base_tag = below.tag"
            " JOIN tags t ON t.digest = l.image)"
            " SELECT t.name, t.tag, t.digest, l.base_name, l.base_tag, l.base_digest FROM below"
            " JOIN lineage l ON l.base_name = below.name AND l.base_tag = below.tag JOIN tags t ON t.digest = l.image"
            " ORDER BY 1, 2"
        )
        rows = self._database.rows(sql, (base.name, base.tag or "latest"))
        return tuple(
            Edge(reference(str(n), str(t)), Digest(str(d)), reference(str(bn), str(bt)), Digest(str(bd)))
            for n, t, d, bn, bt, bd in rows
        )

    def bases(self) -> tuple[Reference, ...]:
        """Every tag that is some image's base."""
        rows = self._database.rows("SELECT DISTINCT base_name, base_tag FROM lineage ORDER BY 1, 2")
        return tuple(reference(str(name), str(tag)) for name, tag in rows)

    def rebuilt(self, rebuild: Rebuild, validation: Validation, new_base: Digest) -> None:
        """Remember what a rebuild led to, accepted or not."""
        document = msgspec.json.encode([rebuild, validation])
        row = (rebuild.new, rebuild.old, new_base, int(validation.passed), document)
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO rebuilds VALUES (?, ?, ?, ?, ?)", row)

    def made_from(self, image: Digest) -> tuple[Digest, ...]:
        """The images that ours was made from, by us: its predecessor, that one's, ..., newest first."""
        sql = (
            "WITH RECURSIVE before (digest, depth) AS (VALUES (?, 0) UNION"
            " SELECT r.old, before.depth + 1 FROM before JOIN rebuilds r ON r.new = before.digest AND r.accepted"
            " WHERE depth < 100)"
            " SELECT digest FROM before WHERE depth > 0 AND digest <> ? GROUP BY digest ORDER BY min(depth)"
        )
        return tuple(Digest(str(row[0])) for row in self._database.rows(sql, (image, image)))

    def rebuild_of(self, new: Digest) -> tuple[Rebuild, Validation] | None:
        """How an image that we made came to be, or None for an image that somebody else made."""
        row = self._database.row("SELECT document FROM rebuilds WHERE new = ?", (new,))
        return (
            msgspec.json.decode(row[0], type=tuple[Rebuild, Validation]) if row and isinstance(row[0], bytes) else None
        )

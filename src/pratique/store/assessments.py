"""What is in an image, what was found in it, and what was said of it."""

import msgspec

from pratique.model.digest import Digest
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory
from pratique.model.verdict import Verdict
from pratique.store.database import Database


class Assessments:
    """Inventories, findings and verdicts by image digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_inventory(self, image: Digest, inventory: Inventory) -> None:
        """Remember what is in an image; a later scan of the same digest replaces it."""
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO inventories VALUES (?, ?)", (image, msgspec.json.encode(inventory)))

    def inventory(self, image: Digest) -> Inventory | None:
        """What is in an image, if it was scanned."""
        row = self._database.row("SELECT document FROM inventories WHERE image = ?", (image,))
        return msgspec.json.decode(row[0], type=Inventory) if row and isinstance(row[0], bytes) else None

    def judged(self, image: Digest, findings: tuple[Finding, ...], verdict: Verdict) -> None:
        """Remember an assessment: the findings replace the older ones, the verdict is added to them."""
        with self._database.transaction() as write:
            write.execute("DELETE FROM findings WHERE image = ?", (image,))
            write.execute("DELETE FROM finding_names WHERE image = ?", (image,))
            rows = [
                (image, at, each.id, int(each.severity), msgspec.json.encode(each)) for at, each in enumerate(findings)
            ]
            write.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?)", rows)
            names = {(name, image) for each in findings for name in (each.id, *each.aliases)}
            write.executemany("INSERT INTO finding_names VALUES (?, ?)", sorted(names))
            key = (image, verdict.policy_digest, verdict.advisories_digest, verdict.judged_at, verdict.outcome.value)
            write.execute(
                "INSERT OR REPLACE INTO verdicts VALUES (NULL, ?, ?, ?, ?, ?, ?)", (*key, msgspec.json.encode(verdict))
            )

    def findings(self, image: Digest) -> tuple[Finding, ...]:
        """The newest findings of an image."""
        rows = self._database.rows("SELECT document FROM findings WHERE image = ? ORDER BY position", (image,))
        return tuple(msgspec.json.decode(row[0], type=Finding) for row in rows if isinstance(row[0], bytes))

    def verdict(self, image: Digest) -> Verdict | None:
        """The newest verdict on an image."""
        sql = "SELECT document FROM verdicts WHERE image = ? ORDER BY position DESC LIMIT 1"
        row = self._database.row(sql, (image,))
        return msgspec.json.decode(row[0], type=Verdict) if row and isinstance(row[0], bytes) else None

    def affected_by(self, vulnerability: str) -> tuple[Digest, ...]:
        """Every image with a finding of this name (CVE, GHSA, ...)."""
        rows = self._database.rows("SELECT image FROM finding_names WHERE name = ? ORDER BY image", (vulnerability,))
        return tuple(Digest(str(row[0])) for row in rows)

"""The store: one file, four kinds of memory."""

from pathlib import Path
from typing import Self

from pratique.store.assessments import Assessments
from pratique.store.database import Database
from pratique.store.events import Events
from pratique.store.images import Images
from pratique.store.lineage import Lineage


class Store:
    """What is known over time. Open it with a path; use it from any thread; close it at the end."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.images = Images(self.database)
        self.assessments = Assessments(self.database)
        self.lineage = Lineage(self.database)
        self.events = Events(self.database)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

"""What this room raises."""

LIMIT = 1000  # characters; longer than any real version, short enough that hostile ones cost nothing


class InvalidVersion(ValueError):
    """The text is not a version in this ecosystem, so it has no place in the order."""

    def __init__(self, ecosystem: str, version: str) -> None:
        super().__init__(f"not a version of {ecosystem[:40]}: {version[:80]!r}")

"""Where answers go: standard output, or a file that is there whole or not at all. And what time it is."""

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from pratique.model.errors import UsageError

_NARROW = 120  # columns where nobody says how many there are, as in a CI log


def check(output: str | None) -> None:
    """Refuse a file that cannot be written before any work is done. Raises UsageError."""
    if output is None:
        return
    path = Path(output)
    if path.is_dir():
        raise UsageError(f"cannot write {output}", "it is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {output}", f"there is no folder {path.parent}")


def write(data: bytes, output: str | None) -> None:
    """To standard output, or into a file that other programs see only when it is complete. Raises UsageError."""
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        _replace(Path(output), data)
    except OSError as error:
        raise UsageError(f"cannot write {output}", error.strerror or str(error)) from error


def _replace(path: Path, data: bytes) -> None:
    if path.exists() and not path.is_file():  # a pipe or a terminal cannot be replaced
        path.write_bytes(data)
        return
    path = path.resolve()  # a link stays a link
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def width() -> int:
    """How many columns a table may have."""
    return shutil.get_terminal_size((_NARROW, 24)).columns


def color(output: str | None) -> bool:
    """Colours only for a terminal whose user didn't ask for none (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return output is None and not plain and sys.stdout.isatty()


def now() -> datetime:
    """The time in UTC to the second; `SOURCE_DATE_EPOCH` (reproducible-builds.org) decides where it is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"not a time: SOURCE_DATE_EPOCH={epoch[:40]!r}", "it must be seconds since 1970") from error

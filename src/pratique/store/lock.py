"""A folder that one process at a time works in."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pratique.model.errors import PratiqueError

NAME = "lock"


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Have the folder (made where it is missing) to ourselves. Raises PratiqueError when another process has it.

    The kernel lets go when a process ends, however it ends: a lock never outlives its holder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise PratiqueError(f"cannot write in {folder} ({error.strerror})", "name another folder by --state") from None
    try:
        _take(file, folder)
        yield
    finally:
        os.close(file)


def _take(file: int, folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(file, 20, 0).decode(errors="replace").strip() or "unknown"
        raise PratiqueError(
            f"{folder} is in use by another pratique (process {holder})", "stop it, or name another folder by --state"
        ) from None
    except OSError as error:
        raise PratiqueError(f"{folder} cannot be locked ({error.strerror})", "name a folder on a local disk") from None
    with suppress(OSError):  # the process id is only for people; a full disk is told by what needs the space
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)

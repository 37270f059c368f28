"""Files that are there in full or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pratique.model.errors import PratiqueError, Unavailable


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it takes the path's place, durably, when the block ends well, and vanishes otherwise."""
    import tempfile  # brings random and shutil along; readers do without

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def file_errors(what: str) -> Iterator[None]:
    """Turn the operating system's errors (disk full, no permission, not a folder) into ours."""
    try:
        yield
    except PratiqueError:
        raise
    except OSError as error:
        raise Unavailable(f"{what}: {error.strerror or error}") from error

"""The last good copy of each file of each feed, in a folder beside the store; asked again with its validators.

A file is fetched beside its copy, looked at, and only then put in its place. What broke off goes on where it broke off,
when the server names the content by a strong ETag (RFC 9110, 13.1.5 and 14.2).
"""

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from pratique.advisories import fetch
from pratique.model.errors import InvalidData, PratiqueError

LIMIT = 8 << 30  # bytes of one file
_STATE = "state.json"


class Copy(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file as it was last fetched: its validators, when it was last known to be current, how many records."""

    url: str
    etag: str = ""
    last_modified: str = ""
    sha256: str = ""
    fetched: str = ""
    checked: str = ""
    records: int = 0
    newest: str = ""


class Copies:
    """The folder of copies. `now` is RFC 3339; `changed` says whether any file was replaced."""

    def __init__(self, folder: Path, now: str) -> None:
        self.folder = folder
        self.now = now
        self.changed = False
        self._known = _read_state(folder / _STATE)

    def get(self, name: str) -> Copy | None:
        """What is known of a file, when its copy is there."""
        return self._known.get(name) if (self.folder / name).is_file() else None

    def path(self, name: str) -> Path:
        """Where a file's copy is."""
        return self.folder / name

    def refresh(self, name: str, url: str, look: Callable[[Path], int]) -> bool:
        """Make the copy of `url` current; whether it is another one than before.

        `look` is given the new file and says how many records it holds, or raises InvalidData; less than half as many
        as before is refused. Raises what fetching raises; the copy then stays as it was.
        """
        path = self.path(name)
        known = self.get(name)
        if known is not None and known.url != url:
            known = None
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = _fetch(url, path.with_name(f".{path.name}.part"), known)
        if fresh is None and known is not None:
            self._remember(name, msgspec.structs.replace(known, checked=self.now))
            return False
        part = path.with_name(f".{path.name}.part")
        try:
            copy = self._looked_at(part, url, fresh or Copy(url), known, look)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        part.replace(path)
        same = known is not None and known.sha256 == copy.sha256
        self._remember(name, copy)
        self.changed = self.changed or not same
        return not same

    def note(self, name: str, **fields: str) -> None:
        """Change what is known of a copy."""
        known = self._known[name]
        self._remember(name, msgspec.convert({**msgspec.to_builtins(known), **fields}, type=Copy))

    def forget(self, name: str) -> None:
        """Take a copy away."""
        self.path(name).unlink(missing_ok=True)
        self._known.pop(name, None)

    def below(self, folder: str) -> list[str]:
        """The names of the copies in a folder, sorted."""
        return sorted(name for name in self._known if name.startswith(f"{folder}/") and self.get(name))

    def save(self) -> None:
        """Write down what is known, whole or not at all."""
        draft = self.folder / f".{_STATE}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(self._known))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / _STATE)

    def _remember(self, name: str, copy: Copy) -> None:
        self._known[name] = copy

    def _looked_at(self, part: Path, url: str, fresh: Copy, known: Copy | None, look: Callable[[Path], int]) -> Copy:
        records = look(part)
        if known is not None and records < known.records / 2:
            raise InvalidData(
                f"only {records} records where there were {known.records}: {fetch.shown(url)}",
                "the copy from before is kept; take the folder of copies away to accept the new one",
            )
        return msgspec.structs.replace(
            fresh, sha256=_digest(part), fetched=self.now, checked=self.now, records=records, newest=""
        )


def _read_state(path: Path) -> dict[str, Copy]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Copy])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}  # then all is fetched anew


def _fetch(url: str, part: Path, known: Copy | None) -> Copy | None:
    """Fetch into `part`; None when the server says that the copy is current."""
    import urllib3

    tag = part.with_name(part.name + ".etag")
    have, etag = _broken_off(part, tag)
    headers = {"Range": f"bytes={have}-", "If-Range": etag} if have else _validators(known)
    try:
        with fetch.respond(url, headers) as response:
            fetch.check(url, response, (200, 206, 304) if headers else (200,))
            if response.status == 304:
                return None
            going_on = response.status == 206
            if going_on and not (response.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
                raise InvalidData(f"not the rest that was asked for: {fetch.shown(url)}")
            fresh = Copy(url, response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
            if fresh.etag.startswith('"'):
                tag.write_text(fresh.etag)
            with part.open("ab" if going_on else "wb") as file:
                fetch.copy(response, file, LIMIT, url, have if going_on else 0)
                os.fsync(file.fileno())
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if not tag.exists():
            part.unlink(missing_ok=True)
        raise fetch.failure(url, error) from error
    except PratiqueError:
        part.unlink(missing_ok=True)
        tag.unlink(missing_ok=True)
        raise
    tag.unlink(missing_ok=True)
    return fresh


def _broken_off(part: Path, tag: Path) -> tuple[int, str]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return (part.stat().st_size, tag.read_text()) if tag.exists() else (0, "")
    return 0, ""


def _validators(known: Copy | None) -> dict[str, str]:
    if known is None:
        return {}
    if known.etag:
        return {"If-None-Match": known.etag}
    return {"If-Modified-Since": known.last_modified} if known.last_modified else {}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

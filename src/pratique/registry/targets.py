"""What users may name: `[docker://]reference`, `oci:DIR[:TAG|@DIGEST]`, `oci-archive:FILE[:TAG]` and such."""

import re
from pathlib import Path
from typing import NamedTuple

from pratique.model.digest import is_digest
from pratique.model.errors import NotFound, UsageError
from pratique.model.reference import Reference
from pratique.registry.repository import Repository

SCHEMES = ("docker://", "oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "podman:")
# Schemes of tools beside us. `ubuntu:22.04` looks like one too, so only known words count.
_OTHERS = frozenset({"dir", "sbom", "containers-storage", "ostree", "sif", "oci-dir", "file"})


class Target(NamedTuple):
    """Where an image is: its repository, the tag or digest there, and the name to show."""

    repository: Repository
    target: str
    name: str

    def close(self) -> None:
        """Close what is open for it: an archive's file, a registry's connections."""
        if close := getattr(self.repository, "close", None):
            close()


def open_target(
    text: str, *, plain_http: bool | None = None, layouts_root: Path | None = None, ca_file: Path | None = None
) -> Target:
    """Open what a user named; nothing is fetched yet, but by a daemon's socket. Close it.

    With `layouts_root`, references are looked up in that folder of layouts instead of on the network. `plain_http` None
    means: for loopback only. Raises UsageError (not a reference, unknown scheme, several images, none named),
    NotFound (no such file), InvalidData (a broken archive).
    """
    scheme, separator, rest = text.partition(":")
    if rest.startswith("//"):
        if scheme != "docker":
            raise _unknown(scheme + "://")
        return _remote(rest[2:], plain_http, layouts_root, ca_file)
    if separator and scheme == "oci":
        return _layout(rest, text)
    if separator and scheme in {"oci-archive", "docker-archive"}:
        return _archive(scheme, rest, text)
    if separator and scheme in {"docker-daemon", "podman"}:
        return _daemon(scheme, rest, text)
    if separator and scheme in _OTHERS:
        raise _unknown(scheme + ":")
    return _remote(text, plain_http, layouts_root, ca_file)


def _unknown(scheme: str) -> UsageError:
    return UsageError(f"cannot read {scheme[:80]} images here", f"known are {', '.join(SCHEMES)} and plain references")


def _remote(text: str, plain_http: bool | None, layouts_root: Path | None, ca_file: Path | None) -> Target:
    reference = Reference.parse(text)
    repository: Repository
    if layouts_root is not None:
        from pratique.registry.layout import LayoutRegistry

        repository = LayoutRegistry(layouts_root).repository(reference)
    else:
        from pratique.registry.remote import RemoteRegistry  # urllib3 costs a tenth of a second

        repository = RemoteRegistry(plain_http=plain_http, ca_file=ca_file).repository(reference)
    return Target(repository, reference.target, str(reference))


def _layout(rest: str, text: str) -> Target:
    from pratique.registry.layout import LayoutRepository

    path, target = _split(rest, text)
    repository = LayoutRepository(path, _named_after(path))
    if path.is_file():
        raise UsageError(f"{path} is a file, not a layout's folder", f"for an archive write oci-archive:{path}")
    if not target:
        target = repository.sole_target() if (path / "index.json").exists() else "latest"
    return Target(repository, target, text)


def _archive(scheme: str, rest: str, text: str) -> Target:
    from pratique.registry.archive import DockerArchive, OciArchive

    path, target = _split(rest, text)
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    kind = OciArchive if scheme == "oci-archive" else DockerArchive
    repository = kind(path, _named_after(path))
    try:
        return Target(repository, target or repository.sole_target(), text)
    except BaseException:
        repository.close()
        raise


def _daemon(scheme: str, rest: str, text: str) -> Target:
    from pratique.registry.daemon import open_daemon

    archive = open_daemon(scheme, rest)
    try:
        return Target(archive, archive.sole_target(), text)
    except BaseException:
        archive.close()
        raise


def _split(rest: str, text: str) -> tuple[Path, str]:
    """The path and what is named in it; a path that exists as it stands, colons and all, is the path."""
    if not rest:
        raise UsageError(f"{text[:80]!r} names no path")
    if len(rest) > 4096 or "\0" in rest:
        raise UsageError(f"not a path: {rest[:80]!r}")
    if Path(rest).exists():
        return Path(rest), ""
    head, at, digest = rest.rpartition("@")
    if at and is_digest(digest):
        return Path(head), digest
    head, _, target = rest.partition(":")
    if not head:
        raise UsageError(f"{text[:80]!r} names no path")
    return Path(head), target


def _named_after(path: Path) -> Reference:
    """A reference for something that has none: `localhost/` and the file's name, as podman would call it."""
    words = re.findall(r"[a-z0-9]+", path.absolute().name.lower())
    return Reference("localhost", "-".join(words)[:128] or "image")

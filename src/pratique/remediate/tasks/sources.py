"""Build contexts from elsewhere: git repositories, tarballs, artifacts in a registry (ACR Tasks: context locations).

`https://host/path.git#ref:folder` is cloned by git (also Azure DevOps' `_git` addresses); another web address is a
tarball; of `oci://registry/repository:tag`, layers that are tars are unpacked, and files put under their titles. All of
it lands in one folder of the workspace.
"""

import re
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from pratique.model.descriptor import Descriptor
from pratique.model.errors import InvalidData, NotFound, PratiqueError, Unavailable, UsageError
from pratique.model.reference import Reference
from pratique.remediate.tasks.places import shown
from pratique.remediate.tasks.programs import Exit

_LARGEST = 2 << 30  # bytes of a tarball
_REFERENCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_TITLE = "org.opencontainers.image.title"
Runs = Callable[[Sequence[str]], Exit]


class _Manifest(msgspec.Struct):
    layers: tuple[Descriptor, ...]


class GitAddress(msgspec.Struct, frozen=True):
    """A repository, what to check out (empty: its default branch), and a folder in it (empty: all)."""

    repository: str
    reference: str = ""
    folder: str = ""


def git_address(text: str) -> GitAddress | None:
    """A git context; None when the address is no git repository's. Raises UsageError for an unsafe one."""
    address, _, fragment = text.partition("#")
    is_git = address.startswith(("git://", "git@", "ssh://", "file://")) or address.removesuffix("/").endswith(".git")
    if not is_git and "/_git/" not in address:
        return None
    reference, _, folder = fragment.partition(":")
    if reference and not _REFERENCE.fullmatch(reference):
        raise UsageError(f"not a branch, tag or commit: {shown(reference)}")
    if folder.startswith("/") or ".." in folder.split("/"):
        raise UsageError(f"the folder {shown(folder)} is outside of the repository")
    return GitAddress(address, reference, folder)


def fetch_context(address: str, folder: Path, run: Runs) -> Path:
    """Fetch into `folder`, and give where in it the context is. Raises UsageError, NotFound, Unavailable."""
    git = git_address(address)
    if folder.exists():
        shutil.rmtree(folder)  # what an earlier attempt of the step left
    if git:
        return _cloned(git, folder, run)
    if address.startswith(("http://", "https://")):
        return _unpacked(address, folder)
    if address.startswith("oci://"):
        return _artifact(Reference.parse(address.removeprefix("oci://")), folder)
    raise UsageError(f"not a context that we can fetch: {shown(address)}", "a folder, a git repository or a tarball")


def _cloned(git: GitAddress, folder: Path, run: Runs) -> Path:
    if shutil.which("git") is None:
        raise NotFound("git is not on this machine", "install it, or give the context as a folder")
    folder.mkdir(parents=True)
    inside = ["git", "-c", "protocol.ext.allow=never", "-C", str(folder)]
    wanted = git.reference or "HEAD"
    for command in (
        ["init", "--quiet"],
        ["fetch", "--quiet", "--depth=1", "--", git.repository, wanted],
        ["checkout", "--quiet", "FETCH_HEAD"],
    ):
        done = run([*inside, *command])
        if done.code or done.timed_out:
            raise Unavailable(f"cannot fetch {git.repository} at {wanted}", done.tail.strip()[-300:])
    return _below(folder, git.folder)


def _unpacked(address: str, folder: Path) -> Path:
    import urllib3

    folder.mkdir(parents=True)
    archive = folder.with_name(folder.name + ".tar")
    try:
        with urllib3.PoolManager(retries=urllib3.Retry(3, backoff_factor=0.5)) as pool:
            answer = pool.request("GET", address, preload_content=False, timeout=urllib3.Timeout(30))
            if answer.status != 200:
                raise Unavailable(f"{address.partition('?')[0]} answered {answer.status}")
            with archive.open("wb") as file:
                for piece in answer.stream(1 << 16):
                    file.write(piece)
                    if file.tell() > _LARGEST:
                        raise InvalidData(f"{address.partition('?')[0]} has more than {_LARGEST} bytes")
            answer.release_conn()
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f"cannot fetch {address.partition('?')[0]}", str(error)[:200]) from None
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InvalidData(f"{address.partition('?')[0]} is not a tarball", str(error)[:200]) from None
    finally:
        archive.unlink(missing_ok=True)
    return folder


def _artifact(reference: Reference, folder: Path) -> Path:
    from pratique.registry.remote import RemoteRegistry

    folder.mkdir(parents=True)
    with RemoteRegistry() as registry:
        repository = registry.repository(reference)
        _, document = repository.manifest(reference.target)
        try:
            layers = msgspec.json.decode(document, type=_Manifest).layers
        except msgspec.MsgspecError as error:
            raise InvalidData(f"{reference} is no artifact with files in it", str(error)[:200]) from None
        for layer in layers:
            with repository.blob(layer) as stream:
                _lay(layer, stream, folder, reference)
    return folder


def _lay(layer: Descriptor, stream: BinaryIO, folder: Path, reference: Reference) -> None:
    """One layer's files. The stream is read to its end, where a wrong digest is found out."""
    title = layer.annotations.get(_TITLE, "")
    if layer.size > _LARGEST:
        raise InvalidData(f"{reference} has a layer of more than {_LARGEST} bytes")
    if "tar" not in layer.media_type and not title.endswith((".tar", ".tar.gz", ".tgz")):
        if Path(title).name != title or title in ("", ".", ".."):
            raise InvalidData(f"{reference} has a file without a good name: {shown(title)}")
        with (folder / title).open("wb") as file:
            shutil.copyfileobj(stream, file)
        return
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InvalidData(f"a layer of {reference} is not a tar", str(error)[:200]) from None
    while stream.read(1 << 16):
        pass


def _below(folder: Path, part: str) -> Path:
    found = (folder / part).resolve()
    if not found.is_relative_to(folder.resolve()) or not found.is_dir():
        raise PratiqueError(f"the repository has no folder {shown(part)}")
    return found

"""Rebuild with buildah: no daemon, no privileges beyond its own, and a store of its own that nobody else uses.

Every FROM, COPY --from and RUN --mount=from is pinned to the planned digest in the Dockerfile that buildah is given:
its own `--build-context` and `--from` leave alone what a variable spells or a second stage names.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pratique.model.digest import Digest, is_digest
from pratique.model.errors import NotFound, PratiqueError, Unavailable, UsageError
from pratique.model.image import BASE_DIGEST, BASE_NAME
from pratique.model.reference import Reference
from pratique.remediate.builder import BuildFailed, Built, read_dockerfile
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.dockerfile import Dockerfile

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TAIL = 15  # lines of the log in an error


class Buildah:
    """A `Builder`. `folder` holds its store and its logs; `insecure` are registries (host:port) without TLS.

    Loopback is taken to be without TLS too. `layouts` publishes to a folder of OCI layouts instead of a registry, as
    `registry.layout.LayoutRegistry` reads them. `timeout` is in seconds, for each of build and push.
    """

    def __init__(
        self,
        folder: Path,
        *,
        storage_driver: str = "vfs",
        isolation: str = "chroot",
        network: str = "host",
        insecure: frozenset[str] = frozenset(),
        layouts: Path | None = None,
        authfile: Path | None = None,
        timeout: float = 3600,
    ) -> None:
        self._folder, self._layouts, self._authfile, self._timeout = folder, layouts, authfile, timeout
        self._insecure = insecure
        self._run_options = ("--isolation", isolation, "--network", network)
        self._store = ("--root", str(folder / "root"), "--runroot", str(folder / "run"))
        self._driver = ("--storage-driver", storage_driver)

    def build(self, definition: BuildDefinition, target: Reference, bases: Mapping[Reference, Digest]) -> Built:
        """See `Builder.build`. Real times are kept; the log stays in `folder/logs`, also after a failure."""
        if shutil.which("buildah") is None:
            raise NotFound("buildah is not on this machine", "install it, or rebase instead")
        if target.tag is None:
            raise UsageError(f"nothing to publish under: {target} has no tag")
        if definition.dockerfile.suffix == ".in":
            raise UsageError(
                f"{definition.dockerfile} needs a preprocessor", "give the Dockerfile that comes out of it"
            )
        file = read_dockerfile(definition)
        log = self._log()
        with tempfile.TemporaryDirectory(prefix="pratique-build-") as name:
            scratch = Path(name)
            (scratch / "Dockerfile").write_text(file.pinned(bases, definition.target))
            image = f"localhost/pratique-build:{scratch.name.lower()}"
            self._run(self._build_command(definition, file, bases, scratch, image), log, f"building {target}")
            try:
                digest = self._publish(image, target, scratch, log)
            finally:
                self._forget(image, log)
        return Built(digest, log)

    def _build_command(
        self,
        definition: BuildDefinition,
        file: Dockerfile,
        bases: Mapping[Reference, Digest],
        scratch: Path,
        image: str,
    ) -> Iterator[str]:
        yield from ("buildah", *self._store, *self._driver, "build", *self._run_options)
        yield from ("--layers=false", "--pull=always", "--format", "oci", "--file", str(scratch / "Dockerfile"))
        yield from (f"--tls-verify={self._secure(file.references(definition.target))}", "--tag", image)
        yield from ("--iidfile", str(scratch / "id"), *self._authentication())
        for key, value in sorted(definition.build_args.items()):
            yield f"--build-arg={key}={value}"
        if definition.target:
            yield f"--target={definition.target}"
        if definition.platform:
            yield f"--platform={definition.platform}"
        for suffix in (".containerignore", ".dockerignore"):
            ignored = definition.dockerfile.with_name(definition.dockerfile.name + suffix)
            if ignored.is_file():
                yield f"--ignorefile={ignored}"
                break
        yield from _annotations(file, definition.target, bases)
        yield str(definition.context)

    def _publish(self, image: str, target: Reference, scratch: Path, log: Path) -> Digest:
        digest_file = scratch / "digest"
        push = ["buildah", *self._store, *self._driver, "push", "--digestfile", str(digest_file)]
        if self._layouts is None:
            options = (f"--tls-verify={self._secure([target])}", *self._authentication())
            self._run([*push, *options, image, f"docker://{target}"], log, f"pushing {target}")
        else:
            self._run([*push, image, f"oci:{scratch / 'layout'}:{target.tag}"], log, f"writing {target}")
        digest = digest_file.read_text().strip()
        if not is_digest(digest):
            raise BuildFailed(f"buildah gave no digest for {target}", _tail(log), log)
        if self._layouts is not None:
            _into_layouts(self._layouts, target, scratch / "layout")
        return Digest(digest)

    def _secure(self, references: Sequence[Reference]) -> str:
        plain = [_is_plain(reference.registry, self._insecure) for reference in references]
        if any(plain) and not all(plain):
            names = sorted({reference.registry for reference in references})
            hint = "buildah knows one setting for a build; name them in its registries.conf, or mirror the bases"
            raise UsageError(f"a build from registries with and without TLS: {', '.join(names)}", hint)
        return "false" if any(plain) else "true"

    def _authentication(self) -> tuple[str, ...]:
        return ("--authfile", str(self._authfile)) if self._authfile else ()

    def _log(self) -> Path:
        logs = self._folder / "logs"
        try:
            logs.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="build-", suffix=".log", dir=logs)
        except OSError as error:
            raise Unavailable(f"cannot write a build log in {logs}: {error.strerror}") from None
        os.close(handle)
        return Path(name)

    def _run(self, command: "Sequence[str] | Iterator[str]", log: Path, what: str) -> None:
        with log.open("ab") as output, _group(list(command), output) as process:
            try:
                code = process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                raise BuildFailed(f"{what} took more than {self._timeout:g} s", _tail(log), log) from None
        if code:
            raise BuildFailed(f"{what} failed (buildah ended with {code})", _tail(log), log)

    def _forget(self, image: str, log: Path) -> None:
        command = ["buildah", *self._store, *self._driver, "rmi", "--force", image]
        with log.open("ab") as output:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)


def _annotations(file: Dockerfile, target: str, bases: Mapping[Reference, Digest]) -> Iterator[str]:
    """Which base, by the name that moves: buildah itself would write the pinned name."""
    use = file.base(target)
    if use is None:
        return
    name = Reference(use.reference.registry, use.reference.repository, use.reference.tag)
    digest = bases.get(use.reference) or bases.get(name)
    if digest:
        yield f"--annotation={BASE_NAME}={name}"
        yield f"--annotation={BASE_DIGEST}={digest}"


def _is_plain(registry: str, insecure: frozenset[str]) -> bool:
    host = registry if registry.endswith("]") else registry.rpartition(":")[0] or registry
    return registry in insecure or host in _LOOPBACK


def _into_layouts(layouts: Path, target: Reference, layout: Path) -> None:
    from pratique.registry.images import copy
    from pratique.registry.layout import LayoutRegistry, LayoutRepository

    source = LayoutRepository(layout, target)
    copy(source, LayoutRegistry(layouts).repository(target), source.resolve(target.tag or ""), target.tag)


@contextmanager
def _group(command: list[str], output: BinaryIO) -> "Iterator[subprocess.Popen[bytes]]":
    """A program in a process group of its own, so that a timeout or Ctrl-C leaves none of its children behind."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    except OSError as error:
        raise PratiqueError(f"cannot run buildah: {error.strerror}") from None
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join([*lines[-_TAIL:], f"the whole log is in {log}"])

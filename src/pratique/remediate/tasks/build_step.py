"""A build step by buildah: the Dockerfile with its images by full name, pinned where a digest is planned."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData, UsageError
from pratique.model.image import BASE_DIGEST, BASE_NAME
from pratique.model.reference import Reference
from pratique.remediate.dockerfile import Dockerfile
from pratique.remediate.tasks.arguments import BuildArguments, parse_build
from pratique.remediate.tasks.buildah_store import BuildahStore
from pratique.remediate.tasks.dependencies import of_dockerfile, read_build
from pratique.remediate.tasks.places import shown
from pratique.remediate.tasks.programs import Exit
from pratique.remediate.tasks.sources import fetch_context
from pratique.remediate.tasks.task import Step

_DOCKERFILE = 1 << 20  # bytes


class Discovered(msgspec.Struct, frozen=True):
    """What a build step made, and what it stands on: names and the digests that were used."""

    step: str
    tags: tuple[Reference, ...]
    runtime: Reference | None
    buildtime: tuple[Reference, ...]
    digests: Mapping[Reference, Digest]


def build(store: BuildahStore, step: Step, text: str, deadline: float) -> tuple[Exit, Discovered | None]:
    """Build into the run's store; what it depends on where that went well. Raises UsageError, InvalidData."""
    return _Build(store, step, parse_build(text), deadline).build()


class _Build:
    def __init__(self, store: BuildahStore, step: Step, arguments: BuildArguments, deadline: float) -> None:
        self._store, self._step, self._arguments, self._deadline = store, step, arguments, deadline
        self._workspace = store.workspace
        self._tags = [Reference.parse(tag) for tag in arguments.tags]

    def build(self) -> tuple[Exit, Discovered | None]:
        context, path = self._remote() if self._arguments.is_remote else self._local()
        file = read_build(_read(path), self._arguments)
        references = file.references(self._arguments.target)
        pins = _wanted(self._store.settings.pins, references)
        pinned = self._store.scratch("Dockerfile")
        pinned.write_text(file.pinned(pins, self._arguments.target))
        options = [*self._options(), *_ignored(path), *_annotations(file, self._arguments.target, pins)]
        command = ["build", "--file", str(pinned), *options, str(context)]
        exit_ = self._store.run(self._step, command, self._deadline, [*references, *self._tags])
        return exit_, None if exit_.code or exit_.timed_out else self._discovered(file)

    def _options(self) -> Iterator[str]:
        arguments = self._arguments
        yield from (*self._store.isolation, "--format", "oci", *self._store.authentication)
        yield "--pull=always" if arguments.pull else "--pull=false"  # false: only where it is missing
        if self._step.cache and self._tags and not arguments.no_cache:
            place = f"{self._tags[0].name}/cache"
            yield from ("--layers", f"--cache-from={place}", f"--cache-to={place}")
        else:
            yield "--layers=false"
        yield from (f"--tag={tag}" for tag in self._tags)
        yield from (f"--build-arg={name}={value}" for name, value in arguments.build_args.items())
        if arguments.target:
            yield f"--target={arguments.target}"
        if arguments.platform:
            yield f"--platform={arguments.platform}"
        yield from (self._workspace.translated(option, self._step) for option in arguments.passed)

    def _local(self) -> tuple[Path, Path]:
        """The context's folder here, and the Dockerfile; `-f` is relative to the working directory, as for docker."""
        step, arguments = self._step, self._arguments
        context = self._workspace.host(arguments.context, step)
        if not context.is_dir():
            raise UsageError(f"no context {shown(arguments.context)} in the workspace")
        path = self._workspace.host(arguments.file or f"{arguments.context}/Dockerfile", step)
        if path.is_file() or not arguments.file:
            return context, path
        return context, self._workspace.host(f"{arguments.context}/{arguments.file}", step)

    def _remote(self) -> tuple[Path, Path]:
        """A context from elsewhere, in a folder of the workspace that is named as the step."""
        folder = self._workspace.files / self._step.id

        def run(command: Sequence[str]) -> Exit:
            return self._store.programs.run(self._store.program(self._step, command, self._deadline))

        context = fetch_context(self._arguments.context, folder, run)
        path = (context / (self._arguments.file or "Dockerfile")).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise UsageError(f"{shown(self._arguments.file)} is outside of the context")
        return context, path

    def _discovered(self, file: Dockerfile) -> Discovered:
        runtime, others = of_dockerfile(file, self._arguments.target)
        digests = dict(self._store.settings.pins)
        for reference in (*([runtime] if runtime else []), *others):
            answer = ["inspect", "--type", "image", "--format", "{{.FromImageDigest}}", str(reference)]
            digest = self._store.answer(answer).strip()
            if is_digest(digest):
                digests.setdefault(reference, Digest(digest))
        return Discovered(self._step.id, tuple(self._tags), runtime, others, digests)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_DOCKERFILE + 1)
    except OSError as error:
        raise UsageError(f"cannot read the Dockerfile {path.name}: {error.strerror}") from None
    if len(data) > _DOCKERFILE:
        raise InvalidData(f"{path.name} has more than {_DOCKERFILE} bytes", "that is no Dockerfile")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidData(f"{path.name} is not UTF-8 text") from None


def _wanted(pins: Mapping[Reference, Digest], references: Sequence[Reference]) -> dict[Reference, Digest]:
    names = {*references, *(Reference(each.registry, each.repository, each.tag) for each in references)}
    return {reference: digest for reference, digest in pins.items() if reference in names}


def _ignored(path: Path) -> Iterator[str]:
    for suffix in (".containerignore", ".dockerignore"):
        file = path.with_name(path.name + suffix)
        if file.is_file():
            yield f"--ignorefile={file}"
            return


def _annotations(file: Dockerfile, target: str, pins: Mapping[Reference, Digest]) -> Iterator[str]:
    """Which base, by the name that moves: buildah itself would write the pinned name."""
    use = file.base(target)
    if use is None:
        return
    name = Reference(use.reference.registry, use.reference.repository, use.reference.tag)
    digest = pins.get(use.reference) or pins.get(name)
    if digest:
        yield f"--annotation={BASE_NAME}={name}"
        yield f"--annotation={BASE_DIGEST}={digest}"

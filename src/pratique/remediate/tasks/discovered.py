"""What a run found out, as ACR prints it: each image that was built, and what it stands on. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.remediate.tasks.build_step import Discovered
from pratique.remediate.tasks.dependencies import described

HEADING = "The following dependencies were found:"


def dependency_report(discovered: Iterable[Discovered], pushed: Mapping[Reference, Digest]) -> list[dict[str, object]]:
    """One entry for each name that a build gave; `pushed` are the digests by these names."""
    return [_entry(found, tag, pushed.get(tag)) for found in discovered for tag in found.tags]


def _entry(found: Discovered, tag: Reference, digest: Digest | None) -> dict[str, object]:
    def image(reference: Reference) -> dict[str, str]:
        return described(reference, found.digests.get(reference))

    others: Sequence[Reference] = found.buildtime
    return {
        "image": described(tag, digest),
        "runtime-dependency": image(found.runtime) if found.runtime else None,
        "buildtime-dependency": [image(reference) for reference in others],
        "git": {"git-head-revision": ""},
    }

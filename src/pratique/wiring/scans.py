"""The one place that picks real parts and fits them together. Everything heavy is imported where it is used."""

import os
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique import __version__
from pratique.model.descriptor import Descriptor, Platform
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import NotFound, UsageError
from pratique.model.image import BASE_NAME, Image
from pratique.model.inventory import Inventory
from pratique.report.report import Advisories, Report

if TYPE_CHECKING:
    from pratique.advisories.status import BuildReport
    from pratique.advisories.store import AdvisoryStore
    from pratique.judge.policy import Policy
    from pratique.judge.rules.case import Facts
    from pratique.report.importers.imported import Imported

_LOCAL = ("oci:", "oci-archive:", "docker-archive:", "dir:", "sbom:")
_DAEMONS = ("docker-daemon:", "podman:")
_FILE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".json")
SBOM_LIMIT = 1 << 30  # bytes
_FILE_LIMIT = 1 << 20


class Request(msgspec.Struct, frozen=True):
    """What to look at: a target as skopeo writes them (or `dir:`, `sbom:`), and how it may be reached.

    `manifest` is the one meant of those that the target's index lists.
    """

    target: str
    platform: Platform | None = None
    manifest: Digest | None = None
    plain_http: bool = False
    offline: bool = False
    database: Path = Path("advisories.db")


class Scanned(msgspec.Struct, frozen=True):
    """What was found: the target's name in full, what is in it, and the image where there is one."""

    name: str
    inventory: Inventory
    image: Image | None = None


def database(path: str | None = None) -> Path:
    """Where the advisories are: as given, else `$PRATIQUE_DB`, else below the user's data folder."""
    if chosen := path or os.environ.get("PRATIQUE_DB"):
        return Path(chosen)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "pratique" / "advisories.db"


def open_advisories(path: Path) -> "AdvisoryStore":
    """The advisory file, open; close it. Raises NotFound (with what to do) and InvalidData."""
    from pratique.advisories.store import AdvisoryStore

    if not path.exists():
        raise NotFound(
            f"no advisories at {path}", "make them with pratique db build --osv PATH_OR_URL, or name a file by --db"
        )
    return AdvisoryStore.open(path)


def build_advisories(path: Path, osv: Sequence[str], now: datetime, ecosystems: Sequence[str] = ()) -> "BuildReport":
    """Read OSV data and write the advisory file, whole or not at all."""
    from pratique.advisories.feeds import build_from

    return build_from(path, osv, now, ecosystems=ecosystems)


def read_policy(path: str | None) -> "Policy":
    """A policy from its file, or the one that is built in. Raises UsageError, NotFound."""
    from pratique.judge import policy

    return policy.DEFAULT if path is None else policy.parse(read_file(path), path)


def scan_target(request: Request) -> Scanned:
    """What is in the target. Raises UsageError when it needs the network and `offline` says no."""
    kind, _, rest = request.target.partition(":")
    if kind == "dir":
        from pratique.scan.rootfs import scan_rootfs

        return Scanned(request.target, scan_rootfs(Path(rest)))
    if kind == "sbom":
        from pratique.report import sbom

        return Scanned(request.target, sbom.read(read_file(rest, SBOM_LIMIT), rest))
    return _scan_image(request)


def inspect(request: Request, now: datetime) -> Report:
    """Scan, without looking for findings."""
    scanned = scan_target(request)
    return Report(
        target=scanned.name,
        inventory=scanned.inventory,
        image=scanned.image,
        tool_version=__version__,
        generated_at=_rfc3339(now),
    )


def assess(
    request: Request,
    policy: "Policy | None",
    now: datetime,
    others: "Sequence[Imported]" = (),
    keys: Sequence[bytes] = (),
) -> Report:
    """Scan, match, and judge where there is a policy. Advisories are opened first: without them, nothing is read.

    `others` are reports of other scanners on the same target: their findings are joined with ours.
    `keys` are public keys in PEM: with some, signatures and statements about the image are looked for.
    """
    from pratique.judge import scanners as joining
    from pratique.judge.match import match_all
    from pratique.judge.verdict import judge

    with open_advisories(request.database) as store:
        report = inspect(request, now)
        inventory = report.inventory
        matched = match_all(inventory, store)
        advisories = Advisories(store.digest, store.status().built_at)
    findings, scanners = matched.findings, (joining.OURS, *(one.tool for one in others))
    for one in others:
        _check_same_image(report, one)
        findings = joining.merge(findings, one.findings)
    facts = _facts(report, scanners, advisories.built_at)
    if keys and report.image:
        facts = _proven(request, report.image, keys, facts)
    verdict = None
    if policy:
        verdict = judge(policy, inventory.image, inventory, findings, advisories.digest, now, matched.unmatched, facts)
    return msgspec.structs.replace(
        report,
        findings=findings,
        unmatched=matched.unmatched,
        advisories=advisories,
        verdict=verdict,
        scanners=scanners if others else (),
    )


def imported(path: str, tool: str, policy: "Policy | None", now: datetime) -> Report:
    """Another scanner's report as ours, judged where there is a policy. The file's digest stands for the advisories."""
    from pratique.judge.order import ordered
    from pratique.judge.verdict import judge

    data = read_file(path, SBOM_LIMIT)
    one = read_imported(path, tool, data)
    advisories = Advisories(digest_of(data), one.created)
    report = Report(
        target=one.target or path,
        inventory=one.inventory,
        findings=ordered(one.findings),
        advisories=advisories,
        scanners=(one.tool,),
        tool_version=__version__,
        generated_at=_rfc3339(now),
    )
    if policy is None:
        return report
    facts = msgspec.structs.replace(_facts(report, (one.tool,), one.created), scanned_at=one.created)
    inventory = one.inventory
    verdict = judge(policy, inventory.image, inventory, report.findings, advisories.digest, now, (), facts)
    return msgspec.structs.replace(report, verdict=verdict)


def read_imported(path: str, tool: str = "", data: bytes | None = None) -> "Imported":
    """Another scanner's report; `tool` says whose it must be. Raises NotFound, InvalidData."""
    from pratique.report.importers.reading import read

    return read(read_file(path, SBOM_LIMIT) if data is None else data, path, tool)


def _check_same_image(report: Report, other: "Imported") -> None:
    """Two images' findings must not be joined. Raises UsageError."""
    ours, theirs = report.inventory.image, other.inventory.image
    index = report.image.index if report.image else None
    if ours and theirs and theirs not in {ours, index}:
        raise UsageError(f"the report of {other.tool} is about {theirs}", f"the target is {ours}")


def _facts(report: Report, scanners: tuple[str, ...], advisories_at: str) -> "Facts":
    """What rules on the image itself look at, as far as a single look can tell."""
    from pratique.judge.rules.case import Facts

    image = report.image
    said = {**image.labels, **image.annotations} if image else {}
    return Facts(
        reference=report.target,
        created=(image.created or "") if image else "",
        user=image.runtime.user if image else None,
        base=said.get(BASE_NAME) or said.get("image.base.ref.name"),
        labels=image.labels if image else {},
        scanned_at=report.generated_at,
        advisories_at=advisories_at,
        scanners=scanners,
    )


def _proven(request: Request, image: Image, keys: Sequence[bytes], facts: "Facts") -> "Facts":
    """The facts with who signed the image, or the index it was chosen from, and what was stated of them."""
    from pratique.attest.keys import load_public
    from pratique.attest.verify import attestations, verify_image
    from pratique.registry.targets import open_target

    verifiers = [load_public(key) for key in keys]
    signed: set[str] = set()
    attested: set[str] = set()
    target = open_target(request.target, plain_http=request.plain_http or None)
    with closing(target):
        for digest in filter(None, (image.digest, image.index)):
            signed |= {one.key_id for one in verify_image(target.repository, digest, verifiers)}
            attested |= {one.predicate_type for one in attestations(target.repository, digest, verifiers)}
    return msgspec.structs.replace(facts, signed_by=tuple(sorted(signed)), attested=tuple(sorted(attested)))


def _scan_image(request: Request) -> Scanned:
    _check_reachable(request)
    from pratique.registry.images import load
    from pratique.registry.targets import open_target
    from pratique.scan.image import scan_image

    target = open_target(request.target, plain_http=request.plain_http or None)
    with closing(target):
        image = load(target.repository, request.manifest or target.target, request.platform)
        name = f"{target.name} ({image.platform})" if request.manifest else target.name
        return Scanned(name, scan_image(image, target.repository), image)


def platforms(request: Request) -> tuple[Descriptor, ...]:
    """The images that a target has, one for each platform. Raises UsageError where it isn't an image."""
    if request.target.startswith(("dir:", "sbom:")):
        raise UsageError(f"{request.target[:100]} has no platforms", "leave --all-platforms out")
    _check_reachable(request)
    from pratique.registry import images
    from pratique.registry.targets import open_target

    with closing(open_target(request.target, plain_http=request.plain_http or None)) as target:
        return images.platforms(target.repository, target.target)


def _check_reachable(request: Request) -> None:
    target = request.target
    if target.startswith(_LOCAL + _DAEMONS):
        return
    if "://" not in target and (target.startswith((".", "/")) or target.endswith(_FILE_ENDINGS)):
        raise UsageError(
            f"not an image reference: {target[:100]!r}", f"a file or folder needs {', '.join(_LOCAL)} before it"
        )
    if request.offline:
        raise UsageError(f"{target[:200]} is in a registry, and --offline forbids the network", "name a local target")


def read_file(path: str, limit: int = _FILE_LIMIT) -> bytes:
    """A file's content. Raises NotFound, and UsageError when it cannot be read or has more than `limit` bytes."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise NotFound(f"no such file: {path[:300]}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path[:300]}", getattr(error, "strerror", None) or str(error)) from error
    if len(data) > limit:
        raise UsageError(f"cannot read {path[:300]}", f"it has more than {limit} bytes")
    return data


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""May the new image take the old one's place? What was promised is compared with what came out. No I/O."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from pratique.model.change import Check, Strategy, Validation
from pratique.model.digest import Digest, short
from pratique.model.finding import Finding, State
from pratique.model.image import BASE_DIGEST, BASE_NAME, Image
from pratique.model.inventory import Inventory, PackageType
from pratique.remediate.lineage import same_platform
from pratique.remediate.merge import parse_env

_MOVING_LABELS = frozenset(
    {
        BASE_NAME,
        BASE_DIGEST,
        "org.opencontainers.image.created",
        "org.opencontainers.image.version",
        "org.label-schema.build-date",
        "io.buildah.version",
    }
)
_SYSTEM_PACKAGES = (PackageType.DEB, PackageType.APK)
_SHOWN = 5


class Candidate(msgspec.Struct, frozen=True):
    """An image with what was found in it."""

    image: Image
    inventory: Inventory
    findings: tuple[Finding, ...]


def validate(
    old: Candidate,
    new: Candidate,
    *,
    strategy: Strategy = Strategy.REBUILD,
    expected_base: Image | None = None,
    base_layers: int = 0,
    base_inventory: Inventory | None = None,
) -> Validation:
    """Compare a remedied image with the one it shall replace.

    `expected_base` is the base that the plan promised. After a rebase, `base_layers` is how many of the old image's
    layers were its old base's: all layers above must be the same ones. With `base_inventory`, what is in the new base,
    a rebased image must have the base's system packages in the base's versions: an application layer that carries a
    package database of its own hides the new one.
    """
    before, after = _keys(old.findings), _keys(new.findings)
    fixed, remaining = sorted(before - after), sorted(before & after)
    checks = [
        _findings_gone(before, fixed),
        _none_new(sorted(after - before)),
        _all_read(old.inventory, new.inventory),
        _configuration(old.image, new.image),
        _packages(old.inventory, new.inventory),
        _platform(old.image, new.image),
    ]
    if expected_base is not None:
        checks.append(_base(new.image, expected_base))
    if strategy is Strategy.REBASE:
        checks.append(_own_layers(old.image, new.image, base_layers))
        if base_inventory is not None:
            checks.append(_base_packages(new.inventory, base_inventory))
    return Validation(old.image.digest, new.image.digest, tuple(checks), _names(fixed), _names(remaining))


_Key = tuple[str, str, str]


def _keys(findings: Sequence[Finding]) -> set[_Key]:
    settled = (State.NOT_AFFECTED, State.FIXED)
    return {finding.key for finding in findings if finding.state not in settled}


def _findings_gone(before: set[_Key], fixed: list[_Key]) -> Check:
    if not before:
        return Check("findings-gone", True, "there were no findings before")
    detail = f"{len(fixed)} of {len(before)} findings are gone" + _examples(_names(fixed))
    return Check("findings-gone", bool(fixed), detail)


def _none_new(new: list[_Key]) -> Check:
    detail = f"{len(new)} new findings" + _examples(_names(new)) if new else "no new findings"
    return Check("no-new-findings", not new, detail)


def _all_read(old: Inventory, new: Inventory) -> Check:
    """A file that can no longer be read hides findings, which would look like fixes."""
    known = {skipped.path for skipped in old.skipped}
    unread = sorted({skipped.path for skipped in new.skipped} - known)
    detail = f"{len(unread)} files can no longer be read" + _examples(unread) if unread else "all that was read is read"
    return Check("inventory-complete", not unread, detail)


def _configuration(old: Image, new: Image) -> Check:
    changed = [name for name, before, after in _settings(old, new) if before != after]
    lost = sorted(parse_env(list(old.runtime.env or ())).keys() - parse_env(list(new.runtime.env or ())).keys())
    words = changed + [f"environment variable {name} is gone" for name in lost]
    return Check("configuration-unchanged", not words, "; ".join(words) or "it starts and is configured as before")


def _settings(old: Image, new: Image) -> Iterator[tuple[str, object, object]]:
    before, after = old.runtime, new.runtime
    yield "the entrypoint changed", before.entrypoint or (), after.entrypoint or ()
    yield "the command changed", before.cmd or (), after.cmd or ()
    yield "the user changed", before.user, after.user
    yield "the working directory changed", before.working_dir or "/", after.working_dir or "/"
    yield "the stop signal changed", before.stop_signal, after.stop_signal
    yield "the exposed ports changed", set(before.exposed_ports or ()), set(after.exposed_ports or ())
    yield "the volumes changed", set(before.volumes or ()), set(after.volumes or ())
    yield "the labels changed", _labels(before.labels), _labels(after.labels)


def _labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (labels or {}).items() if name not in _MOVING_LABELS}


def _packages(old: Inventory, new: Inventory) -> Check:
    gone = sorted(_installed(old) - _installed(new))
    detail = f"{len(gone)} packages are gone" + _examples([f"{name} ({kind})" for kind, name in gone])
    return Check("packages-kept", not gone, detail if gone else f"all {len(_installed(old))} packages are still there")


def _installed(inventory: Inventory) -> set[tuple[str, str]]:
    return {(package.type.value, package.name) for package in inventory.packages}


def _platform(old: Image, new: Image) -> Check:
    same = same_platform(old.platform, new.platform)
    return Check("platform-unchanged", same, str(new.platform) if same else f"{old.platform} became {new.platform}")


def _base(new: Image, base: Image) -> Check:
    built_on_it = new.diff_ids[: len(base.layers)] == base.diff_ids
    word = "are" if built_on_it else "are not"
    return Check("on-new-base", built_on_it, f"its first layers {word} those of {short(base.digest)}")


def _base_packages(new: Inventory, base: Inventory) -> Check:
    there = {(package.type, package.name, package.version) for package in new.packages}
    wanted = [package for package in base.packages if package.type in _SYSTEM_PACKAGES]
    stale = sorted({p.name for p in wanted if (p.type, p.name, p.version) not in there})
    detail = f"{len(stale)} packages are not as in the new base" + _examples(stale)
    return Check("base-packages-current", not stale, detail if stale else f"all {len(wanted)} are as in the new base")


def _own_layers(old: Image, new: Image, base_layers: int) -> Check:
    own: tuple[Digest, ...] = old.diff_ids[base_layers:]
    kept = not own or new.diff_ids[-len(own) :] == own
    detail = f"the {len(own)} layers of the application are the same" if kept else "layers of the application changed"
    return Check("application-layers-unchanged", kept, detail)


def _names(keys: Sequence[_Key]) -> tuple[str, ...]:
    return tuple(f"{identifier} in {name} ({kind})" for identifier, kind, name in keys)


def _examples(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return f": {', '.join(names[:_SHOWN])}{more}" if names else ""

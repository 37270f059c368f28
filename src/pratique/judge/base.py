"""Which findings came with the base image: those whose package lies in its layers alone."""

from collections.abc import Sequence

import msgspec

from pratique.model.digest import Digest
from pratique.model.finding import Finding
from pratique.model.inventory import Package


def mark_base(findings: Sequence[Finding], base_diff_ids: Sequence[Digest]) -> tuple[Finding, ...]:
    """The findings with `in_base` set: True when every location's layer is one of the base's, given by diffID.

    It stays None where it can't be known: no base, or a package without location or layer.
    """
    base = frozenset(base_diff_ids)
    if not base:
        return tuple(findings)
    return tuple(msgspec.structs.replace(finding, in_base=_in_base(finding.package, base)) for finding in findings)


def _in_base(package: Package, base: frozenset[Digest]) -> bool | None:
    layers = [location.layer for location in package.locations]
    if not layers or None in layers:
        return None
    return base.issuperset(layer for layer in layers if layer)

"""What a new image did about the vulnerabilities of an old one."""

from collections.abc import Iterable

import msgspec

from pratique.judge.order import ordered
from pratique.model.finding import Finding


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Findings of the old image that are gone, and of the new one those that stayed and those that are new."""

    fixed: tuple[Finding, ...] = ()
    remaining: tuple[Finding, ...] = ()
    new: tuple[Finding, ...] = ()


def fixed_and_new(old: Iterable[Finding], new: Iterable[Finding]) -> Difference:
    """Compare two images' findings by `Finding.key`: vulnerability and package, whatever its version.

    A package that is installed twice is fixed when no copy is affected any more.
    """
    before, after = ordered(old), ordered(new)
    had = {finding.key for finding in before}
    has = {finding.key for finding in after}
    return Difference(
        fixed=tuple(finding for finding in before if finding.key not in has),
        remaining=tuple(finding for finding in after if finding.key in had),
        new=tuple(finding for finding in after if finding.key not in had),
    )

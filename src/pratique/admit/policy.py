"""The admission policy: what an image must show to run, and what happens when it doesn't.

mode: enforce                       # or warn (admit, and say so), or audit (admit, and note it)
exempt_namespaces: [kube-system]
registries: [example.azurecr.io]    # where images may come from; all when left out
keys: ["sha256:..."]                # ids of the keys that count; every key that we were given when left out
signature: required                 # or optional
verdict: required                   # an attested verdict that isn't deny; optional: only a deny counts
verdict_max_age: 7d                 # older verdicts count as none
digest: optional                    # required: tags are refused unless they are pinned
pin: true                           # the mutating webhook pins tags to digests
"""

import re
from datetime import timedelta
from enum import StrEnum

import msgspec


class Mode(StrEnum):
    """What a refusal does."""

    ENFORCE = "enforce"
    WARN = "warn"
    AUDIT = "audit"


class Need(StrEnum):
    """Whether something must be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class AdmissionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What an image must show to run. The defaults are the strict ones."""

    mode: Mode = Mode.ENFORCE
    exempt_namespaces: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    signature: Need = Need.REQUIRED
    verdict: Need = Need.REQUIRED
    verdict_max_age: timedelta | None = None
    digest: Need = Need.OPTIONAL
    pin: bool = True

    def accepts_registry(self, name: str) -> bool:
        """Whether images of `registry/repository` may run: an entry is a registry, or a path in one."""
        return not self.registries or any(name == entry or name.startswith(f"{entry}/") for entry in self.registries)

    def accepts_key(self, key_id: str) -> bool:
        """Whether what this key signed counts."""
        return bool(key_id) and (not self.keys or key_id in self.keys)


_AGE = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_age(text: str) -> timedelta | None:
    """An age such as `90m`, `24h` or `7d`; None when it isn't one."""
    match = _AGE.fullmatch(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None

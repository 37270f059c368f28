"""The answer to an admission request."""

import msgspec


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why one image of a workload is not admitted, in words that tell a developer what to do."""

    image: str
    rule: str
    message: str
    remedy: str = ""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a workload may run; `reasons` when not, `warnings` either way; `pins`: image strings to pinned ones."""

    allowed: bool
    reasons: tuple[Refusal, ...] = ()
    warnings: tuple[str, ...] = ()
    pins: dict[str, str] = {}

"""The journeys by name, as the engine carries them: JSON in, JSON out. A name is in its database: it never changes."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from pratique.loop.heal import heal
from pratique.loop.parts import Parts
from pratique.loop.pushed import pushed
from pratique.loop.requests import Heal, Push
from pratique.loop.steps import Journey, Steps

Request = TypeVar("Request")


def journeys(parts: Parts) -> Mapping[str, Journey]:
    """Every journey, fitted with its parts."""
    return {"pushed": _journey(parts, pushed, Push), "heal": _journey(parts, heal, Heal)}


def _journey(parts: Parts, walk: Callable[[Parts, Steps, Request], object], kind: type[Request]) -> Journey:
    def journey(steps: Steps, request: bytes, /) -> bytes:
        return msgspec.json.encode(walk(parts, steps, msgspec.json.decode(request, type=kind)))

    return journey

"""Strings in, order out: one file per ecosystem, pure functions.

In: an ecosystem (OSV's word, with or without its release) and a version as its package manager writes it.
Out: bytes whose order is the version order, so that a key can be stored, indexed and compared with `<`.
Doesn't know: advisories, ranges, packages. OSV's `introduced: "0"` ("the beginning") is no version: that's for callers.
"""

from pratique.versions.ecosystems import key, supports
from pratique.versions.errors import InvalidVersion

__all__ = ["InvalidVersion", "key", "supports"]

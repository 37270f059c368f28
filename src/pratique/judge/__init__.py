"""Inventory + advisories + policy + now → findings → verdict.

In: an `Inventory`, something that finds `Advisory` records by ecosystem and name, a policy's bytes, the time.
Out: `Finding`s with their evidence (`match`), a `Verdict` with its reasons (`verdict`), what a new image mended
(`compare`).
It does not know where images, advisories or the time come from: no file, socket, clock or process in here.
"""

"""Signatures and attestations in cosign's formats: made, pushed beside the image, found again and verified.

In: an image's digest, a key, a predicate. Out: descriptors of what was pushed, and `Attestation`s that were verified.
It does not know what a predicate means, nor what follows from one: `admit` and the loop decide.
"""

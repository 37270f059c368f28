"""Signatures without kept keys (Sigstore): a short-lived certificate says who signed, a log and timestamps say when.

In: a bundle, the trust root's file, and who may have signed. Out: `Attestation`s that were verified. Nobody is asked:
all of it is in the bundle and in the file, and it holds without a network.
"""

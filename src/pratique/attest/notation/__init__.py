"""The Notary Project's signatures (what `notation`, Ratify and AKS Image Integrity read): made, found and verified.

In: an image's descriptor, a key with its certificate chain, notation's trust policy and trust store. Out: signatures
pushed as referrers, and `Attestation`s that were verified. Plugins are never run: what asks for one is refused.
"""

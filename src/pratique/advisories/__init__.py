"""Feeds, normalised records, and the one read-only file that a scan asks.

In: OSV records (schema 1.7) from a zip, a folder or a bucket's URL.
Out: `Advisory` values, found by ecosystem and name.
`sources` fetches, `osv` parses, `build` writes the file, `store` reads it; only `fetch` opens a network connection.
Doesn't know: images, packages, whether a version is affected (judge decides that), policies.
"""

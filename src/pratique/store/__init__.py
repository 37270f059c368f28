"""What is known over time: images and their tags, what is in them, what was found, who is built on whom, what happened.

In: plain values of `pratique.model`. Out: the same, by digest, tag, layer chain or vulnerability. Kept in one SQLite
file that several threads and processes may use at once; every write is one transaction, so a kill loses nothing that
was accepted. It knows nothing of registries, policies or clusters, and never decides: it remembers.
"""

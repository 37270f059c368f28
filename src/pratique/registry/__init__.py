"""Images as values, and the places they live in: registries, OCI layouts, archives, memory.

In: a reference, or a place and a tag or digest. Out: descriptors, manifests, verified blobs, and `Image` values.
It does not know what is inside a layer, nor why anybody wants it; nothing leaves or enters without its digest checked.
"""

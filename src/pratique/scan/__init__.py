"""Layers in, Inventory out; one file per package format.

Comes in: an `Image` with a way to open its blobs (`scan.image`), or a folder (`scan.rootfs`).
Goes out: an `Inventory`: packages with the file and layer that prove each, the distribution, and what
could not be read.
Does not know: networks, advisories, policies, the clock. It never writes a layer to disk.

Large files (RPM's database, Java's archives) and programs are parsed while their layer is read, and only what was
found in them is kept: `formats.READING` says which, `binaries` which parts of a program pass that way.

The way of a layer: `decompress` (inflate and hash) → `tar` (headers) → `layers` (one layer's content) → `overlay`
(layers merged) → `formats` (a table of parsers) → `inventory` (packages, owners, order).
"""

"""The shared nouns, frozen. Plain data that every room passes on; this room imports nothing of ours.

All that is known of an image is keyed by its digest; a tag is resolved once and kept as a label.
Values are `msgspec.Struct`s: immutable, comparable, and written to and read from JSON by `msgspec.json`.
"""

"""The one place that picks real parts and hands them to the rooms.

`scans.py` fits what `scan`, `sbom`, `check` and `db` need and nothing more, so that they start fast; `loops.py` fits
the whole loop, for `serve` and the demos.
"""

"""Reports: one file per output format, and one per format that we read back.

In: a `report.report.Report` (inventory, findings, verdict, where they came from) with its time as an argument.
Out: bytes or text in one format; from SBOM bytes, an `Inventory`.
Does not know: how anything was scanned, matched or judged; files, terminals, the network and the clock.
"""

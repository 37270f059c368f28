"""Other scanners' reports as ours, one file per format.

In: a file's bytes. Out: `Imported`: the same findings that our own matching makes, each with an `Evidence` whose source
is `scanner:NAME` and whose `range` is what that scanner said of severity and fix. What could not be taken over is
listed, never dropped. Written from real output: Trivy, Grype, SARIF, CycloneDX; from their documented structure alone:
Prisma Cloud (twistlock), Aqua, Defender for Containers.
"""

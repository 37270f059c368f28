"""An SBOM in any format that we know, into an inventory: CycloneDX, SPDX, or our own document."""

import msgspec

from pratique.model.errors import InvalidData
from pratique.model.inventory import Inventory
from pratique.report import cyclonedx_reader, document, spdx_reader
from pratique.report.decoding import decode
from pratique.report.text import one_line

_HINT = "it must be JSON of CycloneDX, SPDX 2.x, or Pratique's own"


class _Kind(msgspec.Struct, rename="camel"):
    bom_format: str = ""
    spdx_version: str = ""
    schema_version: str = msgspec.field(default="", name="schema_version")


def read(data: bytes, name: str) -> Inventory:
    """The inventory in `data`, the content of `name`. Raises InvalidData with the reason for anything else."""
    if data.lstrip()[:1] != b"{":
        raise InvalidData(f"not an SBOM: {one_line(name, 200)}", _HINT)
    kind = decode(data, _Kind, name)
    if kind.bom_format:
        return cyclonedx_reader.read(data, name)
    if kind.spdx_version:
        return spdx_reader.read(data, name)
    if kind.schema_version:
        return document.read(data, name)
    raise InvalidData(f"not an SBOM: {one_line(name, 200)}", _HINT)

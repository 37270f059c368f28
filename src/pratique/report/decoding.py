"""JSON from outside into typed values, or one clear error."""

from typing import TypeVar

import msgspec

from pratique.model.errors import InvalidData
from pratique.report.text import one_line

T = TypeVar("T")


def decode(data: bytes, kind: type[T], name: str) -> T:
    """Decode JSON as `kind`. Raises InvalidData that says where the document is wrong."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(
            f"cannot read {one_line(name, 200)}", one_line(str(error) or "nested too deeply", 300)
        ) from error

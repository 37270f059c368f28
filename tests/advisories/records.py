"""OSV records for tests, and zips of them."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def affected(
    ecosystem: str, name: str, *events: Mapping[str, str], kind: str = "ECOSYSTEM", **more: Any
) -> dict[str, Any]:
    return {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": kind, "events": list(events)}],
        **more,
    }


def record(name: str = "TEST-1", **fields: Any) -> bytes:
    """A sound record; `fields` replace or add, None takes away."""
    whole = {
        "schema_version": "1.7.3",
        "id": name,
        "modified": "2024-01-02T03:04:05Z",
        "affected": [affected("PyPI", "jinja2", {"introduced": "0"}, {"fixed": "2.10.1"})],
        **fields,
    }
    return json.dumps({key: value for key, value in whole.items() if value is not None}).encode()


def zipped(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()

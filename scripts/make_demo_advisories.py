"""Writes the demo's advisories: the facts of OSV records on a few Python packages, without a word of prose.

    python scripts/make_demo_advisories.py PATH/TO/PyPI/all.zip

One JSON file per record: id, times, aliases, severity, and the ranges of each package. The zip is OSV's export for
PyPI; ours was made from pypa/advisory-database (see NOTICE beside the records).
"""

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

PACKAGES = frozenset({"jinja2", "urllib3", "flask", "werkzeug", "requests", "idna", "certifi", "markupsafe", "click"})
TARGET = Path(__file__).resolve().parents[1] / "src" / "pratique" / "entrypoints" / "demo" / "advisories"
FACTS = ("schema_version", "id", "modified", "published", "withdrawn", "aliases", "severity")


def package(name: str) -> str:
    """The name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def facts(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record is a fact that a scan needs."""
    kept = {name: record[name] for name in FACTS if record.get(name)}
    kept["affected"] = [
        {
            "package": {"ecosystem": "PyPI", "name": each["package"]["name"]},
            "ranges": [each_range for each_range in each.get("ranges", []) if each_range["type"] == "ECOSYSTEM"],
        }
        for each in record["affected"]
        if package(each["package"]["name"]) in PACKAGES
    ]
    return kept


def main() -> int:
    """Write the files and say how many."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: make_demo_advisories.py PATH/TO/PyPI/all.zip\n")
        return 2
    TARGET.mkdir(parents=True, exist_ok=True)
    count = 0
    with zipfile.ZipFile(sys.argv[1]) as archive:
        for name in archive.namelist():
            kept = facts(json.loads(archive.read(name)))
            if kept["affected"]:
                (TARGET / f"{kept['id']}.json").write_text(json.dumps(kept, indent=1) + "\n")
                count += 1
    sys.stdout.write(f"{count} records in {TARGET}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

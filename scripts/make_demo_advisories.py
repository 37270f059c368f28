"""Writes the demo's advisories: the facts of OSV records on a few packages, without a word of prose.

    python scripts/make_demo_advisories.py PATH/TO/PyPI/all.zip PATH/TO/Debian/all.zip

One JSON file per record: id, times, aliases, severity, and the ranges of each package. The zips are laid out as OSV's
exports; where ours came from is in the NOTICE beside the records. PyPI's records carry few severities: `VECTORS` adds
those that the National Vulnerability Database gives for the CVE (facts, in the public domain).
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PYPI = frozenset({"jinja2", "urllib3", "itsdangerous"})
DEBIAN = frozenset(
    {"openssl", "perl", "pcre2", "xz-utils", "zlib", "glibc", "gnutls28", "systemd", "tar", "util-linux"}
)
VECTORS = {
    "CVE-2019-10906": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N",
    "CVE-2019-11236": "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
    "CVE-2019-11324": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N",
    "CVE-2020-26137": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N",
    "CVE-2020-28493": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L",
    "CVE-2021-33503": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
}
TARGET = Path(__file__).resolve().parents[1] / "src" / "pratique" / "entrypoints" / "demo" / "advisories"
FACTS = ("schema_version", "id", "modified", "published", "withdrawn", "aliases", "upstream", "severity")


def normal(name: str) -> str:
    """The name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(package: dict[str, str]) -> bool:
    """Whether the demo's images can hold it."""
    if package["ecosystem"] == "PyPI":
        return normal(package["name"]) in PYPI
    return package["ecosystem"] == "Debian:12" and package["name"] in DEBIAN


def facts(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record is a fact that a scan needs."""
    kept = {name: record[name] for name in FACTS if record.get(name)}
    vector = next((VECTORS[name] for name in record.get("aliases", []) if name in VECTORS), None)
    if vector and "severity" not in kept:
        kept["severity"] = [{"type": "CVSS_V3", "score": vector}]
    kept["affected"] = [
        {
            "package": {"ecosystem": each["package"]["ecosystem"], "name": each["package"]["name"]},
            "ranges": [each_range for each_range in each.get("ranges", []) if each_range["type"] == "ECOSYSTEM"],
        }
        for each in record["affected"]
        if wanted(each["package"])
    ]
    return kept


def recent(record: dict[str, Any]) -> bool:
    """Whether a Debian record was fixed after the release: only those can be found in an image of it."""
    events = (event for each in record["affected"] for each_range in each["ranges"] for event in each_range["events"])
    fixes = [event["fixed"] for event in events if "fixed" in event]
    debian = any(each["package"]["ecosystem"] == "Debian:12" for each in record["affected"])
    return not debian or any("deb12u" in fix for fix in fixes)


def records(archive: Path) -> Iterator[dict[str, Any]]:
    """The records of one zip that the demo needs."""
    with zipfile.ZipFile(archive) as entries:
        for name in entries.namelist():
            kept = facts(json.loads(entries.read(name)))
            if kept["affected"] and recent(kept):
                yield kept


def main() -> int:
    """Write the files and say how many."""
    if len(sys.argv) != 3:
        sys.stderr.write("usage: make_demo_advisories.py PATH/TO/PyPI/all.zip PATH/TO/Debian/all.zip\n")
        return 2
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.json"):
        old.unlink()
    count = 0
    for archive in map(Path, sys.argv[1:]):
        for record in records(archive):
            (TARGET / f"{record['id']}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
            count += 1
    sys.stdout.write(f"{count} records in {TARGET}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

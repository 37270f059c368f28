"""A small world for the command line: a root file system, advisories on it, and images in a layout."""

import io
import json
import tarfile
from pathlib import Path

STATUS = """\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.0.11-1~deb12u1

"""
METADATA = "Metadata-Version: 2.1\nName: requests\nVersion: 2.19.0\n\n"
FILES = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12"\n',
    "var/lib/dpkg/status": STATUS,
    "usr/lib/python3/dist-packages/requests-2.19.0.dist-info/METADATA": METADATA,
}


def rootfs(folder: Path) -> Path:
    """Write the files into a folder."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def layer() -> bytes:
    """The files as an uncompressed tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def osv(folder: Path) -> Path:
    """Three advisories: critical and fixed (Debian), high and fixed (PyPI), low and not fixed (Debian)."""
    folder.mkdir(parents=True, exist_ok=True)
    records = [
        _record("DEBIAN-CVE-2024-0001", "CVE-2024-0001", "Debian:12", "openssl", "3.0.13-1", "critical"),
        _record("GHSA-aaaa-bbbb-cccc", "CVE-2018-18074", "PyPI", "requests", "2.20.0", "high"),
        _record("DEBIAN-CVE-2024-0002", "CVE-2024-0002", "Debian:12", "openssl", "", "low"),
    ]
    for record in records:
        (folder / f"{record['id']}.json").write_text(json.dumps(record))
    return folder


def _record(name: str, cve: str, ecosystem: str, package: str, fixed: str, word: str) -> dict[str, object]:
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    return {
        "schema_version": "1.7.0",
        "id": name,
        "modified": "2024-02-01T00:00:00Z",
        "published": "2024-01-01T00:00:00Z",
        "aliases": [cve],
        "summary": f"Something in {package}",
        "database_specific": {"severity": word.upper()},
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }

"""Where a finding is shown in tools that think in files and lines, and by what it is known from run to run."""

import hashlib
from urllib.parse import quote

from pratique.model.finding import Finding
from pratique.report.text import one_line


def path(finding: Finding) -> str:
    """The file that declares the finding's package; empty where none is known."""
    return finding.package.locations[0].path if finding.package.locations else ""


def uri(target: str, file: str) -> str:
    """A relative URI, as code scanning wants it: `web/var/lib/dpkg/status` for `docker://registry/shop/web:1.0`."""
    parts = [part for part in f"{short_name(target)}/{file}".split("/") if part not in {"", ".", ".."}]
    return "/".join(quote(part, safe="@+~=") for part in parts)


def short_name(target: str) -> str:
    """An image's last name without tag and digest: `web`."""
    return target.partition("@")[0].rstrip("/").rpartition("/")[2].partition(":")[0] or "image"


def fingerprint(finding: Finding) -> str:
    """The same for a vulnerability in a package at a place, whatever the versions: 32 hexadecimal digits."""
    return hashlib.sha256("\0".join((*finding.key, path(finding))).encode("utf-8", "replace")).hexdigest()[:32]


def advice(finding: Finding) -> str:
    """What to do, in a few words."""
    fixes = [one_line(version, 100) for version in finding.fix_versions]
    return f"update to {' or '.join(fixes)}" if fixes else "no fix is known"

"""Every feed that we know: where it is and under which terms. Data; which of them are asked is a setting."""

import msgspec


class Feed(msgspec.Struct, frozen=True):
    """A feed. `files` are below `url`, which is the file itself where there are none; `path` is its place in a mirror.

    `enabled` is whether it is asked without being switched on; `terms` says why not.
    """

    name: str
    url: str
    path: str
    licence: str
    files: tuple[str, ...] = ()
    enabled: bool = True
    terms: str = ""


_SECDB_TERMS = (
    "since May 2025 under CC BY-NC-ND 4.0 with a licence for commercial scanners: switch it on if its terms let you"
)
_ALPINE = tuple(f"v3.{minor}/{repository}.json" for minor in range(18, 24) for repository in ("main", "community"))

FEEDS = (
    Feed(
        "osv", "https://osv-vulnerabilities.storage.googleapis.com", "osv", "by record; mostly CC-BY-4.0, CC0-1.0, MIT"
    ),
    Feed(
        "debian-tracker",
        "https://security-tracker.debian.org/tracker/data/json",
        "debian/tracker.json",
        "none stated; public data of the Debian project",
    ),
    Feed(
        "alpine-secdb",
        "https://secdb.alpinelinux.org",
        "alpine-secdb",
        "none stated; public data of Alpine Linux",
        _ALPINE,
    ),
    Feed(
        "wolfi-secdb",
        "https://packages.wolfi.dev/os/security.json",
        "wolfi/security.json",
        "CC-BY-NC-ND-4.0 and Chainguard's terms",
        enabled=False,
        terms=_SECDB_TERMS,
    ),
    Feed(
        "chainguard-secdb",
        "https://packages.cgr.dev/chainguard/security.json",
        "chainguard/security.json",
        "CC-BY-NC-ND-4.0 and Chainguard's terms",
        enabled=False,
        terms=_SECDB_TERMS,
    ),
    Feed(
        "azure-linux",
        "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main",
        "azurelinux",
        "MIT",
        ("azurelinux-3.0-oval.xml", "cbl-mariner-2.0-oval.xml"),
    ),
    Feed(
        "kev",
        "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        "kev/known_exploited_vulnerabilities.json",
        "CC0-1.0",
    ),
    Feed(
        "epss",
        "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
        "epss/epss_scores-current.csv.gz",
        "free to use with attribution to FIRST",
    ),
)
NAMES = tuple(feed.name for feed in FEEDS)

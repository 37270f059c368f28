"""Real Debian base images, made by mmdebstrap from the machine's own sources: with and without security updates."""

import re
import subprocess
from pathlib import Path

from pratique.model.errors import PratiqueError, Unavailable
from pratique.model.image import Image
from pratique.registry.pack import pack
from pratique.registry.repository import Repository

RELEASE = "bookworm"
_PACKAGES = ("libssl3", "liblzma5")
_PATIENCE = 600.0  # seconds
_SOURCE_LINE = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", re.MULTILINE)


def bootstrap(folder: Path, name: str, *, security: bool) -> Path:
    """A root file system as a tar: the release suite alone, or with the security suite. Raises Unavailable."""
    main, updates = sources()
    lines = [f"deb {main} {RELEASE} main"]
    if security:
        lines.append(f"deb {updates} {RELEASE}-security main")
    target, log = folder / f"{name}.tar", folder / f"{name}.log"
    command = ["mmdebstrap", "--variant=essential", f"--include={','.join(_PACKAGES)}"]
    command += ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*"]
    with log.open("wb") as output:
        try:
            code = subprocess.run(
                [*command, RELEASE, str(target), *lines], stdout=output, stderr=output, timeout=_PATIENCE, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            raise Unavailable(f"mmdebstrap took more than {_PATIENCE:.0f} s", f"see {log}") from None
    if code:
        raise Unavailable(f"mmdebstrap ended with {code}", f"are Debian's packages reachable? see {log}")
    return target


def publish(repository: Repository, tar: Path, tag: str | None) -> Image:
    """Push a root file system as a one-layer image."""
    config = {"Cmd": ["/bin/sh"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    return pack(repository, [tar.read_bytes()], config=config, tag=tag, created_by=[f"mmdebstrap {RELEASE}"])


def sources() -> tuple[str, str]:
    """The mirrors of the release and of its security updates, as this machine's own apt has them.

    Raises PratiqueError on a machine whose apt knows none.
    """
    found = dict(_configured())
    main, security = found.get(RELEASE), found.get(f"{RELEASE}-security")
    if not main or not security:
        raise PratiqueError(
            f"apt on this machine has no source for {RELEASE} and {RELEASE}-security", f"run this on Debian {RELEASE}"
        )
    return main, security


def _configured() -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    etc = Path("/etc/apt")
    for file in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]:
        if file.is_file():
            pairs += [(suite, mirror) for mirror, suite in _SOURCE_LINE.findall(file.read_text(errors="replace"))]
    for file in sorted((etc / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text(errors="replace")):
            fields = dict(re.findall(r"^(URIs|Suites):\s*(.+)$", stanza, re.MULTILINE))
            for suite in fields.get("Suites", "").split():
                pairs += [(suite, uri) for uri in fields.get("URIs", "").split()[:1]]
    return pairs

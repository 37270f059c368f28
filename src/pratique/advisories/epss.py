"""FIRST's Exploit Prediction Scoring System, as CSV (gzipped or not): `cve,epss,percentile` below a comment. Pure."""

import re
from collections.abc import Iterator

from pratique.advisories.oval import unpacked
from pratique.model.errors import InvalidData

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_SCORE = re.compile(r"[01](?:\.\d{1,9})?(?:[eE]-\d{1,2})?", re.ASCII)
_HEADER = "cve,epss"


def parse(data: bytes) -> Iterator[tuple[str, float]]:
    """CVE and probability (0.0-1.0) of exploitation within 30 days; lines that make no sense are left out.

    Raises InvalidData when it isn't such a file.
    """
    try:
        lines = unpacked(data).decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise InvalidData("not FIRST's scores", "a byte that isn't ASCII") from error
    start = next((at for at, line in enumerate(lines[:5]) if line.startswith(_HEADER)), None)
    if start is None:
        raise InvalidData("not FIRST's scores", f"no line that begins with {_HEADER}")
    for line in lines[start + 1 :]:
        cve, _, rest = line.partition(",")
        score = rest.partition(",")[0]
        if _CVE.fullmatch(cve) and _SCORE.fullmatch(score) and float(score) <= 1.0:
            yield cve, float(score)

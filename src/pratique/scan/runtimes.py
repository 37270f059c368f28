"""Java's and Go's own installations, by the text file that each has at its root."""

import re

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, text_of

LIMIT = MEGABYTE
JAVA, GO = "/release", "go/VERSION"
ENDINGS = (JAVA, GO)
_JAVA = re.compile(r'^JAVA_VERSION="([\w.+\-]{1,60})"', re.MULTILINE)
_IMPLEMENTOR = re.compile(r'^IMPLEMENTOR="([^"\n]{1,100})"', re.MULTILINE)
_GO = re.compile(r"go(\d+\.\d+[\w.]{0,20})\s")


def wanted(path: str) -> bool:
    """Whether the file may be one of these; others are named `release` too."""
    return path == GO or path.endswith((JAVA, "/" + GO))


def parse(path: str, content: bytes) -> Parsed:
    """The installation, or nothing for a file of something else."""
    text = text_of(content[:65536])
    if path.endswith(JAVA):
        if match := _JAVA.search(text):
            maker = _IMPLEMENTOR.search(text)
            yield Found(PackageType.GENERIC, "java", match[1], vendor=maker[1] if maker else "")
    elif match := _GO.match(text + "\n"):
        yield Found(PackageType.GENERIC, "go", match[1])

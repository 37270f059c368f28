"""Arch's packages: the `desc` file of each in pacman's local database, and `files` beside it (alpm's be_local.c)."""

from collections.abc import Iterator

from pratique.model.inventory import PackageType, Source
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper, text_of

LIMIT = 16 * MEGABYTE
FOLDER = "var/lib/pacman/local/"


def wanted(path: str) -> bool:
    """Whether this describes an installed package."""
    return path.startswith(FOLDER) and path.endswith("/desc")


def is_list(path: str) -> bool:
    """Whether this lists a package's files; its `desc` lies beside it."""
    return path.startswith(FOLDER) and path.endswith("/files")


def parse(path: str, content: bytes) -> Parsed:
    """The one package: `%NAME%`, then its value on the next lines up to an empty one."""
    fields = dict(_sections(content))
    name, version, base = (fields.get(key, [""])[0] for key in ("NAME", "VERSION", "BASE"))
    if not proper(name) or not proper(version):
        yield Problem(f"package {cut(name)} with version {cut(version)}")
        return
    yield Found(
        PackageType.ALPM,
        name,
        version,
        fields.get("ARCH", [""])[0][:64],
        Source(base, version) if proper(base) and base != name else None,
        tuple(text[:300] for text in fields.get("LICENSE", [])[:20] if text),
    )


def owned(content: bytes) -> list[str]:
    """The files in a list, as paths."""
    return dict(_sections(content)).get("FILES", [])


def _sections(content: bytes) -> Iterator[tuple[str, list[str]]]:
    for section in text_of(content).replace("\r\n", "\n").split("\n\n"):
        head, *lines = section.strip("\n").split("\n")
        if lines and head[:1] == head[-1:] == "%":
            yield head[1:-1], lines

"""Whether a version is in what an advisory calls affected (OSV schema, "Evaluation")."""

from functools import lru_cache

from pratique import versions
from pratique.model.advisory import Affected, Range

_EVERYTHING = Range()


@lru_cache(maxsize=1 << 16)
def key(ecosystem: str, version: str) -> bytes:
    """`versions.key`, remembered: an image's packages are compared with the same few bounds again and again."""
    return versions.key(ecosystem, version)


def find_range(affected: Affected, version: str) -> str:
    """The first range (or exact version) that holds `version`, in words; empty when none does.

    Raises versions.InvalidVersion when none does and a range could not be compared.
    """
    problem: versions.InvalidVersion | None = None
    for item in affected.ranges:
        try:
            if _within(affected.ecosystem, item, version):
                return _words(item)
        except versions.InvalidVersion as error:
            problem = error
    if version in affected.versions:
        return f"={version}"
    if affected.versions and (listed := _equal(affected, version)):
        return f"={listed}"
    if problem:
        raise problem
    return ""


def is_affected(affected: Affected, version: str) -> bool:
    """Whether `version` is surely affected; what can't be compared is not sure."""
    try:
        return bool(find_range(affected, version))
    except versions.InvalidVersion:
        return False


def _within(ecosystem: str, item: Range, version: str) -> bool:
    if item.fixed == "0":  # how distributions write "never affected"
        return False
    if item == _EVERYTHING:  # true of versions that we can't read, too
        return True
    installed = key(ecosystem, version)
    if item.introduced not in {"", "0"} and installed < key(ecosystem, item.introduced):
        return False
    if item.fixed:
        return installed < key(ecosystem, item.fixed)
    return not item.last or installed <= key(ecosystem, item.last)


def _equal(affected: Affected, version: str) -> str:
    """The listed version that is the same one in other letters (`1.0` and `1.0.0` for PyPI)."""
    installed = key(affected.ecosystem, version)
    for listed in affected.versions:
        try:
            if key(affected.ecosystem, listed) == installed:
                return listed
        except versions.InvalidVersion:  # then it isn't the one installed, which is valid
            continue
    return ""


def _words(item: Range) -> str:
    start = "" if item.introduced in {"", "0"} else f">={item.introduced}"
    end = f"<{item.fixed}" if item.fixed else f"<={item.last}" if item.last else ""
    return ", ".join(filter(None, (start, end))) or "every version"

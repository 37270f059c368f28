"""Alpine's security database, Wolfi's and Chainguard's too (`packages[].pkg.secfixes`: version → names). Pure.

A name fixed in version `0` was looked at and doesn't affect the package. Names are people's (`CVE-2017-2616 (+
regression fix)`, `CVE-2016-6258 XSA-182`): the words that are ids count. Wolfi's lists put its own id (CGA) before its
aliases.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from pratique.advisories.status import SkippedRecord
from pratique.model.advisory import Advisory, Affected, Range

_ID = re.compile(r"(?:CVE-\d{4}-\d{4,19}|GHSA(?:-[0-9a-z]{4}){3}|XSA-\d{1,5}|CGA(?:-[0-9a-z]{4}){3})(?![\w-])")
_OWN = "CGA-"
_NEVER = "0"


class _Package(msgspec.Struct):
    name: str
    secfixes: msgspec.Raw = msgspec.Raw(b"{}")


class _Entry(msgspec.Struct):
    pkg: msgspec.Raw


class _File(msgspec.Struct):
    packages: list[_Entry]


_FILE = msgspec.json.Decoder(_File)
_PACKAGE = msgspec.json.Decoder(_Package)
_FIXES = msgspec.json.Decoder(dict[str, list[str] | None])


def parse(
    files: Iterable[tuple[str, str, bytes]], source: str, prefix: str, modified: str
) -> Iterator[Advisory | SkippedRecord]:
    """One record for each vulnerability, from files given as name, ecosystem (`Alpine:v3.19`) and content.

    Ids are `prefix` and the vulnerability's name; `modified` is the feed's time (RFC 3339), for it has none of its own.
    What can't be read is skipped by name: a file, or a package alone.
    """
    found: dict[str, dict[Affected, None]] = {}
    aliases: dict[str, set[str]] = {}
    for name, ecosystem, data in files:
        for each in _read(name, ecosystem, data):
            if isinstance(each, SkippedRecord):
                yield each
                continue
            first, *others = each[0]
            found.setdefault(first, {})[each[1]] = None
            aliases.setdefault(first, {first}).update(others)
    for first, affected in found.items():
        yield Advisory(
            id=f"{prefix}-{first}",
            source=source,
            aliases=tuple(sorted(aliases[first])),
            affected=tuple(affected),
            modified=modified,
            url=f"https://nvd.nist.gov/vuln/detail/{first}" if first.startswith("CVE-") else "",
        )


_Fix = tuple[list[str], Affected]


def _read(name: str, ecosystem: str, data: bytes) -> Iterator[_Fix | SkippedRecord]:
    try:
        packages = _FILE.decode(data).packages
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        yield SkippedRecord(name, f"not a security database: {str(error)[:150]}")
        return
    for place, entry in enumerate(packages):
        try:
            package = _PACKAGE.decode(entry.pkg)
            fixes = _fixes(package.secfixes)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            yield SkippedRecord(f"{name}, package {place}", str(error)[:150])
            continue
        for version, names in fixes.items():
            for one in _vulnerabilities(names or ()):
                yield one, Affected(ecosystem, package.name, (Range("0", fixed=version.strip() or _NEVER),))


def _fixes(raw: msgspec.Raw) -> dict[str, list[str] | None]:
    return {} if bytes(raw).strip() in {b"[]", b"null"} else _FIXES.decode(raw)


def _vulnerabilities(lines: Iterable[str]) -> Iterator[list[str]]:
    """The names of each vulnerability, the best known first: those of one line, or from one CGA id to the next."""
    group: list[str] = []
    for line in lines:
        names = _ID.findall(line[:500])
        if not names:
            continue
        if names[0].startswith(_OWN) or not (group and group[0].startswith(_OWN)):
            if group:
                yield _ordered(group)
            group = []
        group += names
    if group:
        yield _ordered(group)


def _ordered(names: list[str]) -> list[str]:
    """CVEs first; a package's own CGA ids go, where there is another name: they would make packages' aliases one."""
    known = [name for name in dict.fromkeys(names) if not name.startswith(_OWN)]
    return sorted(known or dict.fromkeys(names), key=lambda name: not name.startswith("CVE-"))

"""Azure Linux's and CBL-Mariner's OVAL definitions (XML): one definition is one vulnerability in one package. Pure.

Read by expat with no way to declare a document type, so that there are no entities to expand, in one pass and with
bounded text. `less than` means fixed at that version; `less than or equal` means not fixed yet.
"""

import re
import zlib
from collections.abc import Iterator
from xml.parsers import expat

import msgspec

from pratique.advisories.severity import of_word
from pratique.advisories.status import SkippedRecord
from pratique.model.advisory import Advisory, Affected, Range
from pratique.model.errors import InvalidData

_LIMIT = 512 << 20  # bytes unpacked; the largest file has about 40 MB
_TEXT = 2000  # characters kept of one element
_MOST = 1_000_000  # elements that are remembered
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
_NAME = re.compile(r"[!-~]{1,200}")


class _Definition(msgspec.Struct):
    id: str
    title: str = ""
    name: str = ""
    severity: str = ""
    patchable: str = ""
    date: str = ""
    tests: list[str] = []


def unpacked(data: bytes) -> bytes:
    """The content of a file that may be gzipped, at most `_LIMIT` bytes. Raises InvalidData."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = stream.decompress(data, _LIMIT)
    except zlib.error as error:
        raise InvalidData("not a sound gzip file", str(error)) from error
    if not stream.eof:
        raise InvalidData("a gzip file that is cut short or too large", f"at most {_LIMIT:,} bytes")
    return content


def parse(data: bytes, ecosystem: str, source: str, prefix: str) -> Iterator[Advisory | SkippedRecord]:
    """The records of one file (gzipped or not); `ecosystem` is `Azure Linux:3`. Raises InvalidData."""
    reader = _Reader()
    reader.read(unpacked(data))
    for definition in reader.definitions:
        if definition.patchable == "Not Applicable":  # looked at, and not a vulnerability of this package
            continue
        severity = of_word(definition.severity)
        found = (each for test in definition.tests for each in reader.affected(test, ecosystem))
        affected = [msgspec.structs.replace(each, severity=severity) for each in found]
        number = definition.id.rpartition(":")[2]
        if not affected or not _NAME.fullmatch(number) or not _NAME.fullmatch(definition.name):
            yield SkippedRecord(definition.id[:200] or "a definition without an id", "it names no package and version")
            continue
        yield Advisory(
            id=f"{prefix}-{number}",
            source=source,
            aliases=(definition.name,),
            summary=" ".join(definition.title.split())[:200],
            affected=tuple(affected),
            published=definition.date if _TIME.fullmatch(definition.date) else "",
            modified=definition.date if _TIME.fullmatch(definition.date) else reader.made_at,
            url=f"https://nvd.nist.gov/vuln/detail/{definition.name}",
        )


class _Reader:
    """What the file says, by id."""

    def __init__(self) -> None:
        self.definitions: list[_Definition] = []
        self.made_at = ""
        self._tests: dict[str, tuple[str, str]] = {}
        self._objects: dict[str, str] = {}
        self._states: dict[str, tuple[str, str]] = {}
        self._at = ""
        self._operation = ""
        self._object = ""
        self._text: list[str] = []
        self._length = 0
        self._root = False

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = _no_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError) as error:
            raise InvalidData("not sound OVAL", str(error)[:150]) from error
        if not self._root:
            raise InvalidData("not OVAL", "its root is not oval_definitions")

    def affected(self, test: str, ecosystem: str) -> Iterator[Affected]:
        about, state = self._tests.get(test, ("", ""))
        name, (operation, evr) = self._objects.get(about, ""), self._states.get(state, ("", ""))
        if name and evr and operation in {"less than", "less than or equal"}:
            version = evr.removeprefix("0:")
            fixed = operation == "less than"
            yield Affected(ecosystem, name, (Range("0", fixed=version) if fixed else Range("0", last=version),))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        identity = attributes.get("id", "")
        self._text, self._length = [], 0
        match name:
            case "oval_definitions":
                self._root = True
            case "definition":
                self._remember(self.definitions)
                self.definitions.append(_Definition(identity))
            case "reference" if self.definitions and attributes.get("source") == "CVE":
                self.definitions[-1].name = attributes.get("ref_id", "")
            case "criterion" if self.definitions:
                self._remember(self.definitions[-1].tests)
                self.definitions[-1].tests.append(attributes.get("test_ref", ""))
            case "rpminfo_test" | "rpminfo_object" | "rpminfo_state":
                self._at, self._object = identity, ""
            case "object":
                self._object = attributes.get("object_ref", "")
            case "state":
                self._remember(self._tests)
                self._tests[self._at] = (self._object, attributes.get("state_ref", ""))
            case "evr":
                self._operation = attributes.get("operation", "")

    def _end(self, tag: str) -> None:
        text = "".join(self._text).strip()
        match tag.rpartition(" ")[2]:
            case "title" | "severity" | "patchable" as field if self.definitions:
                setattr(self.definitions[-1], field, text)
            case "advisory_date" if self.definitions:
                self.definitions[-1].date = text
            case "timestamp":
                self.made_at = text if _TIME.fullmatch(text) else ""
            case "name":
                self._remember(self._objects)
                self._objects[self._at] = text
            case "evr":
                self._remember(self._states)
                self._states[self._at] = (self._operation, text)

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length <= _TEXT:
            self._text.append(text)

    def _remember(self, what: "list[_Definition] | list[str] | dict[str, str] | dict[str, tuple[str, str]]") -> None:
        if len(what) >= _MOST:
            raise ValueError(f"more than {_MOST:,} of a kind")


def _no_doctype(*_: object) -> None:
    raise ValueError("it declares a document type, which may hide anything")

"""Ruby's gems: the specification of each installed one, as RubyGems writes it (rubygems, Specification#to_ruby)."""

import re

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper, text_of

LIMIT = MEGABYTE
ENDING = ".gemspec"
_FOLDER = re.compile(r"(?:.*/)?specifications/(?:default/)?[^/]+\.gemspec")
_STRING = (
    r"""(?:%q<(?P<{0}_q>[^>\n]{{1,300}})>|%q\{{(?P<{0}_b>[^}}\n]{{1,300}})\}}|["'](?P<{0}_s>[^"'\n]{{1,300}})["'])"""
)
_NAME = re.compile(r"^[ \t]{0,40}\w{1,40}\.name[ \t]{0,40}=[ \t]{0,40}" + _STRING.format("v"), re.MULTILINE)
_VERSION = re.compile(
    r"^[ \t]{0,40}\w{1,40}\.version[ \t]{0,40}=[ \t]{0,40}(?:Gem::Version\.new\(?[ \t]{0,40})?" + _STRING.format("v"),
    re.MULTILINE,
)
_LICENSES = re.compile(
    r"^[ \t]{0,40}\w{1,40}\.licenses?[ \t]{0,40}=[ \t]{0,40}(\[[^\]\n]{0,1000}\]|[^\n]{0,300})", re.MULTILINE
)
_QUOTED = re.compile(r"""%q<([^>\n]+)>|["']([^"'\n]+)["']""")


def wanted(path: str) -> bool:
    """Whether this is an installed gem's specification; a gem's own sources hold another one that is a program."""
    return _FOLDER.fullmatch(path) is not None


def parse(path: str, content: bytes) -> Parsed:
    """The gem, by the plain strings that RubyGems writes; nothing is run."""
    text = text_of(content)
    name, version = _value(_NAME, text), _value(_VERSION, text)
    if not proper(name) or not proper(version):
        yield Problem(f"gem {cut(name)} with version {cut(version)}")
        return
    licenses = _LICENSES.search(text)
    words = _QUOTED.findall(licenses[1])[:20] if licenses else []
    yield Found(PackageType.GEM, name, version, licenses=tuple(one or other for one, other in words))


def _value(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next(filter(None, match.groups()), "") if match else ""

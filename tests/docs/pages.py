"""The documentation, read as a reader sees it: pages, fenced blocks, inline code, links, headings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")


class Block(NamedTuple):
    """A fenced block: its language and its text."""

    language: str
    text: str


def name(page: Path) -> str:
    """The page's path in the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str = "") -> list[Block]:
    """Fenced blocks, or those of one language."""
    found = (Block(*match) for match in _BLOCK.findall(page.read_text()))
    return [block for block in found if language in {"", block.language}]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _BLOCK.sub("", page.read_text())


def code(page: Path) -> list[str]:
    """Inline code."""
    return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose(page))]


def links(page: Path) -> list[str]:
    """Targets of links and images, those in code left out."""
    found = _LINK.finditer(re.sub(r"`[^`]*`", "", prose(page)))
    return [link[1] or link[2] for link in found]


def anchors(page: Path) -> set[str]:
    """What `#...` may name on a page, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


def lines(text: str) -> Iterator[str]:
    """Lines of a shell block, continued ones joined."""
    yield from text.replace("\\\n", " ").splitlines()

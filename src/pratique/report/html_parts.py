"""Small pieces of HTML that sections share. Arguments are plain text; results are escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from pratique.model.finding import Finding
from pratique.report.report import totals


def bar(findings: Sequence[Finding]) -> str:
    """Findings by severity as one coloured line. SVG, because the page's policy forbids style attributes."""
    position, blocks = 0.0, []
    for severity, count in totals(findings).items():
        width = 100 * count / max(len(findings), 1)
        if count:
            blocks.append(
                f'<rect class="{severity.word}" fill="currentColor" x="{position:.3f}" width="{width:.3f}" height="10">'
                f"<title>{count} {severity.word}</title></rect>"
            )
        position += width
    return f'<svg class="bar" viewBox="0 0 100 10" width="100%" preserveAspectRatio="none">{"".join(blocks)}</svg>'


def link(url: str, text: str) -> str:
    """A link, where the address is one that a browser may follow; else the text."""
    if url.startswith(("https://", "http://")):
        return f'<a href="{escape(url)}" rel="noreferrer">{escape(text)}</a>'
    return escape(text)


def details(summary: str, items: Iterable[str]) -> str:
    """A folded list of escaped items; nothing when there are none."""
    lines = "".join(f"<li>{item}</li>" for item in items)
    return f"<details><summary>{escape(summary)}</summary><ul>{lines}</ul></details>" if lines else ""


def table(headings: Sequence[str], rows: Iterable[str]) -> str:
    """A sortable table of rows that are ready-made `<tr>`s."""
    heads = "".join(f'<th scope="col"><button type="button">{escape(head)}</button></th>' for head in headings)
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def plural(number: int, word: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {word}{'' if number == 1 else 's'}"

"""One HTML file that needs nothing else: reports, comparisons and timelines, for a browser, a mail or a CI artifact.

Everything from outside is escaped, and the content security policy allows only this file's own style and script.
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

from pratique.report.html_comparison import Comparison, comparison
from pratique.report.html_report import report_section
from pratique.report.html_timeline import Step, Timeline, timeline
from pratique.report.report import Report

__all__ = ["Comparison", "Section", "Step", "Timeline", "render"]

Section = Report | Timeline | Comparison
_ASSETS = Path(__file__).parent / "assets"


def render(title: str, sections: Sequence[Section]) -> bytes:
    """The page, its sections in the order given. The same values give the same bytes."""
    style, script = (_ASSETS / "report.css").read_text("utf-8"), (_ASSETS / "report.js").read_text("utf-8")
    policy = f"default-src 'none'; style-src 'sha256-{_hash(style)}'; script-src 'sha256-{_hash(script)}'"
    parts = [_section(section, number) for number, section in enumerate(sections, 1)]
    links = "".join(f'<a href="#section-{n}">{escape(_name(section))}</a>' for n, section in enumerate(sections, 1))
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
<header><h1>{escape(title)}</h1><nav>{links if len(sections) > 1 else ""}</nav></header>
{"".join(parts)}
<footer>Made by Pratique{_made(sections)}</footer>
</main>
<script>{script}</script>
</body>
</html>
"""
    return page.encode("utf-8", "replace")


def _section(section: Section, number: int) -> str:
    if isinstance(section, Report):
        inner = report_section(section)
    elif isinstance(section, Timeline):
        inner = timeline(section)
    else:
        inner = comparison(section)
    return f'<section id="section-{number}">{inner}</section>\n'


def _name(section: Section) -> str:
    return section.target if isinstance(section, Report) else section.title


def _made(sections: Sequence[Section]) -> str:
    for section in sections:
        if isinstance(section, Report):
            return f" {escape(section.tool_version)}, {escape(section.generated_at)}"
    return ""


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

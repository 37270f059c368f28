"""What the documentation shows exists: commands, options, links, policies, rooms and calls."""

import argparse
import contextlib
import importlib
import inspect
import io
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.routing import Route

from pratique.admit import policy_file
from pratique.entrypoints.api.application import application
from pratique.entrypoints.cli import main
from pratique.judge import policy
from tests.docs.pages import DOCS, PAGES, ROOT, anchors, blocks, code, lines, links, name, prose

EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=name)
FOREIGN = {"--insecure-ignore-tlog", "--require-hashes", "--only-binary"}  # cosign's and pip's
ROOMS = sorted(path.parent.name for path in (ROOT / "src/pratique").glob("*/__init__.py"))


def leaves(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Each command that does something, as words, with its options."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for word, below in (item for group in groups for item in group.choices.items()):
        yield from leaves(below, (*words, word))
    if not groups:
        options = {option for action in parser._actions for option in action.option_strings}
        yield words, options - {"-h", "--help"}


COMMANDS = dict(leaves(main._parser([])))
OPTIONS = frozenset[str]().union(*COMMANDS.values()) | {"--help", "--version"}


def shown(page: Path) -> Iterator[list[str]]:
    """Every command line of ours on a page: in a shell, a console, a unit file or a Pod."""
    for block in blocks(page):
        for line in lines(block.text):
            found = re.match(r"(?:\$ |ExecStart=\S+/)?pratique (?!.*→)(.+)", line)
            if found and block.language != "text":
                yield shlex.split(found[1], comments=True)
        if block.language == "yaml":
            yield from in_pods(list(yaml.safe_load_all(block.text)))


def in_pods(document: Any) -> Iterator[list[str]]:
    """The commands of containers anywhere in a document."""
    if isinstance(document, dict):
        command = document.get("command")
        if isinstance(command, list) and command[:1] == ["pratique"]:
            yield [*command[1:], *document.get("args", [])]
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from in_pods(each)


@EVERY_PAGE
def test_every_command_line_shown_is_one_that_we_take(page: Path) -> None:
    for words in shown(page):
        main._parser(words).parse_args(words)


def test_command_lines_are_found_wherever_they_are_shown() -> None:
    assert sum(words[0] == "serve" for words in shown(DOCS / "serve.md")) == 4  # two in shells, a unit, a Pod


@EVERY_PAGE
def test_every_command_named_in_a_sentence_exists(page: Path) -> None:
    for text in code(page):
        if found := re.match(r"pratique ([a-z]+)", text):
            assert found[1] in main.COMMANDS, text


@EVERY_PAGE
def test_every_option_named_in_a_sentence_exists(page: Path) -> None:
    ours = [text for text in code(page) if re.match(r"--?[a-z]|pratique ", text)]
    named = {option for text in ours for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}
    assert named - OPTIONS - FOREIGN == set()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_and_each_of_its_options_is_on_its_page(words: tuple[str, ...]) -> None:
    missing = {name(page): missing_on(page, words) for page in DOCS.glob("*.md") if shows(page, words)}
    assert missing, f"no page in docs shows pratique {' '.join(words)}"
    assert not all(missing.values()), f"these options are on no page that shows the command: {missing}"


def shows(page: Path, words: tuple[str, ...]) -> bool:
    return any(tuple(line[: len(words)]) == words for line in shown(page))


def missing_on(page: Path, words: tuple[str, ...]) -> list[str]:
    text = page.read_text()
    return sorted(it for it in COMMANDS[words] if not re.search(rf"(?<![\w-]){re.escape(it)}(?![\w-])", text))


def test_every_hook_and_route_of_the_server_is_on_its_page() -> None:
    app = application(lambda *_: None, tuple, registries=())
    paths = {route.path for route in app.routes if isinstance(route, Route)}
    assert {path for path in paths if path not in (DOCS / "serve.md").read_text()} == set()


def test_every_format_of_a_scan_is_on_its_page() -> None:
    parser = main._parser(["scan"])
    helped = io.StringIO()
    with contextlib.redirect_stdout(helped), pytest.raises(SystemExit):
        parser.parse_args(["scan", "--help"])
    found = re.search(r"--format {([^}]+)}", helped.getvalue())
    assert found
    assert {each for each in found[1].split(",") if f"`{each}`" not in (DOCS / "scan.md").read_text()} == set()


@EVERY_PAGE
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_reached_from_the_first() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            targets = ((page.parent / link.partition("#")[0]).resolve() for link in links(page) if "://" not in link)
            waiting += [target for target in targets if target.suffix == ".md" and target.exists()]
    assert {name(page) for page in PAGES if page not in reached} == set()


def test_the_map_of_the_documentation_names_every_page_beside_it() -> None:
    named = {link.partition("#")[0] for link in links(DOCS / "README.md")}
    assert {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - named == {"README.md"}


def test_every_policy_shown_is_a_policy() -> None:
    shown_policies = blocks(DOCS / "policy.md", "yaml")
    assert shown_policies
    for block in shown_policies:
        policy.parse(block.text.encode(), "docs/policy.md")


def test_every_admission_policy_shown_is_one() -> None:
    shown_policies = [block for block in blocks(DOCS / "admission.md", "yaml") if block.text.startswith("mode:")]
    assert shown_policies
    for block in shown_policies:
        policy_file.parse(block.text.encode(), "docs/admission.md")


@EVERY_PAGE
def test_no_page_names_a_path_of_the_machine_that_it_was_written_on(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(work|tmp|root|home)/", page.read_text())


@EVERY_PAGE
def test_files_named_in_a_sentence_exist(page: Path) -> None:
    for text in code(page):
        if re.fullmatch(r"(src|tests|docs|scripts|requirements)/[\w./-]+", text) and not re.search("[A-Z]{3}", text):
            assert (ROOT / text).exists(), text


def test_the_architecture_page_describes_each_room_once() -> None:
    headings = re.findall(r"^### (\w+)$", prose(DOCS / "architecture.md"), re.MULTILINE)
    assert sorted(headings) == ROOMS


def calls() -> Iterator[tuple[str, str]]:
    """Names of ours on the architecture page, dotted from their room, each with the arguments shown."""
    for text in code(DOCS / "architecture.md"):
        found = re.match(r"((?:\w+\.)+\w+)(?:\((.*?)\)(?: ->.*)?)?$", text)
        if found and found[1].partition(".")[0] in ROOMS and not found[1].endswith(".py"):
            yield found[1], found[2] or ""


@pytest.mark.parametrize(("dotted", "arguments"), list(calls()))
def test_calls_on_the_architecture_page_exist_with_those_arguments(dotted: str, arguments: str) -> None:
    thing = find(dotted)
    parameters: Mapping[str, object] = inspect.signature(thing).parameters if callable(thing) else {}
    outermost = re.sub(r"\[[^\]]*\]|\([^)]*\)", "", arguments)
    shown_names = [part.strip().partition(":")[0].partition("=")[0].strip() for part in outermost.split(",")]
    assert [each for each in shown_names if each.isidentifier() and each not in parameters] == []


def find(dotted: str) -> Any:
    """The module, class, function or method."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(["pratique", *parts[:length]]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            thing = getattr(thing, part)
        return thing
    raise AssertionError(dotted)

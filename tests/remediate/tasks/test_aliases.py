import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.remediate.tasks.aliases import BUILT_IN, substitute
from pratique.remediate.tasks.prepare import Inputs, prepare, ready
from tests.remediate.tasks.tasks import NOW, RUN, prepared, problems, step

HEAD = "version: v1.1.0\n"


def alias(block: str, cmd: str) -> str:
    return step(f"{HEAD}alias:\n{block}\nsteps:\n  - cmd: {cmd}\n").cmd


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_alias_is_the_runs_variable(name: str) -> None:
    assert step(f"{HEAD}steps: [{{cmd: 'x ${name}'}}]").cmd == step(f"steps: [{{cmd: 'x {{{{.Run.{name}}}}}'}}]").cmd


def test_alias_values() -> None:
    assert alias("  values: {repo: team/app}", "x $Registry/$repo:$ID") == "x contoso.azurecr.io/team/app:cb1"


def test_alias_values_are_templates() -> None:
    assert alias("  values:\n    where: '{{.Run.RegistryName | upper}}'", "x $where") == "x CONTOSO"


def test_own_values_win_over_built_in_ones() -> None:
    assert alias("  values: {ID: mine}", "x $ID") == "x mine"


def test_alias_directive() -> None:
    assert alias("  directive: '%'\n  values: {a: 1}", "x %a $a") == "x 1 $a"


def test_alias_src_files_win_over_earlier_ones_and_own_values_over_all() -> None:
    files = {"one": "a: 1\nb: 1\nc: 1\n", "two": "b: 2\nc: 2\n"}
    text = f"{HEAD}alias:\n  src: [one, two]\n  values: {{c: 3}}\nsteps: [{{cmd: x $a $b $c}}]\n"
    found = prepare(text, "acb.yaml", Inputs(now=NOW, run=RUN), reads=files.__getitem__)
    assert ready(found).steps[0].cmd == "x 1 2 3"


def test_unknown_names_and_shell_words_stay_and_two_dollars_are_one() -> None:
    assert (
        step(HEAD + "steps: [{cmd: x $(date) $HOME $IDfoo $ID-1 $$ID $}]").cmd == "x $(date) $HOME $IDfoo cb1-1 $ID $"
    )


def test_the_first_word_of_a_cmd_needs_no_directive() -> None:
    assert step(HEAD + "steps: [{cmd: bash echo bash}]").cmd == "mcr.microsoft.com/acr/bash:latest echo bash"
    assert step(HEAD + "steps:\n  - cmd: |\n      bash\n").image == "mcr.microsoft.com/acr/bash:latest"
    assert step(HEAD + "steps: [{cmd: 'bash:3.0 x'}]").image == "bash:3.0"
    assert alias("  values: {tool: r.test/tool:2}", "tool --run") == "r.test/tool:2 --run"


def test_image_aliases_can_be_pinned_by_whoever_runs_it() -> None:
    inputs = Inputs(now=NOW, aliases={"bash": "r.test/bash@sha256:" + "0" * 64})
    assert ready(prepare(HEAD + "steps: [{cmd: bash}]", "f", inputs)).steps[0].image.startswith("r.test/bash@")


def test_there_are_no_aliases_before_v1_1_0() -> None:
    assert step("steps: [{cmd: bash $ID}]").cmd == "bash $ID"


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("  values: {a-b: 1}", "letters and digits only"),
        ("  values: [a]", "aliases are no mapping"),
        ("  values: {a: [1]}", "is no text"),
        ("  directive: ab", "the directive 'ab'"),
        ("  directive: a", "the directive 'a'"),
        ("  src: x", "src is no list"),
        ("  valeus: {}", "unknown key 'valeus' in alias"),
    ],
)
def test_an_alias_block_that_is_wrong_is_told(block: str, problem: str) -> None:
    assert any(problem in each for each in problems(f"{HEAD}alias:\n{block}\nsteps: [{{cmd: a}}]"))


def test_sources_that_are_not_read_are_told() -> None:
    assert "were not read" in str(prepared(f"{HEAD}alias:\n  src: [x]\nsteps: [{{cmd: a}}]").problems[0])


@given(st.text("$aID x", max_size=30))
def test_without_known_names_only_double_directives_change(text: str) -> None:
    assert substitute(text, {}) == text.replace("$$", "$")

"""Go templates: the run's variables, values, secrets, and the sprig functions that ACR's reference and samples use."""

import pytest

from pratique.model.errors import UsageError
from pratique.remediate.tasks.prepare import Inputs, prepare, ready
from pratique.remediate.tasks.task import Secret
from pratique.remediate.tasks.template import render
from pratique.remediate.tasks.values import RunVariables, read_settings, read_values, run_data, template_data
from tests.remediate.tasks.tasks import NOW, RUN, prepared, step


def filled(text: str, **values: object) -> str:
    return render(text, template_data(RUN, values, {}), "t", NOW)


@pytest.mark.parametrize("name", sorted(run_data(RunVariables())))
def test_a_run_variable(name: str) -> None:
    assert filled(f"{{{{.Run.{name}}}}}") == str(run_data(RUN)[name])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{ default "x" .Values.no }}', "x"),
        ("{{ .Values.word | upper }}", "HELLO"),
        ('{{ "ABC" | lower }}', "abc"),
        ('{{ trim "  a " }}', "a"),
        ('{{ replace "l" "L" .Values.word }}', "heLLo"),
        ("{{ quote .Values.word }}", '"hello"'),
        ("{{ squote .Values.word }}", "'hello'"),
        ("{{ trunc 2 .Values.word }}", "he"),
        ("{{ b64enc .Values.word }}", "aGVsbG8="),
        ("{{ b64enc .Values.no }}", ""),
        ('{{ b64dec "aGVsbG8=" }}', "hello"),
        ('{{ regexReplaceAll "[^a-z]+" "a--b" "-" }}', "a-b"),
        ("{{ substr 1 3 .Values.word }}", "el"),
        ('{{ splitList "," "a,b" | join "+" }}', "a+b"),
        ('{{ now | date "2006-01-02" }}', "2026-08-20"),
        ('{{ printf "%s-%03d" .Values.word 7 }}', "hello-007"),
        ('{{ if eq .Values.word "hello" }}y{{ else }}n{{ end }}', "y"),
        ('{{ if and (ne .Values.word "x") (not .Values.no) }}y{{ end }}', "y"),
        ("{{ if or .Values.no .Values.word }}y{{ end }}", "y"),
        ("{{ range .Values.list }}[{{ . }}]{{ end }}", "[1][2]"),
        ("{{ with .Values.nested }}{{ .key }}{{ end }}", "deep"),
        ("{{ .Values.nested.key | upper | quote }}", '"DEEP"'),
        ("{{ .Values.no }}{{ .Run.Nothing }}", ""),
        ('{{ index .Values "a.b" }}', "dotted"),
        ("{{ .Build.ID }}", "cb1"),
        ("{{- /* a comment */ -}}", ""),
        ('{{ env "HOME" }}', ""),
    ],
)
def test_a_template(template: str, text: str) -> None:
    values = {"word": "hello", "list": [1, 2], "nested": {"key": "deep"}, "a.b": "dotted"}
    assert filled(template, **values) == text


def test_run_json_and_values_json_are_quoted_for_the_shell() -> None:
    assert filled("{{.ValuesJSON}}", a="it's") == """'{"a":"it'"'"'s"}'"""
    assert filled("{{.RunJSON}}").startswith('\'{"ID":"cb1"')


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("a\n  {{ nothing }}", r"t:2:6: in the template: .*nothing"),
        ("{{ .Run.ID", r"t:1:1: in the template"),
        ("{{ if }}", r"in the template"),
        ('{{ fail "no" }}', "no"),
        ('{{ getHostByName "x.test" }}', "not defined"),
        ('{{ repeat 100000000 "abc" }}', "more than 1000000"),
        ("{{ range until 999999999 }}x{{ end }}", "more than 1000000"),
        ('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', "depth"),
        ("{{ range until 900000 }}x{{ end }}", "budget"),
    ],
)
def test_a_template_that_is_wrong_or_too_much_is_refused_with_its_place(template: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        filled(template)


def test_set_is_split_at_the_first_equals_sign_and_a_dot_is_a_dot() -> None:
    assert read_settings(["a=b=c", "x.y=1", "empty="]) == {"a": "b=c", "x.y": "1", "empty": ""}
    for wrong in ("a", "=b", ""):
        with pytest.raises(UsageError, match="not a value"):
            read_settings([wrong])


def test_values_files_may_be_nested() -> None:
    text = "a: 1\nb: {c: [x, true, null, '2', 007, -3]}\n"
    assert read_values(text, "v.yaml") == {"a": 1, "b": {"c": ["x", True, None, "2", "007", -3]}}
    assert read_values("\n", "v.yaml") == {}
    with pytest.raises(UsageError, match=r"v\.yaml:1:1: values are no mapping"):
        read_values("[a]", "v.yaml")


class Vault:
    def __init__(self) -> None:
        self.asked: list[Secret] = []

    def value(self, secret: Secret) -> str:
        self.asked.append(secret)
        return "s3cret"


def test_secrets_are_asked_for_once_and_filled_in() -> None:
    vault = Vault()
    text = """
secrets:
  - id: pw
    keyvault: https://{{.Values.vault}}.test/secrets/pw
steps:
  - cmd: a
    env: ["PW={{.Secrets.pw}}"]
"""
    found = prepared(text, vault, vault="v")
    assert ready(found).steps[0].env == {"PW": "s3cret"}
    assert found.secrets == ("s3cret",)
    assert vault.asked == [Secret("pw", "https://v.test/secrets/pw")]


def test_values_given_as_secrets_are_masked() -> None:
    inputs = Inputs(now=NOW, values={"t": "tok"}, secret_values=("tok",))
    assert prepare("steps: [{cmd: 'a {{.Values.t}}'}]", "f", inputs).secrets == ("tok",)


def test_a_template_may_make_steps() -> None:
    text = "steps:\n{{ range .Values.names }}  - cmd: say {{ . }}\n{{ end }}"
    assert [each.cmd for each in ready(prepared(text, None, names=["a", "b"])).steps] == ["say a", "say b"]


def test_a_template_in_a_comment_never_runs() -> None:
    assert step('steps:\n  # {{ fail "no" }}\n  - cmd: a\n').cmd == "a"

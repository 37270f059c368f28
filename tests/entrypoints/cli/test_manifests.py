"""Kubernetes manifests as targets."""

import json
from pathlib import Path

import pytest

from pratique.entrypoints.cli import manifests
from pratique.entrypoints.cli.main import main
from pratique.model.errors import InvalidData, NotFound, PratiqueError, UsageError
from pratique.model.reference import Reference
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from tests.entrypoints.cli import world

Capture = pytest.CaptureFixture[str]
RENDERED = """\
---
# Source: shop/templates/empty.yaml
---
apiVersion: v1
kind: Service
metadata: {name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers: [{name: a, image: example/init:1}]
      containers: [{name: b, image: example/web:1}, {name: c, image: example/web:1}]
      volumes: [{name: v, image: {reference: example/data:1}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: night}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: "example/job@sha256:x"}]}}}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: example/web:1}]}}
- apiVersion: v1
  kind: PodList
  items: [{apiVersion: v1, kind: Pod, spec: {ephemeralContainers: [{image: example/debug}]}}]
"""


def written(path: Path, text: str = RENDERED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_every_image_is_found_once_with_who_uses_it(tmp_path: Path) -> None:
    found = {one.image: one.by for one in manifests.read(written(tmp_path / "all.yaml"))}
    assert found == {
        "example/init:1": ("Deployment/web (all.yaml)",),
        "example/web:1": ("Deployment/web (all.yaml)", "Pod/p (all.yaml)"),
        "example/data:1": ("Deployment/web (all.yaml)",),
        "example/job@sha256:x": ("CronJob/night (all.yaml)",),
        "example/debug": ("Pod/(no name) (all.yaml)",),
    }


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "j"},
        "spec": {"containers": [{"image": "example/j"}]},
    }
    written(tmp_path / "k8s" / "deep" / "pod.json", json.dumps(pod))
    written(tmp_path / "k8s" / "values.yml", "a: 1\n")
    written(tmp_path / "k8s" / "README.md", "{{ not yaml")
    assert manifests.read(tmp_path / "k8s") == (manifests.Used("example/j", ("Pod/j (deep/pod.json)",)),)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("a: [", InvalidData, "x.yaml:2:1: not YAML"),
        ("{{- if .Values.a }}\nkind: Pod\n{{- end }}\n", InvalidData, "a chart must be rendered first: helm template"),
        ("kind: Pod\napiVersion: v1\nspec: 3\n", InvalidData, "Pod/(no name) (x.yaml): /spec is not an object"),
        ("kind: Service\napiVersion: v1\n", UsageError, "no image is used in"),
        ("- a\n- b\n", UsageError, "no image is used in"),
        ("", UsageError, "no image is used in"),
        ("&a {kind: List, items: [*a, *a]}", UsageError, "no image is used in"),
        ("[" * 5000, InvalidData, "not YAML"),
        ("a: !!python/object/apply:os.system ['true']", InvalidData, "not YAML"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str, kind: type[PratiqueError], says: str) -> None:
    with pytest.raises(kind) as caught:
        manifests.read(written(tmp_path / "x.yaml", text))
    assert says in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file or folder"):
        manifests.read(tmp_path / "none")


@pytest.fixture
def deployed(database: Path, registry_host: str, tmp_path: Path) -> str:
    """A manifest of two images in a real registry: the small world, and an empty one."""
    for name, layers in (("bad", [world.layer()]), ("good", [])):
        reference = Reference.parse(f"{registry_host}/manifests/{name}:1")
        repository = RemoteRegistry(plain_http=True).repository(reference)
        pack(repository, layers, tag="1")
        if close := getattr(repository, "close", None):
            close()
    pods = "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n"
        f"spec: {{containers: [{{image: '{registry_host}/manifests/{name}:1'}}]}}\n"
        for name in ("bad", "good")
    )
    return f"k8s:{written(tmp_path / 'pods.yaml', pods)}"


def test_all_images_of_a_manifest_are_scanned_and_judged(deployed: str, capsys: Capture, tmp_path: Path) -> None:
    assert main(["scan", deployed, "--plain-http", "--also", f"sarif={tmp_path / 'out.sarif'}"]) == 0
    text = capsys.readouterr().out
    assert "used by Pod/bad (pods.yaml)" in text
    assert "3 findings: 1 critical, 1 high, 1 low" in text
    assert "0 findings" in text
    assert len(json.loads((tmp_path / "out.sarif").read_bytes())["runs"]) == 2
    assert main(["check", deployed, "--plain-http"]) == 1
    text = capsys.readouterr().out
    assert "verdict: deny" in text
    assert "verdict: allow" in text


@pytest.mark.parametrize("form", ["markdown", "html", "json"])
def test_several_images_in_one_document(deployed: str, capsys: Capture, form: str) -> None:
    assert main(["scan", deployed, "--plain-http", "-f", form]) == 0
    text = capsys.readouterr().out
    assert "manifests/bad" in text.replace("\\", "")
    assert "manifests/good" in text.replace("\\", "")


def test_an_image_that_cannot_be_had_does_not_stop_the_others(deployed: str, capsys: Capture) -> None:
    file = Path(deployed.removeprefix("k8s:"))
    file.write_text(file.read_text().replace("/good:1", "/gone:1"))
    assert main(["scan", deployed, "--plain-http", "-f", "json"]) == 3
    captured = capsys.readouterr()
    images = json.loads(captured.out)["images"]
    assert [bool(one["report"]) for one in images] == [True, False]
    assert "gone" in images[1]["error"]
    assert "gone" in captured.err


def test_formats_for_one_image_are_refused(tmp_path: Path, database: Path, capsys: Capture) -> None:
    assert main(["scan", f"k8s:{written(tmp_path / 'x.yaml')}", "-f", "junit"]) == 2
    assert "junit is a format for one image" in capsys.readouterr().err

"""`pratique serve` where an image's build definition is a task file: a pushed base runs the task. All of it is real."""

from pathlib import Path

import pytest

from pratique.attest.verify import verify_image
from pratique.model.errors import NotFound
from pratique.model.image import BASE_DIGEST, BASE_NAME
from pratique.model.reference import Reference
from tests.entrypoints.api.running import serving, site, until
from tests.remediate.tasks.shell_image import push_shell
from tests.support.machine import require, require_root

TASK = """\
version: v1.1.0
steps:
  - id: build
    build: -t $Registry/web:$ID -t $Registry/elsewhere:$ID -f Recipe .
  - id: test
    cmd: $Registry/tools:1 /bin/sh -c 'test -f app/web.py'
    when: ["-"]
  - push: [$Registry/web:$ID, $Registry/elsewhere:$ID]
    when: [build, test]
"""


@pytest.mark.slow
@pytest.mark.root
def test_a_pushed_base_runs_the_task_of_what_is_built_on_it(tmp_path: Path) -> None:
    require("buildah")
    require_root()
    source = tmp_path / "source"
    (source / "app").mkdir(parents=True)
    (source / "app" / "web.py").write_text("print()\n")
    with site(tmp_path) as place:
        (source / "acb.yaml").write_text(TASK)
        (source / "Recipe").write_text(f'FROM {place.reference("base")}\nCOPY app /app\nCMD ["python", "web"]\n')
        push_shell(place.registry.repository(place.reference("tools")), "1")
        with serving(place, "--build", f"{place.reference('web')}={source}"):
            place.push_base("2.10")
            place.push_app("web", "base")
            web = str(place.reference("web"))
            until(lambda: any(e["kind"] == "judged" and e["subject"] == web for e in place.events()), "its judgement")
            place.push_base("3.1.6")
            until(lambda: place.is_on("web", "base"), "the task to be run")
            made = place.current("web")
            assert "io.buildah.version" in made.labels  # built, not rebased
            assert made.annotations[BASE_NAME] == str(place.reference("base"))
            assert made.annotations[BASE_DIGEST] == place.current("base").digest
            repository = place.registry.repository(place.reference("web"))
            until(lambda: bool(verify_image(repository, made.digest, [place.verifier]).verified), "its signature")
            with pytest.raises(NotFound):
                next(iter(place.registry.repository(Reference.parse(f"{place.host}/elsewhere")).tags()), None)
    assert "Traceback" not in (tmp_path / "serve.log").read_text()

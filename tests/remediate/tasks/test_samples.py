"""What Azure's own samples use (Azure-Samples/acr-tasks), one task for each: without a problem, and run on the twin."""

import pytest

from pratique.remediate.tasks.in_memory import InMemoryExecutor
from pratique.remediate.tasks.lint import lint
from pratique.remediate.tasks.prepare import Inputs, prepare, ready
from pratique.remediate.tasks.run import run
from tests.remediate.tasks.tasks import NOW, RUN

V = "version: v1.1.0\n"
SAMPLES = {
    "bash-echo": V + "steps:\n  - cmd: bash echo hello\n",
    "bash-echo-3": V + "steps:\n  - cmd: bash:3.0 echo hello\n",
    "hello-world": "steps:\n  - cmd: hello-world\n",
    "build-push-hello-world": V
    + "steps:\n  - build: -t $Registry/hello-world:$ID .\n  - push: ['$Registry/hello-world:$ID']\n",
    "build-push-hello-world-multi": V
    + "steps:\n  - build: -t $Registry/hello:$ID -t $Registry/hello:latest -f hello.dockerfile .\n"
    + "  - push:\n    - $Registry/hello:$ID\n    - $Registry/hello:latest\n",
    "build-run-hello-world": V
    + "steps:\n  - build: -t $Registry/hello:$ID .\n  - push: ['$Registry/hello:$ID']\n  - cmd: $Registry/hello:$ID\n",
    "build-test-hello-world": V
    + """steps:
  - id: build-web
    build: -t $Registry/hello-world:$ID .
    when: ["-"]
  - id: build-tests
    build: -t hello-world-test ./funcTests
    when: ["-"]
  - id: web
    cmd: $Registry/hello-world:$ID
    when: ["build-web"]
  - id: func-tests
    cmd: hello-world-test
    env: ["host=web:80"]
    when: ["web", "build-tests"]
  - push: ["$Registry/hello-world:$ID"]
    when: ["func-tests"]
""",
    "build-test-update-hello-world": V
    + """steps:
  - id: build
    build: -t $Registry/hello-world:$ID .
    when: ["-"]
  - id: update
    cmd: >
      bash -c
      'echo one
      two'
  - push: ["$Registry/hello-world:$ID"]
""",
    "when-parallel": V + "steps:\n  - {id: a, cmd: bash a, when: ['-']}\n  - {id: b, cmd: bash b, when: ['-']}\n",
    "when-sequential-default": V + "steps:\n  - cmd: bash a\n  - cmd: bash b\n",
    "when-sequential-id": V + "steps:\n  - {id: a, cmd: bash a}\n  - {id: b, cmd: bash b, when: [a]}\n",
    "files-working-directory": V
    + "workingDirectory: /workspace\nsteps:\n  - cmd: bash -c 'echo hi > a.txt'   \n"
    + "  - cmd: bash cat a.txt\n    workingDirectory: sub\n",
    "network-curl": V
    + "steps:\n  - {id: web, cmd: httpd, ports: ['80:80'], detach: true}\n"
    + "  - {cmd: curl web, retries: 3, retryDelay: 1}\n",
    "buildx": V + "steps:\n  - build: -t $Registry/x:$ID .\n    cache: enabled\n  - push: ['$Registry/x:$ID']\n",
    "managed-identities": V
    + """alias:
  values:
    azure: mcr.microsoft.com/azure-cli
secrets:
  - id: name
    keyvault: https://myvault.vault.azure.net/secrets/Name
steps:
  - cmd: docker build -t $Registry/x:$ID .
  - push: ["$Registry/x:$ID"]
  - cmd: azure bash -c 'az login --identity && az acr show -n {{.Values.registryName}}'
    env: ["NAME={{.Secrets.name}}"]
""",
    "mounts-secrets": """volumes:
  - name: mysecrets
    secret:
      mysecret1: {{ "secret" | b64enc }}
steps:
  - cmd: bash cat /run/test/mysecret1
    volumeMounts:
      - name: mysecrets
        mountPath: /run/test
""",
    "multiple-registries": "steps:\n  - build: -t {{.Values.REGISTRY1}}/h:{{.Run.ID}}"
    " -t {{.Values.REGISTRY2}}/h:{{.Run.ID}} .\n"
    "  - push: ['{{.Values.REGISTRY1}}/h:{{.Run.ID}}', '{{.Values.REGISTRY2}}/h:{{.Run.ID}}']\n",
    "build-aspnetapp": V
    + "steps:\n  - cmd: docker pull mcr.microsoft.com/dotnet/sdk:8.0\n    retries: 2\n    retryDelay: 1\n"
    "  - build: -t $Registry/w:$ID --build-arg BaseImage=$Registry/aspnet:8 -f Dockerfile .\n"
    "  - push: ['$Registry/w:$ID']\n",
}
INPUTS = Inputs(
    now=NOW,
    run=RUN,
    values={"REGISTRY1": "one.azurecr.io", "REGISTRY2": "two.azurecr.io", "registryName": "contoso"},
)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_has_no_problems_and_runs(name: str) -> None:
    assert lint(SAMPLES[name], f"{name}.yaml", INPUTS) == ()
    task = ready(prepare(SAMPLES[name], f"{name}.yaml", INPUTS))
    assert run(task, InMemoryExecutor()).successful


def test_version_1_0_0_has_no_aliases_so_bash_is_docker_hubs() -> None:
    task = ready(prepare(SAMPLES["mounts-secrets"], "t", INPUTS))
    assert task.steps[0].image == "bash"


def test_names_of_images_and_values_are_filled_in() -> None:
    task = ready(prepare(SAMPLES["managed-identities"], "t", INPUTS))
    assert task.steps[0].cmd == "docker build -t contoso.azurecr.io/x:cb1 ."
    assert task.steps[2].image == "mcr.microsoft.com/azure-cli"
    assert "-n contoso'" in task.steps[2].cmd

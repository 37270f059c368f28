from pathlib import Path

import pytest

from pratique.model.errors import InvalidData, NotFound, UsageError
from pratique.model.image import BASE_DIGEST, BASE_NAME
from pratique.registry.images import load, pack
from pratique.registry.in_memory import InMemoryRegistry
from pratique.remediate.builder import Builder
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.in_memory import InMemoryBuilder
from tests.remediate.images import APP, BASE, digest, tar
from tests.remediate.test_rebase import unpacked


@pytest.fixture
def registry() -> InMemoryRegistry:
    return InMemoryRegistry()


def definition(tmp_path: Path, text: bytes) -> BuildDefinition:
    (tmp_path / "app").mkdir(exist_ok=True)
    (tmp_path / "app/run").write_text("own")
    (tmp_path / "Dockerfile").write_bytes(text)
    return BuildDefinition(tmp_path / "Dockerfile", tmp_path)


def test_the_context_lies_on_the_planned_base(registry: InMemoryRegistry, tmp_path: Path) -> None:
    bases = registry.repository(BASE)
    planned = pack(bases, [tar({"os": "planned"})], tag="1", config={"Cmd": ["sh"]})
    pack(bases, [tar({"os": "moved"})], tag="1")
    twin = InMemoryBuilder(registry, tmp_path)
    builder: Builder = twin
    made = definition(tmp_path, f"FROM {BASE}\nCOPY . /\n".encode())
    built = builder.build(made, APP, {BASE: planned.digest})
    apps = registry.repository(APP)
    image = load(apps, "1")
    assert image.digest == built.digest
    assert unpacked(apps, image) == {"os": "planned", "app/run": "own"}
    assert image.runtime.cmd == ("sh",)
    assert image.annotations == {BASE_NAME: str(BASE), BASE_DIGEST: planned.digest}
    assert f"@{planned.digest}" in built.log_path.read_text()
    assert twin.builds == [(made, APP, {BASE: planned.digest})]


def test_the_same_context_on_the_same_base_gives_the_same_image(registry: InMemoryRegistry, tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    made = definition(tmp_path / "context", b"FROM scratch\n")
    builder = InMemoryBuilder(registry, tmp_path)
    assert builder.build(made, APP, {}).digest == builder.build(made, APP, {}).digest


def test_what_a_real_builder_refuses_the_twin_refuses(registry: InMemoryRegistry, tmp_path: Path) -> None:
    builder = InMemoryBuilder(registry, tmp_path)
    with pytest.raises(UsageError, match="does not build on"):
        builder.build(definition(tmp_path, b"FROM scratch\n"), APP, {BASE: digest("x")})
    with pytest.raises(NotFound):
        builder.build(definition(tmp_path, f"FROM {BASE}\n".encode()), APP, {})
    with pytest.raises(InvalidData, match="not UTF-8"):
        builder.build(definition(tmp_path, b"\xff\xfe"), APP, {})
    with pytest.raises(InvalidData, match="more than"):
        builder.build(definition(tmp_path, b"#" * (1 << 21)), APP, {})
    missing = BuildDefinition(tmp_path / "Dockerfile", tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no build context"):
        builder.build(missing, APP, {})

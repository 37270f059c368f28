from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import (
    DOCKER_CONFIG,
    DOCKER_LAYER_GZIP,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
    Platform,
)
from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData, Unsafe
from pratique.model.image import BASE_DIGEST, BASE_NAME, Image, Runtime
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType
from pratique.registry import documents
from pratique.registry.loading import assemble
from pratique.remediate.rebase_plan import RebasedImage, rebased
from pratique.remediate.safety import Facts, facts_of
from tests.remediate.images import BASE, NOW, digest, image

OLD = image(["os1"], {"Env": ["PATH=/bin", "OS=1"], "Cmd": ["sh"]})
NEW = image(["os2", "os3"], {"Env": ["PATH=/bin", "OS=2"], "Cmd": ["bash"]})
APP = image(["os1", "app"], {"Env": ["PATH=/bin", "OS=1", "APP=x"], "Cmd": ["sh"], "User": "7"})

Lines = list[dict[str, Any]]


def moved(app: Image, old: Image, new: Image, facts: Facts | None = None) -> RebasedImage:
    return rebased(app, old, new, base_reference=BASE, created=NOW, facts=facts)


def as_image(result: RebasedImage) -> Image:
    """The result read back as any image is: checks that manifest and config belong together."""
    manifest = documents.decode_manifest(result.manifest, result.media_type, "test")
    assert manifest.config == result.config_descriptor
    assert digest_of(result.config) == result.config_descriptor.digest
    return assemble(result.descriptor, manifest, result.manifest, result.config, "test")


def config_of(result: RebasedImage) -> Any:
    return msgspec.json.decode(result.config)


def test_base_layers_are_exchanged_and_the_configuration_follows() -> None:
    result = moved(APP, OLD, NEW)
    new = as_image(result)
    assert new.diff_ids == (digest("os2"), digest("os3"), digest("app"))
    assert [layer.from_base for layer in result.layers] == [True, True, False]
    assert new.runtime == Runtime(env=("PATH=/bin", "OS=2", "APP=x"), cmd=("bash",), user="7")
    assert [line.created_by for line in new.history] == ["RUN os2", "RUN os3", "RUN app"]
    assert new.created == NOW
    assert new.annotations == {BASE_NAME: "registry.test/base:1", BASE_DIGEST: NEW.digest}


def test_what_changed_is_told() -> None:
    assert [(change.reason, change.old, change.new) for change in moved(APP, OLD, NEW).changes] == [
        ("the base has a new version", OLD.digest, NEW.digest),
        ("layers of the base are replaced", "1", "2"),
        ("Cmd comes from the base", "sh", "bash"),
        ("environment variable OS comes from the base", "1", "2"),
    ]


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert moved(APP, OLD, NEW) == moved(APP, OLD, NEW)


def test_keys_that_we_do_not_know_are_kept() -> None:
    app = image(
        ["os1", "app"],
        {"Healthcheck": {"Test": ["CMD", "x"]}, "OnBuild": ["RUN y"]},
        more={"author": "me", "moby.buildkit.x": [1, {"a": None}]},
        manifest={"artifactType": "a/b", "x-unknown": [1]},
        annotations={"own": "kept", BASE_NAME: "other", "org.opencontainers.image.created": "1970"},
    )
    result = moved(app, OLD, NEW)
    config, manifest = config_of(result), msgspec.json.decode(result.manifest)
    assert config["config"]["Healthcheck"] == {"Test": ["CMD", "x"]}
    assert config["config"]["OnBuild"] == ["RUN y"]
    assert (config["author"], config["moby.buildkit.x"]) == ("me", [1, {"a": None}])
    assert (manifest["artifactType"], manifest["x-unknown"]) == ("a/b", [1])
    assert manifest["annotations"] == {
        "own": "kept",
        BASE_NAME: str(BASE),
        BASE_DIGEST: NEW.digest,
        "org.opencontainers.image.created": NOW,
    }


def test_base_labels_are_updated_where_the_image_has_them() -> None:
    app = image(["os1", "app"], {"Labels": {BASE_NAME: "x", BASE_DIGEST: "y"}})
    assert as_image(moved(app, OLD, NEW)).labels == {BASE_NAME: str(BASE), BASE_DIGEST: NEW.digest}


@pytest.mark.parametrize(("app_is_docker", "base_is_docker"), [(True, False), (False, True), (True, True)])
def test_an_image_keeps_to_one_family_of_media_types(app_is_docker: bool, base_is_docker: bool) -> None:
    docker: dict[str, Any] = {
        "layer_type": DOCKER_LAYER_GZIP,
        "config_type": DOCKER_CONFIG,
        "media_type": DOCKER_MANIFEST,
    }
    app = image(["os1", "app"], **(docker if app_is_docker else {}))
    new = image(["os2"], **(docker if base_is_docker else {}))
    result = moved(app, OLD, new)
    wanted = (
        (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER_GZIP)
        if app_is_docker
        else (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER_GZIP)
    )
    read = as_image(result)
    assert {(read.media_type, read.config.media_type, layer.descriptor.media_type) for layer in read.layers} == {wanted}
    assert ("annotations" in msgspec.json.decode(result.manifest)) is not app_is_docker


def test_docker_has_no_word_for_zstd_so_the_image_becomes_oci() -> None:
    app = image(["os1", "app"], layer_type=DOCKER_LAYER_GZIP, config_type=DOCKER_CONFIG, media_type=DOCKER_MANIFEST)
    read = as_image(moved(app, OLD, image(["os2"], layer_type=OCI_LAYER_ZSTD)))
    assert (read.media_type, read.config.media_type) == (OCI_MANIFEST, OCI_CONFIG)
    assert [layer.descriptor.media_type for layer in read.layers] == [OCI_LAYER_ZSTD, OCI_LAYER_GZIP]


def test_the_applications_empty_history_lines_are_kept() -> None:
    base_lines: Lines = [{"created_by": "RUN os1"}, {"created_by": "CMD sh", "empty_layer": True}]
    old = image(["os1"], history=base_lines)
    own: Lines = [{"created_by": "ENV A=1", "empty_layer": True}, {"created_by": "COPY app", "comment": "own"}]
    result = moved(image(["os1", "app"], history=[*base_lines, *own]), old, NEW)
    assert config_of(result)["history"] == [{"created_by": "RUN os2"}, {"created_by": "RUN os3"}, *own]


def test_base_lines_that_the_builder_rewrote_are_told_by_their_layers() -> None:
    own = [{"created_by": "COPY app"}]
    result = moved(image(["os1", "app"], history=[{"created_by": "rewritten"}, *own]), OLD, NEW)
    assert config_of(result)["history"][2:] == own


def test_a_history_that_does_not_fit_the_layers_is_replaced_by_one_that_does() -> None:
    app = image(["os1", "app", "more"], history=[{"created_by": "squashed"}])
    history = config_of(moved(app, OLD, image(["os2"], history=[])))["history"]
    assert history == [{"comment": "layer of the base"}] + [{"comment": "layer of the application"}] * 2


def test_images_without_any_history_stay_so() -> None:
    result = moved(image(["os1", "app"], history=[]), OLD, image(["os2"], history=[]))
    assert "history" not in config_of(result)


def test_an_inlined_copy_of_the_config_is_dropped() -> None:
    app = image(["os1", "app"])
    manifest = msgspec.json.decode(app.raw_manifest)
    manifest["config"]["data"] = "e30="
    result = moved(msgspec.structs.replace(app, raw_manifest=msgspec.json.encode(manifest)), OLD, NEW)
    assert "data" not in msgspec.json.decode(result.manifest)["config"]


@pytest.mark.parametrize(
    ("old", "new", "facts", "reason"),
    [
        (image(["other"]), NEW, None, "first layers are not those of the base"),
        (image([]), NEW, None, "first layers are not those of the base"),
        (image(["os1", "app", "x"]), NEW, None, "first layers are not those of the base"),
        (OLD, image(["os2"], platform=Platform("linux", "arm64")), None, "for linux/amd64 and the base .* linux/arm64"),
        (OLD, NEW, Facts(package_files=("var/lib/dpkg/status",)), r"package database \(var/lib/dpkg/status\)"),
        (OLD, NEW, Facts((), Distro("debian", "12"), Distro("debian", "13")), "from debian 12 to debian 13"),
        (
            OLD,
            NEW,
            Facts((), Distro("alpine", "3.19.1"), Distro("alpine", "3.20.0")),
            r"from alpine 3\.19 to alpine 3\.20",
        ),
        (OLD, NEW, Facts((), Distro("debian", "12"), Distro("ubuntu", "12")), "from debian 12 to ubuntu 12"),
    ],
)
def test_what_is_unsafe_is_refused_with_its_reason(old: Image, new: Image, facts: Facts | None, reason: str) -> None:
    with pytest.raises(Unsafe, match=reason) as caught:
        moved(APP, old, new, facts)
    assert "rebuild" in caught.value.hint


@pytest.mark.parametrize(
    "facts",
    [
        Facts((), Distro("alpine", "3.19.1"), Distro("alpine", "3.19.7")),
        Facts((), Distro("debian", "12"), None),
        Facts((), Distro("debian", "12", name="a"), Distro("debian", "12", name="b")),
    ],
)
def test_a_point_release_is_safe(facts: Facts) -> None:
    assert moved(APP, OLD, NEW, facts).changes


def test_facts_come_from_scans() -> None:
    def package(kind: PackageType, path: str, layer: str) -> Package:
        return Package(kind, path, "1", "pkg:x", locations=(Location(path, digest(layer)),))

    packages = (
        package(PackageType.DEB, "var/lib/dpkg/status", "app"),
        package(PackageType.DEB, "var/lib/dpkg/status.d/base", "os1"),
        package(PackageType.PYPI, "app/METADATA", "app"),
    )
    distro = Distro("debian", "12")
    facts = facts_of(Inventory(distro=distro, packages=packages), OLD, Inventory(distro=Distro("debian", "13")))
    assert facts == Facts(("var/lib/dpkg/status",), distro, Distro("debian", "13"))


def test_a_package_that_the_application_removed_shows_in_comparison_with_the_old_base() -> None:
    places = (Location("lib/apk/db/installed", digest("os1")),)
    there, gone = (Package(PackageType.APK, name, "1", "pkg:x", locations=places) for name in ("a", "b"))
    before, after = Inventory(packages=(there, gone)), Inventory(packages=(there,))
    assert facts_of(after, OLD).package_files == ()
    assert facts_of(after, OLD, old_inventory=before).package_files == ("lib/apk/db/installed",)
    assert facts_of(before, OLD, old_inventory=before).package_files == ()


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"layers": [1]}', b'{"layers": {}}'])
def test_a_manifest_that_is_none_is_an_error_of_ours(raw: bytes) -> None:
    with pytest.raises(InvalidData):
        moved(APP, OLD, msgspec.structs.replace(NEW, raw_manifest=raw))


_names = st.sampled_from("ABCD")
_variables = st.dictionaries(_names, st.sampled_from(["1", "2"]), max_size=3)


def _base(draw: Any, word: str) -> Image:
    layers = [f"{word}{number}" for number in range(draw(st.integers(1, 3)))]
    variables = draw(_variables)
    config = {
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "Labels": draw(_variables),
        "User": draw(st.sampled_from(["", "root"])),
        "Cmd": draw(st.sampled_from([None, ["sh"]])),
    }
    lines = [{"created_by": f"RUN {layer}"} for layer in layers] + [{"created_by": "CMD", "empty_layer": True}]
    return image(layers, {key: value for key, value in config.items() if value}, history=lines)


@st.composite
def _cases(draw: Any) -> tuple[Image, Image, Image]:
    """An old base, a new one, and an image built on the old one whose own values neither base has."""
    old, new = _base(draw, "old"), _base(draw, "new")
    base = msgspec.json.decode(old.raw_config)
    env = {**dict(line.split("=") for line in base["config"].get("Env", [])), **draw(_own)}
    config = {
        **base["config"],
        "Env": [f"{name}={value}" for name, value in env.items()],
        "Labels": {**base["config"].get("Labels", {}), **draw(_own)},
        **draw(st.sampled_from([{}, {"User": "own"}, {"Cmd": ["own"]}, {"Entrypoint": ["own"]}])),
    }
    own = [f"own{number}" for number in range(draw(st.integers(0, 2)))]
    layers = [f"old{number}" for number in range(len(old.layers))] + own
    lines = base["history"] + [{"created_by": f"COPY {layer}"} for layer in own]
    app = image(layers, {key: value for key, value in config.items() if value}, history=lines)
    return old, new, app


_own = st.dictionaries(st.sampled_from("ABXY"), st.sampled_from(["own1", "own2"]), max_size=3)


def _plainly(runtime: Runtime) -> tuple[object, ...]:
    """A runtime without the order of variables, which carries no meaning."""
    env, labels = sorted(runtime.env or ()), dict(runtime.labels or {})
    return (env, labels, runtime.user, runtime.cmd or (), runtime.entrypoint or ())


@given(_cases())
def test_onto_the_same_base_nothing_changes(case: tuple[Image, Image, Image]) -> None:
    old, _, app = case
    result = moved(app, old, old)
    again = as_image(result)
    assert again.diff_ids == app.diff_ids
    assert _plainly(again.runtime) == _plainly(app.runtime)
    assert again.history == app.history
    assert result.changes == ()


@given(_cases())
def test_there_and_back_gives_the_same_layers_and_runtime(case: tuple[Image, Image, Image]) -> None:
    old, new, app = case
    there = as_image(moved(app, old, new))
    back = as_image(moved(there, new, old))
    assert there.diff_ids[: len(new.layers)] == new.diff_ids
    assert back.diff_ids == app.diff_ids
    assert [layer.descriptor for layer in back.layers] == [layer.descriptor for layer in app.layers]
    assert _plainly(back.runtime) == _plainly(app.runtime)
    assert back.history == app.history

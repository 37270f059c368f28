import hashlib

from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import Platform
from pratique.model.image import BASE_DIGEST, BASE_NAME, Image, chain_ids
from pratique.model.reference import Reference
from pratique.remediate.lineage import KnownImage, PrefixIndex, find_base
from tests.remediate.images import digest, image

ARM = Platform("linux", "arm64")


def known(
    name: str, layers: list[str], *, version: str = "", platform: Platform | None = None, current: bool = False
) -> KnownImage:
    diff_ids = tuple(map(digest, layers))
    return KnownImage(Reference.parse(name), digest(name + version), diff_ids, platform or Platform(), current)


def test_the_base_is_the_known_image_with_the_longest_proper_prefix() -> None:
    lineage = find_base(
        image(["os", "python", "app"]),
        [known("t/os:1", ["os"]), known("t/python:3", ["os", "python"]), known("t/other:1", ["python"])],
    )
    assert lineage
    assert (str(lineage.base), lineage.layers, lineage.certain) == ("docker.io/t/python:3", 2, True)
    assert lineage.evidence == ("the first 2 of 3 layers are those of docker.io/t/python:3",)


def test_without_a_shared_first_layer_and_without_a_word_there_is_no_base() -> None:
    assert find_base(image(["os", "app"]), [known("t/other:1", ["app"])]) is None


def test_an_image_is_not_its_own_base_nor_is_its_twin() -> None:
    app = image(["os", "app"])
    itself = KnownImage(Reference.parse("t/app:1"), app.digest, app.diff_ids, app.platform)
    assert find_base(app, [itself, known("t/app:0", ["os", "app"])]) is None


def test_an_image_that_adds_no_layer_has_the_base_that_it_names() -> None:
    base = known("t/base:1", ["os"])
    child = image(["os"], annotations={BASE_DIGEST: base.digest})
    lineage = find_base(child, [base])
    assert lineage
    assert (lineage.base, lineage.layers, lineage.certain) == (base.reference, 1, True)


def test_another_platform_is_no_base() -> None:
    assert find_base(image(["os", "app"]), [known("t/os:1", ["os"], platform=ARM)]) is None


def test_arm64_without_a_variant_is_arm64_v8() -> None:
    v8 = known("t/os:1", ["os"], platform=Platform("linux", "arm64", "v8"))
    lineage = find_base(image(["os", "app"], platform=ARM), [v8])
    assert lineage
    assert lineage.base == v8.reference


def test_of_equal_layers_the_one_that_the_annotation_names_is_the_base() -> None:
    lineage = find_base(
        image(["os", "app"], annotations={BASE_NAME: "t/b:1"}),
        [known("t/a:1", ["os"], current=True), known("t/b:1", ["os"])],
    )
    assert lineage
    assert str(lineage.base) == "docker.io/t/b:1"
    assert "the annotation org.opencontainers.image.base.name names it" in lineage.evidence
    assert "the same layers are also known as docker.io/t/a:1" in lineage.evidence


def test_a_digest_named_beats_a_name_and_an_annotation_beats_a_label() -> None:
    older, newer = known("t/b:1", ["os"], version="older"), known("t/b:1", ["os"], version="newer")
    app = image(
        ["os", "app"],
        {"Labels": {BASE_DIGEST: newer.digest}},
        annotations={BASE_NAME: "t/b:1", BASE_DIGEST: older.digest},
    )
    lineage = find_base(app, [newer, older])
    assert lineage
    assert lineage.base_digest == older.digest


def test_then_the_current_holder_of_a_tag_and_then_the_name() -> None:
    equals = [known("t/c:1", ["os"]), known("t/b:1", ["os"], current=True), known("t/a:1", ["os"])]
    lineage = find_base(image(["os", "app"]), equals)
    assert lineage
    assert str(lineage.base) == "docker.io/t/b:1"
    lineage = find_base(image(["os", "app"]), [equals[0], equals[2]])
    assert lineage
    assert str(lineage.base) == "docker.io/t/a:1"


def test_a_base_that_is_not_known_by_layers_is_only_a_claim() -> None:
    app = image(["os", "app"], annotations={BASE_NAME: "t/os:1", BASE_DIGEST: digest("t/os:1")})
    lineage = find_base(app, [])
    assert lineage
    assert (str(lineage.base), lineage.base_digest) == ("docker.io/t/os:1", digest("t/os:1"))
    assert (lineage.layers, lineage.certain) == (0, False)
    assert lineage.evidence == ("the image's annotations say so", "no known image has its first layers")


def test_a_claim_that_the_layers_contradict_is_told() -> None:
    stated = known("t/stated:1", ["something else"])
    app = image(["os", "app"], annotations={BASE_DIGEST: stated.digest})
    alone = find_base(app, [stated])
    assert alone
    assert not alone.certain
    assert "not the first of this image" in alone.evidence[1]
    with_layers = find_base(app, [stated, known("t/os:1", ["os"])])
    assert with_layers
    assert str(with_layers.base) == "docker.io/t/os:1"
    assert "the layers decide" in with_layers.evidence[1]


def test_a_claim_that_is_no_reference_and_no_digest_is_none() -> None:
    assert find_base(image(["a"], annotations={BASE_NAME: "NOT A NAME", BASE_DIGEST: "sha256:1"}), []) is None


def test_chain_ids_are_those_of_the_specification() -> None:
    a, b = digest("a"), digest("b")
    assert list(chain_ids([a, b])) == [a, "sha256:" + hashlib.sha256(f"{a} {b}".encode()).hexdigest()]


_stacks = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


@given(_stacks, st.lists(_stacks, max_size=8))
def test_the_index_finds_what_a_search_of_all_prefixes_finds(layers: list[str], stacks: list[list[str]]) -> None:
    candidates = [known(f"t/k{number}:1", stack) for number, stack in enumerate(stacks)]
    fitting = [stack for stack in stacks if len(stack) < len(layers) and layers[: len(stack)] == stack]
    app: Image = image(layers)
    lineage = find_base(app, PrefixIndex(candidates))
    assert (lineage.layers if lineage else 0) == max(map(len, fitting), default=0)

"""What a person types: a workload, an image, perhaps a container."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import UsageError
from pratique.model.reference import Reference
from pratique.model.workload import Container, Workload
from pratique.rollout.target import container_for, parse, pinned_reference
from tests.rollout.shapes import REPOSITORY, A, image


@pytest.mark.parametrize("kind", ["Deployment", "deployment", "deployments", "deploy", "DEPLOY"])
def test_a_kind_may_be_written_as_kubectl_takes_it(kind: str) -> None:
    assert parse(f"shop/{kind}/web") == ("shop", "Deployment", "web")


def test_a_kind_that_is_not_known_stays_as_it_is() -> None:
    assert parse("shop/Rollout/web") == ("shop", "Rollout", "web")


@given(st.text(max_size=30).filter(lambda text: text.count("/") != 2 or not all(text.split("/"))))
def test_what_is_not_three_words_is_not_a_workload(text: str) -> None:
    with pytest.raises(UsageError, match="not a workload"):
        parse(text)


def test_an_image_must_have_its_digest() -> None:
    assert pinned_reference(image()) == (Reference.parse(image()), A)
    with pytest.raises(UsageError, match="has no digest"):
        pinned_reference(f"{REPOSITORY}:1")


def test_the_container_is_the_one_of_that_repository_or_the_only_one() -> None:
    app, proxy, setup = Container("app", f"{REPOSITORY}:1"), Container("proxy", "!"), Container("setup", "x", init=True)
    ours, other = Reference.parse(image()), Reference.parse("another")
    assert container_for(Workload("n", "Pod", "p", (app, proxy)), ours) == "app"
    assert container_for(Workload("n", "Pod", "p", (proxy, setup)), other) == "proxy"
    assert container_for(Workload("n", "Pod", "p", (app, proxy)), other, "proxy") == "proxy"
    for containers in ((app, proxy), ()):
        with pytest.raises(UsageError, match="which container"):
            container_for(Workload("n", "Pod", "p", containers), other)

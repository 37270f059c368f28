"""Where images hide."""

from typing import Any

import pytest

from pratique.admit import podspecs
from pratique.admit.podspecs import ImageUse, images
from pratique.model.errors import InvalidData
from tests.admit import bodies


def test_every_field_of_a_pod_that_makes_a_node_pull() -> None:
    document = bodies.pod(
        "app:1",
        initContainers=[{"name": "i", "image": "init:1"}, {"name": "s", "image": "side:1", "restartPolicy": "Always"}],
        ephemeralContainers=[{"name": "debugger", "image": "busybox"}],
        volumes=[{"name": "e", "emptyDir": {}}, {"name": "m", "image": {"reference": "model:1"}}],
    )
    assert set(images("", "Pod", document)) == {
        ImageUse("/spec/containers/0/image", "app:1"),
        ImageUse("/spec/initContainers/0/image", "init:1"),
        ImageUse("/spec/initContainers/1/image", "side:1"),
        ImageUse("/spec/ephemeralContainers/0/image", "busybox"),
        ImageUse("/spec/volumes/1/image/reference", "model:1"),
    }


@pytest.mark.parametrize("kind", ["ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"])
def test_templates_of_apps(kind: str) -> None:
    assert images("apps", kind, bodies.deployment("a", "b")) == (
        ImageUse("/spec/template/spec/containers/0/image", "a"),
        ImageUse("/spec/template/spec/containers/1/image", "b"),
    )


def test_templates_of_the_other_groups() -> None:
    spec = bodies.pod("a")["spec"]
    assert images("batch", "Job", bodies.deployment("a"))[0].pointer == "/spec/template/spec/containers/0/image"
    assert images("", "ReplicationController", bodies.deployment("a"))
    assert images("", "PodTemplate", {"template": {"spec": spec}})[0].pointer == "/template/spec/containers/0/image"
    (use,) = images("batch", "CronJob", bodies.cronjob("a"))
    assert use.pointer == "/spec/jobTemplate/spec/template/spec/containers/0/image"


def test_a_kind_of_that_name_in_another_group_is_another_kind() -> None:
    assert images("serving.example", "Deployment", bodies.deployment("a")) == ()
    assert images("autoscaling", "Scale", {"spec": {"replicas": 1}}) == ()


def test_an_empty_image_in_a_template_is_left_to_the_api_server() -> None:
    assert images("apps", "Deployment", bodies.deployment("")) == ()


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": {"a": {"image": "x"}}},
        {"containers": ["x"]},
        {"containers": [{"image": ["x"]}]},
        {"containers": [{"image": 7}]},
        {"volumes": [{"image": "x"}]},
        {"volumes": [{"image": {"reference": {}}}]},
        [],
        "text",
    ],
)
def test_what_does_not_have_its_shape_cannot_be_read(spec: Any) -> None:
    with pytest.raises(InvalidData, match="/spec"):
        images("", "Pod", {"spec": spec})


def test_pointers_are_escaped() -> None:
    assert podspecs.pointer("metadata", "annotations", "a/b~c", 0) == "/metadata/annotations/a~1b~0c/0"

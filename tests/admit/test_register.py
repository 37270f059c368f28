"""Webhook registration: what the configurations say, how they get there, and a real API server that obeys them."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from pratique.admit.register import NAME_LABEL, Service, change_problem, configurations, register, unregister
from pratique.model.errors import NotFound, Refused, Unavailable, UsageError
from pratique.rollout.api import Api
from tests.support.cluster import kubectl, own_namespace, require_cluster
from tests.support.machine import free_port

CA = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


class FakeApi:
    """The few calls, on a dictionary; `answers` says what becomes of each dry-run probe."""

    def __init__(self, objects: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.objects = dict(objects or {})
        self.warnings: tuple[str, ...] = ()
        self.answers: list[Exception | None] = [Refused("admission webhook validating.images.pratique.dev denied it")]
        self.conflicts = 0

    def get(self, path: str) -> dict[str, Any]:
        if path not in self.objects:
            raise NotFound(f"no {path}")
        return self.objects[path]

    def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        if dry_run:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer:
                raise answer
            return dict(body)
        return self.replace(f"{path}/{body['metadata']['name']}", body)

    def replace(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.conflicts:
            self.conflicts -= 1
            raise Unavailable("409: the object has been modified")
        self.objects[path] = {**body, "metadata": {**body["metadata"], "resourceVersion": "7"}}
        return self.objects[path]

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.objects[path]["metadata"].setdefault("labels", {}).update(body["metadata"]["labels"])
        return self.objects[path]

    def delete(self, path: str) -> None:
        self.get(path)
        del self.objects[path]


def test_the_configurations_cover_pods_debug_containers_and_every_template() -> None:
    for configuration in configurations("images", ca_pem=CA, url="https://127.0.0.1:8443"):
        rules = configuration["webhooks"][0]["rules"]
        covered = {
            (resource, operation) for it in rules for resource in it["resources"] for operation in it["operations"]
        }
        assert {("pods", "CREATE"), ("pods", "UPDATE"), ("pods/ephemeralcontainers", "UPDATE")} <= covered
        templates = {
            "replicationcontrollers",
            "replicasets",
            "deployments",
            "statefulsets",
            "daemonsets",
            "jobs",
            "cronjobs",
        }
        assert {(it, operation) for it in templates for operation in ("CREATE", "UPDATE")} <= covered


def test_the_configurations_have_no_side_effects_and_speak_v1() -> None:
    mutating, validating = configurations("images", ca_pem=CA, service=Service("pratique", "admission"), timeout=3)
    assert mutating["kind"] == "MutatingWebhookConfiguration"
    assert validating["kind"] == "ValidatingWebhookConfiguration"
    for configuration, path in ((mutating, "/mutate"), (validating, "/validate")):
        webhook = configuration["webhooks"][0]
        assert len(webhook["name"].split(".")) >= 3
        assert webhook["clientConfig"]["service"] == {
            "namespace": "pratique",
            "name": "admission",
            "port": 443,
            "path": path,
        }
        assert base64.b64decode(webhook["clientConfig"]["caBundle"]) == CA
        assert (webhook["sideEffects"], webhook["admissionReviewVersions"]) == ("None", ["v1"])
        assert (webhook["failurePolicy"], webhook["timeoutSeconds"]) == ("Fail", 3)


def test_exempt_namespaces_are_left_out_by_name_and_aks_expressions_are_there_already() -> None:
    _, validating = configurations("images", ca_pem=CA, url="https://127.0.0.1:1", exempt=("pratique", "kube-system"))
    expressions = validating["webhooks"][0]["namespaceSelector"]["matchExpressions"]
    assert {"key": NAME_LABEL, "operator": "NotIn", "values": ["kube-system", "pratique"]} in expressions
    assert {it["key"] for it in expressions} == {NAME_LABEL, "control-plane", "kubernetes.azure.com/managedby"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "exactly one"),
        ({"url": "https://here", "service": Service("a", "b")}, "exactly one"),
        ({"url": "http://127.0.0.1:80"}, "not a webhook's address"),
        ({"url": "https://user@127.0.0.1"}, "not a webhook's address"),
        ({"url": "https://here", "timeout": 31}, "1 to 30"),
        ({"url": "https://here", "ca_pem": b"garbage"}, "not a PEM"),
        ({"url": "https://here", "name": "Capital"}, "not a name"),
    ],
)
def test_a_configuration_that_the_api_server_would_refuse_is_refused_here(
    arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        configurations(**{"name": "images", "ca_pem": CA} | arguments)


def test_registering_twice_replaces_and_survives_a_conflict() -> None:
    api = FakeApi()
    first = configurations("images", ca_pem=CA, url="https://127.0.0.1:1")
    assert register(api, *first)
    api.conflicts = 2
    second = configurations("images", ca_pem=CA, url="https://127.0.0.1:2")
    assert register(api, *second)
    urls = {it["webhooks"][0]["clientConfig"]["url"] for it in api.objects.values()}
    assert urls == {"https://127.0.0.1:2/mutate", "https://127.0.0.1:2/validate"}


def test_an_exempt_namespace_without_its_name_label_gets_it() -> None:
    api = FakeApi({"api/v1/namespaces/kube-system": {"metadata": {"name": "kube-system"}}})
    register(api, *configurations("images", ca_pem=CA, url="https://127.0.0.1:1"))
    assert api.objects["api/v1/namespaces/kube-system"]["metadata"]["labels"] == {NAME_LABEL: "kube-system"}


def test_registration_waits_until_the_webhook_is_asked() -> None:
    api = FakeApi()
    api.answers = [
        None,
        Unavailable("failed calling webhook"),
        Refused("webhook validating.images.pratique.dev denied"),
    ]
    assert register(api, *configurations("images", ca_pem=CA, url="https://127.0.0.1:1"))
    assert len(api.answers) == 1


def test_silence_and_the_refusal_of_another_webhook_prove_nothing() -> None:
    api = FakeApi()
    built = configurations("images", ca_pem=CA, url="https://127.0.0.1:1")
    for answer in (None, Refused("admission webhook other.example.org denied it")):
        api.answers = [answer]
        assert not register(api, *built, wait=0)


def test_a_webhook_that_can_not_be_reached_is_reported() -> None:
    api = FakeApi()
    api.answers = [Unavailable("failed calling webhook validating.images.pratique.dev")]
    with pytest.raises(Unavailable, match="failed calling webhook"):
        register(api, *configurations("images", ca_pem=CA, url="https://127.0.0.1:1"), wait=0)


def test_unregistering_what_is_not_there_is_no_error() -> None:
    api = FakeApi()
    register(api, *configurations("images", ca_pem=CA, url="https://127.0.0.1:1"))
    unregister(api, "images")
    unregister(api, "images")
    assert not api.objects


@pytest.mark.parametrize(
    ("version", "crashes"),
    [
        ({"gitVersion": "v1.20.2", "goVersion": "go1.19.8", "minor": "20"}, True),
        ({"gitVersion": "v1.22.17", "goVersion": "go1.18", "minor": "22"}, True),
        ({"gitVersion": "v1.22.3-gke.1500+dirty", "goVersion": "go1.20rc2", "minor": "22+"}, True),
        ({"gitVersion": "v1.22.17", "goVersion": "devel go1.19-b7e4ac9 Mon", "minor": "22"}, True),
        ({"gitVersion": "our own", "goVersion": "go1.19.8", "major": "1", "minor": "21+"}, True),
        ({"goVersion": "go1.19.8", "minor": "21"}, True),
        ({"gitVersion": "v1.22.17", "goVersion": "go1.16.15", "minor": "22"}, False),
        ({"gitVersion": "v1.20.2", "goVersion": "go1.17.13", "minor": "20"}, False),
        ({"gitVersion": "v1.23.0", "goVersion": "go1.19.10", "minor": "23"}, False),
        ({"gitVersion": "v1.37.2", "goVersion": "go1.26.8", "minor": "37"}, False),
        ({"gitVersion": "v2.0.0", "goVersion": "go2.1", "major": "2", "minor": "0"}, False),
        ({"gitVersion": "v1.20.2", "goVersion": "", "minor": "20"}, False),
        ({"gitVersion": "", "goVersion": "go1.19", "minor": "?"}, False),
        ({}, False),
    ],
)
def test_a_webhook_that_changes_objects_is_unsafe_before_1_23_when_built_with_go_1_18_or_later(
    version: dict[str, str], crashes: bool
) -> None:
    problem = change_problem(version)
    assert bool(problem) is crashes
    assert "\n" not in problem


def test_the_problem_names_both_versions() -> None:
    problem = change_problem({"gitVersion": "v1.20.2", "goVersion": "go1.19.8", "minor": "20"})
    assert "Kubernetes 1.20 built with Go 1.19" in problem
    assert "reflect2" in problem


def test_a_version_that_is_no_text_is_no_reason() -> None:
    hostile: Any = {"gitVersion": 7, "goVersion": ["go1.19"], "minor": None, "major": {}}
    assert change_problem(hostile) == ""
    assert change_problem({"gitVersion": "v1." + "9" * 5000, "goVersion": "go1.19"}) == ""


def test_without_a_mutating_configuration_only_the_validating_one_is_put_in_place() -> None:
    api = FakeApi()
    _, validating = configurations("images", ca_pem=CA, url="https://127.0.0.1:1")
    assert register(api, None, validating)
    assert [it["kind"] for it in api.objects.values()] == ["ValidatingWebhookConfiguration"]


def test_without_a_mutating_configuration_an_earlier_one_is_gone_before_the_first_probe() -> None:
    class Watched(FakeApi):
        def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
            assert not dry_run or not any("mutating" in it and it.endswith("/images") for it in self.objects)
            return super().create(path, body, dry_run=dry_run)

    mutating, validating = configurations("images", ca_pem=CA, url="https://127.0.0.1:1")
    before = FakeApi()
    register(before, *configurations("others", ca_pem=CA, url="https://127.0.0.1:1"))
    register(before, mutating, validating)
    api = Watched(before.objects)
    assert register(api, None, validating)
    assert sorted((it["metadata"]["name"], it["kind"]) for it in api.objects.values()) == [
        ("images", "ValidatingWebhookConfiguration"),
        ("others", "MutatingWebhookConfiguration"),
        ("others", "ValidatingWebhookConfiguration"),
    ]


class _Denies(BaseHTTPRequestHandler):
    """A webhook that says no to everything on /validate."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        allowed = self.path.startswith("/mutate")
        answer: dict[str, Any] = {"uid": request["uid"], "allowed": allowed}
        answer |= {} if allowed else {"status": {"code": 403, "message": "no image is good enough"}}
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class' name
        pass


def _certificate(folder: Path) -> tuple[Path, bytes]:
    """A self-signed certificate for 127.0.0.1: one file with key and certificate, and the certificate alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "webhook")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    )
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(secret + pem)
    return folder / "both.pem", pem


@contextmanager
def _webhook(folder: Path) -> Iterator[tuple[str, bytes]]:
    both, pem = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Denies)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", pem
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.root
@pytest.mark.xdist_group("cluster")
def test_a_real_api_server_asks_the_registered_webhook_and_stops_asking(tmp_path: Path) -> None:
    kubeconfig = require_cluster()
    api = Api.connect(kubeconfig)
    with own_namespace(kubeconfig, "pratique-register") as namespace, _webhook(tmp_path) as (url, ca_pem):
        only = {"pratique-test": namespace}
        kubectl(kubeconfig, "label", "namespace", namespace, f"pratique-test={namespace}")
        built = configurations(namespace, ca_pem=ca_pem, url=url, only_labelled=only)
        deployment = ("-n", namespace, "create", "deployment", "web", "--image=example.org/app:1")
        try:
            assert register(api, *built, probe_namespace=namespace)
            assert register(api, *built, probe_namespace=namespace)
            with pytest.raises(AssertionError, match="no image is good enough"):
                kubectl(kubeconfig, *deployment)
            away = configurations(namespace, ca_pem=ca_pem, url=f"https://127.0.0.1:{free_port()}", only_labelled=only)
            with pytest.raises(Unavailable, match="failed calling webhook"):
                register(api, *away, probe_namespace=namespace, wait=3)
        finally:
            unregister(api, namespace)
            api.close()
        kubectl(kubeconfig, *deployment)

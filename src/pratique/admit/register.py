"""Tell the API server to ask us: the two webhook configurations (decided), and putting them there (acted).

Kubernetes API reference: admissionregistration.k8s.io/v1. Enforcement is the validating one's; the mutating one only
pins tags to digests. Pods are where it counts, the templates above them give early answers.
"""

import base64
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol

import msgspec

from pratique.model.errors import InvalidData, NotFound, Refused, Unavailable, UsageError

FailurePolicy = Literal["Fail", "Ignore"]
NAME_LABEL = "kubernetes.io/metadata.name"  # set on every namespace by Kubernetes 1.21 and later
_COLLECTION = "apis/admissionregistration.k8s.io/v1"
_MUTATING, _VALIDATING = "mutatingwebhookconfigurations", "validatingwebhookconfigurations"
_ATTEMPTS = 5
_PAUSE = 0.2  # seconds between two looks

# A webhook's patch is written into an audit annotation by json-iterator, which walks maps through modern-go/reflect2:
# before 1.0.2 that ends in SIGSEGV in what Go 1.18 or later compiled (kubernetes/kubernetes#104947). 1.23 has 1.0.2.
_SOUND, _CRASHING = (1, 23), (1, 18)

# AKS' admissions enforcer writes these into every configuration (admission.md, section 4): a configuration that has
# them already is left in peace, and no two controllers fight over it.
_AKS = (
    {"key": "control-plane", "operator": "NotIn", "values": ["true"]},
    {"key": "kubernetes.azure.com/managedby", "operator": "NotIn", "values": ["aks"]},
)
_RULES: tuple[tuple[tuple[str, ...], str, tuple[str, ...], tuple[str, ...]], ...] = (
    (("CREATE", "UPDATE"), "", ("v1",), ("pods", "replicationcontrollers", "podtemplates")),
    (("UPDATE",), "", ("v1",), ("pods/ephemeralcontainers",)),
    (("CREATE", "UPDATE"), "apps", ("v1",), ("deployments", "statefulsets", "daemonsets", "replicasets")),
    (("CREATE", "UPDATE"), "batch", ("v1", "v1beta1"), ("jobs", "cronjobs")),
)


class Service(msgspec.Struct, frozen=True):
    """The Service in front of the webhook: its certificate must name `name.namespace.svc`."""

    namespace: str
    name: str
    port: int = 443


class TalksToCluster(Protocol):
    """The few calls of a Kubernetes API that registration needs; `rollout.api.Api` fits.

    Raises NotFound (404), Refused (401, 403, denied by a webhook) and Unavailable (409, 429, 5xx, no answer).
    `warnings` are the `Warning` headers of the last answer.
    """

    warnings: tuple[str, ...]

    def get(self, path: str) -> dict[str, Any]:
        """One object."""

    def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Make an object."""

    def replace(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Put an object in another's place."""

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Merge into an object."""

    def delete(self, path: str) -> None:
        """Delete an object."""


def configurations(
    name: str,
    *,
    ca_pem: bytes,
    url: str = "",
    service: Service | None = None,
    exempt: Sequence[str] = ("kube-system",),
    only_labelled: Mapping[str, str] | None = None,
    failure_policy: FailurePolicy = "Fail",
    timeout: int = 5,
    paths: tuple[str, str] = ("/mutate", "/validate"),
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The mutating and the validating webhook configuration called `name`.

    Reached at `url` (https, without a path) or through `service`; trusted by `ca_pem` (two certificates while one is
    being replaced). Namespaces named in `exempt` are left out, which needs their `kubernetes.io/metadata.name` label:
    `register` adds it where Kubernetes (before 1.21) does not. `only_labelled` narrows it to namespaces with these
    labels. `timeout` is in seconds, 1-30. Raises UsageError.
    """
    _check(name, url, service, ca_pem, timeout)
    built = []
    for kind, path in zip(("Mutating", "Validating"), paths, strict=True):
        webhook = {
            "name": f"{kind.lower()}.{name}.pratique.dev",
            "clientConfig": _client(url, service, path, ca_pem),
            "rules": _rules(),
            "failurePolicy": failure_policy,
            "matchPolicy": "Equivalent",
            "namespaceSelector": _selector(exempt, only_labelled or {}),
            "sideEffects": "None",
            "timeoutSeconds": timeout,
            "admissionReviewVersions": ["v1"],
        } | ({"reinvocationPolicy": "IfNeeded"} if kind == "Mutating" else {})
        built.append(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": f"{kind}WebhookConfiguration",
                "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "pratique"}},
                "webhooks": [webhook],
            }
        )
    return built[0], built[1]


def change_problem(version: Mapping[str, str]) -> str:
    """Why a mutating webhook must not be registered with this API server; empty when nothing speaks against it.

    `version` is the answer of `/version` (version.Info: `gitVersion` "v1.20.2", `goVersion` "go1.19.8", `major` "1",
    `minor` "20" or "20+"). What can't be read there is no reason.
    """
    kubernetes = _two(r"v(\d+)\.(\d+)", version.get("gitVersion"))
    kubernetes = kubernetes or _two(r"(\d+)\.(\d+)", f"{version.get('major') or 1}.{version.get('minor')}")
    go = _two(r"(?:devel )?go(\d+)\.(\d+)", version.get("goVersion"))
    if not kubernetes or not go or kubernetes >= _SOUND or go < _CRASHING:
        return ""
    return (
        f"Kubernetes {kubernetes[0]}.{kubernetes[1]} built with Go {go[0]}.{go[1]} crashes when a webhook changes an "
        "object (its modern-go/reflect2 is older than 1.0.2)"
    )


def register(
    client: TalksToCluster,
    mutating: Mapping[str, Any] | None,
    validating: Mapping[str, Any],
    *,
    probe_namespace: str = "default",
    wait: float = 10,
) -> bool:
    """Create or replace both configurations, and wait up to `wait` seconds until the API server asks us.

    `probe_namespace` must be one that the configurations apply to. Without `mutating` (see `change_problem`) nothing is
    pinned: a mutating configuration of the validating one's name, left by an earlier registration, is deleted.

    True when a dry-run Pod of an unknown image was seen to pass through us: refused, changed or warned about. False
    when that was not seen: not in effect yet, or the policy says nothing of unknown images. Raises
    Unavailable when the API server can't reach the webhook; the configurations are then in place.
    """
    name = str(validating["metadata"]["name"])
    if mutating is None:  # first of all: with it the probe below could be what crashes the API server
        _delete(client, _MUTATING, name)
    for namespace in _exempt(validating):
        _label(client, namespace)
    # the server must be able to say no before it is asked to change anything
    _put(client, _VALIDATING, validating)
    if mutating is not None:
        _put(client, _MUTATING, mutating)
    end = time.monotonic() + wait
    unreachable: Unavailable | None = None
    while True:
        try:
            if _answered(client, probe_namespace, name):
                return True
            unreachable = None
        except Unavailable as error:
            unreachable = error
        if time.monotonic() >= end:
            if unreachable:
                raise unreachable
            return False
        time.sleep(_PAUSE)


def unregister(client: TalksToCluster, name: str) -> None:
    """Delete both configurations; it does not matter whether they were there."""
    for plural in (_MUTATING, _VALIDATING):
        _delete(client, plural, name)


def _check(name: str, url: str, service: Service | None, ca_pem: bytes, timeout: int) -> None:
    if bool(url) == (service is not None):
        raise UsageError("a webhook is reached by a url or a service, exactly one of them")
    if url and (not url.startswith("https://") or any(sign in url for sign in "?#@")):
        raise UsageError(f"not a webhook's address: {url[:80]!r}", "write it as https://host:port")
    if b"-----BEGIN CERTIFICATE-----" not in ca_pem:
        raise UsageError("the webhook's CA is not a PEM certificate")
    if not 1 <= timeout <= 30:
        raise UsageError(f"a webhook's timeout is 1 to 30 seconds, not {timeout}")
    if not name or name != name.lower() or len(name) > 200:
        raise UsageError(f"not a name for a webhook: {name[:80]!r}", "lower case letters, digits and '-'")


def _client(url: str, service: Service | None, path: str, ca_pem: bytes) -> dict[str, Any]:
    bundle = {"caBundle": base64.b64encode(ca_pem).decode()}
    if service is None:
        return {"url": url.rstrip("/") + path} | bundle
    return {"service": msgspec.to_builtins(service) | {"path": path}} | bundle


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "operations": list(operations),
            "apiGroups": [group],
            "apiVersions": list(versions),
            "resources": list(resources),
            "scope": "Namespaced",
        }
        for operations, group, versions, resources in _RULES
    ]


def _selector(exempt: Sequence[str], only_labelled: Mapping[str, str]) -> dict[str, Any]:
    names = [{"key": NAME_LABEL, "operator": "NotIn", "values": sorted(set(exempt))}] if exempt else []
    only = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(only_labelled.items())]
    return {"matchExpressions": [*names, *only, *_AKS]}


def _exempt(configuration: Mapping[str, Any]) -> list[str]:
    expressions = configuration["webhooks"][0]["namespaceSelector"]["matchExpressions"]
    return [namespace for it in expressions if it["key"] == NAME_LABEL for namespace in it["values"]]


def _label(client: TalksToCluster, namespace: str) -> None:
    """Before 1.21 a namespace has no name label, and `NotIn` lets through what lacks it: kube-system would be ours."""
    path = f"api/v1/namespaces/{namespace}"
    try:
        labels = client.get(path)["metadata"].get("labels") or {}
        if labels.get(NAME_LABEL) != namespace:
            client.patch(path, {"metadata": {"labels": {NAME_LABEL: namespace}}})
    except NotFound:
        return  # it may be made later, on a cluster that labels it


def _put(client: TalksToCluster, plural: str, wanted: Mapping[str, Any]) -> None:
    """Create or replace, again when somebody else did so at the same moment."""
    collection = f"{_COLLECTION}/{plural}"
    path = f"{collection}/{wanted['metadata']['name']}"
    for attempt in range(_ATTEMPTS):
        try:
            try:
                there = client.get(path)
            except NotFound:
                client.create(collection, wanted)
            else:
                version = there["metadata"]["resourceVersion"]
                client.replace(path, {**wanted, "metadata": {**wanted["metadata"], "resourceVersion": version}})
            return
        except (Unavailable, NotFound) as error:
            if attempt + 1 == _ATTEMPTS:
                raise Unavailable(f"could not register {path}: {error}", "try again") from error
            time.sleep(_PAUSE)


def _delete(client: TalksToCluster, plural: str, name: str) -> None:
    with suppress(NotFound):
        client.delete(f"{_COLLECTION}/{plural}/{name}")


def _two(pattern: str, text: object) -> tuple[int, int] | None:
    found = re.match(pattern, text, re.ASCII) if isinstance(text, str) and len(text) < 200 else None
    return (int(found[1]), int(found[2])) if found else None


def _answered(client: TalksToCluster, namespace: str, name: str) -> bool:
    image = "probe.pratique.invalid/registration:unknown"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "pratique-probe-", "namespace": namespace},
        "spec": {"containers": [{"name": "probe", "image": image}], "automountServiceAccountToken": False},
    }
    try:
        made = client.create(f"api/v1/namespaces/{namespace}/pods", pod, dry_run=True)
    except (Refused, InvalidData) as error:
        return f"{name}.pratique.dev" in error.what  # somebody else's refusal tells nothing of us
    return bool(client.warnings) or made["spec"]["containers"][0]["image"] != image

"""`pratique sign` and `verify` beyond plain keys: notation, keyless, several keys, whole indexes, keys elsewhere."""

import base64
import json
from pathlib import Path
from uuid import uuid4

import pytest

from pratique.attest.keys import generate, load_private
from pratique.entrypoints.cli.main import main
from pratique.model.reference import Reference
from pratique.registry.layout import LayoutRepository
from pratique.registry.pack import pack, pack_index
from pratique.registry.remote import RemoteRegistry
from tests.attest.keyless.test_keyless import payload, push
from tests.attest.notation.material import policy_json, store
from tests.registry.servers import Answer, Request, serve
from tests.support.certificates import Issued, authority, issue
from tests.support.sigstore import IDENTITY, ISSUER, Sigstore


@pytest.fixture
def root() -> Issued:
    return authority()


@pytest.fixture
def signing(tmp_path: Path, root: Issued) -> list[str]:
    """The arguments to sign with; the trust policy and its store lie in the same folder."""
    signer = issue(root)
    (tmp_path / "signer.key").write_bytes(signer.key_pem)
    (tmp_path / "signer.pem").write_bytes(signer.chain_pem)
    (tmp_path / "trustpolicy.json").write_bytes(policy_json())
    store(tmp_path, root)
    return ["--notation", "--key", str(tmp_path / "signer.key"), "--certificate-chain", str(tmp_path / "signer.pem")]


@pytest.fixture
def layout(tmp_path: Path) -> str:
    pack(LayoutRepository(tmp_path / "app", Reference.parse("registry.example/app")), [b""], tag="1")
    return f"oci:{tmp_path / 'app'}:1"


@pytest.mark.parametrize("envelope", ["jws", "cose"])
def test_sign_and_verify_as_notation_does(
    signing: list[str], layout: str, tmp_path: Path, envelope: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verify = ["verify", layout, "--trust-policy", str(tmp_path / "trustpolicy.json")]
    assert main(verify) == 1
    assert "nothing was found beside it" in capsys.readouterr().out
    assert main(["sign", layout, *signing, "--envelope", envelope, "-a", "stage=prod", "--expires-in", "1d"]) == 0
    assert main([*verify, "-a", "stage=prod"]) == 0
    assert "verified" in capsys.readouterr().out
    assert main([*verify, "-a", "stage=test"]) == 1
    assert main([*verify, "-f", "json"]) == 0
    capsys.readouterr()
    assert main([*verify[:2], *verify[2:], "--trust-store", str(tmp_path / "truststore"), "-f", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["verified"]) == 1


def test_what_a_policy_only_reports_is_shown(
    signing: list[str], layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path, authority(name="another"), name="other")
    policy = tmp_path / "audit.json"
    policy.write_bytes(policy_json(level="audit", stores=["ca:other"]))
    assert main(["sign", layout, *signing]) == 0
    assert main(["verify", layout, "--trust-policy", str(policy)]) == 0
    assert "warning" in capsys.readouterr().out
    policy.write_bytes(policy_json(level="strict", stores=["ca:other"]))
    assert main(["verify", layout, "--trust-policy", str(policy)]) == 1
    policy.write_bytes(policy_json(["localhost/app"], "skip", stores=(), identities=()))
    capsys.readouterr()
    assert main(["verify", layout, "--trust-policy", str(policy)]) == 0
    assert "need not be" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["sign", "--notation", "--key", "k"], "--certificate-chain"),
        (["sign", "--notation", "--key", "k", "--certificate-chain", "c", "--bundle"], "bundles are cosign's"),
        (["sign", "--key", "k", "--envelope", "jws"], "for --notation"),
        (["sign", "--key", "ftp://k"], "not where a key can be"),
        (["verify"], "what should it be verified with"),
        (["verify", "--key", "k", "--trust-policy", "p"], "what should it be verified with"),
        (["verify", "--key", "k", "--trust-store", "p"], "--trust-store is for"),
        (["verify", "--trust-policy", "p", "--type", "vuln"], "notation has no attestations"),
        (["verify", "--key", "k", "--at-least", "2"], "at most all of them"),
    ],
)
def test_a_wrong_request_is_told_in_words(
    layout: str, wrong: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([wrong[0], layout, *wrong[1:]]) == 2
    assert said in capsys.readouterr().err


def test_so_many_keys_must_have_signed_each_once(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    keys = [str(tmp_path / name) for name in "abc"]
    for key in keys:
        assert main(["sign", "--generate-key", key]) == 0
    verify = ["verify", layout, *(word for key in keys for word in ("--key", f"{key}.pub")), "--at-least", "2"]
    for _ in range(2):
        assert main(["sign", layout, "--key", f"{keys[0]}.key"]) == 0
        assert main(["sign", layout, "--key", f"{keys[0]}.key", "--bundle"]) == 0
    assert main(verify) == 1
    assert "signed with 1 of at least 2 keys" in capsys.readouterr().out
    assert main(["sign", layout, "--key", f"{keys[2]}.key"]) == 0
    assert main(verify) == 0


@pytest.mark.parametrize("form", [["--bundle"], [], ["--notation"]])
def test_an_index_is_signed_with_all_that_is_in_it(
    signing: list[str], tmp_path: Path, form: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    repository = LayoutRepository(tmp_path / "app", Reference.parse("registry.example/app"))
    children = [pack(repository, [b"x" * number]) for number in range(2)]
    index = pack_index(repository, children, tag="1")
    how = signing if form == ["--notation"] else [*signing[1:3], *form]
    layout = f"oci:{tmp_path / 'app'}"
    assert main(["sign", f"{layout}:1", *how, "--recursive"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    public = tmp_path / "signer.pub"
    public.write_bytes(_public_pem(tmp_path / "signer.key"))
    by = ["--trust-policy", str(tmp_path / "trustpolicy.json")] if how is signing else ["--key", str(public)]
    for digest in (index.digest, *(child.digest for child in children)):
        assert main(["verify", f"{layout}@{digest}", *by]) == 0


def test_a_key_may_be_in_the_environment(
    layout: str, tmp_path: Path, root: Issued, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGNING_KEY", root.key_pem.decode())
    monkeypatch.setenv("VERIFYING_KEY", _public_of(root).decode())
    assert main(["sign", layout, "--key", "env://SIGNING_KEY"]) == 0
    assert main(["verify", layout, "--key", "env://VERIFYING_KEY"]) == 0
    capsys.readouterr()
    assert main(["sign", layout, "--key", "env://NO_SUCH_KEY"]) == 3
    assert "NO_SUCH_KEY is not set" in capsys.readouterr().err


def _public_pem(path: Path) -> bytes:
    return load_private(path.read_bytes()).public.pem


def _public_of(issued: Issued) -> bytes:
    return load_private(issued.key_pem).public.pem


@pytest.mark.parametrize("trusted", [True, False])
def test_the_gate_lets_in_what_the_trust_policy_trusts(
    signing: list[str], tmp_path: Path, registry_host: str, trusted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = Reference.parse(f"{registry_host}/gate/{uuid4().hex}:1")
    with RemoteRegistry() as registry:
        pack(registry.repository(reference), [b""], tag="1")
    if not trusted:
        (tmp_path / "trustpolicy.json").write_bytes(policy_json(identities=["x509.subject: C=US, ST=WA, O=other"]))
    assert main(["sign", str(reference), *signing]) == 0
    admission = tmp_path / "policy.yaml"
    admission.write_text('verdict: optional\nkeys: ["notation:prod", "sha256:another"]\n')
    review = tmp_path / "review.json"
    review.write_text(json.dumps(_review(str(reference))))
    arguments = ["--policy", str(admission), "--trust-policy", str(tmp_path / "trustpolicy.json"), "--budget", "10"]
    capsys.readouterr()
    assert main(["admit", "review", str(review), *arguments]) == (0 if trusted else 1)
    answer = json.loads(capsys.readouterr().out)["response"]
    assert answer["allowed"] is trusted


def _review(image: str) -> dict[str, object]:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "web", "image": image}]},
    }
    request = {
        "uid": "1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "shop",
        "operation": "CREATE",
        "object": pod,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def test_a_key_may_be_in_a_kubernetes_secret(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = generate(b"in the secret")
    data = {"cosign.key": pair.private_pem, "cosign.pub": pair.public_pem, "cosign.password": b"in the secret"}
    asked = []

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        found = request.path == "/api/v1/namespaces/team/secrets/signing"
        secret = {"kind": "Secret", "data": {key: base64.b64encode(value).decode() for key, value in data.items()}}
        body = secret if found else {"kind": "Status", "reason": "NotFound", "message": "no such secret", "code": 404}
        return Answer(200 if found else 404, {"Content-Type": "application/json"}, json.dumps(body).encode())

    with serve(answer) as host:
        (tmp_path / "kubeconfig").write_text(KUBECONFIG.format(host=host))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        assert main(["sign", layout, "--key", "k8s://team/signing"]) == 0
        assert main(["verify", layout, "--key", "k8s://team/signing"]) == 0
        capsys.readouterr()
        assert main(["sign", layout, "--key", "k8s://team/other"]) == 3
    assert "no such secret" in capsys.readouterr().err
    assert len(asked) == 3


KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: tests
contexts: [{{name: tests, context: {{cluster: tests, user: tests}}}}]
clusters: [{{name: tests, cluster: {{server: 'http://{host}'}}}}]
users: [{{name: tests, user: {{token: x}}}}]
"""


def test_a_keyless_signature_is_verified_with_a_trusted_root(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sigstore, repository = Sigstore(), LayoutRepository(tmp_path / "app", Reference.parse("registry.example/app"))
    digest = pack(repository, [b""], tag="1").digest
    push(repository, digest, sigstore.bundle(payload(digest)))
    (tmp_path / "root.json").write_bytes(sigstore.trusted_root())
    verify = ["verify", f"oci:{tmp_path / 'app'}:1", "--trusted-root", str(tmp_path / "root.json")]
    issuer = ["--certificate-oidc-issuer", ISSUER]
    assert main([*verify, *issuer, "--certificate-identity", IDENTITY]) == 0
    assert f"signature by keyless:{ISSUER}:{IDENTITY}" in capsys.readouterr().out
    assert main([*verify, *issuer, "--certificate-identity-regexp", r"https://ci\.example/.*"]) == 0
    assert main([*verify, *issuer, "--certificate-identity-regexp", "ci"]) == 1
    assert main([*verify, *issuer]) == 2
    assert "the signer's subject is needed" in capsys.readouterr().err
    assert main([*verify[:2], "--key", "k", *issuer]) == 2


@pytest.mark.parametrize("known", [True, False])
def test_the_gate_lets_in_what_a_known_identity_signed_without_a_key(
    tmp_path: Path, registry_host: str, known: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    sigstore, reference = Sigstore(), Reference.parse(f"{registry_host}/gate/{uuid4().hex}:1")
    with RemoteRegistry() as registry:
        repository = registry.repository(reference)
        digest = pack(repository, [b""], tag="1").digest
        push(repository, digest, sigstore.bundle(payload(digest)))
    (tmp_path / "root.json").write_bytes(sigstore.trusted_root())
    (tmp_path / "policy.yaml").write_text("verdict: optional\n")
    (tmp_path / "review.json").write_text(json.dumps(_review(str(reference))))
    who = ["--certificate-oidc-issuer", ISSUER, "--certificate-identity", IDENTITY if known else "x@else.example"]
    how = ["--policy", str(tmp_path / "policy.yaml"), "--trusted-root", str(tmp_path / "root.json"), "--budget", "10"]
    assert main(["admit", "review", str(tmp_path / "review.json"), *how, *who]) == (0 if known else 1)
    capsys.readouterr()

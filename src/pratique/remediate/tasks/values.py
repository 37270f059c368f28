"""What templates see: the run's variables, `.Values` (a file, then --set) and `.Secrets` (acb's templating package)."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from pratique.model.errors import UsageError
from pratique.remediate.tasks.places import shown
from pratique.remediate.tasks.tree import Mapped, load, plain

Data = Mapping[str, object]


class RunVariables(msgspec.Struct, frozen=True, omit_defaults=True, rename="pascal"):
    """`.Run`. `date` is as `20260820-221114z`; `registry` is the login server; `os` and `architecture` are Go's."""

    id: str = msgspec.field(default="", name="ID")
    commit: str = ""
    repository: str = ""
    branch: str = ""
    git_tag: str = ""
    triggered_by: str = "Manual"
    registry: str = ""
    date: str = ""
    shared_volume: str = "/workspace"
    os: str = msgspec.field(default="linux", name="OS")
    os_version: str = msgspec.field(default="", name="OSVersion")
    architecture: str = "amd64"
    task_name: str = ""

    @property
    def registry_name(self) -> str:
        """The registry's first label: `contoso` of `contoso.azurecr.io`."""
        return self.registry.partition(".")[0]


def date_of(now: datetime) -> str:
    """`.Run.Date` of a moment."""
    return now.astimezone(UTC).strftime("%Y%m%d-%H%M%Sz")


def run_data(run: RunVariables) -> dict[str, object]:
    """`.Run` by the names that templates use; what is empty is there too."""
    names = {field.encode_name: getattr(run, field.name) for field in msgspec.structs.fields(run)}
    return {**names, "RegistryName": run.registry_name}


def template_data(run: RunVariables, values: Data, secrets: Mapping[str, str]) -> dict[str, object]:
    """All that a template sees."""
    names = run_data(run)
    return {
        "Run": names,
        "Build": {"ID": run.id},
        "Values": dict(values),
        "Secrets": dict(secrets),
        "RunJSON": _quoted(names),
        "ValuesJSON": _quoted(dict(values)),
    }


def read_values(text: str, name: str) -> dict[str, object]:
    """A values file: a mapping, nested as it likes. Raises UsageError."""
    if not text.strip():
        return {}
    node = load(text, name)
    if not isinstance(node, Mapped):
        raise node.place.error("values are no mapping", "write them as NAME: VALUE")
    found = plain(node)
    return dict(found) if isinstance(found, dict) else {}


def read_settings(settings: Sequence[str], option: str = "--set") -> dict[str, str]:
    """`NAME=VALUE`s: split at the first `=`, values are texts, a dot in a name is a dot. Raises UsageError."""
    found: dict[str, str] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"not a value: {shown(text)}", f"write it as {option} NAME=VALUE")
        found[name] = value
    return found


def _quoted(data: object) -> str:
    return shlex.quote(msgspec.json.encode(data, enc_hook=str).decode())

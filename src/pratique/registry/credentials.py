"""Who we are to a registry: Docker's config.json, podman's auth.json, and the credential helpers that they name.

Docker: `auths`, `credsStore`, `credHelpers` (docs: docker login). Podman: containers-auth.json(5), with keys
that may be narrower than a registry. Nothing is read before a registry asks who we are.
"""

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from pratique.model.errors import InvalidData, Refused
from pratique.model.reference import DOCKER_HUB, Reference

_HUB_KEY = "https://index.docker.io/v1/"
_HUB_HOSTS = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELPER_SECONDS = 60  # a desktop may ask its user
_FILE_LIMIT = 1024 * 1024  # bytes


class Credentials(msgspec.Struct, frozen=True):
    """User and password, or an identity token (an OAuth2 refresh token) instead of the password.

    With neither we come anonymously, and `why` says to the user what stood in the way of more.
    """

    username: str = ""
    password: str = ""
    identity_token: str = ""
    why: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.username!r}, ...)"  # a secret must not slip into a log


class FindsCredentials(Protocol):
    """Whatever knows credentials."""

    def find(self, reference: Reference) -> Credentials | None:
        """Those for a repository, or None: we come anonymously.

        Raises Refused, Unavailable, UsageError, InvalidData.
        """

    def forget(self, reference: Reference, refused: Credentials) -> bool:
        """The registry did not take these: whether `find` may give others now."""


class FirstOf:
    """Credentials from the first who has any."""

    def __init__(self, finders: Sequence[FindsCredentials]) -> None:
        self._finders = tuple(finders)

    def find(self, reference: Reference) -> Credentials | None:
        """See `FindsCredentials`."""
        return next(filter(None, (finder.find(reference) for finder in self._finders)), None)

    def forget(self, reference: Reference, refused: Credentials) -> bool:
        """See `FindsCredentials`."""
        return any(finder.forget(reference, refused) for finder in self._finders)


class FixedCredentials:
    """The same credentials for every registry that it is given to."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials

    def find(self, reference: Reference) -> Credentials | None:
        """See `FindsCredentials`."""
        del reference
        return self._credentials

    def forget(self, reference: Reference, refused: Credentials) -> bool:
        """See `FindsCredentials`."""
        del reference, refused
        return False


class _Auth(msgspec.Struct, frozen=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""


class _ConfigFile(msgspec.Struct, frozen=True, rename="camel"):
    auths: dict[str, _Auth | None] | None = None
    creds_store: str = ""
    cred_helpers: dict[str, str] | None = None


class _HelperAnswer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str = ""
    secret: str = ""


class FileCredentials:
    """Credentials from files, the first file that knows the registry wins."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] | None = None) -> "FileCredentials":
        """The files that podman and docker would read, in podman's order; REGISTRY_AUTH_FILE replaces them all."""
        return cls(tuple(_locations(os.environ if environment is None else environment)))

    def find(self, reference: Reference) -> Credentials | None:
        """See `FindsCredentials`."""
        for path in self._files:
            config = _read(path)
            found = _find(config, reference) if config else None
            if found:
                return found
        return None

    def forget(self, reference: Reference, refused: Credentials) -> bool:
        """See `FindsCredentials`. Files are read again at each `find`, but what they say is the user's affair."""
        del reference, refused
        return False


def _locations(environment: Mapping[str, str]) -> Iterator[Path]:
    if only := environment.get("REGISTRY_AUTH_FILE"):
        yield Path(only)
        return
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "containers", "auth.json")
    home = environment.get("HOME", "")
    if docker := environment.get("DOCKER_CONFIG"):
        yield Path(docker, "config.json")
    elif home:
        yield Path(home, ".docker", "config.json")


def _read(path: Path) -> _ConfigFile | None:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InvalidData(f"cannot read {path}: {error.strerror or error}") from error
    if not data.strip():
        return None
    try:
        return msgspec.json.decode(data[:_FILE_LIMIT], type=_ConfigFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The message may quote the file, and the file holds secrets: name the path only.
        where = str(error).rpartition("`")[0].rpartition("`")[2]
        raise InvalidData(f"{path} is not a docker config file{f' (at {where[:100]})' if where else ''}") from None


def _find(config: _ConfigFile, reference: Reference) -> Credentials | None:
    keys = tuple(_keys(reference))
    helpers = config.cred_helpers or {}
    for key in keys:
        if helper := helpers.get(key):
            return _ask(helper, key)
    if config.creds_store:
        asked = (_ask(config.creds_store, key) for key in _stored_keys(reference))
        if found := next(filter(None, asked), None):
            return found
    return _from_auths(config.auths or {}, keys)


def _keys(reference: Reference) -> Iterator[str]:
    """How files may call a repository's place, narrowest first."""
    path = reference.repository.split("/")
    for end in range(len(path), 0, -1):
        yield f"{reference.registry}/{'/'.join(path[:end])}"
    yield reference.registry
    if reference.registry == DOCKER_HUB:
        yield from (_HUB_KEY, "index.docker.io", "registry-1.docker.io")


def _stored_keys(reference: Reference) -> tuple[str, ...]:
    return (_HUB_KEY,) if reference.registry == DOCKER_HUB else (reference.registry,)


def _from_auths(auths: Mapping[str, _Auth | None], keys: Sequence[str]) -> Credentials | None:
    plain = {_plain(key): entry for key, entry in auths.items() if entry}
    for key in keys:
        entry = auths.get(key) or plain.get(_plain(key))
        if entry and (found := _credentials(entry, key)):
            return found
    return None


def _plain(key: str) -> str:
    """A key without the scheme and API path that old docker logins wrote."""
    bare = re.sub(r"^https?://", "", key)
    return re.sub(r"/(?:v[12]/?)?$", "", bare)


def _credentials(entry: _Auth, key: str) -> Credentials | None:
    username, password = entry.username, entry.password
    if entry.auth:
        try:
            decoded = base64.b64decode(entry.auth, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise InvalidData(f"the `auth` of {key} is not base64 of user:password", "log in to it again") from None
        username, _, password = decoded.partition(":")
        password = password.rstrip("\0")  # Docker pads
    found = Credentials(username, password, entry.identitytoken)
    return found if username or entry.identitytoken else None


def _ask(helper: str, server: str) -> Credentials | None:
    """Ask `docker-credential-HELPER get` (docker-credential-helpers protocol). None when it has none for the server."""
    import subprocess

    program = f"docker-credential-{helper}"
    if not _HELPER.fullmatch(helper):
        raise InvalidData(f"not a credential helper's name: {helper[:100]!r}")
    try:
        done = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
    except FileNotFoundError:
        raise Refused(f"{program} is not installed", "install it, or take it out of your docker config") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"{program} failed: {str(error)[:200]}") from error
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip() or done.stderr.decode(errors="replace").strip()
        if "not found" in said:
            return None
        raise Refused(f"{program} failed for {server}: {said[:200]!r}")
    return _answer(done.stdout, program)


def _answer(data: bytes, program: str) -> Credentials | None:
    try:
        answer = msgspec.json.decode(data[:_FILE_LIMIT], type=_HelperAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidData(f"{program} did not answer with JSON credentials") from None
    if answer.username == "<token>":
        return Credentials(identity_token=answer.secret)
    return Credentials(answer.username, answer.secret) if answer.username else None

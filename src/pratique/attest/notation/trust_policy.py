"""Notation's trust policy (`trustpolicy.oci.json`): which signatures count for which repositories. Pure.

Source: notaryproject/specifications `trust-store-trust-policy.md`; read as strictly as notation-go reads it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import permutations

import msgspec

from pratique.attest.notation import names
from pratique.model.errors import NotFound, UsageError

_LIMIT = 1024 * 1024  # bytes
_ALL = "*"
_SUBJECT = "x509.subject:"
_STORE = re.compile(r"(ca|signingAuthority|tsa):([a-zA-Z0-9_.-]+)")
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+")


class Check(StrEnum):
    """What is validated of a signature."""

    INTEGRITY = "integrity"
    AUTHENTICITY = "authenticity"
    TIMESTAMP = "authenticTimestamp"
    EXPIRY = "expiry"
    REVOCATION = "revocation"


class Action(StrEnum):
    """What a failed check does: refuses the signature, is reported, or isn't done at all."""

    ENFORCE = "enforce"
    LOG = "log"
    SKIP = "skip"


class Level(StrEnum):
    """The levels that a policy may name."""

    STRICT = "strict"
    PERMISSIVE = "permissive"
    AUDIT = "audit"
    SKIP = "skip"


class VerifyTimestamp(StrEnum):
    """When a timestamp is needed, where the policy names a trust store of timestamp authorities."""

    ALWAYS = "always"
    AFTER_EXPIRY = "afterCertExpiry"


_ENFORCED = {
    Level.STRICT: frozenset(Check),
    Level.PERMISSIVE: frozenset({Check.INTEGRITY, Check.AUTHENTICITY}),
    Level.AUDIT: frozenset({Check.INTEGRITY}),
    Level.SKIP: frozenset[Check](),
}


class _Verification(msgspec.Struct, rename="camel"):
    level: Level
    override: dict[Check, Action] = {}
    verify_timestamp: VerifyTimestamp = VerifyTimestamp.ALWAYS


class _Statement(msgspec.Struct, rename="camel"):
    name: str
    signature_verification: _Verification
    registry_scopes: tuple[str, ...] = ()
    trust_stores: tuple[str, ...] = ()
    trusted_identities: tuple[str, ...] = ()


class _Document(msgspec.Struct, rename="camel"):
    version: str
    trust_policies: tuple[_Statement, ...]


class Statement(msgspec.Struct, frozen=True):
    """One policy of the file. `stores` are `(kind, name)`; no `identities` means anyone whom the stores vouch for."""

    name: str
    scopes: tuple[str, ...]
    level: Level
    actions: Mapping[Check, Action]
    verify_timestamp: VerifyTimestamp
    stores: tuple[tuple[str, str], ...]
    identities: tuple[Mapping[str, str], ...]

    def store_names(self, kind: str) -> tuple[str, ...]:
        """The trust stores of a kind: `ca`, `signingAuthority` or `tsa`."""
        return tuple(dict.fromkeys(name for each, name in self.stores if each == kind))


class TrustPolicy(msgspec.Struct, frozen=True):
    """All policies of a file."""

    statements: tuple[Statement, ...]

    def statement_for(self, repository: str) -> Statement:
        """The policy for `registry/repository`: the one that names it, else the one for all. Raises NotFound."""
        for scope in (repository, _ALL):
            for statement in self.statements:
                if scope in statement.scopes:
                    return statement
        raise NotFound(f"no trust policy is for {repository[:200]}", "add it to the registryScopes of one")


def parse(data: bytes, name: str = "trust policy") -> TrustPolicy:
    """Read a trust policy; `name` is the file's, for errors. Raises UsageError with what is wrong."""
    if len(data) > _LIMIT:
        raise UsageError(f"{name} has {len(data)} bytes", f"a trust policy has at most {_LIMIT}")
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is not a trust policy: {error}") from None
    if document.version != "1.0":
        raise UsageError(f"{name} is of version {document.version[:40]!r}", "known is 1.0")
    if not document.trust_policies:
        raise UsageError(f"{name} holds no policy")
    try:
        _check_names(document.trust_policies)
        return TrustPolicy(tuple(_statement(each) for each in document.trust_policies))
    except UsageError as error:
        raise UsageError(f"{name}: {error.what}", error.hint) from None


def _check_names(statements: Sequence[_Statement]) -> None:
    twice = _repeated(each.name for each in statements)
    if twice is not None:
        raise UsageError(f"two policies are named {twice[:80]!r}")
    twice = _repeated(scope for each in statements for scope in each.registry_scopes)
    if twice is not None:
        raise UsageError(f"the scope {twice[:200]!r} is there twice", "a repository has one policy")


def _statement(raw: _Statement) -> Statement:
    if not raw.name:
        raise UsageError("a policy has no name")
    try:
        _check_scopes(raw)
        return Statement(
            raw.name,
            raw.registry_scopes,
            raw.signature_verification.level,
            _actions(raw.signature_verification),
            raw.signature_verification.verify_timestamp,
            _stores(raw),
            _identities(raw),
        )
    except UsageError as error:
        raise UsageError(f"policy {raw.name[:80]!r}: {error.what}", error.hint) from None


def _check_scopes(raw: _Statement) -> None:
    if not raw.registry_scopes:
        raise UsageError("it has no registryScopes")
    if _ALL in raw.registry_scopes:
        if len(raw.registry_scopes) > 1:
            raise UsageError("* stands beside other scopes", "it means all the others already")
        if raw.signature_verification.level is Level.SKIP:
            raise UsageError("it skips verification everywhere", "name the repositories that need none")
    for scope in raw.registry_scopes:
        if scope != _ALL and not _SCOPE.fullmatch(scope):
            raise UsageError(f"{scope[:80]!r} is not a repository", "write it as registry/repository, without a tag")


def _actions(raw: _Verification) -> Mapping[Check, Action]:
    if raw.level is Level.SKIP:
        if raw.override:
            raise UsageError("skip cannot be overridden")
        return dict.fromkeys(Check, Action.SKIP)
    for check, action in raw.override.items():
        if check is Check.INTEGRITY:
            raise UsageError("integrity cannot be overridden")
        if action is Action.SKIP and check is not Check.REVOCATION:
            raise UsageError(f"{check} cannot be skipped", "only revocation can")
    usual = {check: Action.ENFORCE if check in _ENFORCED[raw.level] else Action.LOG for check in Check}
    return usual | raw.override


def _stores(raw: _Statement) -> tuple[tuple[str, str], ...]:
    if raw.signature_verification.level is Level.SKIP:
        if raw.trust_stores or raw.trusted_identities:
            raise UsageError("it skips verification, but has trustStores or trustedIdentities", "remove them")
        return ()
    if not raw.trust_stores or not raw.trusted_identities:
        raise UsageError("it needs trustStores and trustedIdentities")
    found = []
    for store in raw.trust_stores:
        match = _STORE.fullmatch(store)
        if match is None or match[2] in {".", ".."}:
            raise UsageError(
                f"{store[:80]!r} is not a trust store", "write it as ca:NAME, signingAuthority:NAME or tsa:NAME"
            )
        found.append((match[1], match[2]))
    return tuple(found)


def _identities(raw: _Statement) -> tuple[Mapping[str, str], ...]:
    if raw.trusted_identities == (_ALL,) or not raw.trusted_identities:
        return ()
    if _ALL in raw.trusted_identities:
        raise UsageError("* stands beside other trustedIdentities")
    for identity in raw.trusted_identities:
        if not identity.startswith(_SUBJECT):
            raise UsageError(f"{identity[:80]!r} is not an identity", f"write it as {_SUBJECT} C=..., ST=..., O=...")
    found = tuple(names.parse(identity.removeprefix(_SUBJECT)) for identity in raw.trusted_identities)
    if any(names.is_part(one, other) for one, other in permutations(found, 2)):
        raise UsageError("its trustedIdentities overlap", "one is part of another; keep the shorter one")
    return found


def _repeated(words: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            return word
        seen.add(word)
    return None

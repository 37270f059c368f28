"""Which registries get Azure's tokens, and what tokens say about themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.registry import jwt
from pratique.registry.azure.hosts import authority, is_acr, more_hosts
from pratique.registry.jwt import Access, Claims
from tests.registry.azure.twin import token


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("myregistry.azurecr.io", True),
        ("MyRegistry.azurecr.io", True),
        ("myregistry-abc123.azurecr.io", True),
        ("myregistry.azurecr.cn", True),
        ("myregistry.azurecr.us", True),
        ("myregistry.azurecr.io:443", True),
        ("azurecr.io", False),
        (".azurecr.io", False),
        ("myregistry.azurecr.io:5000", False),
        ("myregistry.azurecr.io.example", False),
        ("myregistryazurecr.io", False),
        ("example/.azurecr.io", False),
        ("x@evil.azurecr.io", False),
        ("myregistry.azurecr.io\n", False),
        ("images.example", False),
    ],
)
def test_azures_registries_are_known_by_their_names(registry: str, expected: bool) -> None:
    assert is_acr(registry) is expected


def test_more_names_can_be_given() -> None:
    more = more_hosts({"PRATIQUE_ACR_HOSTS": " Images.example, 127.0.0.1:5000,,"})
    assert more == {"images.example", "127.0.0.1:5000"}
    assert is_acr("images.example", more)
    assert not is_acr("", more)
    assert more_hosts({}) == frozenset()


def test_each_cloud_has_its_own_entra() -> None:
    assert authority("r.azurecr.io") == "https://login.microsoftonline.com"
    assert authority("r.azurecr.us") == "https://login.microsoftonline.us"
    assert authority("r.azurecr.cn") == "https://login.chinacloudapi.cn"
    assert authority("images.example") == "https://login.microsoftonline.com"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        (Claims(exp=4600, iat=100), 4500),
        (Claims(exp=4600), 3600),
        (Claims(exp=900), None),
        (Claims(exp=100, iat=100), None),
        (Claims(iat=100), None),
        (Claims(exp=float("inf")), None),
        (Claims(exp=float("nan")), None),
    ],
)
def test_a_tokens_life_is_counted_by_its_servers_clock(claims: Claims, expected: float | None) -> None:
    assert jwt.lifetime(claims, now=1000) == expected


def test_what_a_token_says_is_read() -> None:
    said = token(iat=1, exp=2.5, access=[{"type": "repository", "name": "a", "actions": ["pull"]}], other={"x": 1})
    assert jwt.claims(said) == Claims(2.5, 1, (Access("repository", "a", ("pull",)),))


@given(st.text() | st.binary().map(lambda data: f"a.{data.hex()}.b"))
def test_any_token_is_read_or_says_nothing(text: str) -> None:
    assert jwt.claims(text) == Claims()


@pytest.mark.parametrize(
    ("scope", "access", "expected"),
    [
        ("repository:a/b:pull", (Access("repository", "a/b", ("pull",)),), False),
        ("repository:a/b:pull", (Access("repository", "a/b", ("*",)),), False),
        ("repository:a/b:pull", (Access("repository", "a", ("pull",)),), True),
        ("repository:a/b:pull", (Access("artifact", "a/b", ("pull",)),), True),
        ("repository:a/b:pull,push", (Access("repository", "a/b", ("pull",)),), True),
        (
            "repository:a/b:pull,push",
            (Access("repository", "a/b", ("pull",)), Access("repository", "a/b", ("push",))),
            False,
        ),
        ("registry:catalog:*", (Access("registry", "catalog", ("*",)),), False),
        ("registry:catalog:*", (), True),
        ("repository:a/b:pull", None, False),
    ],
)
def test_narrower_access_is_noticed(scope: str, access: tuple[Access, ...] | None, expected: bool) -> None:
    assert bool(jwt.narrowed([scope], Claims(access=access))) is expected

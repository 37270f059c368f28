"""Which registries are Azure's, and which Entra is theirs. Pure, but for the setting that is given."""

import re
from collections.abc import Mapping

SETTING = "PRATIQUE_ACR_HOSTS"
# Anchored at both ends: Azure's tokens go to no other name, whatever it contains.
_LOGIN_SERVER = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+azurecr\.(io|cn|us)")
_AUTHORITIES = {
    "cn": "https://login.chinacloudapi.cn",
    "us": "https://login.microsoftonline.us",
}
_AUTHORITY = "https://login.microsoftonline.com"


def more_hosts(environment: Mapping[str, str]) -> frozenset[str]:
    """Other names of Azure's registries, behind a domain of one's own (`PRATIQUE_ACR_HOSTS`, with commas)."""
    names = (name.strip().lower() for name in environment.get(SETTING, "").split(","))
    return frozenset(filter(None, names))


def is_acr(registry: str, more: frozenset[str] = frozenset()) -> bool:
    """Whether a registry's host (with its port, if it has one) is Azure's."""
    host = registry.lower()
    return _LOGIN_SERVER.fullmatch(host.removesuffix(":443")) is not None or host in more


def authority(registry: str) -> str:
    """The Entra of the cloud that a login server is in: the public one, China's or the US government's."""
    found = _LOGIN_SERVER.fullmatch(registry.lower().removesuffix(":443"))
    return _AUTHORITIES.get(found[1], _AUTHORITY) if found else _AUTHORITY

"""Which repositories a registry has: the catalog, which many registries keep to themselves (Docker distribution)."""

from collections.abc import Iterator

import msgspec

from pratique.model.errors import NotFound, Refused
from pratique.model.reference import Reference
from pratique.registry import documents
from pratique.registry.client import Client
from pratique.registry.pages import pages

_PAGE = 1000
_SCOPE = frozenset({"registry:catalog:*"})
_HINT = "name the repositories instead"


class _Catalog(msgspec.Struct, frozen=True):
    repositories: tuple[str, ...] | None = None


def repositories(client: Client, registry: str) -> Iterator[str]:
    """All that a registry tells us of, page by page. Raises Refused (we may not list), NotFound (it has no list)."""
    try:
        for page in pages(client, Reference(registry, ""), f"/v2/_catalog?n={_PAGE}", _SCOPE):
            yield from documents.decode(page, _Catalog, f"{registry}: catalog").repositories or ()
    except Refused as error:
        # ACR's repository tokens and AcrPull under ABAC may pull everything that they may see, and list nothing.
        raise Refused(f"not allowed to list the repositories of {registry}", _HINT) from error
    except NotFound as error:
        raise NotFound(f"{registry} does not list its repositories", _HINT) from error

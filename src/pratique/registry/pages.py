"""Lists that come in pages: tags, referrers, the catalog (distribution-spec, "Content Discovery"; RFC 8288)."""

import re
from collections.abc import Iterator, Mapping

from pratique.model.errors import InvalidData
from pratique.model.reference import Reference
from pratique.registry.client import Client, read_bounded
from pratique.registry.hosts import same_origin
from pratique.registry.transport import joined

_LIST_LIMIT = 16 * 1024 * 1024  # bytes of one page
_PAGES = 10_000  # a registry whose pages never end is not followed further
_NEXT = re.compile(r'<([^<>]*)>\s*;[^<]*rel="?next"?', re.IGNORECASE)


def pages(
    client: Client,
    reference: Reference,
    location: str,
    scopes: frozenset[str],
    headers: Mapping[str, str] | None = None,
) -> Iterator[bytes]:
    """The bodies of a list, following Link headers within this registry. Raises InvalidData where they lead astray."""
    name = reference.name if reference.repository else reference.registry
    seen: set[str] = set()
    while location and len(seen) < _PAGES:
        url = joined(client.base, location)
        if url in seen or not same_origin(url, client.base):
            raise InvalidData(f"{name}: the registry's list of pages leads astray")
        seen.add(url)
        with client.request("GET", url, reference, wanted={200}, scopes=scopes, headers=headers) as response:
            yield read_bounded(response, _LIST_LIMIT, name)
            following = _NEXT.search(response.headers.get("Link", "")[:8192])
        location = joined(url, following[1]) if following else ""

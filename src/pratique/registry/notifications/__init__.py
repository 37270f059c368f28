"""What registries tell of pushes, one file per sender. Hints, not truth: nothing here asks anybody.

Each has `read(body, registries) -> tuple[Notice, ...]`: the pushes of tagged images in those registries
(`host[:port]`), and `InvalidData` for a body that is not that sender's. All else is passed over.
"""

from collections.abc import Callable, Collection, Mapping

from pratique.registry.notifications import acr, distribution, eventgrid, harbor
from pratique.registry.notifications.notice import Notice

Reader = Callable[[bytes, Collection[str]], tuple[Notice, ...]]

READERS: Mapping[str, Reader] = {
    "distribution": distribution.read,
    "acr": acr.read,
    "eventgrid": eventgrid.read,
    "harbor": harbor.read,
}
"""By the name in the hook's path, `/hooks/<name>`."""

__all__ = ["READERS", "Notice", "Reader"]

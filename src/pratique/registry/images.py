"""The calls on whole images: load one as a value, copy one to another place, pack one from layers."""

from pratique.registry.copying import copy
from pratique.registry.loading import choose, load
from pratique.registry.pack import Compression, pack, pack_index
from pratique.registry.platforms import platforms

__all__ = ["Compression", "choose", "copy", "load", "pack", "pack_index", "platforms"]

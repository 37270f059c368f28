"""Layers and images made in memory, with the standard library's tarfile and gzip as the other side."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from pratique.model.descriptor import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, Platform
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import NotFound
from pratique.model.image import Image, Layer, Runtime
from pratique.model.inventory import Inventory
from pratique.scan.image import scan_image

DEBIAN = b'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'


class Link(str):
    """A symlink to a target."""

    __slots__ = ()


class Hard(str):
    """A hard link to a path."""

    __slots__ = ()


class Program(bytes):
    """A file that may be executed."""

    __slots__ = ()


class Folder:
    """A folder."""


FOLDER = Folder()
Content = bytes | Link | Hard | Folder
Members = Mapping[str, Content] | Sequence[tuple[str, Content]]


def tar_of(members: Members, tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format, errors="surrogateescape") as tar:
        for path, content in members.items() if isinstance(members, Mapping) else members:
            info = tarfile.TarInfo(path)
            if isinstance(content, bytes):
                info.size = len(content)
                info.mode = 0o755 if isinstance(content, Program) else 0o644
                tar.addfile(info, io.BytesIO(content))
                continue
            if isinstance(content, Folder):
                info.type = tarfile.DIRTYPE
            else:
                info.type = tarfile.SYMTYPE if isinstance(content, Link) else tarfile.LNKTYPE
                info.linkname = str(content)
            tar.addfile(info)
    return buffer.getvalue()


class Blobs:
    """Blobs in a dictionary; counts how often each was opened."""

    def __init__(self) -> None:
        self.held: dict[Digest, bytes] = {}
        self.opened: list[Digest] = []

    def add(self, data: bytes, media_type: str) -> Descriptor:
        self.held[digest_of(data)] = data
        return Descriptor(media_type, digest_of(data), len(data))

    @contextmanager
    def blob(self, descriptor: Descriptor, /) -> Iterator[BinaryIO]:
        self.opened.append(descriptor.digest)
        if descriptor.digest not in self.held:
            raise NotFound(f"no blob {descriptor.digest}")
        with io.BytesIO(self.held[descriptor.digest]) as stream:
            yield stream


def layer_of(blobs: Blobs, tar: bytes, media_type: str = OCI_LAYER_GZIP, blob: bytes | None = None) -> Layer:
    """A layer of this tar; `blob` is what stands for it in the registry, by default the tar gzipped."""
    held = gzip.compress(tar, 1, mtime=0) if blob is None else blob
    return Layer(blobs.add(held, media_type), Digest("sha256:" + hashlib.sha256(tar).hexdigest()))


def image_of(layers: list[Layer]) -> Image:
    return Image(
        digest=digest_of(b"manifest"),
        media_type=OCI_MANIFEST,
        platform=Platform(),
        config=Descriptor(OCI_CONFIG, digest_of(b"{}"), 2),
        runtime=Runtime(),
        layers=tuple(layers),
        raw_manifest=b"manifest",
        raw_config=b"{}",
    )


def scan(*layers: Members) -> Inventory:
    """The inventory of an image with these layers, base first."""
    blobs = Blobs()
    return scan_image(image_of([layer_of(blobs, tar_of(layer)) for layer in layers]), blobs, workers=2)


def diff_id(members: Mapping[str, Content]) -> Digest:
    return digest_of(tar_of(members))


def names(inventory: Inventory) -> list[str]:
    """`name version` of all packages."""
    return [f"{package.name} {package.version}" for package in inventory.packages]


def deb(name: str, version: str, **fields: str) -> bytes:
    """A stanza of dpkg's status."""
    lines = {"Package": name, "Status": "install ok installed", "Architecture": "amd64", "Version": version, **fields}
    return "".join(f"{key}: {value}\n" for key, value in lines.items()).encode() + b"\n"


def metadata(name: str, version: str, **fields: str) -> bytes:
    """A dist-info METADATA file."""
    lines = {"Metadata-Version": "2.1", "Name": name, "Version": version, **fields}
    return "".join(f"{key}: {value}\n" for key, value in lines.items()).encode() + b"\nA description.\n"


def manifest(name: str, version: str, rest: str = "") -> bytes:
    """A package.json."""
    return f'{{"name": "{name}", "version": "{version}"{rest}}}'.encode()

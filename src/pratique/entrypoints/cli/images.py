"""Images for commands that remedy: a target, opened and read as a value."""

import argparse
import atexit

import msgspec

from pratique.model.descriptor import Platform
from pratique.model.digest import is_digest
from pratique.model.errors import UsageError
from pratique.model.image import Image
from pratique.model.inventory import Inventory
from pratique.model.reference import Reference, is_tag
from pratique.registry.repository import Repository

_LOCAL = ("oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "podman:")


class Opened(msgspec.Struct, frozen=True):
    """An image with where it is: its repository, its reference there, and the name that the user gave."""

    repository: Repository
    reference: Reference
    name: str
    image: Image


def opened(args: argparse.Namespace, text: str) -> Opened:
    """The image that a target names. Raises UsageError, NotFound, and what reading from there raises."""
    from pratique.registry.images import load
    from pratique.registry.targets import open_target

    platform = Platform.parse(args.platform) if args.platform else None
    if args.offline and not text.startswith(_LOCAL):
        raise UsageError(f"{text[:200]} is in a registry, and --offline forbids the network", "name a local target")
    target = open_target(text, plain_http=args.plain_http or None)
    atexit.register(target.close)  # a command ends with its process, and its images may be needed until then
    image = load(target.repository, target.target, platform)
    name = target.repository.reference
    if is_tag(target.target) and not is_digest(target.target):
        return Opened(target.repository, name.tagged(target.target), target.name, image)
    return Opened(target.repository, name.at(image.digest), target.name, image)


def scanned(one: Opened) -> Inventory:
    """What is in the image."""
    from pratique.scan.image import scan_image

    return scan_image(one.image, one.repository)

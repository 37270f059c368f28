"""Notation's trust store on disk: `x509/{ca,signingAuthority,tsa}/NAME/*.{pem,crt,cer}`, PEM or DER.

Source: notaryproject/specifications `trust-store-trust-policy.md`, "Trust Store". As in notation-go, a store that holds
a link, a folder or anything but certificates is refused as a whole: it is not what its owner believes it to be.
"""

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.attest.notation import chain
from pratique.attest.notation.trust_policy import Statement
from pratique.model.errors import InvalidData, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_FILE_LIMIT = 1024 * 1024  # bytes
_FILES = 200
# notation has `truststore`, its specification `trust-store`
_PLACES = (Path("x509"), Path("truststore/x509"), Path("trust-store/x509"), Path())


def load(root: Path, statement: Statement) -> "Mapping[str, tuple[Certificate, ...]]":
    """The certificates of a policy's stores by their kind.

    `root` is the trust store's folder, the `x509` in it, or notation's configuration folder around it. Raises
    UsageError.
    """
    kinds = ("ca", "signingAuthority", "tsa")
    return {kind: tuple(c for each in statement.store_names(kind) for c in _store(root, kind, each)) for kind in kinds}


def _store(root: Path, kind: str, name: str) -> "tuple[Certificate, ...]":
    place = next((place for place in _PLACES if (root / place / kind).is_dir()), _PLACES[0])
    folder = root / place / kind / name
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise UsageError(f"the trust store {kind}:{name} is not a folder: {folder}", "links are not followed")
        files = sorted(folder.iterdir())[: _FILES + 1]
        found = tuple(certificate for file in files for certificate in _certificates(file, kind))
    except FileNotFoundError:
        raise UsageError(f"there is no trust store {kind}:{name}", f"it should be the folder {folder}") from None
    except OSError as error:
        raise UsageError(f"cannot read the trust store {folder}", error.strerror or str(error)) from None
    if not found or len(files) > _FILES:
        raise UsageError(f"the trust store {folder} holds {len(files)} files", f"1 to {_FILES} are expected")
    return found


def _certificates(file: Path, kind: str) -> "tuple[Certificate, ...]":
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > _FILE_LIMIT:
        raise UsageError(f"not a certificate: {file}", "a trust store holds plain files, no links and no folders")
    try:
        found = read(file.read_bytes())
        for certificate in found:
            self_signed = chain.is_issued_by(certificate, certificate)
            if not self_signed and not chain.is_ca(certificate):
                raise InvalidData(f"{chain.name(certificate)} is neither a CA's nor self-signed")
            if not self_signed and kind == "tsa":
                raise InvalidData(f"{chain.name(certificate)} is not a root CA's", "a tsa store holds roots only")
    except InvalidData as error:
        raise UsageError(f"{file}: {error.what}", error.hint) from None
    return found


def read(data: bytes) -> "tuple[Certificate, ...]":
    """The certificates in a file, PEM (one or more) or DER. Raises InvalidData."""
    from cryptography import x509

    with chain.reading():
        if b"-----BEGIN" in data:
            return tuple(x509.load_pem_x509_certificates(data))
        return (x509.load_der_x509_certificate(data),)

"""Blobs as tars: every compression, whole, damaged and lying."""

import gzip
import io
import os
import sys
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.digest import Digest, digest_of
from pratique.model.errors import IntegrityError, InvalidData, PratiqueError, Unavailable
from pratique.scan.decompress import Tar
from pratique.scan.hashing import DiffId

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DATA = os.urandom(700_000) + bytes(300_000)


def read(blob: bytes, diff_id: Digest | None = None, media_type: str = "") -> bytes:
    tar = Tar(io.BytesIO(blob), "layer", media_type, DiffId(diff_id) if diff_id else None)
    data = tar.take_up_to(1 << 30)
    tar.finish()
    return data


@pytest.mark.parametrize(
    "blob",
    [
        DATA,
        gzip.compress(DATA),
        gzip.compress(DATA[:400_000]) + gzip.compress(DATA[400_000:]),
        gzip.compress(DATA) + bytes(3000),
        zstd.compress(DATA),
        zstd.compress(DATA[:400_000]) + zstd.compress(DATA[400_000:]),
        b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + zstd.compress(DATA) + b"\x5e\x2a\x4d\x18\x02\0\0\0ab",
    ],
    ids=["plain", "gzip", "gzip members", "gzip padded", "zstd", "zstd frames", "zstd skippable"],
)
@pytest.mark.parametrize("media_type", ["", "application/vnd.oci.image.layer.v1.tar+gzip", "text/plain"])
def test_the_compression_is_told_by_the_bytes_whatever_the_media_type_says(blob: bytes, media_type: str) -> None:
    assert read(blob, digest_of(DATA), media_type) == DATA


@pytest.mark.parametrize("blob", [gzip.compress(DATA), zstd.compress(DATA)], ids=["gzip", "zstd"])
@pytest.mark.parametrize("cut", [5, 1000, 500_000, -1, -6])
def test_a_truncated_layer_is_refused(blob: bytes, cut: int) -> None:
    with pytest.raises(InvalidData, match=r"^layer: "):
        read(blob[:cut])


def test_a_gzip_layer_with_a_bad_checksum_is_refused() -> None:
    blob = bytearray(gzip.compress(DATA))
    blob[-6] ^= 1
    with pytest.raises(InvalidData, match="damaged compressed data"):
        read(bytes(blob))


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_garbage_behind_the_compressed_data_is_refused(compress: "object") -> None:
    with pytest.raises(InvalidData):
        read(compress(DATA) + b"garbage")  # type: ignore[operator]


def test_content_that_is_not_what_the_config_says_is_refused() -> None:
    with pytest.raises(IntegrityError, match=digest_of(b"other")):
        read(gzip.compress(DATA), digest_of(b"other"))


@pytest.mark.parametrize("blob", [b"BZh91AY", b"\xfd7zXZ\0\0", b""])
def test_what_no_layer_may_be_is_named(blob: bytes) -> None:
    with pytest.raises(InvalidData, match=r"bzip2|xz|empty"):
        read(blob, media_type="application/vnd.oci.image.layer.v1.tar+gzip")


def test_a_stream_that_fails_may_be_tried_again() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError("reset by peer")

    with pytest.raises(Unavailable, match="reset by peer"):
        Tar(Broken(), "layer")


def test_the_blob_is_read_to_its_very_end_so_that_a_verifying_stream_can_object() -> None:
    class Verifying(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                raise IntegrityError("wrong digest")
            return data

    with pytest.raises(IntegrityError, match="wrong digest"):
        Tar(Verifying(gzip.compress(b"x")), "layer").finish()


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_a_bomb_is_inflated_in_little_memory(compress: "object") -> None:
    blob = compress(bytes(200_000_000))  # type: ignore[operator]
    tracemalloc.start()
    try:
        tar = Tar(io.BytesIO(blob), "layer")
        tar.skip(200_000_000)
        tar.finish()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


@settings(deadline=None)
@given(st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"]), st.binary(max_size=300))
def test_any_bytes_inflate_or_give_a_clear_error(start: bytes, rest: bytes) -> None:
    with suppress(PratiqueError):
        read(start + rest)


@given(st.lists(st.integers(0, 300_000), max_size=12))
def test_taking_and_skipping_count_the_same(steps: list[int]) -> None:
    tar = Tar(io.BytesIO(DATA), "layer")
    at = 0
    for number, step in enumerate(steps):
        if at + step > len(DATA):
            break
        if number % 2:
            tar.skip(step)
        else:
            assert tar.take(step) == DATA[at : at + step]
        at += step
        assert tar.offset == at

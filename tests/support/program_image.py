"""Tiny images that really run: one static program that waits for ever (or ends at once), pushed to a plain registry."""

import hashlib
import io
import json
import subprocess
import tarfile
import urllib.request
from pathlib import Path

from tests.support.machine import require

_WAITS = "#include <unistd.h>\nint main(void){for(;;)pause();}\n"
_ENDS = "int main(void){return 3;}\n"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def push_program(host: str, repository: str, tag: str, folder: Path, *, ends: bool = False) -> str:
    """Push an image whose only program waits (or `ends` at once with status 3); its digest. The tag makes it differ."""
    require("gcc")
    layer = _layer(_compiled(_ENDS if ends else _WAITS, folder / ("ends" if ends else "waits")))
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/program"], "Env": [f"TAG={tag}"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _push(host, repository, config, "application/vnd.oci.image.config.v1+json"),
        "layers": [_push(host, repository, layer, "application/vnd.oci.image.layer.v1.tar")],
    }
    body = json.dumps(manifest).encode()
    _send("PUT", f"http://{host}/v2/{repository}/manifests/{tag}", body, _MANIFEST)
    return _digest(body)


def _compiled(source: str, program: Path) -> bytes:
    if not program.exists():
        command = ["gcc", "-static", "-O2", "-x", "c", "-o", str(program), "-"]
        subprocess.run(command, input=source, text=True, check=True, timeout=60)
    return program.read_bytes()


def _layer(program: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("program")
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    return packed.getvalue()


def _push(host: str, repository: str, blob: bytes, media_type: str) -> dict[str, object]:
    location = _send("POST", f"http://{host}/v2/{repository}/blobs/uploads/", b"", "application/octet-stream")
    joint = "&" if "?" in location else "?"
    _send("PUT", f"{location}{joint}digest={_digest(blob)}", blob, "application/octet-stream")
    return {"mediaType": media_type, "digest": _digest(blob), "size": len(blob)}


def _send(method: str, url: str, body: bytes, media_type: str) -> str:
    request = urllib.request.Request(url, body, {"Content-Type": media_type}, method=method)
    with urllib.request.urlopen(request, timeout=20) as response:
        return str(response.headers["Location"])


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()

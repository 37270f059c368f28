"""A real `docker-registry` (Docker distribution) on loopback, for tests that speak the protocol."""

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.machine import free_port

_CONFIG = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
{extra}
"""


@contextmanager
def docker_registry(folder: Path, *, htpasswd: Path | None = None, notify: str = "", port: int = 0) -> Iterator[str]:
    """Run a registry whose data lives in `folder`; yields its `host:port`.

    `htpasswd` turns basic authentication on; `notify` is the URL that push notifications go to.
    """
    port = port or free_port()
    extra = ""
    if htpasswd:
        extra += f"auth: {{htpasswd: {{realm: tests, path: {htpasswd}}}}}\n"
    if notify:
        endpoint = f"{{name: tests, url: '{notify}', timeout: 2s, threshold: 5, backoff: 1s}}"
        extra += f"notifications: {{endpoints: [{endpoint}]}}\n"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yml"
    config.write_text(_CONFIG.format(root=folder / "data", port=port, extra=extra))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
    try:
        _wait(port, process, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=2).close()
        except urllib.error.HTTPError:
            return  # it answers; it wants a password
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"docker-registry did not start: {log.read_text()[-500:]}")

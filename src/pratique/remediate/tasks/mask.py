"""Secrets stay out of logs: whatever equals one, plainly or in base64, becomes `***`."""

import base64
from collections.abc import Iterable

MASK = "***"
_SHORTEST = 3  # characters; masking shorter ones would tell more than it hides


class Masker:
    """Masks a stream of text that comes in pieces, so that a secret across two pieces is found too."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
        self._secrets = sorted(found, key=len, reverse=True)
        self._held = max((len(secret) for secret in self._secrets), default=1) - 1

    def mask(self, text: str) -> str:
        """A whole text, masked."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def cut(self, text: str) -> tuple[str, str]:
        """Of a text that goes on: what can be shown, masked, and the end that may be the beginning of a secret."""
        text = self.mask(text)
        keep = next((size for size in range(min(self._held, len(text)), 0, -1) if self._begins(text[-size:])), 0)
        return (text[:-keep], text[-keep:]) if keep else (text, "")

    def _begins(self, tail: str) -> bool:
        return any(secret.startswith(tail) for secret in self._secrets)


def _forms(secret: str) -> Iterable[str]:
    yield secret
    yield base64.b64encode(secret.encode()).decode()
    for line in secret.splitlines():
        yield line.strip()

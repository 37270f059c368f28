"""Addresses to listen on: bound before anything else is begun, so that a taken port is known at once, and is ours."""

import os
import socket

from pratique.model.errors import UsageError

_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError with the system's own reason when there can be none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        number = (
            getattr(error, "errno", None) or 0
        )  # a name's own errors are negative; Python adds to the others' words
        why = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot listen on {host}:{port} ({why})", "name another address or port") from None

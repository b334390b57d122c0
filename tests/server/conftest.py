"""Bytes to a server and back."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from eventbridge_local.server import Server


@pytest.fixture
def server(sockets: Any) -> Iterator[Server]:
    with Server(seed=1) as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Callable[[Server], socket.socket]]:
    """Connections that are closed when the test ends."""
    opened: list[socket.socket] = []

    def connects(server: Server) -> socket.socket:
        address = urlsplit(server.url)
        opened.append(socket.create_connection((address.hostname or "", address.port or 0), timeout=300))
        return opened[-1]

    yield connects
    for each in opened:
        each.close()


@pytest.fixture
def talk(connect: Callable[[Server], socket.socket]) -> Callable[[Server, bytes], bytes]:
    """Sends bytes and returns all that comes until the server closes the connection."""

    def talks(server: Server, sent: bytes) -> bytes:
        connection = connect(server)
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65_536), b""))

    return talks

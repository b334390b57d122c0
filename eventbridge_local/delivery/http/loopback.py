"""This machine by name or address, and how it is reached: without a proxy and without DNS.

Names below ``localhost`` are this machine (RFC 6761), but some systems ask a DNS server for them. A proxy, which the
environment may name for everything, would be handed the payload. So connections go to the address itself; the name
stays in the Host header and in TLS.
"""

from __future__ import annotations

import ipaddress
import socket
from functools import cache
from typing import Any
from urllib.parse import urlsplit

_ADDRESS = "127.0.0.1"


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine by its name or address. No name is looked up."""
    return is_loopback_host(urlsplit(url).hostname or "")


def is_loopback_host(host: str) -> bool:
    """Return whether a name or an address without brackets, in small letters, is this machine. No name is looked up."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # Python knows what it is from 3.13 on
    return address.is_loopback or (mapped is not None and mapped.is_loopback)


def address_of(host: str) -> str:
    """Return what is connected to for a host: an address for a name below ``localhost``, else the host itself."""
    return _ADDRESS if host.lower().endswith(".localhost") else host


def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
    """Connect as ``socket.create_connection`` does, with no lookup of a name below ``localhost``."""
    host, port = address
    return socket.create_connection((address_of(host), port), *args, **kwargs)


def bound_connections(client: Any) -> None:
    """Let a botocore client take five seconds for each whole exchange, and look up no name below ``localhost``."""
    session = client._endpoint.http_session
    session._pool_classes_by_scheme = session._manager.pool_classes_by_scheme = _pool_classes()


@cache
def _pool_classes() -> dict[str, Any]:
    """Return botocore's pools of connections, with connections that have a deadline and go to addresses."""
    from botocore import awsrequest  # here, as few tests forward anything

    from eventbridge_local.delivery.http import deadline

    class Pool:
        def _get_conn(self, timeout: Any = None) -> Any:
            # urllib3 asks for a connection once for each request.
            connection = super()._get_conn(timeout=timeout)  # type: ignore[misc]
            connection.deadline = deadline.Deadline(deadline.TIMEOUT, deadline.seconds_now)
            return connection

    class Connection:
        _dns_host: str
        sock: Any
        deadline: deadline.Deadline

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]
            self.sock = deadline.TimedSocket(self.sock, lambda: self.deadline)

        def _new_conn(self) -> Any:
            # urllib3 connects to ``_dns_host``, and takes the name for everything else from it before and afterwards.
            name = self._dns_host
            self._dns_host = address_of(name)
            try:
                return super()._new_conn()  # type: ignore[misc]
            finally:
                self._dns_host = name

    def timed(pool: Any) -> Any:
        connection = type("Connection", (Connection, pool.ConnectionCls), {})
        return type(pool.__name__, (Pool, pool), {"ConnectionCls": connection})

    return {"http": timed(awsrequest.AWSHTTPConnectionPool), "https": timed(awsrequest.AWSHTTPSConnectionPool)}

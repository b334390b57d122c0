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
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(host: str) -> str:
    """Return what is connected to for a host: an address for a name below ``localhost``, else the host itself."""
    return _ADDRESS if host.lower().endswith(".localhost") else host


def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
    """Connect as ``socket.create_connection`` does, with no lookup of a name below ``localhost``."""
    host, port = address
    return socket.create_connection((address_of(host), port), *args, **kwargs)


def keep_from_dns(client: Any) -> None:
    """Let a botocore client connect to names below ``localhost`` without looking them up."""
    client._endpoint.http_session._manager.pool_classes_by_scheme = _pool_classes()


@cache
def _pool_classes() -> dict[str, Any]:
    """Return botocore's pools of connections, with connections that go to addresses of this machine."""
    from botocore import awsrequest  # here, as few tests forward anything

    class ByAddress:
        _dns_host: str

        def _new_conn(self) -> Any:
            # urllib3 connects to ``_dns_host``, and takes the name for everything else from it before and afterwards.
            name = self._dns_host
            self._dns_host = address_of(name)
            try:
                return super()._new_conn()  # type: ignore[misc]
            finally:
                self._dns_host = name

    plain: Any = awsrequest.AWSHTTPConnectionPool
    secure: Any = awsrequest.AWSHTTPSConnectionPool
    return {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": type("Connection", (ByAddress, pool.ConnectionCls), {})})
        for scheme, pool in (("http", plain), ("https", secure))
    }

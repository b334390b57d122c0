"""Who may ask the server: the programs of this machine, and no page of a web site that its browser shows.

A browser sends to this machine whatever a page asks it to. It names the page in ``Origin``. A page may also let its
own name lead to 127.0.0.1 (DNS rebinding): then it counts as the same origin and reads the answers, but the request
still has that name in ``Host``. So both are looked at. Programs, such as SDKs, curl and the AWS CLI, send no Origin.

    What is in the headers: RFC 9110, 7.2 (Host); the Fetch standard, "Origin header". That the signature of a request
    is not asked for is why it matters who can reach the server at all.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from eventbridge_local.delivery.http.loopback import is_loopback_host
from eventbridge_local.errors import UsageError
from eventbridge_local.server.http import Request, Unreadable
from eventbridge_local.visible import visible

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{0,5}))?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SHOWN = 200


class Access:
    """Which requests are answered.

    Args:
        host: the address that the server listens on.
        allow_remote: whether other machines may reach it; their names for it are then not known here.
        allowed_hosts: more names that it is asked by, without ports. With ``allow_remote`` any name is taken when there
            are none.

    Raises:
        UsageError: one of them is not a name.
    """

    def __init__(self, host: str, allow_remote: bool, allowed_hosts: Iterable[str] = ()) -> None:
        names = (allowed_hosts,) if isinstance(allowed_hosts, str) else tuple(allowed_hosts)
        self._names = {_checked(name) for name in names} | {plain_host(host)}
        self._any_name = allow_remote and not names

    def check(self, request: Request) -> None:
        """Let a request pass.

        Raises:
            Unreadable: it is refused, with the status and the reason.
        """
        host = None
        if request.authority is not None:
            host = _AUTHORITY.fullmatch(request.authority)
            if host is None:
                raise Unreadable(400, "the host of the request is neither a name nor an address")
            if not self._any_name and not self._is_known(plain_host(host[1])):
                name = _shown(host[1])
                raise Unreadable(
                    403,
                    f"the request is for host {name!r}, which is no name of this machine; "
                    f"--allowed-host {name} (in Python allowed_hosts=[{name!r}]) takes it",
                )
        origin = request.headers.get("origin")
        if origin is not None and not (host and _is_own_page(origin, host)):
            raise Unreadable(403, f"the request is from the web page {_shown(origin)!r}, and pages are not answered")

    def _is_known(self, name: str) -> bool:
        return name in self._names or is_loopback_host(name)


def _is_own_page(origin: str, host: re.Match[str]) -> bool:
    """Return whether a page came from the server itself: its origin has the host and port of the request."""
    scheme, _, authority = origin.partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    page = _AUTHORITY.fullmatch(authority)
    if default is None or page is None:
        return False
    return (plain_host(page[1]), page[2] or default) == (plain_host(host[1]), host[2] or default)


def _checked(name: str) -> str:
    plain = plain_host(name)
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        if not _NAME.fullmatch(plain):
            host = urlsplit(name if "//" in name else f"//{name}").hostname
            advice = f"; write {host!r}" if host and _NAME.fullmatch(host) else ""
            raise UsageError(
                f"allowed host {name!r}: a host is a name or an address, without scheme and port{advice}"
            ) from None
    return plain


def plain_host(host: str) -> str:
    """Return a host as it is compared: small letters, no brackets, no dot at the end, IPv6 in its short form."""
    host = host.lower().removeprefix("[").removesuffix("]").removesuffix(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def _shown(text: str) -> str:
    return visible(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")

"""Who is asked outside this process: connections, datagrams and lookups of names, as ``sys.audit`` reports them.

``tests/conftest.py`` lets a test fail that asks anybody it did not mean to. ``tools/socket_audit.py`` runs the suite
with this in every process that it starts, too.
"""

from __future__ import annotations

import ipaddress
import sys
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

#: Events of ``sys.audit``, and which of their arguments is the address or the name.
_ADDRESSED = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
_LOOKED_UP = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.gethostbyaddr": 0, "socket.getnameinfo": 0}
EVENTS = {**_ADDRESSED, **_LOOKED_UP}


class Contact(NamedTuple):
    """Somebody who was asked.

    Attributes:
        event: of ``sys.audit``.
        address: an address, or a name that was looked up.
        stack: where in the code, the innermost last.
    """

    event: str
    address: Any
    stack: str

    @property
    def is_lookup(self) -> bool:
        return self.event in _LOOKED_UP

    @property
    def host(self) -> str:
        """The host, as text; a path for a socket of the file system."""
        first = self.address[0] if isinstance(self.address, tuple) and self.address else self.address
        return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)

    @property
    def leaves(self) -> bool:
        """Whether this goes beyond the machine: to another address, or to DNS."""
        if self.address is None or self.host in ("", "localhost") or "/" in self.host or self.host.startswith("\0"):
            return False
        try:
            address = ipaddress.ip_address(self.host.partition("%")[0])
        except ValueError:
            return True  # a name: DNS is asked for it
        return not (address.is_loopback or address.is_unspecified)

    def __str__(self) -> str:
        return f"{self.event} {self.address!r}\n{self.stack}"


def watch(tell: Callable[[Contact], None]) -> None:
    """Call ``tell`` with each contact of this process from now on; there is no end of it."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        place = EVENTS.get(event)
        if place is not None:
            stack = "".join(traceback.format_stack(sys._getframe(1), limit=40))
            tell(Contact(event, args[place], stack))

    sys.addaudithook(hook)

"""Headers of the requests EventBridge sends: which it sets, which it removes, and who wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

#: Headers an API destination always gets and nobody can override (User Guide, API destinations).
FIXED = {"User-Agent": "Amazon/EventBridge/ApiDestinations", "Range": "bytes=0-1048575"}

_NOT_FOR_DESTINATIONS = """
    A-IM Accept-Charset Accept-Datetime Accept-Encoding Cache-Control Connection Content-Encoding Content-Length
    Content-MD5 Date Expect Forwarded From Host HTTP2-Settings If-Match If-Modified-Since If-None-Match If-Range
    If-Unmodified-Since Max-Forwards Origin Pragma Proxy-Authorization Range Referer TE Trailer Transfer-Encoding
    User-Agent Upgrade Via Warning
"""
_NOT_FOR_GATEWAYS = """
    Authorization Connection Content-Encoding Content-Length Host Max-Forwards TE Transfer-Encoding Trailer Upgrade Via
    WWW-Authenticate X-Forwarded-For
"""

#: Headers that EventBridge takes out of what users configure for an API destination (same page).
REMOVED_FOR_DESTINATIONS = frozenset(_NOT_FOR_DESTINATIONS.lower().split())
#: Headers that a rule may not set on API Gateway (User Guide, API Gateway targets), besides all that begin as below.
REMOVED_FOR_GATEWAYS = frozenset(_NOT_FOR_GATEWAYS.lower().split())
_REMOVED_PREFIXES = ("x-amz",)

_MASK = "***"


class Headers(Mapping[str, str]):
    """Headers as they are sent: the spelling is kept, a look-up minds no case, and the repr hides secrets.

    Args:
        items: names and values; a later one replaces an earlier one of the same name in any case.
        secret: names whose values the repr hides; ``Authorization`` is hidden always.
    """

    __slots__ = ("_items", "_secret")

    def __init__(self, items: Iterable[tuple[str, str]] = (), secret: Iterable[str] = ()) -> None:
        self._items: dict[str, tuple[str, str]] = {}
        for name, value in items:
            self._items[name.lower()] = (name, value)
        self._secret = frozenset(("authorization", *(name.lower() for name in secret)))

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return iter(name for name, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def __repr__(self) -> str:
        return repr({name: _MASK if key in self._secret else value for key, (name, value) in self._items.items()})


def wire(text: str) -> bytes:
    """Text as it is sent: UTF-8. Half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes ``?``."""
    return text.encode("utf-8", "replace")


def allowed(items: Iterable[tuple[str, str]], removed: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is left of configured headers for an API destination or, with the other set, for API Gateway."""
    gateway = removed is REMOVED_FOR_GATEWAYS
    for name, value in items:
        lower = name.lower()
        if lower not in removed and not (gateway and lower.startswith(_REMOVED_PREFIXES)):
            yield name, value

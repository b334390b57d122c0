"""URLs of requests: the wildcards of an endpoint's path, and its query string."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit


def fill_path(path: str, values: Iterable[str]) -> str:
    """Replace each ``*`` by the next value, percent-encoded; what has no value keeps its ``*``.

    >>> fill_path("/orders/*/items/*", ["7", "a b"])
    '/orders/7/items/a%20b'
    """
    first, *rest = path.split("*")
    left = iter(values)
    filled = first
    for part in rest:
        value = next(left, None)
        filled += ("*" if value is None else _quoted(value)) + part
    return filled


def with_query(url: str, query: Mapping[str, str]) -> str:
    """``url`` with more parameters in its query string; one that the URL has already is replaced.

    >>> with_query("https://a.example/x?k=1&l=2", {"k": "3"})
    'https://a.example/x?l=2&k=3'
    """
    if not query:
        return url
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in query]
    text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in [*kept, *query.items()])
    return urlunsplit(parts._replace(query=text))


def request_url(endpoint: str, path_values: Iterable[str], query: Mapping[str, str]) -> str:
    """The URL to call: the endpoint with its path filled and its query extended."""
    parts = urlsplit(endpoint)
    return with_query(urlunsplit(parts._replace(path=fill_path(parts.path or "/", path_values))), query)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: ``https://crm.example``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")

"""The X-Ray header of a request or an entry."""

from __future__ import annotations

import re

#: The HTTP header that carries it.
HEADER = "X-Amzn-Trace-Id"

_ROOT = re.compile(r"(?:^|;)\s*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;|$)", re.IGNORECASE)


def valid(header: str | None) -> str | None:
    """The header when X-Ray would read it, else None: an event with an invalid one goes on without it.

    Source: User Guide, page eb-related-service-xray.
    """
    return header if header and _ROOT.search(header) else None

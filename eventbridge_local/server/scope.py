"""Who calls, and which Region: read from the signature of a request, which is not checked.

Form: "AWS Signature Version 4", ``AWS4-HMAC-SHA256 Credential=KEY/20260306/eu-west-1/events/aws4_request, ...``. With
SigV4A, for global endpoints, there is no Region in it and a header ``X-Amz-Region-Set`` instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_CREDENTIAL = re.compile(r"\bCredential=([^/,\s]+)/(\d{8})/(?:([a-z]{2,}(?:-[a-z]+)+-\d+)/)?[a-z0-9-]+/aws4_request")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


class Scope(NamedTuple):
    """Where a request goes: an account of twelve digits, and a Region."""

    account: str
    region: str


def scope_of(headers: Mapping[str, str], default: Scope) -> Scope:
    """The scope of a request.

    Args:
        headers: of the request; ``get`` must not mind their case.
        default: for what the request does not say. An access key id names an account when it is twelve digits.
    """
    found = _CREDENTIAL.search(headers.get("Authorization") or "")
    if found is None:
        return default
    key, region = found[1], found[3]
    if region is None:
        first = (headers.get("X-Amz-Region-Set") or "").split(",")[0].strip()
        region = first if _REGION.fullmatch(first) else default.region
    return Scope(key if _ACCOUNT.fullmatch(key) else default.account, region)

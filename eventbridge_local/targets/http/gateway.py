"""The request that a rule sends to a stage of API Gateway.

Sources: User Guide, page "API Gateway targets"; the headers and the slash at the end of the path are recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from eventbridge_local.core.arn import Arn
from eventbridge_local.targets.handover import Handover, HttpRequest
from eventbridge_local.targets.http.headers import REMOVED_FOR_GATEWAYS, Headers, allowed, wire
from eventbridge_local.targets.http.urls import request_url
from eventbridge_local.transforms import resolve_dynamic

_DOMAINS = {"aws-cn": "amazonaws.com.cn"}


def build_for_gateway(handover: Handover) -> HttpRequest:
    """The request for one event and a target ``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH``."""
    configured = handover.params.get("HttpParameters")
    own: Mapping[str, Any] = resolve_dynamic(configured, handover.event.envelope) if configured else {}
    method, endpoint = _endpoint(handover.arn)
    url = request_url(endpoint, own.get("PathParameterValues", ()), own.get("QueryStringParameters", {}))
    body = handover.payload
    headers = [
        ("Host", urlsplit(url).netloc),
        ("Content-Type", "application/json"),
        *allowed(own.get("HeaderParameters", {}).items(), REMOVED_FOR_GATEWAYS),
        ("X-Amz-Source-Arn", handover.rule.arn),
        ("X-Amz-Source-Account", handover.account),
        ("Content-Length", str(len(wire(body)))),
    ]
    if handover.event.trace_header:
        headers.append(("X-Amzn-Trace-Id", handover.event.trace_header))
    return HttpRequest(method, url, Headers(headers), body)


def _endpoint(arn: Arn) -> tuple[str, str]:
    """Method and URL with its wildcards. A method of ``*`` leaves it open; EventBridge has to choose, we say POST."""
    api, stage, method, path = (*arn.resource.split("/", 3), "", "", "")[:4]
    domain = _DOMAINS.get(arn.partition, "amazonaws.com")
    ending = "" if path.endswith("/") or not path else "/"
    url = f"https://{api}.execute-api.{arn.region}.{domain}/{stage}/{path}{ending}"
    return (method if method not in ("", "*") else "POST"), url

"""The same service, answered with the bytes of HTTP: AWS JSON 1.1, as EventBridge speaks it.

Nothing here needs a botocore client: a request is its headers and its body, an answer a status, headers and a body. So
it answers the calls that are made to fail, which botocore's own retries then repeat, and anything that
speaks HTTP. Source of the form: botocore's model and parser (JSON 1.1, errors as ``__type`` and ``message``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import formatdate
from typing import Any, NamedTuple

from eventbridge_local.botocore_hooks.codec import CONTENT_TYPE, CompiledOperation, compiled_operation, service_model
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.event import TRACE_HEADER
from eventbridge_local.operations.service import Service
from eventbridge_local.operations.table import MODULES

_TARGET_HEADER = "x-amz-target"


class WireResponse(NamedTuple):
    """An HTTP response: ``headers`` spelled as AWS spells them, ``body`` complete."""

    status: int
    headers: dict[str, str]
    body: bytes


def respond(
    service: Service,
    headers: Mapping[str, str | bytes],
    body: bytes,
    account: str,
    region: str,
    extra: Mapping[str, Any] | None = None,
) -> WireResponse:
    """Carry out one HTTP request and write the call down.

    Args:
        headers: those of the request; ``X-Amz-Target: AWSEvents.PutRule`` names the operation. Any case.
        body: JSON in UTF-8; an empty body is an empty object.
        account: of the caller, twelve digits.
        region: that the request was sent to.
        extra: members that did not travel in the body, such as ``EndpointId``, which AWS reads from the host name.

    Returns:
        the answer; or the refusal, for an unknown operation, a body that is not a JSON object, and everything that the
        service refuses. Each has a request id of its own.
    """
    request_id, now = service.ids.uuid(), service.clock.now
    try:
        operation = operation_of(headers)
        params = {**params_of(operation, body), **(extra or {})}
        trace = _header(headers, TRACE_HEADER.lower()) or None
        answer = service.call(
            operation.name, params, service.store.scope(account, region), operation.check(params), trace, now
        )
    except ServiceError as error:
        return refused(error, request_id, now)
    return answered(answer, request_id, now)


def operation_of(headers: Mapping[str, str | bytes]) -> CompiledOperation:
    """Return the operation that a request asks for.

    Raises:
        ServiceError: UnknownOperationException.
    """
    text = _header(headers, _TARGET_HEADER)
    prefix, _, name = text.rpartition(".")
    if prefix != service_model().metadata["targetPrefix"] or name not in MODULES:
        # AWS's JSON services answer so, without words; the empty message is not recorded for EventBridge.
        raise ServiceError("UnknownOperationException", "", hint=f"X-Amz-Target was {text!r}")
    return compiled_operation(service_model().operation_model(name))


def _header(headers: Mapping[str, str | bytes], lower_name: str) -> str:
    """Return a header by its name in lower case, "" when it is not there."""
    value = next((value for name, value in headers.items() if name.lower() == lower_name), "")
    return value.decode("latin-1") if isinstance(value, bytes) else value


def params_of(operation: CompiledOperation, body: bytes) -> dict[str, Any]:
    """Return the params in a body.

    Raises:
        ServiceError: SerializationException. The text is ours; AWS's depends on its JSON library and was not recorded.
    """
    try:
        params = operation.read(body)
    except (ValueError, RecursionError):
        raise ServiceError("SerializationException", "The body of the request is not JSON in UTF-8.") from None
    if not isinstance(params, dict):
        raise ServiceError("SerializationException", "The body of the request is not a JSON object.")
    return params


def answered(answer: Mapping[str, Any], request_id: str, now: datetime) -> WireResponse:
    """Return a success in bytes."""
    return _response(200, answer, request_id, now)


def refused(error: ServiceError, request_id: str, now: datetime) -> WireResponse:
    """Return a refusal in bytes."""
    return _response(error.status, {"__type": error.code, "message": error.message}, request_id, now)


def _response(status: int, content: Mapping[str, Any], request_id: str, now: datetime) -> WireResponse:
    body = json.dumps(content, default=_plain, separators=(",", ":")).encode()
    headers = {
        "x-amzn-RequestId": request_id,
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Date": formatdate(int(now.timestamp()), usegmt=True),
    }
    return WireResponse(status, headers, body)


def _plain(value: Any) -> Any:
    """Return what json cannot write by itself: times are epoch seconds with at most milliseconds (facts 1.8)."""
    if isinstance(value, datetime):
        seconds, milliseconds = int(value.replace(microsecond=0).timestamp()), value.microsecond // 1000
        return seconds + milliseconds / 1000 if milliseconds else seconds
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} has no form in JSON")

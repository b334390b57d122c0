"""The same as ``attempts`` for aiobotocore, whose loop of attempts awaits.

It is a module of its own because it imports aiobotocore, which only some projects have: ``hook`` imports it when the
first call of such a client is made to fail.
"""

from __future__ import annotations

from typing import Any

from aiobotocore.awsrequest import AioAWSResponse  # type: ignore[import-untyped]
from aiobotocore.endpoint import AioEndpoint  # type: ignore[import-untyped]
from botocore.awsrequest import AWSPreparedRequest
from botocore.hooks import first_non_none_response
from botocore.model import OperationModel

from eventbridge_local.botocore_hooks.attempts import NOT_EMITTED, Line, event_of, is_retry


class AsyncSession:
    """In the place of aiobotocore's HTTP session."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def send(self, request: AWSPreparedRequest) -> AioAWSResponse:
        answer = self._line.send(request)
        return AioAWSResponse(request.url, answer.status, answer.headers, AsyncRaw(answer.body))


class AsyncRaw:
    """A body that is complete, as aiobotocore reads bodies."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body


class AsyncEmitter:
    """The client's events, less those that sign and send."""

    def __init__(self, emitter: Any) -> None:
        self._emitter = emitter

    async def emit(self, event_name: str, **kwargs: Any) -> Any:
        return [] if event_name.startswith(NOT_EMITTED) else await self._emitter.emit(event_name, **kwargs)


class AsyncLocalEndpoint(AioEndpoint):  # type: ignore[misc]
    """aiobotocore's loop of attempts without the waits."""

    # As in ``attempts.LocalEndpoint``.
    async def _needs_retry(
        self,
        attempts: int,
        operation_model: OperationModel,
        request_dict: Any,
        response: Any = None,
        caught_exception: Any = None,
    ) -> bool:
        delay = first_non_none_response(
            await self._event_emitter.emit(
                event_of("needs-retry", operation_model),
                response=response,
                endpoint=self,
                operation=operation_model,
                attempts=attempts,
                caught_exception=caught_exception,
                request_dict=request_dict,
            )
        )
        return is_retry(delay)


async def make_call(line: Line, params: Any, emitter: Any) -> Any:
    """Make a call over the line; arguments and errors as in ``attempts.make_call``."""
    endpoint = AsyncLocalEndpoint(
        params["url"], line.model.service_model.endpoint_prefix, AsyncEmitter(emitter), http_session=AsyncSession(line)
    )
    try:
        return await endpoint.make_request(line.model, params)
    except Exception as error:
        await emitter.emit(event_of("after-call-error", line.model), exception=error, context=line.context)
        raise

"""Calls that are made to fail: botocore's own loop of attempts, over a line that ends in this process.

Strategy: while a failure is arranged for an operation, the ``before-call`` handler answers with an ``Endpoint`` of its
own. It is botocore's class with botocore's loop, parser and exceptions, and asks the retry handlers of the client that
calls; only three things differ.

- What would send a request over HTTP hands it to the service (``Line``), as bytes both ways.
- The events for signing and for sending are not emitted. So no credentials are needed, and no mock of HTTP that
  listens there, such as moto, sees the call.
- The wait between two attempts is left out. It is random, so it does not move the clock of the mock either: times would
  differ from run to run. The rate limiter of the retry mode "adaptive" learns of the failures and is not waited for.

Nothing of botocore is replaced, so there is nothing to restore.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import exceptions
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.endpoint import Endpoint
from botocore.hooks import first_non_none_response
from botocore.model import OperationModel

from eventbridge_local.botocore_hooks import wire
from eventbridge_local.botocore_hooks.codec import compiled_operation
from eventbridge_local.errors import ServiceError
from eventbridge_local.operations.service import Service

#: Events that sign and send. They are emitted with the service and the operation behind these.
NOT_EMITTED = ("request-created.", "before-send.")

_HINT = "arranged with eb.fail_call; eb.fail_nothing() ends it"

_CONNECTION_ERRORS = {
    "connect_timeout": exceptions.ConnectTimeoutError,
    "connection_closed": exceptions.ConnectionClosedError,
    "connection_refused": exceptions.EndpointConnectionError,
    "read_timeout": exceptions.ReadTimeoutError,
}


class Line:
    """The line to the service over which the attempts of one call go.

    Args:
        account: that of the caller.
        context: botocore's, of the call.
        extra: members of the params that do not travel in the body.
    """

    def __init__(
        self,
        service: Service,
        account: str,
        model: OperationModel,
        context: Mapping[str, Any],
        extra: Mapping[str, Any],
    ) -> None:
        self.model = model
        self.context = context
        self._service = service
        self._account = account
        self._region: str = context["client_region"]
        self._extra = extra

    def send(self, request: AWSPreparedRequest) -> wire.WireResponse:
        """Answer one attempt, or lose it.

        Raises:
            HTTPClientError: the connection failed, as it was arranged.
        """
        service = self._service
        fault = service.call_faults.strike(self.model.name)
        if fault is None:
            return self._answer(request)
        if fault.latency and service.clock.stepped:
            service.clock.advance(seconds=fault.latency)
        error = fault.error or self._timeout(fault.latency)
        if error is not None:
            lost = _CONNECTION_ERRORS[error](endpoint_url=request.url, error="refused")
            self._fail(request, ServiceError(type(lost).__name__, str(lost), hint=_HINT))
            raise lost
        if fault.refusal is None:
            return self._answer(request)
        refusal = ServiceError(fault.refusal.code, fault.refusal.message, fault.refusal.status, _HINT)
        self._fail(request, refusal)
        return wire.refused(refusal, service.ids.uuid(), service.clock.now)

    def _timeout(self, latency: float) -> str | None:
        patience = self.context["client_config"].read_timeout
        return "read_timeout" if patience is not None and latency > patience else None

    def _answer(self, request: AWSPreparedRequest) -> wire.WireResponse:
        headers = dict(request.headers.items())
        return wire.respond(self._service, headers, _bytes(request.body), self._account, self._region, self._extra)

    def _fail(self, request: AWSPreparedRequest, refusal: ServiceError) -> None:
        """Let the service refuse a call, and write it down, before it carries anything out."""
        params = {**wire.params_of(compiled_operation(self.model), _bytes(request.body)), **self._extra}
        try:
            self._service.call(self.model.name, params, self._service.store.scope(self._account, self._region), refusal)
        except ServiceError:
            return


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


class Session:
    """In the place of botocore's HTTP session."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        answer = self._line.send(request)
        headers: Any = answer.headers
        return AWSResponse(request.url, answer.status, headers, Raw(answer.body))


class Raw:
    """A body that is complete, as botocore reads bodies."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self._body]


class Emitter:
    """The client's events, less those that sign and send."""

    def __init__(self, emitter: Any) -> None:
        self._emitter = emitter

    def emit(self, event_name: str, **kwargs: Any) -> Any:
        return [] if event_name.startswith(NOT_EMITTED) else self._emitter.emit(event_name, **kwargs)


class LocalEndpoint(Endpoint):
    """botocore's loop of attempts without the waits."""

    _event_emitter: Any

    # The one method of botocore's loop that sleeps; the rest of it asks the client's retry handlers as ever.
    def _needs_retry(
        self,
        attempts: int,
        operation_model: OperationModel,
        request_dict: Any,
        response: Any = None,
        caught_exception: Any = None,
    ) -> bool:
        delay = first_non_none_response(
            self._event_emitter.emit(
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


def event_of(name: str, model: OperationModel) -> str:
    """Return the full name of a botocore event of an operation."""
    return f"{name}.{model.service_model.service_id.hyphenize()}.{model.name}"


def is_retry(delay: Any) -> bool:
    """Return whether the retry handlers want another attempt: they answer with seconds to wait, else None or False."""
    return delay is not None and delay is not False


def make_call(line: Line, params: Any, emitter: Any) -> Any:
    """Make a call over the line and return what a ``before-call`` handler returns.

    Args:
        params: botocore's request dict.
        emitter: the events of the client that calls.

    Raises:
        HTTPClientError: the attempts are used up and the connection failed in the last.
    """
    events: Any = Emitter(emitter)
    session: Any = Session(line)
    endpoint = LocalEndpoint(params["url"], line.model.service_model.endpoint_prefix, events, http_session=session)
    try:
        return endpoint.make_request(line.model, params)
    except Exception as error:
        # botocore emits this where a request fails that it has sent itself.
        emitter.emit(event_of("after-call-error", line.model), exception=error, context=line.context)
        raise

"""How every ``events`` client of the process comes to ask us; all that touches botocore's and Python's internals.

Strategy: one handler on ``before-call.eventbridge``. It stands in ``BUILTIN_HANDLERS``, so every session made after
this import has it, and at the first activation it is registered on every session and client that already exists,
found with one look through the garbage collector. It stays there: while no mock is active it answers None and
botocore goes on as ever.

A second handler in the same places takes ``EndpointId`` out of the parameters of PutEvents and carries it to the first
in the context of the call: with it botocore would resolve another host and sign with SigV4A, which needs awscrt.

A client may escape both: ``gc.freeze`` hides it, its session was made without botocore's handlers, or botocore was
reloaded, or purged and imported again. So a few methods of botocore are replaced while a mock is active: see ``_CALLS``
for what sees the calls of such clients, ``_CLIENTS`` and ``_OTHERS`` for what no event of botocore reaches. The
originals are put back when the last mock ends.

A call of an operation for which ``fail_call`` has arranged something takes the longer way through ``attempts``.
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
from collections.abc import Callable
from threading import Lock, get_ident
from typing import Any

from botocore.awsrequest import create_request_object
from botocore.client import BaseClient
from botocore.endpoint import Endpoint
from botocore.handlers import add_recursion_detection_header
from botocore.model import OperationModel
from botocore.session import Session

from eventbridge_local.botocore_hooks import active, child_process, clients, codec, neighbours, refused_calls
from eventbridge_local.botocore_hooks.patches import Patch, Patches
from eventbridge_local.botocore_hooks.services import SERVED
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.event import TRACE_HEADER
from eventbridge_local.moto_insides import account_of_assumed_role
from eventbridge_local.operations.service import Service

#: The events of botocore that are answered, by the service as boto3 spells it.
_CALLED = {service: f"before-call.{event}" for service, event in SERVED.items()}
_BUILTIN = "botocore.handlers"
_PUT_EVENTS_PARAMS = f"provide-client-params.{SERVED['events']}.PutEvents"
#: Where the EndpointId of a call travels in its context.
_ENDPOINT_ID = "eventbridge_local_endpoint_id"
#: botocore's own, also where a library has wrapped it before this import.
_PREPARE = inspect.unwrap(Endpoint.prepare_request)
#: The variable with the header of a function in Lambda, as the dict behind ``os.environ`` has it.
_TRACE_KEY: Any = getattr(os.environ, "encodekey", str)("_X_AMZN_TRACE_ID")


def activate(mock: active.ActiveMock) -> None:
    """Let ``mock`` answer the clients of the process from now on; see ``active`` for which mock answers whom."""
    _add_to_builtin_handlers()
    _attach_to_existing()
    neighbours.begin()
    active.begin(mock)
    _patch_or_restore()


def deactivate(mock: active.ActiveMock) -> None:
    """Let ``mock`` answer no client any more, and put botocore's methods back after the last one."""
    active.end(mock)
    _patch_or_restore()
    if not active.is_any_active():
        neighbours.end()


def answer_call(
    model: OperationModel, params: dict[str, Any], context: dict[str, Any], request_signer: Any = None, **_: Any
) -> Any:
    """Handle ``before-call``: return the pair that botocore takes as the response, or None while no mock is active."""
    mock = active.innermost()
    if mock is None:
        return None
    if get_ident() != mock.thread or (mock.running_loop is not None and mock.running_loop() is not None):
        active.note_caller(mock)
    service = mock.service
    account = _account_of(request_signer) or mock.account
    extra = {"EndpointId": context[_ENDPOINT_ID]} if _ENDPOINT_ID in context else None
    operation = codec.compiled_operation(model)
    if service.call_faults.arranged and service.call_faults.armed(operation.name):
        return _make_failing_call(service, account, model, params, context, extra or {}, request_signer)
    try:
        body = params["body"]
        requested = operation.read(body)
    except ServiceError as error:
        return codec.refused(error, service.ids.uuid(), service.clock.now)
    if extra:
        requested.update(extra)
    refusal = operation.check(requested)
    request_id = service.ids.uuid()
    now = service.clock.now
    scope = service.store.scope(account, context["client_region"])
    trace = params["headers"].get(TRACE_HEADER)
    if Endpoint.prepare_request is not _PREPARE or _TRACE_KEY in getattr(os.environ, "_data", os.environ):
        trace = _header_sent(params)
    try:
        answer = service.call(operation.name, requested, scope, refusal, trace, now, len(body))
    except ServiceError as error:
        return codec.refused(error, request_id, now)
    return codec.answered(answer, request_id, now)


def _header_sent(params: dict[str, Any]) -> str | None:
    """Return the X-Ray header that a request would be sent with.

    Two add one to a request that we answer before: botocore inside of Lambda (recursion detection, whose handler comes
    after ours), and libraries for tracing, which wrap ``Endpoint.prepare_request`` (aws_xray_sdk, OpenTelemetry).
    """
    add_recursion_detection_header(params)
    request = create_request_object(params)
    if Endpoint.prepare_request is not _PREPARE:
        object.__new__(Endpoint).prepare_request(request)
    header: str | bytes | None = request.headers.get(TRACE_HEADER)
    return header.decode("latin-1") if isinstance(header, bytes) else header


def _make_failing_call(
    service: Service,
    account: str,
    model: OperationModel,
    params: dict[str, Any],
    context: dict[str, Any],
    extra: dict[str, Any],
    request_signer: Any,
) -> Any:
    """Make a call over a line; the answer is awaitable for aiobotocore."""
    # Late, because few tests make calls fail.
    from eventbridge_local.botocore_hooks import attempts

    line = attempts.Line(service, account, model, context, extra)
    # A handler is not told the client, and only the signer leads to its events.
    emitter = request_signer._event_emitter
    if inspect.iscoroutinefunction(request_signer.sign):
        # It imports aiobotocore, which is loaded when we get here.
        from eventbridge_local.botocore_hooks import async_attempts

        return async_attempts.make_call(line, params, emitter)
    return attempts.make_call(line, params, emitter)


def carry_endpoint_id(params: Any, context: dict[str, Any], **_: Any) -> dict[str, Any] | None:
    """Handle ``provide-client-params``: return the parameters without ``EndpointId``, or None to keep them.

    What botocore refuses anyway, such as an empty text, is left to botocore.
    """
    endpoint_id = params.get("EndpointId") if isinstance(params, dict) else None
    if not endpoint_id or not isinstance(endpoint_id, str) or active.innermost() is None:
        return None
    context[_ENDPOINT_ID] = endpoint_id
    return {name: value for name, value in params.items() if name != "EndpointId"}


def _account_of(request_signer: Any) -> str | None:
    """Return the account of the caller's access key: that of twelve digits names it, that of a role of moto's has one.

    Only what is there already is looked at: asking refreshable credentials for their key would fetch them.
    """
    credentials = getattr(request_signer, "_credentials", None)
    known = getattr(credentials, "__dict__", {})
    key: str = known.get("access_key") or known.get("_access_key") or ""
    if len(key) == 12 and key.isascii() and key.isdigit():
        return key
    return account_of_assumed_role(key) if key.startswith("ASIA") else None  # as the keys of all roles do (IAM)


_lock = Lock()
_attached = False


def _attach_to_existing() -> None:
    """Register the handlers on the sessions and clients that were made before this module was imported, once."""
    global _attached
    if _attached:
        return
    with _lock:
        if _attached:
            return
        for thing in gc.get_objects():
            kind = type(thing)  # not isinstance: proxies run code of their own when asked for their class
            if issubclass(kind, Session | BaseClient) and (emitter := _emitter_of(thing)) is not None:
                _register(emitter)
        child_process.watch_forks()
        _attached = True


def _emitter_of(thing: Any) -> Any:
    """Return the events of a session, or of a client that the handlers are for; None for any other client.

    Another thread may be in the middle of making it. A session without its events yet will take the handlers from
    ``BUILTIN_HANDLERS``; a client without its ``meta`` has copied the events of its session, and only its class can
    still reach it.
    """
    members = vars(thing)
    if isinstance(thing, Session):
        return members.get("_events")
    meta = members.get("meta")
    return meta.events if meta is not None and meta.service_model.service_name in _SERVICES else None


def _register(emitter: Any) -> None:
    """Register the handlers that are not there; what was made after this import has them from ``BUILTIN_HANDLERS``."""
    registered = getattr(getattr(emitter, "_emitter", emitter), "_handlers", None)
    for event, handler in HANDLERS:
        if registered is None or handler not in registered.prefix_search(event):
            emitter.register(event, handler)


def _make_request(original: Callable[..., Any], client: Any, model: OperationModel, request: Any, context: Any) -> Any:
    """Send a request that no handler of ``before-call`` has answered, in the place of ``BaseClient._make_request``."""
    answer = _answer_unhandled(client, model, request, context)
    return original(client, model, request, context) if answer is None else answer


async def _make_request_async(
    original: Callable[..., Any], client: Any, model: OperationModel, request: Any, context: Any
) -> Any:
    """The same for ``AioBaseClient``."""
    answer = _answer_unhandled(client, model, request, context)
    if answer is None:
        return await original(client, model, request, context)
    return await answer if inspect.isawaitable(answer) else answer


def _answer_unhandled(client: Any, model: OperationModel, request: Any, context: Any) -> Any:
    """Answer the call of a client that our handler was never registered on, and let it stand there from now on.

    Returns:
        as ``answer_call``; None for a call that may go on.

    Raises:
        UsageError: the call is stopped.
    """
    service = client.meta.service_model.service_name
    if service not in SERVED:
        return None
    if active.innermost() is None:
        refused_calls.check(service, model.name, request["url"])
        return None
    _register_where_missing(client)
    return answer_call(model, request, context, client._request_signer)


def _register_where_missing(client: Any) -> None:
    """Register the handlers on a client that has none, such as that of a session without botocore's own handlers."""
    event = _CALLED.get(client.meta.service_model.service_name)
    handlers = getattr(getattr(client.meta.events, "_emitter", None), "_handlers", None)
    if event is not None and handlers is not None and answer_call not in handlers.prefix_search(event):
        _register(client.meta.events)


def _create_client(original: Callable[..., Any], session: Any, *args: Any, **kwargs: Any) -> Any:
    client = clients.create_client(original, session, *args, **kwargs)
    _register_where_missing(client)
    return client


async def _create_client_async(original: Callable[..., Any], session: Any, *args: Any, **kwargs: Any) -> Any:
    client = await clients.create_client_async(original, session, *args, **kwargs)
    _register_where_missing(client)
    return client


#: What sees the calls that no handler has answered.
_CALLS = (
    Patch("botocore.client", "BaseClient", "_make_request", _make_request),
    Patch("aiobotocore.client", "AioBaseClient", "_make_request", _make_request_async),
)
#: What sees how clients are made.
_CLIENTS = (
    Patch("botocore.session", "Session", "create_client", _create_client),
    Patch("aiobotocore.session", "AioSession", "_create_client", _create_client_async),
    Patch("botocore.session", "Session", "get_credentials", clients.get_credentials),
    Patch("aiobotocore.session", "AioSession", "get_credentials", clients.get_credentials_async),
    Patch("botocore.utils", "IMDSFetcher", "_assert_enabled", clients.assert_metadata_enabled),
)
#: What concerns mocks that are active and blocks alone: the Region of a client, and processes.
_OTHERS = (
    Patch("botocore.configprovider", "EnvironmentProvider", "provide", clients.provide_variable),
    Patch("multiprocessing.spawn", "", "get_preparation_data", child_process.get_preparation_data),
)


def block(reason: refused_calls.Block) -> Callable[[], None]:
    """Stop the calls of served services that no mock answers, and return a function that ends this."""
    refused_calls.blocks.append(reason)
    _patch_or_restore()

    def unblock() -> None:
        refused_calls.blocks.remove(reason)
        _patch_or_restore()

    return unblock


def _patch_or_restore() -> None:
    """Replace the methods while there is a reason, else put the originals back."""
    if active.is_any_active() or refused_calls.blocks:
        _patches.keep(len(_CALLS) + len(_CLIENTS) + len(_OTHERS))
    else:
        _patches.keep(len(_CALLS) + len(_CLIENTS) if refused_calls.are_possible() else 0)


def _add_to_builtin_handlers(module: str = _BUILTIN) -> None:
    """Give the handlers to the sessions that are made from now on; ``module`` may have been executed again."""
    builtin = getattr(sys.modules.get(_BUILTIN), "BUILTIN_HANDLERS", None)
    if module == _BUILTIN and builtin is not None and HANDLERS[0] not in builtin:
        builtin.extend(HANDLERS)


HANDLERS = (
    *((event, answer_call) for event in _CALLED.values()),
    (_PUT_EVENTS_PARAMS, carry_endpoint_id),
    *neighbours.HANDLERS,
)
#: The services whose clients these handlers are for.
_SERVICES = (*SERVED, *neighbours.SERVICES)
_patches = Patches((*_CALLS, *_CLIENTS, *_OTHERS), after=_add_to_builtin_handlers, watched=[_BUILTIN])
_add_to_builtin_handlers()

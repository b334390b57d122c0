"""How every ``events`` client of the process comes to ask us; all that touches botocore's and Python's internals.

Strategy: one handler on ``before-call.eventbridge``. It stands in ``BUILTIN_HANDLERS``, so every session made after
this import has it, and at the first activation it is registered on every session and client that already exists,
found with one look through the garbage collector. It stays there: while no mock is active it answers None and
botocore goes on as ever.

A second handler in the same places takes ``EndpointId`` out of the parameters of PutEvents and carries it to the first
in the context of the call: with it botocore would resolve another host and sign with SigV4A, which needs awscrt.

Two methods of botocore are replaced while a mock is active, for what no event of botocore reaches: see ``_PATCHES``.
The originals are put back when the last mock ends.

A call of an operation for which ``fail_call`` has arranged something takes the longer way through ``attempts``.
"""

from __future__ import annotations

import gc
import inspect
import os
import re
from collections.abc import Callable
from threading import Lock
from typing import Any

import botocore.handlers
from botocore.client import BaseClient
from botocore.configprovider import EnvironmentProvider
from botocore.model import OperationModel
from botocore.session import Session
from botocore.utils import IMDSFetcher

from eventbridge_local.botocore_hooks import active, codec, neighbours
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.event import TRACE_HEADER
from eventbridge_local.moto_insides import account_of_assumed_role
from eventbridge_local.operations.service import Service

EVENT = "before-call.eventbridge"
PUT_EVENTS_PARAMS = "provide-client-params.eventbridge.PutEvents"
#: Where the EndpointId of a call travels in its context.
_ENDPOINT_ID = "eventbridge_local_endpoint_id"
_TWELVE_DIGITS = re.compile(r"[0-9]{12}")


def activate(mock: active.ActiveMock) -> None:
    """Let ``mock`` answer the clients of the process from now on; see ``active`` for which mock answers whom."""
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
    service = mock.service
    account = _account_of(request_signer) or mock.account
    extra = {"EndpointId": context[_ENDPOINT_ID]} if _ENDPOINT_ID in context else {}
    operation = codec.compiled_operation(model)
    if service.call_faults.arranged and service.call_faults.armed(operation.name):
        return _make_failing_call(service, account, model, params, context, extra, request_signer)
    try:
        requested = operation.read(params["body"])
    except ServiceError as error:
        return codec.refused(error, service.ids.uuid(), service.clock.now)
    requested.update(extra)
    refusal = operation.check(requested)
    request_id = service.ids.uuid()
    now = service.clock.now
    scope = service.store.scope(account, context["client_region"])
    trace = params["headers"].get(TRACE_HEADER)
    try:
        answer = service.call(operation.name, requested, scope, refusal, trace, now)
    except ServiceError as error:
        return codec.refused(error, request_id, now)
    return codec.answered(answer, request_id, now)


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
    if _TWELVE_DIGITS.fullmatch(key):
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
    for event, handler in HANDLERS:
        emitter.register(event, handler)


def _assert_metadata_enabled(original: Callable[[Any], None], fetcher: Any) -> None:
    """Keep botocore from asking a machine's metadata service for credentials.

    Without credentials in the environment a new client would open a socket to it and wait for the timeout. There is
    no public switch that also reaches sessions made earlier.
    """
    if active.is_any_active():
        raise fetcher._RETRIES_EXCEEDED_ERROR_CLS()
    original(fetcher)


def _provide_variable(original: Callable[[Any], Any], provider: Any) -> Any:
    """Give a client that names no Region the one of the mock that answers where the client is made.

    The environment has one ``AWS_DEFAULT_REGION`` for all threads and tasks. What botocore asks first, such as
    ``region_name``, and whatever else it looks for in the environment stay as they are.
    """
    if provider._name == active.REGION_VARIABLE and provider._env is os.environ:
        mock = active.innermost()
        if mock is not None:
            return active.region_of(mock)
    return original(provider)


#: Methods of botocore that are replaced while a mock is active: the class, the method, and what is called instead, with
#: the original before its arguments.
_PATCHES: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (IMDSFetcher, "_assert_enabled", _assert_metadata_enabled),
    (EnvironmentProvider, "provide", _provide_variable),
)
#: What is replaced now: the class, the method, the original and what stands in its place.
_replaced: list[tuple[type, str, Any, Any]] = []


def _patch_or_restore() -> None:
    """Replace the methods while a mock is active, else put the originals back; threads may come here in any order."""
    with _lock:
        if not active.is_any_active():
            for owner, name, original, patched in _replaced:
                if vars(owner)[name] is patched:  # else somebody has wrapped ours, which then only passes on
                    setattr(owner, name, original)
            _replaced.clear()
        elif not _replaced:
            for owner, name, instead in _PATCHES:
                original = vars(owner)[name]
                patched = _patched(original, instead)
                setattr(owner, name, patched)
                _replaced.append((owner, name, original, patched))


def _patched(original: Any, instead: Callable[..., Any]) -> Any:
    def method(self: Any) -> Any:
        return instead(original, self)

    return method


HANDLERS = ((EVENT, answer_call), (PUT_EVENTS_PARAMS, carry_endpoint_id), *neighbours.HANDLERS)
#: The services whose clients these handlers are for.
_SERVICES = ("events", *neighbours.SERVICES)
botocore.handlers.BUILTIN_HANDLERS.extend(HANDLERS)

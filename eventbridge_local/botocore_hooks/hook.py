"""The fence around botocore's and Python's internals: how every ``events`` client of the process comes to ask us.

Strategy: one handler on ``before-call.eventbridge``. It stands in ``BUILTIN_HANDLERS``, so every session made after
this import has it, and at the first activation it is registered on every session and client that already exists,
found with one look through the garbage collector. It stays there: while no mock is active it answers None and
botocore goes on as ever.

A second handler in the same places takes ``EndpointId`` out of the parameters of PutEvents and carries it to the first
in the context of the call: with it botocore would resolve another host and sign with SigV4A, which needs awscrt.

A call of an operation for which ``fail_call`` has arranged something takes the longer way through ``attempts``.
"""

from __future__ import annotations

import gc
import re
from typing import Any

import botocore.handlers
from botocore.client import BaseClient
from botocore.model import OperationModel
from botocore.session import Session
from botocore.utils import IMDSFetcher

from eventbridge_local.botocore_hooks import attempts, codec
from eventbridge_local.botocore_hooks.compiled import compiled_operation
from eventbridge_local.delivery.forward import account_of_assumed_role
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.event import TRACE_HEADER
from eventbridge_local.operations.service import Service

EVENT = "before-call.eventbridge"
PUT_EVENTS_PARAMS = "provide-client-params.eventbridge.PutEvents"
#: Where the EndpointId of a call travels in its context.
_ENDPOINT_ID = "eventbridge_local_endpoint_id"
_TWELVE_DIGITS = re.compile(r"[0-9]{12}")


class Active:
    """A mock that answers calls: its service, and the account of callers whose access key names none."""

    __slots__ = ("account", "service")

    def __init__(self, service: Service, account: str) -> None:
        self.service = service
        self.account = account


_stack: list[Active] = []
_attached = False


def activate(active: Active) -> None:
    """Let ``active`` answer from now on; those before it wait."""
    global _attached
    if not _attached:
        _attach_to_existing()
        _attached = True
    _stack.append(active)


def deactivate(active: Active) -> None:
    """Take ``active`` out, wherever it stands: contexts of several threads may end in any order."""
    _stack.remove(active)


def answer(
    model: OperationModel, params: dict[str, Any], context: dict[str, Any], request_signer: Any = None, **_: Any
) -> Any:
    """The ``before-call`` handler: the pair botocore takes as the response, or None while no mock is active."""
    if not _stack:
        return None
    active = _stack[-1]
    service = active.service
    account = _account_of(request_signer) or active.account
    entrance = compiled_operation(model)
    if service.call_faults and service.call_faults.armed(entrance.name):
        extra = {"EndpointId": context[_ENDPOINT_ID]} if _ENDPOINT_ID in context else {}
        return attempts.make_call(attempts.Line(service, account, model, context, extra), params, request_signer)
    now = service.clock.now
    request_id = service.ids.uuid()
    try:
        asked = entrance.read(params["body"])
        if _ENDPOINT_ID in context:
            asked["EndpointId"] = context[_ENDPOINT_ID]
        trace = params["headers"].get(TRACE_HEADER)
        given = service.call(entrance.name, asked, account, context["client_region"], entrance.check, trace)
    except ServiceError as error:
        return codec.refused(error, request_id, now)
    return codec.answered(given, request_id, now)


def carry_endpoint_id(params: Any, context: dict[str, Any], **_: Any) -> dict[str, Any] | None:
    """The ``provide-client-params`` handler: the parameters without ``EndpointId``, or None to leave them as they are.

    What botocore refuses anyway, such as an empty text, is left to botocore.
    """
    if not _stack or not isinstance(params, dict):
        return None
    endpoint_id = params.get("EndpointId")
    if not endpoint_id or not isinstance(endpoint_id, str):
        return None
    context[_ENDPOINT_ID] = endpoint_id
    return {name: value for name, value in params.items() if name != "EndpointId"}


def _account_of(request_signer: Any) -> str | None:
    """The account of the caller's access key: named by it when it is twelve digits, or that of a role of moto's.

    Only what is there already is looked at: asking refreshable credentials for their key would fetch them.
    """
    credentials = getattr(request_signer, "_credentials", None)
    known = getattr(credentials, "__dict__", {})
    key = known.get("access_key") or known.get("_access_key") or ""
    if len(key) == 12 and _TWELVE_DIGITS.fullmatch(key):
        return key
    return account_of_assumed_role(key)


def _attach_to_existing() -> None:
    for thing in gc.get_objects():
        kind = type(thing)  # not isinstance: proxies run code of their own when asked for their class
        if issubclass(kind, Session):
            _register(thing.get_component("event_emitter"))
        elif issubclass(kind, BaseClient) and thing.meta.service_model.service_name == "events":
            _register(thing.meta.events)


def _register(emitter: Any) -> None:
    for event, handler in HANDLERS:
        emitter.register(event, handler)


def _refuse_metadata_while_active() -> None:
    """Keep botocore from asking a machine's metadata service for credentials while a mock is active.

    Without credentials in the environment a new client would open a socket to it and wait for the timeout. There is
    no public switch that also reaches sessions made earlier.
    """
    fetcher: Any = IMDSFetcher
    before = fetcher._assert_enabled

    def assert_enabled(self: Any) -> None:
        if _stack:
            raise self._RETRIES_EXCEEDED_ERROR_CLS()
        before(self)

    fetcher._assert_enabled = assert_enabled


HANDLERS = ((EVENT, answer), (PUT_EVENTS_PARAMS, carry_endpoint_id))
botocore.handlers.BUILTIN_HANDLERS.extend(HANDLERS)
_refuse_metadata_while_active()

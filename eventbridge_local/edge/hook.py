"""The fence around botocore's and Python's internals: how every ``events`` client of the process comes to ask us.

Strategy: one handler on ``before-call.eventbridge``. It stands in ``BUILTIN_HANDLERS``, so every session made after
this import has it, and at the first activation it is registered on every session and client that already exists,
found with one look through the garbage collector. It stays there: while no mock is active it answers None and
botocore goes on as ever.
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

from eventbridge_local.edge import codec
from eventbridge_local.edge.front import door
from eventbridge_local.errors import ServiceError
from eventbridge_local.operations.service import Service

EVENT = "before-call.eventbridge"
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
    entrance = door(model)
    now = service.clock.now
    request_id = service.ids.uuid()
    try:
        asked = entrance.read(params["body"])
        given = service.call(entrance.name, asked, account, context["client_region"], entrance.check)
    except ServiceError as error:
        return codec.refused(error, request_id, now)
    return codec.answered(given, request_id, now)


def _account_of(request_signer: Any) -> str | None:
    """The account that the caller's access key names, when the key is twelve digits.

    Only what is there already is looked at: asking refreshable credentials for their key would fetch them.
    """
    credentials = getattr(request_signer, "_credentials", None)
    known = getattr(credentials, "__dict__", {})
    key = known.get("access_key") or known.get("_access_key") or ""
    return key if len(key) == 12 and _TWELVE_DIGITS.fullmatch(key) else None


def _attach_to_existing() -> None:
    for thing in gc.get_objects():
        kind = type(thing)  # not isinstance: proxies run code of their own when asked for their class
        if issubclass(kind, Session):
            thing.get_component("event_emitter").register(EVENT, answer)
        elif issubclass(kind, BaseClient) and thing.meta.service_model.service_name == "events":
            thing.meta.events.register(EVENT, answer)


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


botocore.handlers.BUILTIN_HANDLERS.append((EVENT, answer))
_refuse_metadata_while_active()

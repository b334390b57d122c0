"""Calls of other services that concern EventBridge: what must be done before moto or an endpoint answers them.

Secrets Manager gets the secrets of connections that are older than it. moto's S3 and CloudFormation are made to send us
what they would write into moto's own EventBridge (``moto_insides``). Strategy: nobody tells us when moto starts or
imports a service, so this is done at the moment when it can be noticed, which is a call of that service.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from eventbridge_local import moto_insides
from eventbridge_local.botocore_hooks import active

#: Returns what takes the events and resources of moto's services. ``mock`` sets it: it is made of parts above this one.
receiver: Callable[[], moto_insides.Receiver] | None = None


def begin() -> None:
    """Let moto's services send to us, as far as they are imported; for a mock that begins."""
    if moto_insides.CORE not in sys.modules:
        return
    try:
        _replace(None)
    except Warning:  # a filter has made an error of it, so the mock will not begin
        if not active.is_any_active():
            end()
        raise


def end() -> None:
    """Leave moto as it was; for the last mock that ends."""
    moto_insides.restore()


def _replace(service: str | None) -> None:
    if receiver is not None:
        moto_insides.replace(receiver, service)


def bring_producers(service: str, event_name: str, **_: Any) -> None:
    """Handle ``before-call`` of a service in moto that sends to EventBridge."""
    if moto_insides.CORE in sys.modules and active.is_any_active():
        moto_insides.called.set(event_name.rpartition(".")[2])
        _replace(service)


def bring_secrets(**_: Any) -> None:
    """Handle ``before-call`` of Secrets Manager: make the secrets that it lacks."""
    mock = active.innermost()
    if mock is None or not any(scope.connections for scope in mock.service.store.scopes):
        return
    # Late, because few tests have connections.
    from eventbridge_local.operations.connections import make_missing_secrets

    make_missing_secrets(mock.service.store, mock.service.services)


#: The services whose calls are looked at, as boto3 spells them.
SERVICES = ("secretsmanager", *moto_insides.MODULES)
HANDLERS = (
    ("before-call.secrets-manager", bring_secrets),
    *((f"before-call.{service}", functools.partial(bring_producers, service)) for service in moto_insides.MODULES),
)

"""Calls of other services that concern EventBridge: what must be done before moto or an endpoint answers them.

Secrets Manager gets the secrets of connections that are older than it. Strategy: nobody tells us when moto starts, so
this is done at the moment when it can be noticed, which is a call of that service.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from eventbridge_local.botocore_hooks import active

_making = Lock()


def bring_secrets(**_: Any) -> None:
    """Handle ``before-call`` of Secrets Manager: make the secrets that it lacks."""
    mock = active.innermost()
    if mock is None or not any(scope.connections for scope in mock.service.store.scopes):
        return
    if not _making.acquire(blocking=False):
        return  # this is the call of ours that makes one
    try:
        # Late, because few tests have connections.
        from eventbridge_local.operations.connections import make_missing_secrets

        make_missing_secrets(mock.service.store, mock.service.services)
    finally:
        _making.release()


#: The services whose calls are looked at, as boto3 spells them.
SERVICES = ("secretsmanager",)
HANDLERS = (("before-call.secrets-manager", bring_secrets),)

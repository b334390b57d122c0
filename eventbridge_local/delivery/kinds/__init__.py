"""The kinds of targets: one unit each, found through a table by the ARN.

A unit says what PutTargets asks of such a target and which request an event becomes; nothing here sends anything.
"""

from __future__ import annotations

from eventbridge_local.delivery.kinds.base import Parameters, RuleScope, TargetKind
from eventbridge_local.delivery.kinds.table import (
    KINDS,
    SERVICES,
    Destination,
    check_target,
    destination_of,
    kind_of,
    stored,
)
from eventbridge_local.delivery.kinds.web import graphql_request

__all__ = [
    "KINDS",
    "SERVICES",
    "Destination",
    "Parameters",
    "RuleScope",
    "TargetKind",
    "check_target",
    "destination_of",
    "graphql_request",
    "kind_of",
    "stored",
]

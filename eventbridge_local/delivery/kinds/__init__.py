"""The kinds of targets: one unit each, found through a table by the ARN.

A unit says what PutTargets asks of such a target and which request an event becomes; nothing here sends anything.
"""

from __future__ import annotations

from eventbridge_local.delivery.kinds.base import Kind, Parameters, RulePlace
from eventbridge_local.delivery.kinds.table import KINDS, SERVICES, check_target, kind_of, stored
from eventbridge_local.delivery.kinds.web import graphql_request

__all__ = [
    "KINDS",
    "SERVICES",
    "Kind",
    "Parameters",
    "RulePlace",
    "check_target",
    "graphql_request",
    "kind_of",
    "stored",
]

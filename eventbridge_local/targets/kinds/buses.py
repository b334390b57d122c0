"""Other event buses, and the archive behind a managed rule: both get the event itself, not a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.core.arn import parse_arn
from eventbridge_local.errors import validation_error
from eventbridge_local.targets.kinds.kind import Kind, RulePlace


def _another_bus(target: Mapping[str, Any], at: RulePlace) -> None:
    arn = parse_arn(target["Arn"])
    if arn is not None and (arn.account, arn.region, arn.resource) == (at.account, at.region, f"event-bus/{at.bus}"):
        raise validation_error("Source EventBus and Target EventBus must not be the same.")  # captured


def _no_retry_policy(target: Mapping[str, Any], at: RulePlace) -> None:
    if "RetryPolicy" in target:  # refused (captured), in words that nobody recorded
        raise validation_error(f"Parameter(s) RetryPolicy not supported for target: {target['Id']}.")


EVENT_BUS = Kind(
    name="event bus",
    service="events",
    resource=r"event-bus/.+",
    way="bus",
    inputs=frozenset(),
    input_refusal="Modifying the input for target {id} is not supported.",
    other_accounts=True,
    checks=(_another_bus, _no_retry_policy),
)

#: ``arn:aws:events:us-east-1:::``, the target of the rule that AWS makes for an archive.
ARCHIVE = Kind(name="archive", service="events", resource=r":", way="archive", role="optional", place=("region",))

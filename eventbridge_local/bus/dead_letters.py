"""The dead letter: what it says, as AWS writes it (captured; User Guide eb-rule-dlq)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.state.records import Rule, Target
from eventbridge_local.targets.handover import AttemptFailed


def attributes(
    rule: Rule, target: Target, failed: AttemptFailed, retries: int, condition: str | None
) -> dict[str, str]:
    """The message attributes. Those about retries are absent after an error that is not retried."""
    written = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target.arn,
        "ERROR_CODE": failed.code,
        "ERROR_MESSAGE": failed.reason,
    }
    if condition is not None:
        written |= {"RETRY_ATTEMPTS": str(retries), "EXHAUSTED_RETRY_CONDITION": condition}
    return written


def message(body: str, written: Mapping[str, str], trace_header: str | None) -> dict[str, Any]:
    """The members of SendMessage besides the queue."""
    params: dict[str, Any] = {
        "MessageBody": body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in written.items() if value
        },
    }
    if trace_header is not None:
        params["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace_header}}
    return params


def queue_of(target: Target) -> str | None:
    """The ARN of a target's dead-letter queue, None when it has none."""
    arn: str | None = target.params.get("DeadLetterConfig", {}).get("Arn")
    return arn

"""The services that a mock answers: everything that depends on which they are reads this table."""

from __future__ import annotations

#: Their names as boto3 spells them, and as the names of botocore's events do.
SERVED = {"events": "eventbridge"}

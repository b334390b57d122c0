"""Contracts on events: JSON Schema and OpenAPI documents by source and detail-type.

    collection  ``Contracts`` and ``Contract``; the checks of events when they are put and when a mock ends
    violations  what an event does that its contract does not allow, and the error that lists it
    documents   schema files and dicts, the dialect they are written in, the formats that are checked
    references  documents that refer to each other; the network is never used
    subjects    which events a schema is for, and whether for the envelope or for ``detail``
    infer       a first schema from sample events

jsonschema is imported when the first contract is made, not before.
"""

from eventbridge_local.contracts.collection import Contract, Contracts
from eventbridge_local.contracts.infer import infer_schema
from eventbridge_local.contracts.violations import Violation, violation_error

__all__ = ["Contract", "Contracts", "Violation", "infer_schema", "violation_error"]

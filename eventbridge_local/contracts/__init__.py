"""Contracts on events: JSON Schema and OpenAPI documents by source and detail-type.

    documents   files and dicts become documents; what cannot be read is refused with line and column
    dialects    which draft or OpenAPI version a document is written in, and its validator
    shelf       documents that refer to each other; a reference never leads to the network
    subjects    which events a document speaks for, and whether for the envelope or for ``detail``
    contract    one contract and its validator
    collection  ``Contracts``, what users hold
    violations  findings and their words
    checking    where events meet their contracts: before they are put, and when a mock ends
    infer       a first schema from sample events

jsonschema is imported when the first contract is made, not before.
"""

from eventbridge_local.contracts.collection import Contracts
from eventbridge_local.contracts.contract import Contract
from eventbridge_local.contracts.infer import infer_schema
from eventbridge_local.contracts.violations import Violation, violation_error

__all__ = ["Contract", "Contracts", "Violation", "infer_schema", "violation_error"]

"""Writes an invoice for each order."""

from __future__ import annotations

from typing import Any

written: list[str] = []


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda handler of the rule ``invoice``."""
    order = event["detail"]["id"]
    written.append(order)
    return {"invoice": f"invoice for {order}"}

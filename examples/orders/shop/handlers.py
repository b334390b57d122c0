"""The two Lambda functions. In production they keep their books in a table; here, in two dictionaries."""

import json
from collections import Counter
from typing import Any

from shop.aws import BUS, events

invoices: dict[str, float] = {}
points: Counter[str] = Counter()


def invoice_handler(event: dict[str, Any], context: Any) -> None:
    """Write the invoice and say so on the bus."""
    order = event["detail"]
    invoices[order["id"]] = order["total"]
    events.put_events(
        Entries=[
            {
                "Source": "shop.invoices",
                "DetailType": "InvoiceWritten",
                "Detail": json.dumps({"order": order["id"], "amount": order["total"]}),
                "EventBusName": BUS,
            }
        ]
    )


def loyalty_handler(event: dict[str, Any], context: Any) -> None:
    """Ten in any currency earn one point."""
    order = event["detail"]
    points[order["customer"]["name"]] += int(order["total"] // 10)

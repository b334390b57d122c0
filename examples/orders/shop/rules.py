"""The bus, its rules and their targets, put in place through the ordinary API."""

import json

from shop.aws import BUS, events, function_arn, queue_arn

RULES = {
    "every-order-is-invoiced": {
        "pattern": {"source": ["shop.orders"], "detail-type": ["OrderPlaced"]},
        "target": function_arn("invoices"),
    },
    "large-orders-earn-points": {
        "pattern": {
            "source": ["shop.orders"],
            "detail-type": ["OrderPlaced"],
            "detail": {"customer": {"member": [True]}, "total": [{"numeric": [">=", 50]}]},
        },
        "target": function_arn("loyalty"),
    },
    "everything-is-kept": {
        "pattern": {"source": [{"prefix": "shop."}]},
        "target": queue_arn("audit"),
    },
}


def deploy() -> None:
    events.create_event_bus(Name=BUS)
    for name, rule in RULES.items():
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps(rule["pattern"]))
        answer = events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "1", "Arn": rule["target"]}])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"targets of rule {name} were refused: {answer['FailedEntries']}")

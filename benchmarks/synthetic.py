"""Events and rules made up from a seed, the same on every run."""

from __future__ import annotations

import random
from typing import Any

STATES = ("pending", "running", "stopping", "stopped", "failed", "terminated")
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")


def event(random_: random.Random, size: int, number: int = 7) -> dict[str, Any]:
    """An event of about `size` bytes as JSON; `number` decides the values that rules name."""
    tree: dict[str, Any] = {
        "id": f"evt-{number:08d}",
        "source": f"shop.service{number % 100}",
        "detail-type": f"Thing {number % 40} happened",
        "detail": {"state": STATES[number % len(STATES)], "total": number},
    }
    if size > 200:
        tree |= {
            "version": "0",
            "account": "123456789012",
            "time": "2026-01-01T00:00:00Z",
            "region": REGIONS[number % 4],
        }
        tree["resources"] = [f"arn:aws:s3:::bucket-{number}"]
        tree["detail"] |= {"id": f"ord-{number:06d}", "key": f"in/{number:05d}/report.csv", "user": {"name": "Ann"}}
    filler = 0
    while _length(tree) < size - 40:
        part = tree["detail"].setdefault(f"part{filler // 8}", {})
        part[f"field{filler % 8}"] = random_.choice([f"value {random_.random()}", random_.randrange(10**6), True, None])
        filler += 1
    return tree


def naming_rule(random_: random.Random, number: int) -> dict[str, Any]:
    """A rule that names values: few events satisfy it."""
    source, kind = [f"shop.service{number % 100}"], [f"Thing {number % 40} happened"]
    order = f"ord-{number:06d}"
    shapes: tuple[dict[str, Any], ...] = (
        {"source": source, "detail-type": kind, "detail": {"id": [order]}},
        {"source": source, "detail": {"state": [STATES[number % 6]], "id": [order, f"ord-x{number}"]}},
        {"source": source, "detail": {"key": [{"prefix": f"in/{number:05d}"}]}},
        {"detail-type": kind, "detail": {"key": [{"suffix": f"{number:05d}/report.csv"}]}},
        {"source": source, "detail": {"total": [{"numeric": [">=", number, "<", number + 1]}]}},
        {"source": source, "detail": {"key": [{"wildcard": f"in/{number:05d}/*.csv"}]}},
        {"id": [f"evt-{number:08d}"], "detail": {"state": [{"exists": True}]}},
        {"source": source, "$or": [{"detail": {"id": [order]}}, {"detail": {"total": [number]}}]},
        {"source": source, "detail": {"id": [order], "state": [{"anything-but": ["unknown"]}]}},
        {
            "account": ["123456789012"],
            "detail": {"id": [{"equals-ignore-case": order.upper()}], "gone": [{"exists": False}]},
        },
    )
    return shapes[random_.randrange(len(shapes))]


def naming_rules(seed: int, count: int, satisfied: int, number: int = 7) -> list[dict[str, Any]]:
    """`count` rules of which `satisfied` accept the event made for `number`."""
    random_ = random.Random(seed)
    hits = set(random_.sample(range(count), satisfied))
    return [naming_rule(random_, number if at in hits else 1000 + at) for at in range(count)]


def excluding_rule(number: int) -> dict[str, Any]:
    """A rule that wants one field to be anything but something; nearly every event satisfies it."""
    return {"detail": {"state": [{"anything-but": [f"state-{number}", STATES[number % 6]]}]}}


def loose_rule(number: int) -> dict[str, Any]:
    """A rule whose fields all exclude something or want nothing; nearly every event satisfies it."""
    state, source = f"state-{number}", f"shop.service{100 + number}"
    shapes: tuple[dict[str, Any], ...] = (
        {"source": [{"anything-but": source}], "detail": {"state": [{"anything-but": [state, "unknown"]}]}},
        {"source": [{"anything-but": {"prefix": f"aws.{number}"}}], "detail": {"total": [{"anything-but": -number}]}},
        {"detail": {f"gone{number % 50}": [{"exists": False}], "lost": [{"exists": False}]}},
        {"source": [{"anything-but": source}], "detail": {"state": [{"exists": True}], "lost": [{"exists": False}]}},
    )
    return shapes[number % len(shapes)]


def unmet_rule(number: int) -> dict[str, Any]:
    """A loose rule with one more field, which no event has."""
    rule = loose_rule(number)
    return rule | {"detail": rule["detail"] | {f"missing{number % 50}": [{"anything-but": "x"}]}}


def _length(tree: Any) -> int:
    import json

    return len(json.dumps(tree))

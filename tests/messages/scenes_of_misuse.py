"""Scenes in which somebody uses the library in a way that makes no sense; many lines to a scene."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from message_scenes import ORDER, failing, scene

from eventbridge_local import EventBridge, current_eventbridge, make_event, mock_eventbridge, sample_event

OPTIONS: tuple[dict[str, Any], ...] = (
    {"acount": "123456789012"},
    {"nonsense": 1},
    {"account": 123},
    {"region": "Ireland"},
    {"now": "yesterday"},
    {"now": datetime(2026, 1, 1)},
    {"limits": 3},
    {"organization": "acme"},
    {"forward": "always"},
    {"allow_hosts": "localstack"},
    {"keep_records": 3},
    {"strict": "yes"},
    {"assert_all_rules_matched": 1},
    {"contracts": 5},
    {"contracts": {"OrderPlaced": {}}},
    {"contracts": {"shop.orders@OrderPlaced": 5}},
)


@scene
def wrong_options(_: EventBridge) -> str:
    seen = [failing(mock_eventbridge, **options) for options in OPTIONS]
    return "".join([*seen, failing(mock_eventbridge, "orders"), failing(mock_eventbridge(), 5)])


@scene
def wrong_arguments(eb: EventBridge) -> str:
    async def asynchronous(event: Any) -> None: ...

    return "".join(
        [
            failing(eb.assert_put, count=0),
            failing(eb.assert_put, exact=True),
            failing(eb.assert_delivered, exact=True),
            failing(eb.events.where, sorce="shop"),
            failing(eb.put, *ORDER, when=1),
            failing(eb.put, *ORDER, time=datetime(2026, 1, 1)),
            failing(eb.connect, "", print),
            failing(eb.connect, "audit", 5),
            failing(eb.clock.advance, hours=-1),
            failing(eb.fail_target, "audit", error="THROTLING"),
            failing(eb.fail_over, "shop", "third"),
            failing(eb.secret, "shop"),
            failing(eb.archive_to, "file", "March"),
            failing(eb.replay_from, "file", bus="oders"),
        ]
    )


@scene
def wrong_questions(eb: EventBridge) -> str:
    eb.rule("Audit", pattern={"source": ["shop"]})
    return "".join(
        [
            failing(eb.explain, 5),
            failing(eb.explain, "0000"),
            failing(eb.explain, "{"),
            failing(eb.explain, {"Sorce": "shop"}),
            failing(eb.explain, {"source": "shop", "detail-type": "Sold", "detail": "{}"}),
            failing(eb.explain, make_event("shop", "Sold"), rule="Adit"),
            failing(eb.route, make_event("shop", "Sold", id="1") | {"time": "noon"}),
        ]
    )


@scene
def wrong_samples(_: EventBridge) -> str:
    return "".join(
        [
            failing(make_event, "", "Sold"),
            failing(make_event, "shop", "Sold", [1]),
            failing(make_event, "shop", "Sold", sorce=1),
            failing(sample_event, "aws.s4", "Object Created"),
            failing(sample_event, "aws.s3", "Object Creatd"),
        ]
    )


def no_mock_is_active() -> str:
    """Outside of any mock."""
    return failing(current_eventbridge)


no_mock_is_active.is_scene = True  # type: ignore[attr-defined]

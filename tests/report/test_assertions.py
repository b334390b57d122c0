"""The texts of failing ``assert_*`` methods, whole, as people read them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UsageError

ORDER = ("shop.orders", "OrderPlaced")


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    """An empty EventBridge with a fixed clock."""
    with mock_eventbridge(now="2026-03-06T09:00Z") as eb:
        yield eb


@pytest.fixture
def shop(eb: EventBridge) -> EventBridge:
    """A cancelled order, a placed one whose total is a string, and one that was refused."""
    eb.rule("unused", pattern={"source": ["nobody"]}, bus="orders")
    eb.put("shop.orders", "OrderCancelled", {"id": "o-1"}, bus="orders")
    eb.put(*ORDER, {"id": "o-1", "total": "120"}, bus="orders")
    eb.put(*ORDER, "no json", bus="orders")
    return eb


def failing(assertion: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The text with which an assertion fails."""
    with pytest.raises(AssertionError) as raised:
        assertion(*args, **kwargs)
    return str(raised.value)


def text(block: str) -> str:
    """An indented block as it is read."""
    return textwrap.dedent(block).strip("\n")


# assert_put


def test_nothing_put(eb: EventBridge) -> None:
    """Without any event the advice is to look at the code under test."""
    assert failing(eb.assert_put, *ORDER, {"id": "o-1"}) == text("""
        no event has
            source       'shop.orders'
            detail-type  'OrderPlaced'
            detail       includes {'id': 'o-1'}
        hint: no event was put; is the code under test called, and does it use boto3's `events` client?
    """)


def test_closest_with_a_difference_of_type(shop: EventBridge) -> None:
    """The nearest event is named, with the field and the two types, and what else was there."""
    assert failing(shop.assert_put, *ORDER, {"id": "o-1", "total": 120}, bus="orders") == text("""
        no event on bus 'orders' has
            source       'shop.orders'
            detail-type  'OrderPlaced'
            detail       includes {'id': 'o-1', 'total': 120}
        closest of 3 put (event #2, 1 difference):
            detail.total   wanted 120, got '120'   (EventBridge compares JSON types; '120' is a string, not a number)
        others: #1 OrderCancelled on orders, #3 refused: MalformedDetail
    """)


def test_wrong_bus(shop: EventBridge) -> None:
    """An event that went to another bus is found there."""
    assert failing(shop.assert_put, *ORDER, bus="default") == text("""
        no event on bus 'default' has
            source       'shop.orders'
            detail-type  'OrderPlaced'
        closest of 3 put (event #2, 1 difference):
            bus            wanted 'default', got 'orders'
        others: #1 OrderCancelled on orders, #3 refused: MalformedDetail
        hint: event #2 was put on bus 'orders'; EventBusName of the entry chooses the bus
    """)


def test_wrong_case(shop: EventBridge) -> None:
    """What differs only in case is said to."""
    assert failing(shop.assert_put, "Shop.Orders", "orderplaced") == text("""
        no event has
            source       'Shop.Orders'
            detail-type  'orderplaced'
        closest of 3 put (event #2, 2 differences):
            source         wanted 'Shop.Orders', got 'shop.orders'   ('shop.orders' differs from 'Shop.Orders' only in case)
            detail-type    wanted 'orderplaced', got 'OrderPlaced'   ('OrderPlaced' differs from 'orderplaced' only in case)
        others: #1 OrderCancelled on orders, #3 refused: MalformedDetail
    """)  # noqa: E501


def test_absent_member(shop: EventBridge) -> None:
    """A member that is not there is absent, which is not the same as null."""
    assert failing(shop.assert_put, *ORDER, {"sku": "a", "total": "120"}) == text("""
        no event has
            source       'shop.orders'
            detail-type  'OrderPlaced'
            detail       includes {'sku': 'a', 'total': '120'}
        closest of 3 put (event #2, 1 difference):
            detail.sku     wanted 'a', absent
        others: #1 OrderCancelled on orders, #3 refused: MalformedDetail
    """)


def test_extra_member(shop: EventBridge) -> None:
    """With ``exact`` the members that were not wanted are listed, and the title does not say "includes"."""
    assert failing(shop.assert_put, *ORDER, {"id": "o-1"}, exact=True) == text("""
        no event has
            source       'shop.orders'
            detail-type  'OrderPlaced'
            detail       {'id': 'o-1'}
        closest of 3 put (event #2, 1 difference):
            detail.total   not wanted, got '120'
        others: #1 OrderCancelled on orders, #3 refused: MalformedDetail
    """)


def test_list_of_another_length(eb: EventBridge) -> None:
    """A list must have as many members as wanted; the difference shows both numbers."""
    eb.put(*ORDER, {"lines": [1]})
    assert failing(eb.assert_put, detail={"lines": [1, 2]}) == text("""
        no event has
            detail       includes {'lines': [1, 2]}
        closest of 1 put (event #1, 1 difference):
            detail.lines   wanted 2 members, got 1: [1]
    """)


def test_detail_dumped_twice(eb: EventBridge) -> None:
    """JSON inside a string is recognised."""
    eb.put(*ORDER, {"order": '{"id": "o-1"}'})
    assert failing(eb.assert_put, detail={"order": {"id": "o-1"}}).endswith(
        "hint: detail.order is JSON inside a string; was json.dumps called twice?"
    )


def test_only_refused_entries(eb: EventBridge) -> None:
    """When all entries were refused there is no closest one, and they are listed with their codes."""
    eb.put(*ORDER, "no json")
    message = failing(eb.assert_put, *ORDER)
    assert message.startswith("no event has\n")
    assert "#1 refused: MalformedDetail" in message
    assert "closest" not in message


def test_ten_others_are_shown(eb: EventBridge) -> None:
    """A long list is cut, and says how much is left."""
    for number in range(14):
        eb.put("shop.orders", f"T{number}")
    last = failing(eb.assert_put, "bank").splitlines()[-1]
    shown = ", ".join(f"#{number + 1} T{number}" for number in range(10))
    assert last == f"others: {shown}, and 3 more"


def test_a_long_value_is_cut(eb: EventBridge) -> None:
    """No line grows without bound."""
    eb.put(*ORDER, {"note": "x" * 5000})
    assert max(map(len, failing(eb.assert_put, detail={"note": "y" * 5000}).splitlines())) < 500


def test_count_of_events(shop: EventBridge) -> None:
    """A wrong count lists the events that are as wanted, and they are not called others."""
    message = failing(shop.assert_put, "shop.orders", count=3)
    assert message.startswith("expected 3 events, found 2:\n    source       'shop.orders'\n")
    assert "#1 OrderCancelled on orders, #2 OrderPlaced on orders" in message
    assert "others: #1" not in message


def test_count_of_one_event(shop: EventBridge) -> None:
    """One event *is* as wanted."""
    assert failing(shop.assert_put, *ORDER, count=2).startswith("expected 2 events, found 1:\n")


def test_pattern_of_an_event(shop: EventBridge) -> None:
    """A pattern's conditions are shown in words as ``explain`` has them, not as a quoted string."""
    message = failing(shop.assert_put, pattern={"source": ["bank"], "detail": {"total": [{"numeric": [">", 100]}]}})
    assert "closest of 3 put (event #2, 2 differences):" in message
    lines = [line.split(maxsplit=1) for line in message.splitlines()]
    assert ["source", "wanted 'bank', got 'shop.orders'"] in lines
    (total,) = [rest for first, *rest in lines if first == "detail.total"]
    assert total[0].startswith("wanted numeric > 100, got '120'")


def test_an_invalid_pattern_is_no_failed_assertion(shop: EventBridge) -> None:
    """A pattern AWS would refuse is refused, whether or not there are events."""
    with pytest.raises(ValueError, match="must be an object or an array"):
        shop.assert_put(pattern={"source": "shop"})
    shop.reset()
    with pytest.raises(ValueError, match="must be an object or an array"):
        shop.assert_not_put(pattern={"source": "shop"})


@pytest.mark.parametrize("count", [0, -1, True, False, "2", 1.0])
@pytest.mark.parametrize("assertion", ["assert_put", "assert_delivered"])
def test_bad_count(eb: EventBridge, assertion: str, count: Any) -> None:
    """A count that cannot be meant is refused, and the way to ask for none is named."""
    with pytest.raises(UsageError) as raised:
        getattr(eb, assertion)(count=count)
    advice = "give a whole number from 1; for none use assert_not_put or assert_not_delivered"
    assert str(raised.value) == f"count={count!r}: {advice}"


def test_what_assert_put_returns(shop: EventBridge) -> None:
    """The newest of the events as wanted; refused ones never are."""
    assert shop.assert_put("shop.orders").number == 2
    assert (
        shop.assert_put("shop.orders", "OrderCancelled", {"id": "o-1"}, bus="orders", count=1, exact=True).number == 1
    )
    assert shop.assert_put().number == 2


# assert_not_put


def test_put_after_all(shop: EventBridge) -> None:
    """All events that should not have been are listed."""
    assert failing(shop.assert_not_put, "shop.orders") == text("""
        expected no such event, but #1 OrderCancelled on orders, #2 OrderPlaced on orders were put:
            source       'shop.orders'
    """)


def test_put_after_all_on_a_bus(shop: EventBridge) -> None:
    """The bus stands in the title, once."""
    assert failing(shop.assert_not_put, detail={"total": "120"}, bus="orders") == text("""
        expected no such event on bus 'orders', but #2 OrderPlaced on orders was put:
            detail       includes {'total': '120'}
    """)


def test_not_put(shop: EventBridge) -> None:
    """Events that differ, on other buses or refused do not count."""
    shop.assert_not_put("bank")
    shop.assert_not_put("shop.orders", bus="default")
    shop.assert_not_put(detail={"total": 120})
    shop.assert_not_put(detail={"id": "o-2"}, exact=True)
    shop.assert_not_put(detail="no json")


# assert_delivered


@pytest.fixture
def rules(eb: EventBridge) -> EventBridge:
    """Rules of every kind, and one order with a total of 5."""
    eb.rule("audit", pattern={"source": ["shop.orders"]}, to="arn:aws:sqs:us-east-1:123456789012:kept")
    eb.rule("fraud", pattern={"detail": {"total": [{"numeric": [">", 100]}]}, "source": ["shop.orders"]}, to="check")
    eb.rule("empty", pattern={"source": ["shop.orders"]})
    eb.rule("paused", pattern={"source": ["shop.orders"]}, to="check")
    eb.rule("nightly", schedule="rate(1 day)", to="check")
    eb.rule("elsewhere", pattern={"source": ["shop.orders"]}, bus="orders", to="check")
    boto3.client("events", region_name="us-east-1").disable_rule(Name="paused")
    eb.put(*ORDER, {"id": "o-1", "total": 5})
    return eb


AUDIT_IS_NEAREST = """
closest of 1 made (delivery #1, 1 difference):
    rule           wanted '{rule}', got 'audit'
"""


def undelivered(rule: str, *hint: str) -> str:
    """The text for a rule that did not deliver, where there was one delivery of another rule."""
    return "\n".join(
        [f"no delivery has\n    rule         '{rule}'{AUDIT_IS_NEAREST.format(rule=rule)}".rstrip(), *hint]
    )


def test_rule_disabled(rules: EventBridge) -> None:
    """A disabled rule is said to be."""
    hint = "hint: rule 'paused' is disabled; call EnableRule to enable it"
    assert failing(rules.assert_delivered, rule="paused") == undelivered("paused", hint)


def test_rule_without_targets(rules: EventBridge) -> None:
    """A rule that matched and has no targets is said to."""
    hint = "hint: rule 'empty' matched event #1, but it has no targets; call PutTargets to add one"
    assert failing(rules.assert_delivered, rule="empty") == undelivered("empty", hint)


def test_rule_with_another_pattern(rules: EventBridge) -> None:
    """The pattern is explained against the last event the rule met."""
    message = failing(rules.assert_delivered, rule="fraud")
    hint = "hint: rule 'fraud' on bus 'default' does not match event #1:"
    assert message.startswith(undelivered("fraud", hint))
    rest = message.partition(hint)[2].strip("\n").splitlines()
    assert [line.split() for line in rest] == [
        ["detail.total", "differs", "wanted", "numeric", ">", "100,", "got", "5"],
        ["source", "ok", "'shop.orders'"],
    ]


def test_an_explanation_is_indented(rules: EventBridge) -> None:
    """The lines below a hint are indented as all lists of a report are."""
    lines = failing(rules.assert_delivered, rule="fraud").splitlines()
    assert all(line.startswith("    ") for line in lines[lines.index(next(x for x in lines if "hint" in x)) + 1 :])


def test_rule_on_another_bus(rules: EventBridge) -> None:
    """A rule that exists on a bus without events is found there, with the bus the events went to."""
    message = failing(rules.assert_delivered, rule="elsewhere")
    assert "hint: " in message
    hint = message.partition("hint: ")[2]
    assert "'elsewhere'" in hint and "'orders'" in hint


def test_rule_that_does_not_exist(rules: EventBridge) -> None:
    """A rule of no bus is said to be none, so that a slip of the pen shows."""
    message = failing(rules.assert_delivered, rule="adit")
    assert message.startswith(undelivered("adit", "hint: "))
    assert "'adit'" in message.partition("hint: ")[2]


def test_rule_with_a_schedule(rules: EventBridge) -> None:
    """That a rule has no pattern is a reason, and is said."""
    hint = failing(rules.assert_delivered, rule="nightly").partition("hint: ")[2]
    assert "'nightly'" in hint and "schedule" in hint


def test_no_event_at_all(eb: EventBridge) -> None:
    """Without an event the title ends in a sentence, and the hint says that there was none."""
    message = failing(eb.assert_delivered)
    assert message.splitlines()[-1].startswith("hint: no event was put")
    assert message.splitlines()[0] != "no delivery has"


def test_no_event_for_a_rule(eb: EventBridge) -> None:
    """A rule that saw nothing because nothing was put is not blamed on its name."""
    eb.rule("audit", pattern={"source": ["shop"]}, to="kept")
    hint = failing(eb.assert_delivered, rule="audit").splitlines()[-1]
    assert hint.startswith("hint: no event was put")


def test_payload_differs(rules: EventBridge) -> None:
    """A payload is compared member by member."""
    message = failing(rules.assert_delivered, rule="audit", payload={"detail": {"total": "5"}})
    assert message.startswith(
        "no delivery has\n    rule         'audit'\n    payload      includes {'detail': {'total': '5'}}"
    )
    assert "closest of 1 made (delivery #1, 1 difference):" in message
    assert (
        "    payload.detail.total wanted '5', got 5   (EventBridge compares JSON types; 5 is a number, not a string)"
        in message
    )


def test_a_rule_that_delivered_gets_no_hint(rules: EventBridge) -> None:
    """That the rule matched is no news when its delivery is the one shown."""
    assert "hint" not in failing(rules.assert_delivered, rule="audit", payload={"detail": {"total": "5"}})


def test_target_differs(rules: EventBridge) -> None:
    """A target is shown by the name people gave it."""
    message = failing(rules.assert_delivered, target="keep")
    assert "    target         wanted 'keep', got 'kept'" in message


def test_pattern_of_a_delivery(rules: EventBridge) -> None:
    """A pattern is explained field by field."""
    message = failing(rules.assert_delivered, pattern={"source": ["bank"]})
    assert "    source         wanted 'bank', got 'shop.orders'" in message


def test_count_of_deliveries(rules: EventBridge) -> None:
    """One delivery *is* as wanted, and is not one of the others."""
    message = failing(rules.assert_delivered, rule="audit", count=2)
    assert message.startswith("expected 2 deliveries, found 1:\n    rule         'audit'\n")
    assert "#1 audit -> kept: recorded" in message
    assert "others" not in message


def test_a_dropped_event_is_no_delivery() -> None:
    """The outcome is what spoiled it."""
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("broken", pattern={"source": ["shop.orders"]})
        transformer = {"InputPathsMap": {"n": "$.detail.note"}, "InputTemplate": '{"note": "<n>"}'}
        target = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:kept", "InputTransformer": transformer}
        boto3.client("events", region_name="us-east-1").put_targets(Rule="broken", Targets=[target])
        eb.put(*ORDER, {"note": ["word"]})
        assert eb.deliveries.one().outcome == "dropped"
        assert "    outcome        wanted 'delivered', got 'dropped'" in failing(eb.assert_delivered, rule="broken")
        eb.assert_not_delivered(rule="broken")


def test_what_assert_delivered_returns(rules: EventBridge) -> None:
    """The newest delivery as wanted, by every name of its target."""
    rules.put(*ORDER, {"id": "o-2", "total": 5})
    assert rules.assert_delivered(rule="audit").event.detail["id"] == "o-2"
    for target in ("kept", "target-1", "arn:aws:sqs:us-east-1:123456789012:kept"):
        assert rules.assert_delivered(target=target, count=2).outcome == "recorded"
    first = rules.deliveries.first
    assert rules.assert_delivered(payload=first.payload, pattern={"source": ["shop.orders"]}) is first
    assert rules.assert_delivered() is rules.deliveries.last


# assert_not_delivered


def test_delivered_after_all(rules: EventBridge) -> None:
    """The deliveries that should not have been are listed."""
    assert failing(rules.assert_not_delivered, rule="audit", payload={"source": "shop.orders"}) == text("""
        expected no such delivery, but #1 audit -> kept: recorded was made:
            rule         'audit'
            payload      includes {'source': 'shop.orders'}
    """)


def test_not_delivered(rules: EventBridge) -> None:
    """Rules that did not match, are disabled or without targets delivered nothing."""
    for rule in ("fraud", "paused", "empty", "nightly", "elsewhere"):
        rules.assert_not_delivered(rule=rule)
    rules.assert_not_delivered(target="check")
    rules.assert_not_delivered(pattern={"source": ["bank"]})

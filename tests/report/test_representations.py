"""What a debugger, ``print`` and a notebook show of what a test gets, and what first guesses of its members give."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from eventbridge_local import EventBridge, RuleSet, explain, make_event, matches, mock_eventbridge
from eventbridge_local.notebook import MOST_ROWS, as_table
from eventbridge_local.patterns import Match

PATTERN = {"source": ["shop"], "detail": {"total": [{"numeric": [">", 10]}]}}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
EVIL = "<script>alert('&')</script>\x1b"


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    """Two rules, one event that one of them matches, and a failure that ended in a dead-letter queue."""
    with mock_eventbridge(now="2026-03-06T09:00Z", assert_all_deliveries_succeeded=False) as eb:
        eb.rule("big", pattern=PATTERN, to="invoices")
        eb.rule("all", pattern={"source": [{"prefix": ""}]}, to="audit")
        yield eb


def shown(thing: Any) -> list[str]:
    """The texts of a notebook's HTML, which must be well-formed."""
    return list(ElementTree.fromstring(thing._repr_html_()).itertext())


def test_the_handle(eb: EventBridge) -> None:
    eb.put("shop", "Sold", {"total": 11})
    about = "EventBridge of 123456789012 in us-east-1, 2 rules, 1 entry, 2 deliveries, 0 dead letters"
    assert repr(eb) == f"<{about}>"
    assert shown(eb)[0] == about
    assert [text for text in shown(eb) if text in ("all", "big")] == ["all", "big"]


def test_the_journal(eb: EventBridge) -> None:
    eb.put("shop", "Sold", {"total": 11})
    assert repr(eb.journal) == "<Journal of 9 records: 5 calls, 1 entry, 1 routing, 2 deliveries>"
    assert shown(eb.journal) == [str(eb.journal)]


def test_the_logs(eb: EventBridge) -> None:
    eb.put("shop", "Sold", {"total": 11})
    assert repr(eb.events) == "<EventLog of 1: #1 Sold>"
    assert "invoices" in repr(eb.deliveries)
    assert "{'total': 11}" in shown(eb.events)
    assert "arn:aws:lambda:us-east-1:123456789012:function:invoices" in shown(eb.deliveries)
    assert "PutEvents" in shown(eb.calls)
    assert shown(eb.dead_letters)[0] == "DeadLetterLog of 0"


def test_a_spy(eb: EventBridge) -> None:
    spy = eb.connect("invoices", lambda event: event["detail"]["total"])
    eb.put("shop", "Sold", {"total": 11})
    assert repr(spy).startswith("<TargetSpy ") and repr(spy).endswith(", 1 call>")
    assert "11" in shown(spy)


def test_explanations_and_routing_tables(eb: EventBridge) -> None:
    event = make_event("shop", "Sold", {"total": 1})
    for thing in (eb.explain(event), explain(PATTERN, event), eb.coverage()):
        assert shown(thing) == [str(thing)]
        assert repr(thing).startswith(f"<{type(thing).__name__}")
    table = eb.route(event)
    assert "detail.total differs" in shown(table)
    assert "1 of 2 rules match" in repr(table)


def test_the_clock(eb: EventBridge) -> None:
    assert repr(eb.clock) == "<Clock 2026-03-06T09:00:00+00:00, moved by the test, 0 timers>"
    eb.rule("hourly", schedule="rate(1 hour)")
    assert shown(eb.clock)[0].endswith("1 timer>")
    with mock_eventbridge() as following:
        assert "follows the real clock" in repr(following.clock)


def test_a_rule_set() -> None:
    rules = RuleSet()
    assert repr(rules) == "<RuleSet of 0 rules>"
    for number in range(7):
        rules.add(f"r{number}", PATTERN)
    assert repr(rules) == "<RuleSet of 7 rules: 'r0', 'r1', 'r2', 'r3', 'r4', ...>"
    assert "r6" in shown(rules)


def test_nothing_of_an_event_is_html_or_steers_a_terminal(eb: EventBridge) -> None:
    spy = eb.connect("audit")
    eb.put(EVIL, EVIL, {EVIL: EVIL})
    rules = RuleSet()
    rules.add(EVIL, {"source": [EVIL]})
    things = (eb, eb.journal, eb.events, eb.deliveries, eb.calls, spy, eb.explain(eb.events[0]), rules)
    for thing in (*things, eb.route(eb.events[0])):
        html = thing._repr_html_()
        ElementTree.fromstring(html)
        assert "<script" not in html
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", html + repr(thing))


def test_a_long_table_ends_with_the_newest() -> None:
    texts = list(ElementTree.fromstring(as_table("t", ["n"], [[n] for n in range(MOST_ROWS + 5)])).itertext())
    assert texts[:4] == ["t", "n", "5 before these", "6"]
    assert texts[-2:] == [str(MOST_ROWS + 5), str(MOST_ROWS + 4)]


# first guesses


def test_a_delivery_names_its_target_and_what_the_handler_returned(eb: EventBridge) -> None:
    eb.connect("invoices", lambda event: {"invoice": event["detail"]["total"]})
    eb.put("shop", "Sold", {"total": 11})
    delivery = eb.assert_delivered(rule="big")
    assert (delivery.target_id, delivery.result) == ("target-1", {"invoice": 11})
    assert eb.assert_delivered(rule="all").result is None


def test_a_dead_letter_names_its_target(eb: EventBridge) -> None:
    queue = {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:lost"}}
    target = {"Id": "mine", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", **queue}
    eb.rule("third", pattern=PATTERN)
    eb._perform("PutTargets", Rule="third", Targets=[target])
    eb.fail_target("f", error="NO_RESOURCE")
    eb.put("shop", "Sold", {"total": 11})
    assert eb.dead_letters.one().target_id == "mine"


def test_deliveries_and_dead_letters_are_one_line(eb: EventBridge) -> None:
    """Outcome, event, rule, target and error, whatever is in the event; the members stay those of a record."""
    queue = "arn:aws:sqs:us-east-1:123456789012:lost"
    eb.rule("third", pattern=PATTERN)
    eb._perform("PutTargets", Rule="third", Targets=[{"Id": "t", "Arn": FUNCTION, "DeadLetterConfig": {"Arn": queue}}])
    eb.fail_target("f", error="NO_RESOURCE", reason="gone\n" + "x" * 500)
    event_id = eb.put("shop", "Sold", {"total": 11, "long": "x" * 5000}).event_id
    by_rule = {each.rule.name: each for each in eb.deliveries}
    delivery, letter = by_rule["third"], eb.dead_letters.one()
    lost = f"rule third, target t (f), NO_RESOURCE: gone\\n{'x' * 55}...>"
    assert repr(delivery) == f"<Delivery #{delivery.number} dead-lettered: event {event_id} (Sold), {lost}"
    assert repr(letter) == f"<DeadLetter #{letter.number} for lost (not sent): event {event_id} (Sold), {lost}"
    audit = by_rule["all"]
    recorded = f"<Delivery #{audit.number} recorded: event {event_id} (Sold), rule all, target target-1 (audit)"
    assert repr(audit).startswith(recorded) and len(repr(audit)) < 300
    for record in (delivery, letter, audit):
        copy = pickle.loads(pickle.dumps(record))
        assert type(copy) is type(record) and repr(copy) == repr(record)
        assert copy.event == record.event and copy.target.params == record.target.params
        assert copy.at == record.at and copy._fields == tuple(copy._asdict())


def test_connect_without_a_handler(eb: EventBridge) -> None:
    spy = eb.connect("invoices")
    assert spy.call_count == 0
    eb.put("shop", "Sold", {"total": 11})
    assert spy.call_count == len(spy) == 1
    assert spy.calls.one().result is None
    assert eb.assert_delivered(rule="big").outcome == "delivered"


def test_rules_are_sorted_by_name(eb: EventBridge) -> None:
    eb.put("shop", "Sold", {"total": 11})
    eb.put("shop", "Sold", {"total": 12})
    assert [rule.name for rule in sorted(each.rule for each in eb.deliveries)] == ["all", "all", "big", "big"]
    assert max(each.rule for each in eb.deliveries).name == "big"
    assert [row.rule for row in sorted(eb.route(eb.events[0]))] == ["all", "big"]
    assert [row.rule for row in sorted(eb.coverage())] == ["all", "big"]


def test_a_verdict_equals_a_bool() -> None:
    event = make_event("shop", "Sold", {"total": 11})
    assert matches(PATTERN, event) == True  # noqa: E712
    assert matches(PATTERN, event) != False  # noqa: E712
    assert matches(PATTERN, event) == Match(True)
    assert matches(PATTERN, event) != 1
    assert {matches(PATTERN, event), True} == {True}

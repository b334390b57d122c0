"""Rule coverage: which rules matched, and which fields alone kept an event out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eventbridge_local import EventBridge
from eventbridge_local.report.coverage import Coverage, RuleCoverage

PATTERN = {"source": ["shop"], "detail-type": ["Sold"], "detail": {"total": [{"numeric": [">", 9]}]}}


def only(eb: EventBridge) -> RuleCoverage:
    (rule,) = eb.coverage()
    return rule


def test_a_rule_without_events(eventbridge: EventBridge) -> None:
    """It met nothing and decided nothing."""
    eventbridge.rule("Large", pattern=PATTERN)
    rule = only(eventbridge)
    assert (rule.bus, rule.rule, rule.met, rule.matched) == ("default", "Large", 0, 0)
    assert rule.undecided == rule.fields == ("detail-type", "detail.total", "source")
    assert eventbridge.coverage().unmatched == (rule,)


@pytest.mark.parametrize(
    ("event", "decided"),
    [
        (("shop", "Sold", {"total": 12}), set()),
        (("shop", "Sold", {"total": 1}), {"detail.total"}),
        (("shop", "Sold", {}), {"detail.total"}),
        (("bank", "Sold", {"total": 12}), {"source"}),
        (("bank", "Paid", {"total": 12}), set()),
        (("bank", "Paid", {}), set()),
    ],
)
def test_a_field_decides_when_it_alone_keeps_an_event_out(eventbridge: EventBridge, event: Any, decided: Any) -> None:
    """A second field that differs too would keep the event out anyway."""
    eventbridge.rule("Large", pattern=PATTERN)
    eventbridge.put(*event)
    assert only(eventbridge).decided == decided


def test_branches(eventbridge: EventBridge) -> None:
    """Each branch of an $or is a rule of its own, and a rule with one field leaves it to that field."""
    eventbridge.rule("Either", pattern={"$or": [{"source": ["shop"]}, {"detail": {"a": [1], "b": [2]}}]})
    eventbridge.put("bank", "Paid", {"a": 1})
    assert only(eventbridge).decided == {"source", "detail.b"}


def test_arrays(eventbridge: EventBridge) -> None:
    """Fields that only different elements satisfy are each the one that keeps the event out."""
    eventbridge.rule("Lines", pattern={"detail": {"lines": {"sku": ["a"], "n": [2]}}})
    eventbridge.put("shop", "Sold", {"lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]})
    assert only(eventbridge).decided == {"detail.lines.sku", "detail.lines.n"}


def test_a_changed_pattern_is_another_rule(eventbridge: EventBridge) -> None:
    """Rules are told apart by bus, name and pattern."""
    eventbridge.rule("Large", pattern=PATTERN)
    eventbridge.put("shop", "Sold", {"total": 12})
    eventbridge.rule("Large", pattern={"source": ["bank"]})
    assert {rule.fields: rule.matched for rule in eventbridge.coverage()} == {
        ("detail-type", "detail.total", "source"): 1,
        ("source",): 0,
    }


def test_schedules_and_managed_rules(eventbridge: EventBridge) -> None:
    """A rule with a schedule matches when it fires; what an archive keeps is no rule of the user."""
    eventbridge.archive("all")
    eventbridge.rule("Hourly", schedule="rate(1 hour)", to="report")
    eventbridge.put("shop", "Sold")
    assert (only(eventbridge).met, only(eventbridge).matched) == (0, 0)
    eventbridge.clock.advance(hours=2)
    assert (only(eventbridge).met, only(eventbridge).matched, only(eventbridge).trigger) == (2, 2, "rate(1 hour)")


def test_runs_add_up() -> None:
    """As sums of what they saw; over the way between processes too."""
    first = Coverage([RuleCoverage("default", "r", "{}", 2, 1, ("a", "b"), frozenset({"a"}))])
    second = Coverage(
        [
            RuleCoverage("default", "r", "{}", 3, 0, ("a", "b"), frozenset({"b"})),
            RuleCoverage("orders", "s", "{}", 1, 0, ("c",)),
        ]
    )
    both = first | Coverage.from_data(json.loads(json.dumps(second.as_data())))
    assert [(rule.rule, rule.met, rule.matched, rule.undecided) for rule in both] == [
        ("r", 5, 1, ()),
        ("s", 1, 0, ("c",)),
    ]
    assert repr(both) == "<Coverage: 1 of 2 rules matched>"
    assert (len(both), [path for _, path in both.undecided]) == (2, ["c"])
    assert str(Coverage()) == "no mock had a rule"


def test_everything_decided_needs_no_table() -> None:
    """Where nothing is left to say there is one line."""
    done = Coverage([RuleCoverage("default", "r", "{}", 2, 1, ("a",), frozenset({"a"}))])
    assert str(done) == "1 of 1 rules matched an event; 1 of 1 fields decided"

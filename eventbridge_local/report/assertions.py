"""What the ``assert_*`` methods find and say. They return what they found; failing, they name the nearest miss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from eventbridge_local.bus.journal import Delivery, Entry, Routing
from eventbridge_local.errors import UsageError
from eventbridge_local.patterns import explain, matches
from eventbridge_local.report import text
from eventbridge_local.report.nearest import Difference, differences, nearest
from eventbridge_local.report.query import DeliveryLog, EventLog

R = TypeVar("R", Entry, Delivery)

Compare = Callable[[R], list[Difference]]


def assert_put(log: EventLog, wanted: Mapping[str, Any], *, count: int | None, exact: bool) -> Entry:
    """The newest accepted event that is as wanted.

    Args:
        wanted: any of ``source``, ``detail-type``, ``detail``, ``bus``, ``pattern``.
        count: how many such events there must be; None for at least one.
        exact: ``detail`` must have no other members.
    """
    found = [(entry, _entry_differences(entry, wanted, exact)) for entry in log]
    hits = [entry for entry, differs in found if not differs]
    if hits and (count is None or len(hits) == count):
        return hits[-1]
    title = f"no event{_on_bus(wanted)} has" if not hits else _counted(len(hits), count, "events are", wanted)
    misses = [(entry, differs) for entry, differs in found if differs and entry.accepted]
    closest = None if hits else nearest(misses)
    others = [entry for entry in log if closest is None or entry is not closest[0]]
    shown = {name: thing for name, thing in wanted.items() if name != "bus"}
    raise AssertionError(text.not_put(title, shown, closest, others, _entry_hints(log, closest)))


def assert_not_put(log: EventLog, wanted: Mapping[str, Any], *, exact: bool) -> None:
    """No accepted event is as wanted."""
    hits = [entry for entry in log if not _entry_differences(entry, wanted, exact)]
    if hits:
        title = f"expected no such event{_on_bus(wanted)}, but {_these(map(text.entry_line, hits))} put:"
        raise AssertionError("\n".join([title, *text.wanted_lines(wanted)]))


def assert_delivered(
    log: DeliveryLog, routings: Sequence[Routing], wanted: Mapping[str, Any], *, count: int | None
) -> Delivery:
    """The newest delivery that is as wanted and reached its target, or was recorded for want of a handler.

    Args:
        wanted: any of ``rule``, ``target``, ``payload``, ``pattern``.
    """
    found = [(delivery, _delivery_differences(delivery, wanted)) for delivery in log]
    hits = [delivery for delivery, differs in found if not differs]
    if hits and (count is None or len(hits) == count):
        return hits[-1]
    title = "no delivery has" if not hits else _counted(len(hits), count, "deliveries are", wanted)
    closest = None if hits else nearest(found)
    others = [delivery for delivery in log if closest is None or delivery is not closest[0]]
    raise AssertionError(text.not_delivered(title, wanted, closest, others, _delivery_hints(routings, wanted)))


def assert_not_delivered(log: DeliveryLog, wanted: Mapping[str, Any]) -> None:
    """No delivery is as wanted."""
    hits = [delivery for delivery in log if not _delivery_differences(delivery, wanted)]
    if hits:
        title = f"expected no such delivery, but {_these(map(text.delivery_line, hits))} made:"
        raise AssertionError("\n".join([title, *text.wanted_lines(wanted)]))


def check_count(count: int | None) -> None:
    """Refuse a count that cannot be meant."""
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise UsageError(f"count={count!r}: give a positive int, or use assert_not_put / assert_not_delivered for none")


def _entry_differences(entry: Entry, wanted: Mapping[str, Any], exact: bool) -> list[Difference]:
    if entry.event is None:
        return [Difference("accepted", "value", True, False)]
    found: list[Difference] = []
    for name, thing in wanted.items():
        if name == "pattern":
            found.extend(_pattern_differences(thing, entry.event.matched_on))
        else:
            got = getattr(entry, name.replace("-", "_"))
            found.extend(differences(thing, got, name, exact=exact and name == "detail"))
    return found


def _delivery_differences(delivery: Delivery, wanted: Mapping[str, Any]) -> list[Difference]:
    found: list[Difference] = []
    for name, thing in wanted.items():
        if name == "pattern":
            found.extend(_pattern_differences(thing, delivery.event.matched_on))
        elif name == "payload" and isinstance(thing, str) and thing == delivery.payload:
            continue
        else:
            found.extend(differences(thing, DeliveryLog.fields[name](delivery), name))
    if delivery.outcome not in ("delivered", "recorded"):
        found.append(Difference("outcome", "value", "delivered", delivery.outcome))
    return found


def _pattern_differences(pattern: Any, event: Any) -> Iterator[Difference]:
    if not matches(pattern, event):
        for mismatch in explain(pattern, event).mismatches:
            absent = mismatch.kind == "absent"
            yield Difference(mismatch.path, "absent" if absent else "value", mismatch.wanted, mismatch.actual)


def _on_bus(wanted: Mapping[str, Any]) -> str:
    return f" on bus {wanted['bus']!r}" if "bus" in wanted else ""


def _counted(there: int, count: int | None, noun: str, wanted: Mapping[str, Any]) -> str:
    return f"expected {count}, but {there} {noun} as wanted{_on_bus(wanted)}:"


def _these(lines: Iterator[str]) -> str:
    shown = list(lines)
    return f"{', '.join(shown[:5])}{' ...' if len(shown) > 5 else ''} {'was' if len(shown) == 1 else 'were'}"


def _entry_hints(log: EventLog, closest: tuple[Entry, Sequence[Difference]] | None) -> Iterator[str]:
    if not log:
        yield "nothing was put at all; is the code under test reached, and does it use boto3's `events` client?"
    if closest is None:
        return
    entry, found = closest
    for difference in found:
        if difference.path == "bus":
            yield f"event #{entry.number} was put on bus {entry.bus!r}"
        if isinstance(difference.got, str) and isinstance(difference.wanted, Mapping) and _is_json(difference.got):
            yield f"{difference.path} is JSON inside a string; was it dumped twice?"


def _is_json(thing: str) -> bool:
    try:
        return isinstance(json.loads(thing), dict)
    except ValueError:
        return False


def _delivery_hints(routings: Sequence[Routing], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Why the wanted rule did not deliver: no event came, it is disabled, it has no target, its pattern differs."""
    name = wanted.get("rule")
    if name is None:
        if not routings:
            yield "no event was accepted"
        return
    met = [(routing, rule) for routing in routings for rule in routing.rules if rule.name == name]
    if not met:
        yield f"no event reached a bus that has a rule {name!r}"
        return
    routing, rule = met[-1]
    if not rule.enabled:
        yield f"rule {name!r} is disabled"
    elif name in routing.matched:
        yield f"rule {name!r} matched" + ("" if rule.targets else ", but it has no targets")
    elif rule.pattern is not None:
        why = explain(rule.pattern.text, routing.event.matched_on)
        yield f"rule {name!r} on bus {rule.bus!r} does not match the last event:\n{why}"

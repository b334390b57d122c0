"""What the ``assert_*`` methods find and say. They return what they found; failing, they name the nearest miss."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eventbridge_local.bus.journal import Delivery, Entry, Routing
from eventbridge_local.errors import UsageError
from eventbridge_local.patterns import explain
from eventbridge_local.report import text
from eventbridge_local.report.nearest import Difference, differences, nearest
from eventbridge_local.report.query import DeliveryLog, EventLog, compiled
from eventbridge_local.state.records import Rule


def assert_put(log: EventLog, wanted: Mapping[str, Any], *, count: int | None, exact: bool) -> Entry:
    """The newest accepted event that is as wanted.

    Args:
        wanted: any of ``source``, ``detail-type``, ``detail``, ``bus``, ``pattern``.
        count: how many such events there must be; None for at least one.
        exact: ``detail`` must have no other members.
    """
    _check_pattern(wanted)
    found = [(entry, _entry_differences(entry, wanted, exact)) for entry in log]
    hits = [entry for entry, differs in found if not differs]
    if hits and (count is None or len(hits) == count):
        return hits[-1]
    nothing = f"no event{_on_bus(wanted)} has" if wanted.keys() - {"bus"} else f"nothing was put{_on_bus(wanted)}"
    title = _counted(len(hits), count, "event", wanted) if hits else nothing
    closest = None if hits else nearest((entry, differs) for entry, differs in found if entry.accepted)
    others = [entry for entry, differs in found if differs and (closest is None or entry is not closest[0])]
    lines = text.wanted_lines(wanted, exact=exact)
    raise AssertionError(text.not_found(title, lines, closest, hits, others, _entry_hints(log, closest)))


def assert_not_put(log: EventLog, wanted: Mapping[str, Any], *, exact: bool) -> None:
    """No accepted event is as wanted."""
    _check_pattern(wanted)
    hits = [entry for entry in log if not _entry_differences(entry, wanted, exact)]
    if hits:
        title = f"expected no such event{_on_bus(wanted)}, but {_these(map(text.entry_line, hits))} put:"
        raise AssertionError("\n".join([title, *text.wanted_lines(wanted, exact=exact)]))


def assert_delivered(
    log: DeliveryLog,
    routings: Sequence[Routing],
    rules: Sequence[Rule],
    wanted: Mapping[str, Any],
    *,
    count: int | None,
) -> Delivery:
    """The newest delivery that is as wanted and reached its target, or was recorded for want of a handler.

    Args:
        routings: what became of each event so far.
        rules: the rules there are now, of all buses.
        wanted: any of ``rule``, ``target``, ``payload``, ``pattern``.
    """
    _check_pattern(wanted)
    found = [(delivery, _delivery_differences(delivery, wanted)) for delivery in log]
    hits = [delivery for delivery, differs in found if not differs]
    if hits and (count is None or len(hits) == count):
        return hits[-1]
    nothing = "no delivery has" if wanted else "nothing was delivered"
    title = _counted(len(hits), count, "delivery", wanted) if hits else nothing
    closest = None if hits else nearest(found)
    others = [delivery for delivery, differs in found if differs and (closest is None or delivery is not closest[0])]
    of_the_rule = any(delivery.rule.name == wanted.get("rule") for delivery in log)
    hints = () if of_the_rule else _delivery_hints(routings, rules, wanted.get("rule"))
    raise AssertionError(text.not_found(title, text.wanted_lines(wanted), closest, hits, others, hints))


def assert_not_delivered(log: DeliveryLog, wanted: Mapping[str, Any]) -> None:
    """No delivery is as wanted."""
    _check_pattern(wanted)
    hits = [delivery for delivery in log if not _delivery_differences(delivery, wanted)]
    if hits:
        title = f"expected no such delivery, but {_these(map(text.delivery_line, hits))} made:"
        raise AssertionError("\n".join([title, *text.wanted_lines(wanted)]))


def _check_pattern(wanted: Mapping[str, Any]) -> None:
    if "pattern" in wanted:
        compiled(wanted["pattern"])


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
    for mismatch in explain(pattern, event).mismatches:
        absent = mismatch.kind == "absent"
        said = f"wanted {mismatch.wanted}, " + ("absent" if absent else f"got {text.value(mismatch.actual)}")
        hint = f"   ({mismatch.hint})" if mismatch.hint else ""
        yield Difference(mismatch.path, "absent" if absent else "value", mismatch.wanted, mismatch.actual, said + hint)


def _on_bus(wanted: Mapping[str, Any]) -> str:
    return f" on bus {wanted['bus']!r}" if "bus" in wanted else ""


def _counted(there: int, count: int | None, noun: str, wanted: Mapping[str, Any]) -> str:
    nouns = f"{noun} is" if there == 1 else f"{_PLURAL[noun]} are"
    return f"expected {count}, but {there} {nouns} as wanted{_on_bus(wanted)}:"


_PLURAL = {"event": "events", "delivery": "deliveries"}


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


def _delivery_hints(routings: Sequence[Routing], rules: Sequence[Rule], name: str | None) -> Iterator[str]:
    """Why the wanted rule did not deliver: no event came, it is disabled, it has no target, its pattern differs."""
    if not routings:
        yield "no event was accepted"
    elif name is not None:
        met = [(routing, rule) for routing in routings for rule in routing.rules if rule.name == name]
        yield _why_not(*met[-1]) if met else _never_met(routings, rules, name)


def _never_met(routings: Sequence[Routing], rules: Sequence[Rule], name: str) -> str:
    """The rule saw no event: it is on another bus, came too late, or is called otherwise."""
    buses = sorted({routing.bus for routing in routings})
    there = [rule for rule in rules if rule.name == name]
    if there and there[0].bus not in buses:
        return f"rule {name!r} is on bus {there[0].bus!r}, and all events were put on {', '.join(map(repr, buses))}"
    if there:
        return f"rule {name!r} on bus {there[0].bus!r} was made after the last event"
    near = difflib.get_close_matches(name, [rule.name for rule in rules], 1)
    return f"there is no rule {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _why_not(routing: Routing, rule: Rule) -> str:
    if not rule.enabled:
        return f"rule {rule.name!r} is disabled"
    if rule.name in routing.matched:
        return f"rule {rule.name!r} matched" + ("" if rule.targets else ", but it has no targets")
    if rule.pattern is None:
        return f"rule {rule.name!r} has a schedule and no pattern, so that no event matches it"
    why = textwrap.indent(str(explain(rule.pattern.text, routing.event.matched_on)), "    ")
    return f"rule {rule.name!r} on bus {rule.bus!r} does not match the last event:\n{why}"

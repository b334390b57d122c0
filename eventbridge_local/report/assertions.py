"""What the ``assert_*`` methods find and say. They return what they found; failing, they name the closest record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from eventbridge_local.delivery.journal_records import Delivery, Entry
from eventbridge_local.errors import UsageError
from eventbridge_local.json_text import decoded
from eventbridge_local.patterns import explain
from eventbridge_local.patterns.explain import is_absent, mismatch_text
from eventbridge_local.report.expectations import (
    Difference,
    alternatives,
    differences,
    fits_to,
    hint_on,
    holds,
    nearest,
    needed_in_json,
    ready,
)
from eventbridge_local.report.hints import NOTHING_PUT, Seen, about_delivery, about_refused
from eventbridge_local.report.journal_text import advice_on_path, delivery_line, entry_line, line_of, outcome, value
from eventbridge_local.report.logs import DeliveryLog, EventLog, Log, compiled, fitting
from eventbridge_local.visible import visible, visible_lines

R = TypeVar("R", Entry, Delivery)

#: pytest shows the test's line and the message, and not ours.
__tracebackhide__ = True


def assert_put(
    log: EventLog, expected: Mapping[str, Any], *, count: int | None, exact: bool, no_bus: str = ""
) -> Entry:
    """Return the newest accepted event that is as expected.

    Args:
        expected: any of ``source``, ``detail-type``, ``detail``, ``bus``, ``pattern``.
        count: how many such events there must be; None for at least one.
        exact: ``detail`` must have no other members.
        no_bus: that the bus which is asked for does not exist and is probably misspelt; its events are lost.

    Raises:
        AssertionError: there is none, or another number; the text names the nearest event.
    """
    expected = _ready(expected)
    if (hit := _hit(log, fitting(EventLog, {"accepted": True, **expected}, exact=exact), count)) is not None:
        if no_bus:
            lost = f"event #{hit.number} was put on bus {hit.bus!r} and is lost: {no_bus}"
            raise AssertionError(visible_lines([lost, *_expected_lines(expected, exact=exact)]))
        return hit
    found = [(entry, _entry_differences(entry, expected, exact)) for entry in log.records]
    hits = _hits(found)
    if hits:
        title, closest = _counted(log, len(hits), count, expected), None
    else:
        title = (
            f"no event{_on_bus(expected)} has" if expected.keys() - {"bus"} else f"nothing was put{_on_bus(expected)}"
        )
        closest = nearest((entry, differs) for entry, differs in found if entry.event is not None)
    hints = _entry_hints(log, closest, no_bus)
    raise AssertionError(_not_found(title, expected, exact, found, closest, hints))


def assert_not_put(log: EventLog, expected: Mapping[str, Any], *, exact: bool, no_bus: str = "") -> None:
    """Fail if an accepted event is as described; arguments as for ``assert_put``."""
    expected = _ready(expected)
    hits = list(filter(fitting(EventLog, {"accepted": True, **expected}, exact=exact), log.kept))
    if hits or log.lost:
        found = f"{_these(map(entry_line, hits))} put" if hits else _undecided(log)
        title = f"expected no such event{_on_bus(expected)}, but {found}:"
    elif no_bus:
        title = f"expected no such event{_on_bus(expected)}, where none can be: {no_bus}"
    else:
        return
    raise AssertionError(visible_lines([title, *_expected_lines(expected, exact=exact)]))


def assert_delivered(
    log: DeliveryLog, seen: Seen, expected: Mapping[str, Any], *, count: int | None, exact: bool = False
) -> Delivery:
    """Return the newest delivery that is as expected and reached its target, or was recorded without a receiver.

    Args:
        seen: what the hints may know.
        expected: any of ``rule``, ``target``, ``payload``, ``pattern``.
        count: how many such deliveries there must be; None for at least one.
        exact: ``payload`` must have no other members.

    Raises:
        AssertionError: there is none, or another number; the text names the nearest delivery.
    """
    expected = _ready(expected)
    if (hit := _hit(log, _delivery_test(expected, exact), count)) is not None:
        return hit
    found = [(delivery, _delivery_differences(delivery, expected, exact)) for delivery in log.records]
    hits = _hits(found)
    if hits:
        title = _counted(log, len(hits), count, expected)
        raise AssertionError(_not_found(title, expected, exact, found, None, filter(None, [log.lost])))
    title = "no delivery has" if expected else "nothing was delivered"
    hints = _delivery_hints(log, seen, expected)
    raise AssertionError(_not_found(title, expected, exact, found, nearest(found), hints))


def assert_not_delivered(log: DeliveryLog, expected: Mapping[str, Any]) -> None:
    """Fail if a delivery is as described."""
    expected = _ready(expected)
    hits = list(filter(_delivery_test(expected, False), log.kept))
    if hits or log.lost:
        found = f"{_these(map(delivery_line, hits))} made" if hits else _undecided(log)
        title = f"expected no such delivery, but {found}:"
        raise AssertionError(visible_lines([title, *_expected_lines(expected)]))


def _hit(log: Log[R], test: Callable[[R], bool], count: int | None) -> R | None:
    """Return the newest record that passes, None where there is none, or not as many as there must be.

    Args:
        count: how many must pass, None for at least one. Nobody knows if the journal lacks records of the log.
    """
    if count is None:
        return next(filter(test, reversed(log.kept)), None)
    hits = list(filter(test, log.kept))
    return hits[-1] if len(hits) == count and not log.lost else None


def _delivery_test(expected: Mapping[str, Any], exact: bool) -> Callable[[Delivery], bool]:
    """Return whether a delivery arrived and is as expected; quicker than to find the differences."""
    fits = fitting(DeliveryLog, {name: thing for name, thing in expected.items() if name != "payload"})
    if "payload" not in expected:
        return lambda delivery: delivery.outcome in ARRIVED and fits(delivery)
    payload = _payload_test(expected["payload"], exact)
    return lambda delivery: delivery.outcome in ARRIVED and fits(delivery) and payload(delivery)


def _payload_test(expected: Any, exact: bool) -> Callable[[Delivery], bool]:
    fits = fits_to(expected, exact=exact)
    if isinstance(expected, str):
        return lambda delivery: expected == delivery.payload or fits(delivery.json)
    if not isinstance(expected, Mapping):
        return lambda delivery: fits(delivery.json)
    # The text of an event is made when it is needed, so its detail is asked first.
    in_payload, in_detail = needed_in_json(expected), needed_in_json(expected.get("detail"))

    def test(delivery: Delivery) -> bool:
        text, event = delivery.transformed, delivery.event
        may_fit = holds(event.detail_text, in_detail) if text is None else holds(text, in_payload)
        return may_fit and fits(delivery.json)

    return test


def _undecided(log: Log[Any]) -> str:
    return f"nobody can say; {log.lost}"


def _hits(found: Iterable[tuple[R, Sequence[Difference]]]) -> list[R]:
    return [record for record, differs in found if not differs]


_TEXTS = ("source", "detail-type", "bus", "rule", "target")


def _ready(expected: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is expected, checked and ready to be compared.

    Raises:
        InvalidPattern: a pattern, or a value list of one, that AWS would refuse.
    """
    if "pattern" in expected:
        compiled(expected["pattern"])
    return {
        name: thing if name == "pattern" else alternatives(thing) if name in _TEXTS else ready(thing)
        for name, thing in expected.items()
    }


def check_count(count: int | None) -> None:
    """Raise UsageError for a count that cannot be meant."""
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise UsageError(
            f"count={count!r}: give a whole number from 1; for none use assert_not_put or assert_not_delivered"
        )


def _entry_differences(entry: Entry, expected: Mapping[str, Any], exact: bool) -> list[Difference]:
    if entry.event is None:
        return [Difference("accepted", "value", True, False)]
    found: list[Difference] = []
    for name, thing in expected.items():
        if name == "pattern":
            found.extend(_pattern_differences(thing, entry.event.matched_on))
        else:
            got = getattr(entry, name.replace("-", "_"))
            found.extend(differences(thing, got, name, exact=exact and name == "detail"))
    return found


def _delivery_differences(delivery: Delivery, expected: Mapping[str, Any], exact: bool) -> list[Difference]:
    found: list[Difference] = []
    for name, thing in expected.items():
        if name == "pattern":
            found.extend(_pattern_differences(thing, delivery.event.matched_on))
        elif name == "payload" and isinstance(thing, str) and thing == delivery.payload:
            continue
        else:
            found.extend(
                differences(thing, DeliveryLog.fields[name](delivery), name, exact=exact and name == "payload")
            )
    if delivery.outcome not in ARRIVED:
        said = f"wanted 'delivered', got {delivery.outcome!r}{_about_outcome(delivery)}"
        found.append(Difference("outcome", "outcome", "delivered", delivery.outcome, said))
    return found


#: Outcomes with which the way of an event ended at its target, as far as this library goes.
ARRIVED = ("delivered", "recorded")

_WHAT_TO_DO = {
    "pending": "eb.clock.advance(hours=24) makes the other attempts",
    "dead-lettered": "eb.dead_letters has the message",
    "dropped": "no dead-letter queue took it, so the event is lost",
}


def _about_outcome(delivery: Delivery) -> str:
    """Return why an event did not reach its target, and where it is now."""
    said = outcome(delivery).removeprefix(delivery.outcome).removeprefix(":").strip()
    parts = [part for part in (said, _WHAT_TO_DO.get(delivery.outcome)) if part]
    return f"   ({'; '.join(parts)})" if parts else ""


def _pattern_differences(pattern: Any, event: Any) -> Iterator[Difference]:
    for mismatch in explain(pattern, event).mismatches:
        absent = is_absent(mismatch)
        said = mismatch_text(mismatch) + ", absent" * absent
        hint = mismatch.hint or (advice_on_path(mismatch.path) if absent else "")
        yield Difference(mismatch.path, mismatch.kind, mismatch.wanted, mismatch.actual, said, hint)


def _on_bus(expected: Mapping[str, Any]) -> str:
    return f" on bus {expected['bus']!r}" if "bus" in expected else ""


def _counted(log: Log[Any], there: int, count: int | None, expected: Mapping[str, Any]) -> str:
    kept = " among those that are kept" if log.lost else ""
    return f"expected {count} {log.nouns[count != 1]}{_on_bus(expected)}, found {there}{kept}:"


_MOST_OTHERS = 10


def _these(lines: Iterator[str]) -> str:
    shown = list(lines)
    return f"{', '.join(shown[:5])}{' ...' if len(shown) > 5 else ''} {'was' if len(shown) == 1 else 'were'}"


def _entry_hints(log: EventLog, closest: tuple[Entry, Sequence[Difference]] | None, no_bus: str) -> Iterator[str]:
    if no_bus:
        yield no_bus
    if log.lost:
        yield log.lost
    elif not log:
        yield NOTHING_PUT
    if closest is None:
        refused = [entry for entry in log if not entry.accepted]
        if refused and len(refused) == len(log):
            yield about_refused(refused[-1])
        return
    entry, found = closest
    for difference in found:
        if difference.path == "bus":
            yield f"event #{entry.number} was put on bus {entry.bus!r}; EventBusName of the entry chooses the bus"
        if isinstance(difference.expected, Mapping) and _is_json_object(difference.actual):
            yield f"{difference.path} is JSON inside a string; was json.dumps called twice?"


def _is_json_object(thing: Any) -> bool:
    try:
        return isinstance(thing, str) and isinstance(decoded(thing), dict)
    except ValueError:
        return False


def _delivery_hints(log: DeliveryLog, seen: Seen, expected: Mapping[str, Any]) -> Iterator[str]:
    """Yield hints on a rule or target without deliveries; where there are some, the closest says enough."""
    rule, target = (expected.get(name) if isinstance(expected.get(name), str) else None for name in ("rule", "target"))
    asked = {name: expected[name] for name, value in (("rule", rule), ("target", target)) if value is not None}
    if log.lost:
        yield log.lost
    there = any(not list(_named_differences(delivery, asked)) for delivery in log)
    if not there or not log:
        silent_rule = rule if not any(delivery.rule.name == rule for delivery in log) else None
        silent_target = target if silent_rule is None else None
        yield from about_delivery(seen, silent_rule, silent_target)


def _named_differences(delivery: Delivery, asked: Mapping[str, Any]) -> Iterator[Difference]:
    for name, thing in asked.items():
        yield from differences(thing, DeliveryLog.fields[name](delivery), name)


# The message of a failed assertion.


def _not_found(
    title: str,
    expected: Mapping[str, Any],
    exact: bool,
    found: Sequence[tuple[Any, Sequence[Difference]]],
    closest: tuple[Any, Sequence[Difference]] | None,
    hints: Iterable[str],
) -> str:
    """Return the message of a failed ``assert_put`` or ``assert_delivered``.

    Args:
        expected: what was asked for.
        found: every record with its differences.
        closest: the nearest record and its differences.
    """
    lines = [title, *_expected_lines(expected, exact=exact)]
    hits = _hits(found)
    others = [record for record, differs in found if differs and (closest is None or record is not closest[0])]
    if closest is not None:
        record, differs = closest
        noun, verb = ("event", "put") if isinstance(record, Entry) else ("delivery", "made")
        count = _count(len(differs), "difference")
        lines.append(f"closest of {len(others) + 1} {verb} ({noun} #{record.number}, {count}):")
        # The tree is only asked for a member that is absent.
        tree = _tree(record) if "absent" in map(_KIND, differs) else None
        lines.extend(_difference_line(each, tree) for each in differs)
    lines.extend(f"{name}: {_listed(records)}" for name, records in (("found", hits), ("others", others)) if records)
    lines.extend(f"hint: {hint}" for hint in hints)
    return visible("\n".join(lines))  # a hint may have lines of its own


_KIND = attrgetter("kind")


def _tree(record: Entry | Delivery) -> Any:
    """Return what the paths of the differences of a record begin in."""
    if isinstance(record, Delivery):
        return {"payload": record.json}
    return record.envelope if record.event is None else record.event.matched_on


def _listed(records: Sequence[Any]) -> str:
    more = f", and {len(records) - _MOST_OTHERS} more" if len(records) > _MOST_OTHERS else ""
    return ", ".join(map(line_of, records[:_MOST_OTHERS])) + more


def _expected_lines(expected: Mapping[str, Any], *, exact: bool = False) -> Iterator[str]:
    """Yield what was asked for, a line for each field; the bus is in the title."""
    for name, thing in expected.items():
        verb = "includes " if isinstance(thing, Mapping) and name != "pattern" and not exact else ""
        if name != "bus":
            yield f"    {name:<12} {verb}{value(thing)}"


def _difference_line(found: Difference, tree: Any) -> str:
    """Return the line of one field that is not as expected."""
    said = found.text or _DIFFERENCES.get(found.kind, _values_differ)(found)
    hint = hint_on(found, tree)
    path = found.path.replace("\n", "\\n").replace("\t", "\\t")
    return f"    {path:<14} {said}{f'   ({hint})' if hint else ''}"


def _values_differ(found: Difference) -> str:
    return f"wanted {value(found.expected)}, got {value(found.actual)}"


_DIFFERENCES: Mapping[str, Callable[[Difference], str]] = {
    "absent": lambda found: f"wanted {value(found.expected)}, absent",
    "length": lambda found: (
        f"wanted {_count(len(found.expected), 'member')}, got {len(found.actual)}: {value(found.actual)}"
    ),
    "extra": lambda found: f"not wanted, got {value(found.actual)}",
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"

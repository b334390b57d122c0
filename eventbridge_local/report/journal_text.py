"""The journal as people read it: each event, the rules it met and why one did not match, each delivery and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventbridge_local.delivery.journal import Attempt, Call, Delivery, Entry, Record, Routing
from eventbridge_local.model.records import Rule
from eventbridge_local.patterns import explain
from eventbridge_local.report.pattern_advice import advice_on
from eventbridge_local.report.text import ScopeWording, event_name, target_name

_NOTHING = "nothing happened"
#: How much of a test a failing report shows.
_MOST_LINES = 60
_MOST_RECORDS = 2_000


def journal(records: Sequence[Record]) -> str:
    """The whole story of these records, oldest first."""
    return "\n".join(line for record in _told(records) for line in record) or _NOTHING


def short(records: Sequence[Record]) -> str:
    """The end of the story, newest last, for the report of a failing test."""
    told = list(_told(records[-_MOST_RECORDS:]))
    lines = [line for record in told for line in record]
    if not lines:
        return f"{_NOTHING}: no event was put, and no call was refused"
    left_out = max(0, len(lines) - _MOST_LINES)
    if not left_out and len(records) <= _MOST_RECORDS:
        return "\n".join(lines)
    return "\n".join(["... and more before; print(eventbridge.journal) in the test shows all", *lines[left_out:]])


def since(records: Sequence[Record], last: Record | None) -> Sequence[Record]:
    """The records behind one of them; all when it is gone."""
    at = next((index for index in reversed(range(len(records))) if records[index] is last), -1)
    return records[at + 1 :]


@dataclass(frozen=True, slots=True)
class _Index:
    """What the line of one record needs to know of the others."""

    numbers: Mapping[str, int]
    deliveries: Mapping[tuple[str, str], Sequence[Delivery]]
    attempts: Mapping[int, Sequence[Attempt]]
    scopes: ScopeWording

    def inside(self, record: Call | Entry | Routing) -> str:
        """Return account and Region of a record, such as `` in eu-west-1``, where these records have several."""
        return self.scopes.inside(record.account, record.region)


def _told(records: Sequence[Record]) -> Iterator[list[str]]:
    index = _index(records)
    for record in records:
        tell = _TELLERS.get(type(record))
        if tell is not None:
            yield list(tell(record, index))


def _index(records: Sequence[Record]) -> _Index:
    latest = {record.number: record for record in records if type(record) is Delivery}
    deliveries: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in latest.values():
        deliveries.setdefault((delivery.event.id, delivery.rule.arn), []).append(delivery)
    attempts: dict[int, list[Attempt]] = {}
    numbers: dict[str, int] = {}
    for record in records:
        if type(record) is Attempt:
            attempts.setdefault(record.number, []).append(record)
        elif type(record) is Entry and record.event is not None:
            numbers[record.event.id] = record.number
    located = (record for record in records if isinstance(record, Call | Entry | Routing))
    scopes = ScopeWording((record.account, record.region) for record in located)
    return _Index(numbers, deliveries, attempts, scopes)


def _tell_call(call: Call, index: _Index) -> Iterator[str]:
    if call.error_code is None:
        return
    first, *rest = f"{call.operation}{index.inside(call)} refused: {call.error_code}: {call.error_message}".splitlines()
    yield first
    yield from (f"    {line}" for line in rest)
    if hint := hint_of(call):
        yield f"    hint: {hint}"


def hint_of(call: Call) -> str | None:
    """Our advice on a call that was refused."""
    if call.hint is None and call.error_code == "InvalidEventPatternException":
        return advice_on(str(call.params.get("EventPattern", "")))
    return call.hint


def _tell_entry(entry: Entry, index: _Index) -> Iterator[str]:
    noun = "event" if entry.accepted else "entry"
    yield f"{noun} #{entry.number} {entry.source} {entry.detail_type!r} put on bus {entry.bus!r}{index.inside(entry)}"
    if not entry.accepted:
        yield f"    refused: {entry.error_code}: {entry.error_message}"


def _tell_routing(routing: Routing, index: _Index) -> Iterator[str]:
    name = event_name(routing.event, index.numbers.get(routing.event.id))
    count = f"{len(routing.rules)} rule{'s' * (len(routing.rules) != 1)}"
    yield f"{name} was checked against {count} of bus {routing.bus!r}{index.inside(routing)}"
    if routing.trouble is not None:
        yield f"    dropped: {routing.trouble}"
    for rule in routing.rules:
        if rule.name in routing.matched:
            yield f"    {rule.name}: matched"
            made = index.deliveries.get((routing.event.id, rule.arn), ())
            for delivery in made:
                yield f"        -> {target_name(delivery)} {outcome(delivery, index.attempts.get(delivery.number, ()))}"
            if not made:
                yield "        the rule has no targets"
        else:
            yield from _why_not(rule, routing)


_TELLERS: dict[type, Callable[[Any, _Index], Iterator[str]]] = {
    Call: _tell_call,
    Entry: _tell_entry,
    Routing: _tell_routing,
}


def outcome(delivery: Delivery, attempts: Sequence[Attempt] = ()) -> str:
    """How a delivery stands, in a few words."""
    said: str = delivery.outcome
    if delivery.outcome == "recorded":
        said += " (no handler is connected)"
    elif delivery.attempts > 1 and delivery.error is not None:
        said += f" after {delivery.attempts} attempts"
    if delivery.error is not None:
        said += f": {delivery.error} ({delivery.reason})"
    if delivery.raised is not None:
        said += f", then the handler raised {delivery.raised!r}"
    if delivery.outcome == "pending" and attempts and attempts[-1].again is not None:
        said += f"; tried again at {attempts[-1].again:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    return said


def _why_not(rule: Rule, routing: Routing) -> Iterator[str]:
    if not rule.enabled:
        yield f"    {rule.name}: disabled"
    elif rule.pattern is None:
        yield f"    {rule.name}: has a schedule and no pattern"
    else:
        why = explain(rule.pattern, routing.event.matched_on)
        yield f"    {rule.name}: no match" if not why else f"    {rule.name}: would match, but the replay left it out"
        if not why:
            yield from (f"        {line.strip()}" for line in str(why).splitlines())

"""The journal as people read it: each event, the rules of its bus and why one did not match, each delivery and its end.

Then what the other sentences are made of: records in a few words, buses by account and Region, and advice on patterns
that AWS refuses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, NamedTuple, Protocol

from eventbridge_local.advice import suggest
from eventbridge_local.batching import MAX_ENTRIES
from eventbridge_local.delivery.journal_records import (
    AcceptedEntry,
    Attempt,
    Call,
    DeadLetter,
    Delivery,
    Entry,
    PutCall,
    Record,
    Routing,
    is_same,
)
from eventbridge_local.delivery.kinds import kind_of
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.patterns import explain
from eventbridge_local.patterns.operators import OPERATORS
from eventbridge_local.patterns.values import value_wording
from eventbridge_local.visible import on_one_line, visible_lines

_NOTHING = "nothing happened"
#: How much of a test a failing report shows.
_MOST_LINES = 60
_MOST_RECORDS = 2_000


def journal(
    records: Sequence[Record], home: tuple[str, str] | None = None, numbers: Mapping[str, int] | None = None
) -> str:
    """Return what happened in these records, oldest first.

    Args:
        home: account and Region of the mock. What happened elsewhere is said to be there.
        numbers: numbers of entries that are not among these records, by the ids of their events.
    """
    return visible_lines(line for record in _lines_of(records, home, numbers) for line in record) or _NOTHING


def update(delivery: Delivery, records: Sequence[Record], number: int | None) -> str:
    """Return how a delivery stands now, in a line of its own.

    Args:
        records: those that came with it, for its attempts.
        number: the number of the entry of its event, None where there is none.
    """
    attempts = [record for record in records if type(record) is Attempt and record.number == delivery.number]
    name = event_name(delivery.event, number)
    return visible_lines([f"{name}: {delivery.rule.name} -> {target_name(delivery)} {outcome(delivery, attempts)}"])


def short(records: Sequence[Record], home: tuple[str, str] | None = None) -> str:
    """Return the end of what happened, newest last, for the report of a failing test; arguments as for ``journal``."""
    shown = list(_lines_of(records[-_MOST_RECORDS:], home))
    lines = [visible_lines([line]) for record in shown for line in record]
    if not lines:
        return f"{_NOTHING}: no event was put, and no call was refused"
    left_out = max(0, len(lines) - _MOST_LINES)
    if not left_out and len(records) <= _MOST_RECORDS:
        return "\n".join(lines)
    return "\n".join(["... and more before; print(eventbridge.journal) in the test shows all", *lines[left_out:]])


def since(records: Sequence[Record], last: Record | None) -> Sequence[Record]:
    """Return the records after one of them; all when it is gone."""
    at = next((index for index in reversed(range(len(records))) if is_same(records[index], last)), -1)
    return records[at + 1 :]


def dropped_text(count: int, nouns: tuple[str, str] = ("event", "events")) -> str:
    """Return that records are no longer there, and how to keep them."""
    noun, were = (nouns[0], "was") if count == 1 else (nouns[1], "were")
    return f"{count:,} older {noun} {were} dropped from the journal; mock_eventbridge(keep_records=None) keeps all"


@dataclass(frozen=True, slots=True)
class _RecordIndex:
    """What the line of one record needs to know of the others."""

    numbers: Mapping[str, int]
    deliveries: Mapping[tuple[str, str], Sequence[Delivery]]
    attempts: Mapping[int, Sequence[Attempt]]
    scopes: ScopeWording

    def inside(self, record: Call | Entry | Routing) -> str:
        """Return account and Region of a record, such as `` in eu-west-1``, where these records have several."""
        return self.scopes.inside(record.account, record.region)


def _lines_of(
    records: Sequence[Record], home: tuple[str, str] | None, numbers: Mapping[str, int] | None = None
) -> Iterator[list[str]]:
    index = _index(records, home, numbers or {})
    for record in records:
        lines_of = _LINES_OF.get(type(record))
        if lines_of is not None:
            yield list(lines_of(record, index))


def _index(records: Sequence[Record], home: tuple[str, str] | None, known: Mapping[str, int]) -> _RecordIndex:
    latest = {record.number: record for record in records if type(record) is Delivery}
    deliveries: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in latest.values():
        deliveries.setdefault((delivery.event.id, delivery.rule.arn), []).append(delivery)
    attempts: dict[int, list[Attempt]] = {}
    numbers = dict(known)
    for record in records:
        if type(record) is Attempt:
            attempts.setdefault(record.number, []).append(record)
        elif isinstance(record, Entry) and record.event is not None:
            numbers[record.event.id] = record.number
    located = (record for record in records if isinstance(record, Call | Entry | Routing))
    pairs = [(record.account, record.region) for record in located]
    return _RecordIndex(numbers, deliveries, attempts, ScopeWording([*pairs, home] if home else pairs))


def _call_lines(call: Call, index: _RecordIndex) -> Iterator[str]:
    if call.error_code is None:
        if hint := hint_of(call):
            yield f"{call.operation}{index.inside(call)} accepted"
            yield f"    hint: {hint}"
        return
    said = f"{call.operation}{index.inside(call)} refused: {call.error_code}: {call.error_message}"
    # AWS's parser of patterns has lines of its own; in other refusals a line feed is one that was sent.
    first, *rest = said.splitlines() if call.error_code == "InvalidEventPatternException" else [said]
    yield first
    yield from (f"    {line}" for line in rest)
    if hint := hint_of(call):
        yield f"    hint: {hint}"


def hint_of(call: Call) -> str | None:
    """Return our advice on a call that was refused, or that was accepted and will not do what it seems to."""
    if call.operation == "PutTargets" and call.error_code is None:
        kinds = (kind_of(str(target.get("Arn"))) for target in call.params.get("Targets", ()))
        return next((kind.unsupported for kind in kinds if kind is not None and kind.unsupported), None)
    if call.hint is None and call.error_code == "InvalidEventPatternException":
        return advice_on(str(call.params.get("EventPattern", "")))
    if call.hint is None and call.operation == "PutEvents" and call.error_code == "ValidationException":
        return _about_entries(call.params.get("Entries"))
    return call.hint


def _about_entries(entries: Any) -> str | None:
    """Return our advice on a request of too many entries, None for any other."""
    if not isinstance(entries, list | tuple) or len(entries) <= MAX_ENTRIES:
        return None
    return (
        f"a request has at most {MAX_ENTRIES} entries, here are {len(entries)}; eventbridge_local.put_all sends any "
        "number of them, and eventbridge_local.batch_entries makes requests that are small enough"
    )


def _entry_lines(entry: Entry, index: _RecordIndex) -> Iterator[str]:
    noun = "event" if entry.accepted else "entry"
    yield f"{noun} #{entry.number} {entry.source} {entry.detail_type!r} put on bus {entry.bus!r}{index.inside(entry)}"
    if not entry.accepted:
        yield f"    refused: {entry.error_code}: {entry.error_message}"


def _routing_lines(routing: Routing, index: _RecordIndex) -> Iterator[str]:
    name = event_name(routing.event, index.numbers.get(routing.event.id))
    count = f"{len(routing.rules)} rule{'s' * (len(routing.rules) != 1)}"
    yield f"{name} was checked against {count} of bus {routing.bus!r}{index.inside(routing)}"
    if routing.trouble is not None:
        yield f"    dropped: {routing.trouble}"
    # Of targets without a delivery yet, the first is being delivered to.
    unfinished = chain(["running"], repeat("waits for its turn"))
    for rule in routing.rules:
        if rule.name in routing.matched:
            yield f"    {rule.name}: matched"
            yield from _target_lines(rule, index.deliveries.get((routing.event.id, rule.arn), ()), index, unfinished)
        else:
            yield from _why_not(rule, routing)


def _target_lines(
    rule: Rule, made: Sequence[Delivery], index: _RecordIndex, unfinished: Iterator[str]
) -> Iterator[str]:
    """Yield what became of each target; a thread that looks while another one delivers sees some unfinished."""
    for delivery in made:
        yield f"        -> {target_name(delivery)} {outcome(delivery, index.attempts.get(delivery.number, ()))}"
    if not rule.targets:
        yield "        the rule has no targets"
    elif len(made) < len(rule.targets):
        reached = {delivery.target.id for delivery in made}
        for target in rule.targets:
            if target.id not in reached:
                yield f"        -> {_short_name(target, rule)} {next(unfinished)}"


_LINES_OF: dict[type, Callable[[Any, _RecordIndex], Iterator[str]]] = {
    Call: _call_lines,
    PutCall: _call_lines,
    Entry: _entry_lines,
    AcceptedEntry: _entry_lines,
    Routing: _routing_lines,
}


def outcome(delivery: Delivery, attempts: Sequence[Attempt] = ()) -> str:
    """Return how a delivery stands, in a few words."""
    said: str = delivery.outcome
    if delivery.outcome == "recorded":
        said += f" ({delivery.reason or 'no handler is connected'})"
    elif delivery.attempts > 1 and delivery.error is not None:
        said += f" after {delivery.attempts} attempts"
    if delivery.error is not None:
        said += f": {failure(delivery.rule, delivery.target.arn, delivery.error, delivery.reason)}"
    if delivery.raised is not None:
        said += f", then the handler raised {delivery.raised!r}"
    if delivery.outcome == "pending" and attempts and attempts[-1].again is not None:
        said += f"; next attempt at {attempts[-1].again:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    return said


def failure(rule: Rule, target: str, code: str, reason: str | None) -> str:
    """Return how an attempt failed: AWS's code and words, and what can be done where the words do not say it."""
    return on_one_line(f"{code} ({reason}){bus_remedy(rule, target, reason)}")


def bus_remedy(rule: Rule, target: str, reason: str | None) -> str:
    """Return how an event gets onto a bus that did not let it in, as the end of a sentence; "" for other failures.

    Args:
        target: the ARN of the target.
        reason: the words of the failed attempt.
    """
    arn = parse_arn(target)
    if arn is None or "invoke cross account target" not in (reason or ""):
        return ""
    if arn.account == rule.created_by:
        return "; a statement in the policy of that bus denies it"
    make = f"create_event_bus in {arn.region}, if the bus is missing, and "
    if arn.resource == "event-bus/default":
        make = ""
    return (
        f"; account {arn.account} lets it in with {make}put_permission for {rule.created_by}, "
        "or eb.connect puts a handler in place of the bus"
    )


def _why_not(rule: Rule, routing: Routing) -> Iterator[str]:
    if not rule.enabled:
        yield f"    {rule.name}: disabled"
    elif rule.pattern is None:
        yield f"    {rule.name}: has a schedule and no pattern"
    else:
        why = explain(rule.pattern, routing.event.matched_on)
        yield f"    {rule.name}: no match" if not why else f"    {rule.name}: would match, but the replay left it out"
        if not why:
            yield from (f"        {line}" for line in str(why).splitlines())


# Records in a few words.

_LONGEST = 200


def value(thing: Any) -> str:
    """Return a value as people read it: null, true and false as in JSON, the rest as in Python; cut when long."""
    if thing is None or isinstance(thing, bool):
        return value_wording(thing)
    shown = repr(thing)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def entry_line(entry: Entry) -> str:
    """Return an entry in a few words: ``#3 refused: MalformedDetail``."""
    if entry.accepted:
        where = f" on {entry.bus}" if entry.bus != "default" else ""
        return on_one_line(f"#{entry.number} {entry.detail_type}{where}")
    return f"#{entry.number} refused: {entry.error_code}"


def delivery_line(delivery: Delivery) -> str:
    """Return a delivery in a few words."""
    return on_one_line(f"#{delivery.number} {delivery.rule.name} -> {target_name(delivery)}: {delivery.outcome}")


def target_name(delivery: Delivery) -> str:
    """Return what people call the target of a delivery; that of an archive has no name, its rule has."""
    return _short_name(delivery.target, delivery.rule)


def _short_name(target: Target, rule: Rule) -> str:
    return names_of(target.arn)[-1] or rule.name


def dead_letter_line(letter: DeadLetter) -> str:
    """Return a dead letter in a few words."""
    return on_one_line(
        f"#{letter.number} {letter.rule.name} -> {names_of(letter.queue)[-1]}: {letter.attributes['ERROR_CODE']}"
    )


def call_line(call: Call) -> str:
    """Return a call in a few words."""
    return f"{call.operation} {'answered' if call.error_code is None else f'refused: {call.error_code}'}"


def line_of(record: Any) -> str:
    """Return any record of the journal in a few words."""
    for kind, line in _LINES:
        if isinstance(record, kind):
            return line(record)
    return value(record)


_LINES: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (Entry, entry_line),
    (Delivery, delivery_line),
    (DeadLetter, dead_letter_line),
    (Call, call_line),
)


def event_name(event: Event, number: int | None) -> str:
    """Return what an event is called: the number of its entry, or what made it where it has no entry."""
    if number is not None:
        return f"event #{number}"
    if event.replay_name is not None:
        return on_one_line(
            f"replayed event {event.source} {event.detail_type!r} of {event.time_text} ({event.replay_name})"
        )
    return on_one_line(f"event {event.source} {event.detail_type!r} of {event.time_text}")


# Buses by account and Region: a sentence names only what tells them apart.


class Location(NamedTuple):
    """A bus by its account (twelve digits), its Region and its name."""

    account: str
    region: str
    bus: str


class Located(Protocol):
    """A record that says on which bus of which account and Region something happened, such as a Routing."""

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def bus(self) -> str: ...


def location_of(record: Located) -> Location:
    """Return the bus that a record is about."""
    return Location(record.account, record.region, record.bus)


class RuleLike(Protocol):
    """A rule, or what is known of one."""

    @property
    def arn(self) -> str: ...
    @property
    def bus(self) -> str: ...


def location_of_rule(rule: RuleLike) -> Location:
    """Return the bus that a rule is on; the account and the Region are those of its ARN."""
    arn = parse_arn(rule.arn)
    assert arn is not None
    return Location(arn.account, arn.region, rule.bus)


class ScopeWording:
    """Words for account and Region, each only where those that are named have more than one."""

    def __init__(self, scopes: Iterable[tuple[str, str]]) -> None:
        pairs = list(scopes)
        self.several_accounts = len({account for account, _ in pairs}) > 1
        self.several_regions = len({region for _, region in pairs}) > 1

    def scope(self, account: str, region: str) -> str:
        """Return such as ``eu-west-1 of account 123456789012``; "" where there is one account and one Region."""
        if not self.several_accounts:
            return region if self.several_regions else ""
        return f"{region} of account {account}" if self.several_regions else f"account {account}"

    def inside(self, account: str, region: str) -> str:
        """Return the same as the end of a sentence, such as `` in eu-west-1``."""
        scope = self.scope(account, region)
        return f" in {scope}" if scope else ""


class BusWording:
    """Words for several buses, with as much of their accounts and Regions as tells them apart."""

    def __init__(self, locations: Sequence[Location]) -> None:
        self._scopes = ScopeWording((each.account, each.region) for each in locations)
        self.several_buses = len({each.bus for each in locations}) > 1

    def bus(self, location: Location) -> str:
        """Return such as ``bus 'orders' in eu-west-1``."""
        return f"bus {location.bus!r}{self._scopes.inside(location.account, location.region)}"

    def bus_name(self, location: Location) -> str:
        """Return such as ``orders in eu-west-1``, for a table."""
        return location.bus + self._scopes.inside(location.account, location.region)

    def scope(self, location: Location) -> str:
        """Return such as ``eu-west-1``."""
        return self._scopes.scope(location.account, location.region)

    @property
    def remedy(self) -> str:
        """Return how an event reaches the bus of a rule that is another in these respects."""
        same = [name for name, several in self._several.items() if several]
        client = f"the client that puts the event must use the {' and the '.join(same)} of the rule" if same else ""
        bus = "EventBusName of the entry chooses the bus" if self.several_buses else ""
        return "; ".join(filter(None, (client, bus)))

    @property
    def _several(self) -> Mapping[str, bool]:
        return {"account": self._scopes.several_accounts, "Region": self._scopes.several_regions}


# Advice on patterns that AWS refuses, for the mistakes people make; AWS's own words stay as they are.


_ENTRY_NAMES = {"Source": "source", "DetailType": "detail-type", "Detail": "detail", "Resources": "resources"}


def advice_on(pattern: str) -> str | None:
    """Return advice on a pattern that was refused, None where we know none.

    Args:
        pattern: its JSON text.
    """
    try:
        tree = json.loads(pattern)
    except (ValueError, RecursionError):
        return "the pattern is not JSON; json.dumps writes it from a dict"
    return next(_mistakes(tree, ""), None) if isinstance(tree, Mapping) else "a pattern is a JSON object, {...}"


def advice_on_path(path: str) -> str:
    """Return advice on a field that no event has: the name of an operator that was taken for one."""
    name = path.rpartition(".")[2]
    return f"{name} is an operator only inside a list: [{{{name!r}: ...}}]" if name in OPERATORS else ""


def _mistakes(tree: Any, path: str) -> Iterator[str]:
    for name, value in tree.items():
        where = f"{path}.{name}" if path else str(name)
        if isinstance(value, list):
            members = [each for each in value if isinstance(each, Mapping)]
            if name == "$or":
                for branch in members:
                    yield from _mistakes(branch, path)
            elif unknown := [key for each in members for key in each if key not in OPERATORS]:
                yield f"{where}: {unknown[0]!r} is not an operator{suggest(unknown[0], sorted(OPERATORS))}"
        elif isinstance(value, Mapping):
            if len(value) == 1 and next(iter(value)) in OPERATORS:
                yield f"{where}: put the operator in a list; write {json.dumps({name: [value]})}"
            yield from _mistakes(value, where)
        else:
            yield f"{where}: put the value in a list; write {json.dumps({_spelled(path, name): [value]})}"


def _spelled(path: str, name: str) -> str:
    """Return a name as an event spells it; an entry of PutEvents spells some of them otherwise."""
    return name if path else _ENTRY_NAMES.get(name, name)

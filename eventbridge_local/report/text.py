"""The sentences of failing assertions, and the short names of records; ``story`` tells the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from eventbridge_local.delivery.journal import Call, DeadLetter, Delivery, Entry
from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.report.expectations import Difference

_MOST_OTHERS = 10
_LONGEST = 200


def value(thing: Any) -> str:
    """A value as people read it, cut when it is long."""
    text = repr(thing)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def wanted_lines(wanted: Mapping[str, Any], *, exact: bool = False) -> Iterator[str]:
    """What was asked for, a line a field; the bus stands in the title."""
    for name, thing in wanted.items():
        verb = "includes " if isinstance(thing, Mapping) and name != "pattern" and not exact else ""
        if name != "bus":
            yield f"    {name:<12} {verb}{value(thing)}"


def difference_line(found: Difference) -> str:
    """One field that spoiled it."""
    hint = f"   ({found.hint})" if found.hint else ""
    return f"    {found.path:<14} {found.said or _DIFFERENCES[found.kind](found)}{hint}"


def _type_name(thing: Any) -> str:
    for kind, name in _TYPE_NAMES:
        if isinstance(thing, kind):
            return name
    return type(thing).__name__


_TYPE_NAMES: tuple[tuple[Any, str], ...] = (
    (bool, "boolean"),
    (str, "string"),
    (int | float, "number"),
    (Mapping, "object"),
    (list | tuple, "list"),
    (type(None), "null"),
)

_DIFFERENCES = {
    "absent": lambda d: f"wanted {value(d.wanted)}, absent",
    "value": lambda d: f"wanted {value(d.wanted)}, got {value(d.got)}",
    "type": lambda d: (
        f"wanted {value(d.wanted)}, got {value(d.got)}   ({_type_name(d.wanted)} against {_type_name(d.got)})"
    ),
    "case": lambda d: f"wanted {value(d.wanted)}, got {value(d.got)}   (only the case differs)",
    "length": lambda d: f"wanted {len(d.wanted)} members, got {len(d.got)}: {value(d.got)}",
    "extra": lambda d: f"not wanted, got {value(d.got)}",
}


def entry_line(entry: Entry) -> str:
    """An entry in a few words: ``#3 refused: MalformedDetail``."""
    if entry.accepted:
        return f"#{entry.number} {entry.detail_type}" + (f" on {entry.bus}" if entry.bus != "default" else "")
    return f"#{entry.number} refused: {entry.error_code}"


def delivery_line(delivery: Delivery) -> str:
    """A delivery in a few words."""
    return f"#{delivery.number} {delivery.rule.name} -> {target_name(delivery)}: {delivery.outcome}"


def target_name(delivery: Delivery) -> str:
    """What people call the target of a delivery; that of an archive has no name, its rule has."""
    return names_of(delivery.target.arn)[-1] or delivery.rule.name


def dead_letter_line(letter: DeadLetter) -> str:
    """A dead letter in a few words."""
    return f"#{letter.number} {letter.rule.name} -> {names_of(letter.queue)[-1]}: {letter.attributes['ERROR_CODE']}"


def call_line(call: Call) -> str:
    """A call in a few words."""
    return f"{call.operation} {'answered' if call.error_code is None else f'refused: {call.error_code}'}"


def line_of(record: Any) -> str:
    """Any record of the journal in a few words."""
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


def not_found(
    title: str,
    wanted: Iterable[str],
    closest: tuple[Any, Sequence[Difference]] | None,
    found: Sequence[Any],
    others: Sequence[Any],
    hints: Iterable[str],
) -> str:
    """The message of a failed ``assert_put`` or ``assert_delivered``.

    Args:
        wanted: lines that say what was asked for.
        closest: the nearest record and its differences.
        found: the records that are as wanted, when only their number is wrong.
        others: what else was there.
    """
    lines = [title, *wanted]
    if closest is not None:
        record, differs = closest
        noun, verb = ("event", "put") if isinstance(record, Entry) else ("delivery", "made")
        count = f"{len(differs)} difference{'' if len(differs) == 1 else 's'}"
        lines.append(f"closest of {len(others) + 1} {verb} ({noun} #{record.number}, {count}):")
        lines.extend(map(difference_line, differs))
    lines.extend(f"{name}: {_listed(records)}" for name, records in (("found", found), ("others", others)) if records)
    lines.extend(f"hint: {hint}" for hint in hints)
    return "\n".join(lines)


def _listed(records: Sequence[Any]) -> str:
    more = f", and {len(records) - _MOST_OTHERS} more" if len(records) > _MOST_OTHERS else ""
    return ", ".join(map(line_of, records[:_MOST_OTHERS])) + more


def event_name(event: Event, number: int | None) -> str:
    """What an event is called: by the number of its entry, or by what made it where nobody put it."""
    if number is not None:
        return f"event #{number}"
    if event.replay_name is not None:
        return f"replayed event {event.source} {event.detail_type!r} of {event.time_text} ({event.replay_name})"
    return f"event {event.source} {event.detail_type!r} of {event.time_text}"


def failed_checks(count: int) -> str:
    """The headline of what is raised when a context ends."""
    return f"eventbridge_local: {count} check{'s' if count > 1 else ''} failed on exit"


def failed_delivery(delivery: Delivery, number: int | None) -> str:
    """Where a failure of a target comes from, and how to allow it; ``number`` is that of the event's entry."""
    event = delivery.event
    name = event_name(event, None) if number is None else f"event #{number} {event.source} {event.detail_type!r}"
    return (
        f"delivery to {target_name(delivery)!r}, rule {delivery.rule.name!r} on bus {delivery.rule.bus!r}, {name}\n"
        "To allow this: assert_all_deliveries_succeeded=False"
    )


def failure(error: Exception) -> str:
    """One failed check, as a note on another error."""
    said = str(error) if isinstance(error, EventBridgeLocalError) else repr(error)
    return "\n    ".join(f"eventbridge_local, also failed: {said}".splitlines())


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
    """Words for account and Region, each only where there is more than one among those that are spoken of."""

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

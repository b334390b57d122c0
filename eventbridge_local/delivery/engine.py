"""An event's way over a bus: every enabled rule, through the index, then every target of those that match.

Strategy: events wait in one queue. Whoever puts an event while nobody works on the queue works it off before his call
returns; an event that is put meanwhile, by a handler or by another thread, waits behind. So delivery is synchronous
and in order, and a handler that publishes never recurses. Each event remembers the delivery that caused it; a chain
that grows past a limit is a ring of rules, which is cut and named. What another thread puts during a delivery may be
caused by it (a server's thread) or not (a producer of its own), so it makes a chain longer by very little.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock, get_ident
from typing import NamedTuple

from eventbridge_local.delivery.deliver import Deliverer
from eventbridge_local.delivery.journal import Journal, Routing
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope

_LONGEST_CHAIN = 100
#: Links of a chain that an event is worth which another thread put during a delivery.
_BY_CHANCE = 0.01


class Arrival(NamedTuple):
    """An event for the bus of that name in a place.

    ``only`` are the ARNs of the rules that may see it, None for all (replays). ``fired`` names the rule whose schedule
    made it: that rule's targets get it whatever its pattern says.
    """

    scope: Scope
    bus: str
    event: Event
    only: frozenset[str] | None = None
    fired: str | None = None


class _Waiting(NamedTuple):
    arrival: Arrival
    depth: float
    via: tuple[str, ...]


class Engine:
    """Moves events from acceptance to the hand-over."""

    def __init__(self, journal: Journal, deliverer: Deliverer, on_ring: Callable[[str], None]) -> None:
        self._journal = journal
        self._deliverer = deliverer
        self._on_ring = on_ring
        self._queue: deque[_Waiting] = deque()
        self._lock = Lock()
        #: The thread that works off the queue, and the delivery it is at.
        self._worker: int | None = None
        self._depth = 0.0
        self._via: tuple[str, ...] = ()

    def accept(self, arrivals: Iterable[Arrival]) -> None:
        """Queue events, and work off the queue unless somebody does.

        No error of a target comes out of this call; only Ctrl-C does, and a test framework's own way of failing.
        """
        with self._lock:
            depth = self._depth + (_BY_CHANCE if self._worker not in (None, get_ident()) else 1)
            self._queue.extend(_Waiting(arrival, depth, self._via) for arrival in arrivals)
            if self._worker is not None:
                return
            self._worker = get_ident()
        try:
            self._deliverer.look_around()
            while (waiting := self._next()) is not None:
                self._route(waiting)
        except BaseException:  # only KeyboardInterrupt and its like come here: let others go on
            with self._lock:
                self._rest()
            raise

    def _next(self) -> _Waiting | None:
        with self._lock:
            if self._queue:
                return self._queue.popleft()
            self._rest()
            return None

    def _rest(self) -> None:
        self._worker, self._depth, self._via = None, 0.0, ()

    def _route(self, waiting: _Waiting) -> None:
        if self._deliverer.ended:
            return
        scope, name, event, only, fired = waiting.arrival
        bus = scope.buses.get(name)
        if bus is None:
            self._note(waiting, trouble=f"there is no event bus {name!r} in {scope.account}/{scope.region}")
            return
        if waiting.depth > _LONGEST_CHAIN:
            ring = " -> ".join(_ring(waiting.via))
            self._note(waiting, trouble=f"rules feed each other without end: {ring}")
            self._on_ring(ring)
            return
        rules, matched = bus.match(event)
        if only is not None:
            matched = [rule for rule in matched if rule.arn in only]
        if fired is not None and fired in bus.rules and all(rule.name != fired for rule in matched):
            matched = [bus.rules[fired], *matched]
        self._note(waiting, rules, tuple([rule.name for rule in matched]))
        for done, rule in enumerate(matched, 1):
            try:
                self._deliver(waiting, scope, rule)
            except BaseException:  # only what ends a test run comes here
                self._deliverer.abandon(event, matched[done:])
                raise

    def _deliver(self, waiting: _Waiting, scope: Scope, rule: Rule) -> None:
        self._depth = waiting.depth
        self._via = (*waiting.via[-_LONGEST_CHAIN:], rule.name)
        self._deliverer.deliver_all(scope, waiting.arrival.event, rule)

    def _note(
        self, waiting: _Waiting, rules: tuple[Rule, ...] = (), matched: tuple[str, ...] = (), trouble: str | None = None
    ) -> None:
        scope, bus, event = waiting.arrival[:3]
        record = Routing(event, bus, scope.account, scope.region, rules, matched, trouble)
        self._journal.add(record)


def _ring(via: tuple[str, ...]) -> tuple[str, ...]:
    """The last turn of a chain: from the previous visit of its last rule up to that rule again."""
    last = via[-1]
    earlier = [index for index, name in enumerate(via[:-1]) if name == last]
    return via[earlier[-1] :] if earlier else via

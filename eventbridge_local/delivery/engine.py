"""An event's way over a bus: what ``route`` plans for it is carried out, rule by rule.

Strategy: events wait in one queue. A call that puts an event while no other works on the queue works it off before it
returns; an event that is put meanwhile, by a handler or by another thread, waits behind. So delivery is synchronous
and in order, and a handler that publishes never recurses. Each event remembers the delivery that caused it; a chain
that grows past a limit is a rule loop, which is cut and named. What another thread puts during a delivery may be
caused by it (a server's thread) or not (a producer of its own), so it makes a chain longer by very little.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from threading import Lock, get_ident
from typing import TYPE_CHECKING

from eventbridge_local.delivery.deliver import Deliverer
from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.handlers import Handlers
from eventbridge_local.delivery.journal import Journal, Routing
from eventbridge_local.delivery.route import Arrival, Plan, plan
from eventbridge_local.model.event import forget_made
from eventbridge_local.model.store import Store

if TYPE_CHECKING:
    from eventbridge_local.delivery.http.invocations import Invocations

_LONGEST_CHAIN = 100
_NAME = attrgetter("name")
#: Links of a chain that an event is worth which another thread put during a delivery.
_BY_CHANCE = 0.01


#: An arrival, how many deliveries in a row have led to it, and their rules.
_Waiting = tuple[Arrival, float, tuple[str, ...]]


class Engine:
    """Moves events from acceptance to their targets.

    Args:
        services: the other AWS services that moto or a loopback endpoint serves to this process.
        invocations: returns what calls HTTP targets. It is made when there is one.
        seed: makes the delays between attempts reproducible.
        on_loop: called with the rules that feed each other without end.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        handlers: Handlers,
        services: Services,
        invocations: Callable[[], Invocations],
        faults: Faults,
        seed: object,
        on_loop: Callable[[str], None],
    ) -> None:
        self._store = store
        self._journal = journal
        self._deliverer = Deliverer(store, journal, handlers, services, invocations, faults, seed, self.accept)
        self._on_loop = on_loop
        self._queue: deque[_Waiting] = deque()
        self._lock = Lock()
        #: The thread that works off the queue, and the delivery it is at.
        self._worker: int | None = None
        self._depth = 0.0
        self._via: tuple[str, ...] = ()

    def accept(self, arrivals: Iterable[Arrival]) -> Plan | None:
        """Queue events, and work off the queue unless somebody does.

        Returns:
            what became of the first of them on its bus; None when it waits, because somebody else works off the queue.

        No error of a target comes out of this call; only Ctrl-C does, and a test framework's own way of failing.
        """
        with self._lock:
            depth = self._depth + (_BY_CHANCE if self._worker not in (None, get_ident()) else 1)
            for arrival in arrivals:
                self._queue.append((arrival, depth, self._via))
            if self._worker is not None:
                return None
            self._worker = get_ident()
        first: Plan | None = None
        try:
            self._deliverer.received.clear()
            while True:
                with self._lock:
                    if not self._queue:
                        self._worker, self._depth, self._via = None, 0.0, ()
                        return first
                    waiting = self._queue.popleft()
                made = self._carry_out(waiting)
                first = first or made
        except BaseException:  # only KeyboardInterrupt and its like come here: let others go on
            with self._lock:
                self._worker, self._depth, self._via = None, 0.0, ()
            raise

    def _carry_out(self, waiting: _Waiting) -> Plan | None:
        """Carry out what a bus makes of an event, and return it; None when the mock has ended."""
        if self._store.ended:
            return None
        arrival, depth, via = waiting
        scope, bus, event, _, _ = arrival
        made = plan(arrival)
        if made.trouble is None and depth > _LONGEST_CHAIN:
            loop = " -> ".join(_loop(via))
            made = Plan(trouble=f"rules trigger each other in an endless loop: {loop}")
            self._on_loop(loop)
        matched = made.matched
        names = tuple(map(_NAME, matched))
        names = self._journal.shared(names, names)
        self._journal.add(Routing(event, bus, scope.account, scope.region, made.rules, names, made.trouble))
        for done, rule in enumerate(matched, 1):
            self._depth = depth
            self._via = (*via[-_LONGEST_CHAIN:], rule.name)
            try:
                self._deliverer.deliver(scope, event, rule)
            except BaseException:  # only what ends a test run comes here
                self._deliverer.skip(event, matched[done:])
                raise
        forget_made(event, None)
        return made


def _loop(via: tuple[str, ...]) -> tuple[str, ...]:
    """Return the last turn of a chain: from the visit before of its last rule up to that rule again."""
    last = via[-1]
    earlier = [index for index, name in enumerate(via[:-1]) if name == last]
    return via[earlier[-1] :] if earlier else via

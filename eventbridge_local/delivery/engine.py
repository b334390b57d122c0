"""An event's way over a bus: what ``route`` plans for it is carried out, rule by rule.

Strategy: a call that puts events works them off before it returns, in the thread of its caller. An event that a handler
puts meanwhile waits in the queue of that work. So delivery is synchronous and in order, and a handler that publishes
never recurses. Threads do not wait for each other: each works off what it puts. What events may cause is bounded in
``loops``; what goes beyond is cut, and the loop is named.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import repeat
from threading import get_ident
from typing import TYPE_CHECKING

from eventbridge_local.delivery.deliver import Deliverer
from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.handlers import Handlers
from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.loops import CAUSE, Origin, Work, cut
from eventbridge_local.delivery.route import Arrival, Plan, plan
from eventbridge_local.model.event import forget_tree, forget_written
from eventbridge_local.model.store import Store

if TYPE_CHECKING:
    from eventbridge_local.delivery.http.invocations import Invocations


class Engine:
    """Moves events from acceptance to their targets.

    Args:
        services: the other AWS services that moto or a loopback endpoint serves to this process.
        invocations: returns what calls HTTP targets. It is made when there is one.
        seed: makes the delays between attempts reproducible.
        most_caused: how many events one put may cause.
        on_loop: called with a sentence about rules and handlers that feed each other without end.
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
        most_caused: int,
        on_loop: Callable[[str], None],
    ) -> None:
        self._store = store
        self._journal = journal
        self._handlers = handlers
        self._deliverer = Deliverer(store, journal, handlers, services, invocations, faults, seed, self.accept, on_loop)
        self._most_caused = most_caused
        self._on_loop = on_loop
        #: The work of each thread that has some.
        self._works: dict[int, Work[Arrival]] = {}

    def accept_in_turn(self, arrivals: Iterable[Arrival]) -> None:
        """Work events off, each with all that it causes before the next one is asked for.

        Where a handler puts them, in its thread or another with its context, they are put one by one.
        """
        if get_ident() in self._works or CAUSE.get() is not None:
            for arrival in arrivals:
                self.accept([arrival])
        else:
            self.accept((), anew=True, later=iter(arrivals))

    def accept(
        self,
        arrivals: Iterable[Arrival],
        now: datetime | None = None,
        *,
        anew: bool = False,
        later: Iterator[Arrival] | None = None,
    ) -> None:
        """Work events off; those that a handler puts in the thread in which it was called wait until it returns.

        Then the arrivals say what became of them.

        Args:
            arrivals: the events, each with its bus.
            now: the instant of the call that puts them; None asks the clock for each.
            anew: count apart what each of them causes.
            later: gives more events, each when all before it are over.

        No error of a target comes out of this call; only Ctrl-C does, and a test framework's own way of failing.
        """
        thread = get_ident()
        busy = self._works.get(thread)
        if busy is not None:
            busy.queue_caused(arrivals, busy.queue)
            return
        work: Work[Arrival] = Work()
        self._works[thread] = work
        queue = work.queue = deque()
        work.now = now
        cause = CAUSE.get()
        if cause is not None:
            cause.queue_caused(arrivals, queue)
        else:
            queue.extend(zip(arrivals, repeat(None)))
        token = CAUSE.set(work) if self._handlers.spies else None
        try:
            self._deliverer.received.clear()
            self._deliverer.only_recorded.clear()
            while queue or (later is not None and self._takes_next(later, queue)):
                arrival, work.origin = queue.popleft()
                if anew:
                    work.causes = None
                self._carry_out(work, arrival)
        finally:
            del self._works[thread]
            if token is not None:
                CAUSE.reset(token)

    def _takes_next(self, later: Iterator[Arrival], queue: deque[tuple[Arrival, Origin | None]]) -> bool:
        """Queue the next event; return whether there was one."""
        arrival = next(later, None)
        if arrival is None:
            return False
        queue.append((arrival, None))
        self._deliverer.received.clear()  # a handler may have started moto
        return True

    def _carry_out(self, work: Work[Arrival], arrival: Arrival) -> None:
        """Carry out what a bus makes of an event, unless the mock has ended."""
        if self._store.ended:
            return
        made = plan(arrival)
        if work.origin is not None and made.trouble is None:
            loop = cut(work.origin, self._most_caused)
            if loop is not None:
                self._on_loop(loop)
                made = Plan(trouble=loop)
        arrival.rules, arrival.matched, arrival.trouble = made
        others = self._deliverer.count_recorded(arrival) if made.matched else ()
        if arrival.recorded:
            arrival.at = work.now or self._store.clock.now
        self._journal.add_routing(arrival)
        now = work.now
        if others:
            work.now = None  # what is called may take time, or move the clock
        for done, (rule, targets) in enumerate(others, 1):
            work.rule, work.receiver = rule, None
            try:
                self._deliverer.deliver(arrival, rule, targets, now)
                now = None
            except BaseException:  # only what ends a test run comes here
                self._deliverer.skip(arrival.event, others[done:])
                raise
        forget_tree(arrival.event, None)
        forget_written(arrival.event, None)

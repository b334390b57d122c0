"""The service as its callers see it: an operation's name and parameters in, an answer or a refusal out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock, RLock
from typing import TYPE_CHECKING

from eventbridge_local.delivery.engine import Engine
from eventbridge_local.delivery.faults import CallFaults, EntryFaults, Faults
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.handlers import Handlers
from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.journal_records import Call
from eventbridge_local.delivery.kinds import destination_of
from eventbridge_local.delivery.schedules import Scheduler
from eventbridge_local.errors import ContractViolation, ServiceError, UnsupportedOperation
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Ids
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.operations.table import (
    DELIVERING,
    MODULES,
    TABLE,
    Answer,
    Context,
    EventCheck,
    Params,
    operation_called,
)

if TYPE_CHECKING:
    from eventbridge_local.delivery.http.invocations import Invocations
    from eventbridge_local.policies.access import Permissions

#: Loops that are told apart at the end of a mock.
_MOST_LOOPS = 10


_tuple = tuple.__new__  # makes a named tuple in half the time


class Service:
    """One mock's EventBridge: its state, its bus and its journal."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        limits: Limits,
        services: Services | None = None,
        seed: int | str | None = None,
        keep: int | None = None,
        organization: str | None = None,
        check_events: EventCheck | None = None,
        most_caused: int = 5_000,
    ) -> None:
        self._most_caused = most_caused
        self._check_events = check_events
        self._organization = organization
        self._seed = seed
        self.clock = clock
        self.faults = Faults(seed)
        self.entry_faults = EntryFaults(seed)
        self.call_faults = CallFaults(MODULES, seed)
        self.ids = ids
        self.limits = limits
        self.handlers = Handlers(keep)
        self.journal = Journal(keep)
        self.services = services or Services()
        #: A sentence for each loop of rules that was cut.
        self.loops: list[str] = []
        #: What a loaded template calls things: names to ARNs, and to the physical names of rules.
        self.names: dict[str, str] = {}
        self.rule_names: dict[str, str] = {}
        #: For each loaded template, a function that returns the policies in it.
        self.template_permissions: list[Callable[[], Permissions]] = []
        self._one_at_a_time = RLock()
        self._start()

    def _start(self) -> None:
        self.store = store = Store(self.clock, self.ids, self.limits, self._organization)
        invocations = _invocations_of(store, self.handlers, self.services)
        self.engine = engine = Engine(
            store, self.journal, self.handlers, self.services, invocations, self.faults, self._seed,
            self._most_caused, self._note_loop,
        )  # fmt: skip
        #: What the context of every call begins with.
        self._parts = (
            store,
            self.limits,
            self.ids,
            self.journal,
            engine,
            Scheduler(engine, self.clock, self.ids),
            self.services,
            invocations,
            self.entry_faults,
            self._check_events,
            self._one_at_a_time,
        )

    def reset(self) -> None:
        """Forget state, handlers, arranged failures, whatever was waiting, and the journal; the clock goes on."""
        self.store.ended = True
        self.clock.disarm()
        self.fail_nothing()
        self.handlers.clear()
        self.journal.clear()
        self.loops.clear()
        self.names.clear()
        self.rule_names.clear()
        self.template_permissions.clear()
        destination_of.cache_clear()  # its keys are targets
        self._start()

    def fail_nothing(self) -> None:
        """Forget all arranged failures: of targets, of entries and of calls."""
        for faults in (self.faults, self.entry_faults, self.call_faults):
            faults.clear()

    def call(
        self,
        name: str,
        params: Params,
        scope: Scope,
        refusal: ServiceError | None = None,
        trace: str | None = None,
        now: datetime | None = None,
        size: int | None = None,
    ) -> Answer:
        """Carry out an operation and write the call down.

        Args:
            name: the operation, such as ``PutRule``.
            params: its members as boto3 spells them.
            scope: the caller's account, and the Region that is called.
            refusal: why the call is refused before anything is looked at, such as a broken constraint of the input
                shape. It is written down and raised.
            trace: the X-Ray header of the request.
            now: the instant of the call; None asks the clock.
            size: the bytes of the request's body; None for a call without one.

        Raises:
            ServiceError: what AWS would refuse, in its words. Nothing has changed then.
            UnsupportedOperation: there is no such operation here, such as one of a newer botocore.
            ContractViolation: an event does not keep its contract. Nothing has changed then.
        """
        at, store = now or self.clock.now, self.store
        account, region = scope.account, scope.region
        if "AuthParameters" in params:
            # Only these requests have secrets, and most tests make none of them.
            from eventbridge_local.operations.connections import Sealed

            params = Sealed(params)
        try:
            if refusal is not None:
                raise refusal
            function = TABLE.get(name) or operation_called(name)
            if function is None:
                raise UnsupportedOperation(
                    f"eventbridge_local does not answer {name} yet. Nothing was sent to AWS and nothing has changed."
                )
            context = _tuple(Context, (*self._parts, scope, at, name, trace, size))
            if name in DELIVERING:
                answer = function(context, params)
            else:
                with self._one_at_a_time:
                    answer = function(context, params)
        except ServiceError as refused:
            code, message, hint = refused.code, refused.message, refused.hint
            self._write(store, Call(name, params, account, region, at, None, code, message, hint))
            raise
        except ContractViolation as broken:
            self._write(store, Call(name, params, account, region, at, None, "ContractViolation", str(broken)))
            raise
        if not store.ended:
            kept = getattr(answer, "kept", None)  # of a PutAnswer
            if kept is not None and len(params) == 1 and name == "PutEvents":
                self.journal.add_put(kept)
            else:
                answer = dict(answer)  # which the journal keeps a part of
                self.journal.add(Call(name, params, account, region, at, answer))
        return answer

    def _note_loop(self, loop: str) -> None:
        if loop not in self.loops and len(self.loops) < _MOST_LOOPS:
            self.loops.append(loop)

    def _write(self, store: Store, call: Call) -> None:
        """Write a call down, unless a reset has meanwhile ended the store it was made in."""
        if not store.ended:
            self.journal.add(call)


def _invocations_of(store: Store, handlers: Handlers, services: Services) -> Callable[[], Invocations]:
    """Return a function that returns what calls the HTTP targets of a store. It is made at the first call."""
    lock = Lock()
    made: list[Invocations] = []

    def invocations() -> Invocations:
        # Late, because it brings an HTTP client, and few tests have such a target.
        from eventbridge_local.delivery.http.invocations import Invocations

        with lock:  # there is one for all threads, as it counts the invocations of each second
            if not made:
                made.append(Invocations(store, handlers, services))
            return made[0]

    return invocations

"""What every operation is given: where the call goes, and the parts of the mock it may use."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from eventbridge_local.delivery.engine import Engine
from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.plane import Plane
from eventbridge_local.model.event import Ids
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.store import Scope, Store

if TYPE_CHECKING:  # a failure names operations, whose table takes contexts
    from eventbridge_local.operations.faults import EntryFaults


@dataclass(frozen=True, slots=True)
class Context:
    """One call: ``scope`` is the caller's account and Region, ``operation`` the name of what is called."""

    store: Store
    scope: Scope
    plane: Plane
    operation: str = ""
    entry_faults: EntryFaults | None = None
    #: The X-Ray header of the request.
    trace: str | None = None
    #: Held while the control plane changes; operations that deliver take it themselves, and not while they deliver.
    alone: AbstractContextManager[Any] = field(default_factory=nullcontext)

    @property
    def engine(self) -> Engine:
        return self.plane.engine

    @property
    def journal(self) -> Journal:
        return self.plane.journal

    @property
    def now(self) -> datetime:
        return self.store.clock.now

    @property
    def ids(self) -> Ids:
        return self.store.ids

    @property
    def limits(self) -> Limits:
        return self.store.limits

"""Failures that a test arranges: of targets, of entries of PutEvents, and of attempts of a client's calls.

Each is arranged with its arguments checked, waits, and strikes when what it is about comes by; failures strike in the
order they were arranged, so two of them make a sequence. What a failed attempt is answered with over botocore's wire
is the matter of ``botocore_hooks``.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from threading import Lock
from typing import Generic, TypeVar, get_args

from eventbridge_local.advice import suggest
from eventbridge_local.batching import MAX_ENTRIES
from eventbridge_local.delivery.pending import CODES, AttemptFailed
from eventbridge_local.errors import ServiceError, UsageError
from eventbridge_local.model.arn import names_of
from eventbridge_local.model.records import Target
from eventbridge_local.typing import CallCode, ConnectionFailure


class Strikes:
    """How often a failure strikes: ``left`` counts down, None never ends; ``rate`` is a share, above 0 and up to 1."""

    __slots__ = ("left", "rate")

    def __init__(self, left: int | None, rate: float) -> None:
        self.left = left
        self.rate = rate

    def strikes(self, random_value: float) -> bool:
        """Return whether it strikes now. A failure that strikes is used up by one.

        Args:
            random_value: 0 up to and without 1.
        """
        if self.left == 0 or random_value >= self.rate:
            return False
        self.use_up()
        return True

    def use_up(self) -> None:
        """Count one strike."""
        if self.left is not None:
            self.left -= 1


F = TypeVar("F", bound=Strikes)


class Arrangements(Generic[F]):
    """The failures of one kind that are arranged, in the order they were.

    Args:
        seed: makes the failures of a ``rate`` below 1 reproducible.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._seed = seed
        self._random: random.Random | None = None
        #: The failures that may still strike. Empty in most mocks, which is looked at before anything is asked.
        self.arranged: list[F] = []
        self._lock = Lock()

    def _draw(self) -> float:
        """Return a random number from 0 up to and without 1. Most mocks never ask for one."""
        if self._random is None:
            self._random = random.Random(self._seed)
        return self._random.random()

    def clear(self) -> None:
        """Let nothing of this kind fail any more."""
        self.arranged.clear()


def check_numbers(method: str, times: int | None, rate: float, share_of: str) -> None:
    """Raise UsageError when ``times`` or ``rate`` of a method makes no sense."""
    if times is not None and (type(times) is not int or times < 1):
        raise UsageError(f"{method}(times={times!r}): give a whole number of at least 1, or None for every time")
    if not isinstance(rate, int | float) or not 0 < rate <= 1:
        raise UsageError(f"{method}(rate={rate!r}): give a share of the {share_of}, above 0 and up to 1")


# Attempts to reach a target.


#: What EventBridge writes into ERROR_MESSAGE is not recorded for these codes; the text says who made the failure.
_TARGET_REASON = "made to fail by the test with fail_target"


class Fault(Strikes):
    """One arranged failure of attempts to reach a target."""

    __slots__ = ("error", "reason", "target")

    def __init__(self, left: int | None, rate: float, target: str, error: str, reason: str) -> None:
        super().__init__(left, rate)
        self.target = target
        self.error = error
        self.reason = reason


class Faults(Arrangements[Fault]):
    """The targets of one mock that are made to fail."""

    def add(self, target: str, *, times: int | None, error: str, reason: str | None, rate: float) -> None:
        """Arrange a failure. Raises UsageError for a code that AWS does not have, or numbers that make no sense."""
        if error not in CODES:
            hint = suggest(error, sorted(CODES))
            raise UsageError(f"fail_target(error={error!r}): EventBridge has no such error code{hint}")
        check_numbers("fail_target", times, rate, "attempts")
        self.arranged.append(Fault(times, rate, target, error, reason or _TARGET_REASON))

    def strike(self, target: Target) -> AttemptFailed | None:
        """Return how an attempt to reach a target fails, None when it passes. What strikes is used up."""
        with self._lock:
            for fault in self.of(target):
                if fault.strikes(self._draw()):
                    return AttemptFailed(fault.error, fault.reason)
        return None

    def of(self, target: Target) -> Iterator[Fault]:
        """Yield what is arranged for a target, under any of its names or its id."""
        names = {*names_of(target.arn), target.id}
        return (fault for fault in self.arranged if fault.target in names)


class Forecast:
    """How attempts would fail from now on, one after the other; nothing is used up and no number is drawn.

    A failure of a share of the attempts may strike or not, so it lets each attempt pass and leaves its code.

    Attributes:
        may_fail: the codes of such failures that were passed, in order.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._used: dict[int, int] = {}
        self.may_fail: list[str] = []

    def strike(self, target: Target) -> AttemptFailed | None:
        """Return how the next attempt to reach a target would fail, None when it would pass."""
        for fault in self._faults.of(target):
            used = self._used.get(id(fault), 0)
            if fault.left is not None and fault.left <= used:
                continue
            if fault.rate < 1:
                self.may_fail.append(fault.error)
                continue
            self._used[id(fault)] = used + 1
            return AttemptFailed(fault.error, fault.reason)
        return None


# Entries of PutEvents.


_THROTTLING = "ThrottlingException"
_INTERNAL = "InternalFailure"

#: The codes of entries and their texts. Source: observed for MalformedDetail and NotAuthorizedForSourceException,
#: otherwise the descriptions of the API reference, PutEventsResultEntry.
ENTRY_CODES = {
    _INTERNAL: "The request processing has failed because of an unknown error, exception or failure.",
    _THROTTLING: "The request was denied due to request throttling.",
    "AccessDeniedException": "You do not have sufficient access to perform this action.",
    "InvalidAccountIdException": "The account ID provided is not valid.",
    "InvalidArgument": "A specified parameter is not valid.",
    "MalformedDetail": "Detail is malformed.",
    "RedactionFailure": "Redacting the CloudTrail event failed.",
    "NotAuthorizedForSourceException": "Not authorized for the source.",
    "NotAuthorizedForDetailTypeException": (
        "You do not have permissions to publish events with this detail type onto this event bus."
    ),
}


class EntryFault(Strikes):
    """Entries that are refused; ``entries`` are positions in a request, from 0, or None for all."""

    __slots__ = ("entries", "refusal")

    def __init__(self, left: int | None, rate: float, entries: frozenset[int] | None, refusal: ServiceError) -> None:
        super().__init__(left, rate)
        self.entries = entries
        self.refusal = refusal


class EntryFaults(Arrangements[EntryFault]):
    """The entries of PutEvents that are made to fail."""

    def add(
        self, entries: Iterable[int] | None, *, code: str, message: str | None, times: int | None, rate: float
    ) -> None:
        """Arrange a failure; the arguments are those of ``EventBridge.fail_put``.

        Raises:
            UsageError: PutEvents has no such code for entries, or a number makes no sense.
        """
        if code not in ENTRY_CODES:
            hint = suggest(code, sorted(ENTRY_CODES))
            raise UsageError(f"fail_put(code={code!r}): PutEvents has no such code for an entry{hint}")
        check_numbers("fail_put", times, rate, "entries")
        positions = None if entries is None else _positions(entries)
        refusal = ServiceError(code, ENTRY_CODES[code] if message is None else message)
        self.arranged.append(EntryFault(times, rate, positions, refusal))

    def strike(self, count: int) -> dict[int, ServiceError]:
        """Return the refusals in a request of ``count`` entries, by position.

        A failure is used up by a request in which it refuses something.
        """
        struck: dict[int, ServiceError] = {}
        with self._lock:
            for fault in self.arranged:
                hit = [
                    position
                    for position in range(count)
                    if (fault.entries is None or position in fault.entries)
                    and position not in struck
                    and self._draw() < fault.rate
                ]
                if hit:
                    fault.use_up()
                    struck.update(dict.fromkeys(hit, fault.refusal))
            self.arranged[:] = [fault for fault in self.arranged if fault.left != 0]
        return struck


def _positions(entries: Iterable[int]) -> frozenset[int]:
    advice = f"give the positions in a request, from 0 to {MAX_ENTRIES - 1}, such as [1]; None is for all"
    try:
        positions = list(entries)
    except TypeError:
        raise UsageError(f"fail_put(entries={entries!r}): {advice}") from None
    if not positions or not all(type(each) is int and 0 <= each < MAX_ENTRIES for each in positions):
        raise UsageError(f"fail_put(entries={entries!r}): {advice}")
    return frozenset(positions)


# Attempts of calls.


#: The codes of whole calls: the errors of the API model, those all AWS services share, and what is in neither list and
#: yet sent. The texts of most are not recorded, so the text says who made the failure.
CALL_CODES = frozenset(get_args(CallCode))
_CALL_REASON = "made to fail by the test with fail_call"

#: EventBridge refuses with 400 (recorded, facts 1.1), except for these.
_STATUSES = {
    "InternalException": 500,
    _INTERNAL: 500,
    "RequestEntityTooLargeException": 413,
    "RequestTimeoutException": 408,
    "ServiceUnavailable": 503,
}

#: What can happen to a connection, by the names ``fail_call`` has for it.
CONNECTION_ERRORS = frozenset(get_args(ConnectionFailure))


class CallFault(Strikes):
    """Attempts of a call that fail, or are slow; at most one of ``refusal`` and ``error`` is set.

    ``error`` is one of CONNECTION_ERRORS, ``latency`` is in seconds.
    """

    __slots__ = ("error", "latency", "operation", "refusal")

    def __init__(
        self,
        left: int | None,
        rate: float,
        operation: str,
        refusal: ServiceError | None,
        error: str | None,
        latency: float,
    ) -> None:
        super().__init__(left, rate)
        self.operation = operation
        self.refusal = refusal
        self.error = error
        self.latency = latency


class CallFaults(Arrangements[CallFault]):
    """The attempts of calls that are made to fail.

    Args:
        operations: the names of all operations.
    """

    def __init__(self, operations: Collection[str], seed: int | str | None = None) -> None:
        super().__init__(seed)
        self._operations = operations

    def add(
        self,
        operation: str,
        *,
        code: str | None,
        message: str | None,
        status: int | None,
        error: str | None,
        latency: float,
        times: int | None,
        rate: float,
    ) -> None:
        """Arrange a failure; the arguments are those of ``EventBridge.fail_call``.

        Raises:
            UsageError: there is no such operation, code or error, they exclude each other, or a number makes no sense.
        """
        if operation not in self._operations:
            hint = suggest(operation, sorted(self._operations))
            raise UsageError(f"fail_call({operation!r}): there is no such operation{hint}")
        if not isinstance(latency, int | float) or isinstance(latency, bool) or not 0 <= latency < float("inf"):
            raise UsageError(f"fail_call(latency={latency!r}): give seconds, 0 or more")
        check_numbers("fail_call", times, rate, "attempts")
        refusal = _refusal(code, message, status, error, slow=latency > 0)
        self.arranged.append(CallFault(times, rate, operation, refusal, error, latency))

    def armed(self, operation: str) -> bool:
        """Return whether a failure of this operation is arranged."""
        return any(fault.operation == operation for fault in self.arranged)

    def strike(self, operation: str) -> CallFault | None:
        """Return what happens to an attempt of an operation, None when it passes. What strikes is used up."""
        with self._lock:
            for fault in self.arranged:
                if fault.operation == operation and fault.strikes(self._draw()):
                    if fault.left == 0:
                        self.arranged.remove(fault)
                    return fault
        return None


def _refusal(
    code: str | None, message: str | None, status: int | None, error: str | None, *, slow: bool
) -> ServiceError | None:
    """Return what the service answers; None when the connection fails, or when it is only slow."""
    answer = {"code": code, "message": message, "status": status}
    given = [name for name, value in answer.items() if value is not None]
    if error is not None:
        if error not in CONNECTION_ERRORS:
            hint = suggest(error, sorted(CONNECTION_ERRORS))
            raise UsageError(f"fail_call(error={error!r}): there is no such connection error{hint}")
        if given:
            raise UsageError(f"fail_call(error=..., {given[0]}=...): a connection that fails gives no answer")
        return None
    if slow and not given:
        return None
    if status is not None and not (type(status) is int and 400 <= status <= 599):
        raise UsageError(f"fail_call(status={status!r}): give the HTTP status of a failure, 400 to 599")
    if code is None:
        code = _THROTTLING if status is None or status < 500 else _INTERNAL
    if code not in CALL_CODES:
        hint = suggest(code, sorted(CALL_CODES))
        raise UsageError(f"fail_call(code={code!r}): EventBridge has no such error code{hint}")
    text = ENTRY_CODES.get(code, _CALL_REASON) if message is None else message
    return ServiceError(code, text, status or _STATUSES.get(code, 400))

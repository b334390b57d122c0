"""Requests that fail on demand: single entries of PutEvents, and attempts of whole calls.

Failures are used up in the order they were arranged, so two of them make a sequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eventbridge_local.batching import MAX_ENTRIES
from eventbridge_local.delivery.faults import Arrangements, Strikes, check_numbers, guess_among
from eventbridge_local.errors import ServiceError, UsageError
from eventbridge_local.operations.table import TABLE

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

#: The codes of whole calls: the errors of the API model, those all AWS services share, and what is in neither list and
#: yet sent. The texts of most are not recorded, so the text says who made the failure.
CALL_CODES = frozenset(
    {
        "AccessDeniedException",
        "ConcurrentModificationException",
        "ExpiredTokenException",
        "IllegalStatusException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InternalException",
        _INTERNAL,
        "InvalidClientTokenId",
        "InvalidEventPatternException",
        "InvalidSignatureException",
        "InvalidStateException",
        "LimitExceededException",
        "MalformedHttpRequestException",
        "ManagedRuleException",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OperationDisabledException",
        "OptInRequired",
        "PolicyLengthExceededException",
        "RequestAbortedException",
        "RequestEntityTooLargeException",
        "RequestExpired",
        "RequestTimeoutException",
        "ResourceAlreadyExistsException",
        "ResourceNotFoundException",
        "SerializationException",
        "ServiceUnavailable",
        _THROTTLING,
        "UnknownOperationException",
        "UnrecognizedClientException",
        "ValidationError",
        "ValidationException",
    }
)
_REASON = "made to fail by the test with fail_call"

#: EventBridge refuses with 400 (recorded, facts 1.1), except for these.
_STATUSES = {
    "InternalException": 500,
    _INTERNAL: 500,
    "RequestEntityTooLargeException": 413,
    "RequestTimeoutException": 408,
    "ServiceUnavailable": 503,
}

#: What can happen to a connection, by the names ``fail_call`` has for it.
CONNECTION_ERRORS = frozenset({"connect_timeout", "connection_closed", "connection_refused", "read_timeout"})


@dataclass(slots=True)
class EntryFault(Strikes):
    """Entries that are refused; ``entries`` are positions in a request, from 0, or None for all."""

    entries: frozenset[int] | None
    refusal: ServiceError


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
            hint = guess_among(code, ENTRY_CODES)
            raise UsageError(f"fail_put(code={code!r}): PutEvents has no such code for an entry; {hint}")
        check_numbers("fail_put", times, rate, "entries")
        positions = None if entries is None else _positions(entries)
        refusal = ServiceError(code, ENTRY_CODES[code] if message is None else message)
        self._faults.append(EntryFault(times, rate, positions, refusal))

    def strike(self, count: int) -> dict[int, ServiceError]:
        """What becomes of a request of ``count`` entries: the refusals by position.

        A failure is used up by a request in which it refuses something.
        """
        struck: dict[int, ServiceError] = {}
        with self._lock:
            for fault in self._faults:
                hit = [
                    position
                    for position in range(count)
                    if (fault.entries is None or position in fault.entries)
                    and position not in struck
                    and self._random.random() < fault.rate
                ]
                if hit:
                    fault.use_up()
                    struck.update(dict.fromkeys(hit, fault.refusal))
            self._faults[:] = [fault for fault in self._faults if fault.left != 0]
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


@dataclass(slots=True)
class CallFault(Strikes):
    """Attempts of a call that fail, or are slow; at most one of ``refusal`` and ``error`` is set.

    ``error`` is one of CONNECTION_ERRORS, ``latency`` is in seconds.
    """

    operation: str
    refusal: ServiceError | None
    error: str | None
    latency: float


class CallFaults(Arrangements[CallFault]):
    """The attempts of calls that are made to fail."""

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
        if operation not in TABLE:
            raise UsageError(f"fail_call({operation!r}): there is no such operation; {guess_among(operation, TABLE)}")
        if not isinstance(latency, int | float) or isinstance(latency, bool) or not 0 <= latency < float("inf"):
            raise UsageError(f"fail_call(latency={latency!r}): give seconds, 0 or more")
        check_numbers("fail_call", times, rate, "attempts")
        refusal = _refusal(code, message, status, error, slow=latency > 0)
        self._faults.append(CallFault(times, rate, operation, refusal, error, latency))

    def armed(self, operation: str) -> bool:
        """Whether a failure of this operation waits."""
        return any(fault.operation == operation for fault in self._faults)

    def strike(self, operation: str) -> CallFault | None:
        """What happens to this attempt; a failure that strikes is used up."""
        with self._lock:
            for fault in self._faults:
                if fault.operation == operation and fault.strikes(self._random.random()):
                    if fault.left == 0:
                        self._faults.remove(fault)
                    return fault
        return None


def _refusal(
    code: str | None, message: str | None, status: int | None, error: str | None, *, slow: bool
) -> ServiceError | None:
    """What the service answers; None when the connection fails, or when it is only slow."""
    answer = {"code": code, "message": message, "status": status}
    given = [name for name, value in answer.items() if value is not None]
    if error is not None:
        if error not in CONNECTION_ERRORS:
            hint = guess_among(error, CONNECTION_ERRORS)
            raise UsageError(f"fail_call(error={error!r}): there is no such connection error; {hint}")
        if given:
            raise UsageError(f"fail_call(error=..., {given[0]}=...): a connection that fails brings no answer")
        return None
    if slow and not given:
        return None
    if status is not None and not (type(status) is int and 400 <= status <= 599):
        raise UsageError(f"fail_call(status={status!r}): give the HTTP status of a failure, 400 to 599")
    if code is None:
        code = _THROTTLING if status is None or status < 500 else _INTERNAL
    if code not in CALL_CODES:
        raise UsageError(
            f"fail_call(code={code!r}): EventBridge has no such error code; {guess_among(code, CALL_CODES)}"
        )
    text = ENTRY_CODES.get(code, _REASON) if message is None else message
    return ServiceError(code, text, status or _STATUSES.get(code, 400))

"""Sending many events within the service's limits. Fit for production code: the standard library is all it needs.

EventBridge takes at most 10 entries and, by default, 262,144 bytes in one ``PutEvents`` request, and answers HTTP 200
even when it refused some of the entries. ``batch_entries`` cuts a stream of entries into requests that fit;
``put_all`` sends them, resends what is worth resending, and says for each entry what became of it.

The size limit is the one in the API reference. Since January 2026 most Regions take 1 MiB in one request: pass
``max_bytes=1_048_576`` where yours does.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from eventbridge_local.errors import EventBridgeLocalError, UsageError
from eventbridge_local.frozen import frozen
from eventbridge_local.visible import visible

MAX_ENTRIES = 10
MAX_BYTES = 262_144
TIME_BYTES = 14

RETRYABLE_CODES = frozenset({"InternalFailure", "InternalException", "ThrottlingException"})
"""The codes after which the same entry may well be accepted. Any other code says the entry, or the caller, is wrong."""

Entry = TypeVar("Entry", bound=Mapping[str, Any])


class EntryTooLarge(EventBridgeLocalError, ValueError):
    """One entry alone is over the size limit of a request, so no way of batching can send it."""

    def __init__(self, index: int, size: int, limit: int) -> None:
        super().__init__(index, size, limit)
        self.index = index
        self.size = size
        self.limit = limit

    def __str__(self) -> str:
        return f"entry {self.index} has {self.size} bytes, and a request takes at most {self.limit}"


@frozen
class PutOutcome:
    """What became of one entry.

    Attributes:
        index: its place among the entries given to ``put_all``.
        event_id: the id the service gave it; None if it was not accepted.
        error_code: the service's last code for it, ``EntryTooLarge`` if it was never sent, or None.
        error_message: the words that came with the code.
        attempts: how many requests carried it.
    """

    index: int
    event_id: str | None
    error_code: str | None
    error_message: str | None
    attempts: int

    @property
    def ok(self) -> bool:
        """Whether the service accepted the entry."""
        return self.event_id is not None


class PutFailed(EventBridgeLocalError):
    """``put_all`` could not go on; the reason is the ``__cause__``.

    Attributes:
        outcomes: the result of each entry that was sent, in order, those of the failed request included. No entry from
            index ``len(outcomes)`` on was sent.
    """

    def __init__(self, outcomes: list[PutOutcome]) -> None:
        super().__init__(outcomes)
        self.outcomes = outcomes

    def __str__(self) -> str:
        accepted = sum(outcome.ok for outcome in self.outcomes)
        reason = f": {self.__cause__}" if self.__cause__ else ""
        return visible(f"stopped after {accepted} accepted of {len(self.outcomes)} tried entries{reason}")


class EventsClient(Protocol):
    """The part of a boto3 ``events`` client that is used here."""

    def put_events(self, *, Entries: Any) -> Any: ...


def entry_size(entry: Mapping[str, Any]) -> int:
    """Return the bytes of one ``PutEvents`` entry, as the service counts them against the limit of a request.

    Counted are 14 for a ``Time`` and the UTF-8 bytes of Source, DetailType, Detail and each of Resources; nothing
    else, not even the bus. Source: API reference, and the User Guide's page on the size of entries.

    Args:
        entry: an entry as ``put_events`` takes it.

    Raises:
        TypeError: a member that must be text is none.

    >>> entry_size({"Source": "shop", "DetailType": "Sold", "Detail": '{"price": "5 €"}'})
    26
    """
    size = TIME_BYTES if entry.get("Time") is not None else 0
    for name in ("Source", "DetailType", "Detail"):
        text = entry.get(name)
        if text is not None:
            size += len(text) if type(text) is str and text.isascii() else _text_size(name, text)
    for arn in entry.get("Resources") or ():
        size += _text_size("Resources", arn)
    return size


def _text_size(name: str, text: Any) -> int:
    """Return the UTF-8 bytes of a member, which must be text."""
    if text is None:
        return 0
    if not isinstance(text, str):
        advice = "; give it as JSON text" if name == "Detail" else ""
        raise TypeError(f"{name} must be a str, not {type(text).__name__}{advice}")
    return len(text.encode("utf-8", "surrogatepass"))


def batch_entries(
    entries: Iterable[Entry], *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES
) -> Iterator[list[Entry]]:
    """Cut entries into lists that each fit one ``PutEvents`` request, in order and as few as the order allows.

    It reads no further ahead than it must: a list is handed out as soon as it is full, or as soon as the next entry
    does not fit.

    Args:
        entries: ``PutEvents`` entries; an iterator is read as the lists are taken.
        max_entries: the most entries in one list.
        max_bytes: the most bytes in one list, counted as ``entry_size`` does.

    Raises:
        EntryTooLarge: an entry alone is over ``max_bytes``. Everything before it has been handed out by then. If
            ``entries`` is an iterator, it stands right behind that entry and can be given to ``batch_entries`` again.
        UsageError: a limit is below 1.
    """
    _check_at_least_one(max_entries=max_entries, max_bytes=max_bytes)
    return _lists(entries, max_entries, max_bytes)


def _lists(entries: Iterable[Entry], max_entries: int, max_bytes: int) -> Iterator[list[Entry]]:
    for step in _steps(entries, max_entries, max_bytes):
        if isinstance(step, EntryTooLarge):
            raise step
        yield [entry for _, entry in step]


def _steps(
    entries: Iterable[Entry], max_entries: int, max_bytes: int
) -> Iterator[list[tuple[int, Entry]] | EntryTooLarge]:
    """Return the requests to make, each a list of numbered entries, and between them the entries that fit none."""
    batch: list[tuple[int, Entry]] = []
    batch_size = 0
    for index, entry in enumerate(entries):
        try:
            size = entry_size(entry)
        except TypeError as error:
            error.add_note(f"in entry {index}")
            raise
        if batch and batch_size + size > max_bytes:
            yield batch
            batch, batch_size = [], 0
        if size > max_bytes:
            yield EntryTooLarge(index, size, max_bytes)
            continue
        batch.append((index, entry))
        batch_size += size
        if len(batch) == max_entries:
            yield batch
            batch, batch_size = [], 0
    if batch:
        yield batch


def exponential_backoff(
    base: float = 0.1, cap: float = 5.0, *, rng: Callable[[], float] = random.random
) -> Callable[[int], float]:
    """Return the seconds to wait after the n-th attempt: at most ``base`` doubled each time, never over ``cap``."""

    def seconds(attempt: int) -> float:
        doublings = min(attempt - 1, 32)
        return rng() * min(cap, base * 2.0**doublings)

    return seconds


_DEFAULT_BACKOFF = exponential_backoff()


def put_all(
    client: EventsClient,
    entries: Iterable[Mapping[str, Any]],
    *,
    max_entries: int = MAX_ENTRIES,
    max_bytes: int = MAX_BYTES,
    attempts: int = 5,
    backoff: Callable[[int], float] = _DEFAULT_BACKOFF,
    sleep: Callable[[float], object] = time.sleep,
) -> list[PutOutcome]:
    """Send all entries, resend those that are worth it, and return one outcome for each entry, in order.

    A refused *entry* is a result, never an exception: look at ``outcome.ok``. Entries refused with one of
    ``RETRYABLE_CODES`` are sent again, alone, before anything behind them; other codes are final. An entry that is too
    large for any request is not sent and comes back with the code ``EntryTooLarge`` and 0 attempts.

    A refused *request* (wrong credentials, no permission, no connection) is an exception, because whatever refused it
    would refuse the next one as well. If its code is retryable the request is first tried again, on top of what
    botocore itself retries.

    Args:
        client: a boto3 ``events`` client.
        entries: ``PutEvents`` entries; a generator is read as it is sent.
        max_entries: the most entries in one request.
        max_bytes: the most bytes in one request, counted as ``entry_size`` does.
        attempts: how often one entry is sent at most, the first time included.
        backoff: the seconds to wait after the n-th attempt, counted from 1.
        sleep: what waits; tests pass one that does not.

    Raises:
        PutFailed: a request failed as a whole, or ``entries`` could not be read. It carries the outcomes so far, and
            the reason as its ``__cause__``. After a lost connection an entry may have been accepted all the same.
        UsageError: a limit is below 1.
    """
    _check_at_least_one(max_entries=max_entries, max_bytes=max_bytes, attempts=attempts)
    # Each entry enters when its request is first made, so the dict stays in the order of the entries.
    outcomes: dict[int, PutOutcome] = {}
    try:
        for step in _steps(entries, max_entries, max_bytes):
            if isinstance(step, EntryTooLarge):
                outcomes[step.index] = PutOutcome(step.index, None, "EntryTooLarge", str(step), 0)
            else:
                _send(client, step, outcomes, attempts, lambda attempt: sleep(backoff(attempt)))
    except Exception as error:
        raise PutFailed(list(outcomes.values())) from error
    return list(outcomes.values())


def _send(
    client: EventsClient,
    batch: list[tuple[int, Mapping[str, Any]]],
    outcomes: dict[int, PutOutcome],
    attempts: int,
    wait: Callable[[int], object],
) -> None:
    for attempt in range(1, attempts + 1):
        try:
            response = client.put_events(Entries=[entry for _, entry in batch])
            answered = list(zip(batch, response["Entries"], strict=True))
        except Exception as error:
            code = _error_code(error)
            for index, _ in batch:
                outcomes[index] = PutOutcome(index, None, code or type(error).__name__, str(error), attempt)
            if code not in RETRYABLE_CODES or attempt == attempts:
                raise
        else:
            for (index, _), result in answered:
                outcomes[index] = PutOutcome(
                    index, result.get("EventId"), result.get("ErrorCode"), result.get("ErrorMessage"), attempt
                )
            batch = [(index, entry) for index, entry in batch if outcomes[index].error_code in RETRYABLE_CODES]
            if not batch or attempt == attempts:
                return
        wait(attempt)


def _error_code(error: Exception) -> str | None:
    """Return the service's code of a botocore ``ClientError``, known by its shape, so that botocore is not imported."""
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return None
    details = response.get("Error")
    code = details.get("Code") if isinstance(details, Mapping) else None
    return code if isinstance(code, str) else None


def _check_at_least_one(**limits: int) -> None:
    for name, value in limits.items():
        if value < 1:
            raise UsageError(f"{name} must be at least 1, not {value}")

"""The log of a server: what is new in the journal, said while other requests are still being answered.

Strategy: whoever has answered a request asks ``ServerLog`` for what is new and goes on. The lines wait in a
``LineQueue`` for a thread that prints them, because a terminal that is held, or a pipe that nobody reads, stops
whoever writes. The queue is bounded: what finds no room is counted, and the log says how much is missing.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.journal_records import Call, Delivery, Entry, Record, Routing
from eventbridge_local.report import journal_text
from eventbridge_local.visible import visible

#: How much text may wait to be printed, in characters.
MOST_WAITING = 1_000_000
#: How long the end of a server waits for the lines that are not printed yet, in seconds.
END_SECONDS = 2.0
#: How long an answer about an internal error waits for that error to be printed, in seconds.
_TROUBLE_SECONDS = 2.0
#: Events whose numbers are known, for lines that come after the one about the entry.
_MOST_NUMBERS = 10_000

Say = Callable[[str], None]


class LineQueue:
    """Texts on their way to whoever prints them, in order.

    Until ``start`` and after ``end`` a text is printed immediately. In between a thread prints, and nobody waits for
    it.

    Args:
        most: how many characters may wait.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[tuple[Say, str]] = deque()
        self._size = 0
        self._dropped = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._printing = False
        self._ending = False

    def start(self) -> None:
        """Print in a thread from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="eventbridge-local log", daemon=True)
            self._thread.start()

    def put(self, say: Say, text: str) -> None:
        """Let a text of one or more lines be printed.

        Args:
            say: prints it. It may block, and it may fail: then the lines are counted as those that found no room.
        """
        with self._changed:
            if self._thread is None:
                _is_printed(say, text)
                return
            if self._waiting and self._size + len(text) > self._most:
                self._dropped += _lines(text)
                return
            self._tell_dropped(say)
            self._append(say, text)
            self._changed.notify_all()

    def settle(self, seconds: float) -> None:
        """Wait until all is printed, but no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._printing, seconds)

    def end(self, seconds: float = END_SECONDS) -> bool:
        """Print what waits. Return False if that takes longer; the thread is then left to itself."""
        if self._thread is None:
            return True
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        self._thread, self._ending = None, False
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending)
                if not self._waiting:
                    return
                say, text = self._waiting.popleft()
                self._size -= len(text)
                self._printing = True
            printed = _is_printed(say, text)
            with self._changed:
                self._printing = False
                if not printed:
                    self._dropped += _lines(text)
                elif not self._waiting:
                    self._tell_dropped(say)
                self._changed.notify_all()

    def _tell_dropped(self, say: Say) -> None:
        """Let the log say how many lines are missing here."""
        if self._dropped:
            lines, self._dropped = self._dropped, 0
            self._append(say, f"{lines:,} {'line was' if lines == 1 else 'lines were'} dropped: nobody read the log")

    def _append(self, say: Say, text: str) -> None:
        self._waiting.append((say, text))
        self._size += len(text)


def _is_printed(say: Say, text: str) -> bool:
    try:
        say(text)
    except Exception:  # such as a pipe that was closed: the answers matter more
        return False
    return True


def _lines(text: str) -> int:
    return text.count("\n") + 1


class ServerLog:
    """Says what happened, as text for people.

    Args:
        journal: what is followed. It may forget its oldest records; the log says how many it has not seen.
        home: account and Region of the server. What happened elsewhere is said to be there.
        say: prints a text of one or more lines; None prints nothing but ``trouble``.
        queue: lets them be printed.
        shape: makes of a text what ``say`` gets.
    """

    def __init__(
        self,
        journal: Journal,
        home: tuple[str, str],
        say: Say | None,
        queue: LineQueue,
        shape: Callable[[str], str] = str,
    ) -> None:
        self._journal = journal
        self._home = home
        self._say = say
        self._queue = queue
        self._shape = shape
        self._lock = threading.Lock()
        self._seen = journal.records.total
        #: The numbers of entries by the ids of their events.
        self._numbers: dict[str, int] = {}

    def catch_up(self) -> None:
        """Say what is new."""
        if self._say is None:
            return
        with self._lock:
            total = self._seen
            new, self._seen = self._journal.records.since(total)
            try:
                for text in self._texts(new, self._seen - total - len(new)):
                    self.note(text)
            except Exception as mistake:
                self.trouble(mistake)

    def note(self, text: str) -> None:
        """Say something else."""
        if self._say is not None:
            self._queue.put(self._say, self._shape(visible(text)))

    def trouble(self, error: BaseException) -> None:
        """Print an error that nobody else will see on standard error, before its request is answered if possible."""
        self._queue.put(_to_stderr, _traceback(error))
        self._queue.settle(_TROUBLE_SECONDS)

    def _texts(self, records: Sequence[Record], lost: int) -> Iterator[str]:
        """Yield the text of new records. A call that was answered gets a line of its own, unless it is PutEvents."""
        if lost:
            yield f"{lost:,} records were dropped from the journal before they were shown here"
        shown = [record for record in records if not (isinstance(record, Call) and record.error_code is None)]
        if shown:
            text = journal_text.journal(shown, self._home, self._numbers)
            if text != journal_text.journal([]):
                yield text
        self._remember(shown)
        yield from self._updates(shown)
        for record in records:
            if isinstance(record, Call) and record.error_code is None and record.operation != "PutEvents":
                yield f"{record.operation} {_name(record)}".rstrip()

    def _remember(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record, Entry) and record.event is not None:
                self._numbers[record.event.id] = record.number
        while len(self._numbers) > _MOST_NUMBERS:
            del self._numbers[next(iter(self._numbers))]

    def _updates(self, records: Sequence[Record]) -> Iterator[str]:
        """Yield how deliveries stand now whose events were shown before."""
        routings = (record for record in records if isinstance(record, Routing))
        shown = {(routing.event.id, rule.arn) for routing in routings for rule in routing.rules}
        latest = {record.number: record for record in records if isinstance(record, Delivery)}
        for delivery in latest.values():
            if (delivery.event.id, delivery.rule.arn) not in shown:
                yield journal_text.update(delivery, records, self._numbers.get(delivery.event.id))


#: The member that names what an operation is about: the first of these that a call has.
_NAME_MEMBERS = ("Name", "Rule", "ArchiveName", "ReplayName", "EventBusName", "ResourceARN", "NamePrefix")


def _name(call: Call) -> str:
    return next((repr(call.params[name]) for name in _NAME_MEMBERS if name in call.params), "")


def print_trouble(error: BaseException) -> None:
    """Print an error on standard error."""
    _to_stderr(_traceback(error))


def _traceback(error: BaseException) -> str:
    return visible("".join(traceback.format_exception(error))).rstrip()


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

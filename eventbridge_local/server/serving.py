"""A server as a whole: a service, a socket, a clock that ticks and a log of what happens."""

from __future__ import annotations

import ipaddress
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.journal_records import Call, Delivery, Entry, Record
from eventbridge_local.errors import UsageError
from eventbridge_local.iac import LoadReport, TemplateSource
from eventbridge_local.mock import build_eventbridge
from eventbridge_local.model.clock import Clock
from eventbridge_local.options import make_options
from eventbridge_local.report import journal_text
from eventbridge_local.server.http import Listener, json_page, text_page
from eventbridge_local.visible import visible

#: How many records a server keeps by default.
KEEP_RECORDS = 10_000
#: How often the clock looks for what is due, in seconds.
TICK = 0.5
NOT_FOR_PRODUCTION = "It checks no signatures and keeps nothing: for tests and development, not for production."
_HOME = f"""eventbridge-local answers the EventBridge API here: --endpoint-url http://HOST:PORT
{NOT_FOR_PRODUCTION}

/journal      what happened, in words
/events       entries of PutEvents, as JSON
/deliveries   what the targets got, as JSON
"""


class Server:
    """A server; a context manager that runs it in a thread of its own.

    Args:
        host: an address of this machine. Others than loopback need ``allow_remote``.
        port: 0 for any free one.
        allow_remote: let other machines reach it.
        template: rules to begin with.
        say: called with lines about what happens, for people; None prints nothing.
        options: those of ``Options``, such as ``account``, ``region``, ``now``; ``keep_records`` is 10,000 by default.

    Raises:
        UsageError: the address is not of this machine or taken, an option makes no sense, or the template is broken.
        PlanRefused: AWS would refuse the template.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
        template: TemplateSource | None = None,
        say: Callable[[str], None] | None = None,
        **options: Any,
    ) -> None:
        _check(host, port, allow_remote)
        _check_options(options)
        self.eb = build_eventbridge(make_options({"keep_records": KEEP_RECORDS, **options}, caller="serve"))
        self.service = self.eb.service
        self.report: LoadReport | None = None
        if template is not None:
            self.report = self.eb.load_source(template, assume_buses=True)
        self._log = None if say is None else ServerLog(self.service.journal, say)
        self._ticker = Ticker(self.service.clock, self._after)
        self._listener = self._listen(host, port)
        self._thread: threading.Thread | None = None

    def _listen(self, host: str, port: int) -> Listener:
        pages = {
            "/": lambda: text_page(_HOME),
            "/journal": lambda: text_page(self.eb.journal.text()),
            "/events": lambda: json_page([_entry(entry) for entry in self.eb.events]),
            "/deliveries": lambda: json_page([_delivery(delivery) for delivery in self.eb.deliveries]),
        }
        try:
            return Listener((host, port), self.service, self.eb.account, self.eb.region, pages, self._after)
        except OSError as problem:
            raise UsageError(
                f"cannot listen on {host}:{port}: {problem.strerror or problem}; port 0 uses any free port"
            ) from None

    @property
    def url(self) -> str:
        """Return its address, for ``endpoint_url``."""
        host, port = self._listener.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def run(self) -> None:
        """Answer until somebody calls ``close`` in another thread, or presses Ctrl-C."""
        self._ticker.start()
        try:
            self._listener.serve_forever(poll_interval=0.1)
        finally:
            self._ticker.stop()
            self._listener.server_close()

    def __enter__(self) -> Server:
        self._thread = threading.Thread(target=self.run, name="eventbridge-local server", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering; everything it held is gone with it."""
        self._listener.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._after()  # the thread of the last request may not have come to it yet

    def _after(self) -> None:
        if self._log is not None:
            self._log.catch_up()


@contextmanager
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    allow_remote: bool = False,
    template: str | None = None,
    parameters: Mapping[str, str] | None = None,
    stack: str | None = None,
    resources: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[str]:
    """Serve EventBridge over HTTP while the block runs, for processes that are no Python: ``with serve() as url:``.

    Args:
        host, port, allow_remote, options: as for ``Server``.
        template: path of a template whose rules it begins with.
        parameters, stack, resources: options for reading the template.

    Returns:
        the URL, for ``endpoint_url``, ``--endpoint-url`` or ``AWS_ENDPOINT_URL_EVENTBRIDGE``.

    Raises:
        UsageError: see ``Server``.
    """
    rules = None if template is None else TemplateSource(str(template), parameters, stack, resources)
    with Server(host=host, port=port, allow_remote=allow_remote, template=rules, **options) as server:
        yield server.url


def _check(host: str, port: int, allow_remote: bool) -> None:
    if not 0 <= port <= 65_535:
        raise UsageError(f"port {port}: a port is a number from 0 to 65535; 0 uses any free port")
    if not allow_remote and not _is_loopback(host):
        raise UsageError(
            f"host {host!r} can be reached from other machines, and the server lets everybody change everything; "
            "use 127.0.0.1, or allow it with --allow-remote (in Python allow_remote=True)"
        )


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse what is looked at when a test ends: a server never knows that one has."""
    for name in options:
        if name == "strict" or name.startswith("assert_"):
            raise UsageError(f"serve({name}=...): a server does not know when a test ends; look at /events instead")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "bus": entry.bus,
        "account": entry.account,
        "region": entry.region,
        "accepted": entry.accepted,
        "event": entry.envelope,
        "error_code": entry.error_code,
        "error_message": entry.error_message,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "rule": delivery.rule.name,
        "bus": delivery.rule.bus,
        "target": delivery.arn,
        "outcome": delivery.outcome,
        "payload": delivery.json,
        "error": delivery.error,
        "reason": delivery.reason,
    }


# the clock


class Ticker:
    """Runs the timers of a clock as real time goes on, in the one thread that the library ever starts by itself.

    A clock that follows the real one is left to it. One that begins at another instant is moved by the time that has
    passed since, so it stands still for up to half a second.

    Args:
        clock: whose timers run.
        after: called when something ran.
    """

    def __init__(self, clock: Clock, after: Callable[[], None]) -> None:
        self._clock = clock
        self._after = after
        self._begun: tuple[datetime, float] | None = (clock.now, time.monotonic()) if clock.stepped else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eventbridge-local clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def tick(self) -> None:
        """Run what is due."""
        if self._begun is None:
            done = self._clock.run_due()
        else:
            instant, at = self._begun
            target = instant + timedelta(seconds=time.monotonic() - at)
            done = self._clock.advance_to(max(target, self._clock.now))
        if done:
            self._after()

    def _run(self) -> None:
        while not self._stop.wait(TICK):
            try:
                self.tick()
            except Exception:  # a target's trouble must not stop the clock
                traceback.print_exc()


# the log


#: The member that names what an operation is about: the first of these that a call has.
_NAME_MEMBERS = ("Name", "Rule", "ArchiveName", "ReplayName", "EventBusName", "ResourceARN", "NamePrefix")


class ServerLog:
    """Says what is new in a journal since it was last asked.

    Args:
        journal: what is followed. It may forget its oldest records; what is forgotten before it was seen is left out.
        say: called with a text of one or more lines.
    """

    def __init__(self, journal: Journal, say: Callable[[str], None]) -> None:
        self._journal = journal
        self._say = say
        self._lock = threading.Lock()
        self._seen = journal.records.total

    def catch_up(self) -> None:
        """Say what is new."""
        with self._lock:
            new, self._seen = self._journal.records.since(self._seen)
            for text in _texts(new):
                self._say(visible(text))


def _texts(records: list[Record]) -> Iterator[str]:
    """Yield the text of the records. A call that was answered gets a line of its own, unless it is PutEvents."""
    shown = [record for record in records if not (isinstance(record, Call) and record.error_code is None)]
    if shown:
        text = journal_text.journal(shown)
        if text != journal_text.journal([]):
            yield text
    for record in records:
        if isinstance(record, Call) and record.error_code is None and record.operation != "PutEvents":
            yield f"{record.operation} {_name(record)}".rstrip()


def _name(call: Call) -> str:
    return next((repr(call.params[name]) for name in _NAME_MEMBERS if name in call.params), "")

"""A server as a whole: a service, a socket, a clock that ticks and a log of what happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Unpack

from eventbridge_local.delivery.http.loopback import address_of, is_loopback_host
from eventbridge_local.delivery.journal_records import Delivery, Entry
from eventbridge_local.errors import UsageError
from eventbridge_local.iac import LoadReport, TemplateSource
from eventbridge_local.mock import build_eventbridge
from eventbridge_local.model.clock import Clock
from eventbridge_local.options import ServiceKeywords, make_options
from eventbridge_local.server.access import Access, plain_host
from eventbridge_local.server.listener import Listener, json_page, text_page
from eventbridge_local.server.log import LineQueue, Say, ServerLog, print_trouble

#: How many records a server keeps by default.
KEEP_RECORDS = 10_000
#: How often the clock looks for what is due, in seconds.
TICK = 0.5
#: How long the end of a server waits for what its clock has begun, in seconds; a target may take for ever.
_LAST_TICK_SECONDS = 2.0
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
        allowed_hosts: names that it is asked by, such as those of its container, in addition to those of this machine
            and ``host``. With ``allow_remote`` and without any of them, every name is taken.
        template: rules to begin with.
        say: called with lines about what happens, for people; None prints nothing. While the server runs it is called
            in a thread of its own, so it may wait.
        shape: makes of such a text what ``say`` is called with, at the moment it happens, such as with a time.
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
        allowed_hosts: Iterable[str] = (),
        template: TemplateSource | None = None,
        say: Say | None = None,
        shape: Callable[[str], str] = str,
        **options: Unpack[ServiceKeywords],
    ) -> None:
        _check(host, port, allow_remote)
        _check_options(options)
        access = Access(host, allow_remote, allowed_hosts)
        self.eb = build_eventbridge(make_options({"keep_records": KEEP_RECORDS, **options}, caller="serve"))
        self.service = self.eb.service
        self.report: LoadReport | None = None
        if template is not None:
            self.report = self.eb.load_source(template, assume_buses=True)
        self._queue = LineQueue()
        self._log = ServerLog(self.service.journal, (self.eb.account, self.eb.region), say, self._queue, shape)
        self._ticker = Ticker(self.service.clock, self._log.catch_up, self._log.trouble)
        self._listener = self._listen(host, port, access)
        self._thread: threading.Thread | None = None
        self._runs = False

    def _listen(self, host: str, port: int, access: Access) -> Listener:
        pages = {
            "/": lambda: text_page(_HOME),
            "/journal": lambda: text_page(self.eb.journal.text()),
            "/events": lambda: json_page([_entry(entry) for entry in self.eb.events]),
            "/deliveries": lambda: json_page([_delivery(delivery) for delivery in self.eb.deliveries]),
        }
        address = address_of(plain_host(host)), port
        try:
            return Listener(address, self.service, self.eb.account, self.eb.region, pages, access, self._log)
        except (OSError, ValueError, TypeError) as problem:  # the last two for a host that is no name at all
            reason = getattr(problem, "strerror", None) or problem
            raise UsageError(f"cannot listen on {host}:{port}: {reason}; port 0 uses any free port") from None

    @property
    def url(self) -> str:
        """Return its address, for ``endpoint_url``."""
        host, port = self._listener.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def run(self, greet: Callable[[], None] | None = None) -> None:
        """Answer until somebody calls ``close`` in another thread, or presses Ctrl-C; ``close`` it then too.

        Args:
            greet: called when the server listens and ``print`` waits for nobody any more.
        """
        self._queue.start()
        if greet is not None:
            greet()
        self._ticker.start()
        self._runs = True
        try:
            self._listener.serve_forever(poll_interval=0.1)
        finally:
            self._runs = False
            self._ticker.stop()
            self._listener.server_close()

    def print(self, say: Say, text: str) -> None:
        """Print a text in its turn among the lines of the log, without waiting for it."""
        self._queue.put(say, text)

    def __enter__(self) -> Server:
        self._thread = threading.Thread(target=self.run, name="eventbridge-local server", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> bool:
        """Stop answering; everything it held is gone with it. Return False if nobody reads what is still to be said."""
        if self._runs or self._thread is not None:
            self._listener.shutdown()
        else:
            self._listener.server_close()
        if self._thread is not None:
            self._thread.join()
        self._log.catch_up()  # the thread of the last request may not have come to it yet
        return self._queue.end()


@contextmanager
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    allow_remote: bool = False,
    allowed_hosts: Iterable[str] = (),
    template: str | None = None,
    parameters: Mapping[str, str] | None = None,
    stack: str | None = None,
    resources: Mapping[str, str] | None = None,
    **options: Unpack[ServiceKeywords],
) -> Iterator[str]:
    """Serve EventBridge over HTTP while the block runs, for processes that are no Python: ``with serve() as url:``.

    Args:
        host, port, allow_remote, allowed_hosts, options: as for ``Server``.
        template: path of a template whose rules it begins with.
        parameters, stack, resources: options for reading the template.

    Returns:
        the URL, for ``endpoint_url``, ``--endpoint-url`` or ``AWS_ENDPOINT_URL_EVENTBRIDGE``.

    Raises:
        UsageError: see ``Server``.
    """
    rules = None if template is None else TemplateSource(str(template), parameters, stack, resources)
    where: dict[str, Any] = {"host": host, "port": port, "allow_remote": allow_remote, "allowed_hosts": allowed_hosts}
    with Server(**where, template=rules, **options) as server:
        yield server.url


def _check(host: str, port: int, allow_remote: bool) -> None:
    if not 0 <= port <= 65_535:
        raise UsageError(f"port {port}: a port is a number from 0 to 65535; 0 uses any free port")
    if not allow_remote and not is_loopback_host(plain_host(host)):
        raise UsageError(
            f"host {host!r} can be reached from other machines, and the server lets everybody change everything; "
            "use 127.0.0.1, or allow it with --allow-remote (in Python allow_remote=True)"
        )


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse what is looked at when a test ends: a server never knows that one has."""
    for name in options:
        if name == "strict" or name.startswith("assert_"):
            raise UsageError(f"serve({name}=...): a server does not know when a test ends; look at /events instead")


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
    """Runs the timers of a clock as real time goes on, in a thread of its own.

    A clock that follows the real one is left to it. One that begins at another instant is moved by the time that has
    passed since, so it stands still for up to half a second.

    Args:
        clock: whose timers run.
        after: called when something ran.
        trouble: is given what a timer raised.
    """

    def __init__(
        self,
        clock: Clock,
        after: Callable[[], None],
        trouble: Callable[[BaseException], None] = print_trouble,
    ) -> None:
        self._clock = clock
        self._after = after
        self._trouble = trouble
        self._begun: tuple[datetime, float] | None = (clock.now, time.monotonic()) if clock.stepped else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eventbridge-local clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(_LAST_TICK_SECONDS)

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
            except BaseException as problem:  # a target's trouble must not stop the clock
                self._trouble(problem)

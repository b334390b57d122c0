"""A server as a whole: a service on a bench, a socket, a clock that ticks and a log."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from eventbridge_local.bench import bench
from eventbridge_local.delivery.journal import Delivery, Entry
from eventbridge_local.errors import UsageError
from eventbridge_local.iac import LoadReport, TemplateSource
from eventbridge_local.options import make_options
from eventbridge_local.server.http import Listener, json_page, text_page
from eventbridge_local.server.log import Log
from eventbridge_local.server.scope import Scope
from eventbridge_local.server.ticking import Ticker

#: How many records a server keeps unless it is told otherwise.
KEEP_RECORDS = 10_000
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
        say: takes lines about what happens, for people; None for silence.
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
        made = bench(make_options({"keep_records": KEEP_RECORDS, **options}, door="serve"))
        self.service, self.eb = made.service, made.eb
        self.report: LoadReport | None = None
        if template is not None:
            self.report = made.load(template)
        self._log = None if say is None else Log(self.service.journal, say)
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
        default = Scope(self.eb.account, self.eb.region)
        try:
            return Listener((host, port), self.service, default, pages, self._after)
        except OSError as problem:
            raise UsageError(
                f"cannot listen on {host}:{port}: {problem.strerror or problem}; port 0 takes any free one"
            ) from None

    @property
    def url(self) -> str:
        """Its address, for ``endpoint_url``."""
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
        raise UsageError(f"port {port}: a port is a number from 0 to 65535, and 0 takes any free one")
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
    }

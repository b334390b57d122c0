"""The log of a server: it tells the truth while other requests are answered, and nobody waits for its reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.server import Server
from eventbridge_local.server.log import LineQueue

NAME = "eventbridge-local log"


class Slow:
    """A handler, or a reader of the log, that goes on when it may."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.got: list[Any] = []

    def __call__(self, *given: Any) -> None:
        self.begun.set()
        assert self.may_go_on.wait(300)
        self.got.append(given[0])


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.may_go_on.set()


# the truth


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def server(said: list[str]) -> Server:
    server = Server(say=said.append, seed=1)
    server._listener.server_close()
    return server


def put_slowly(server: Server, slow: Slow) -> threading.Thread:
    thread = threading.Thread(target=server.eb.put, args=("shop", "Sold"), daemon=True)
    thread.start()
    assert slow.begun.wait(300)
    return thread


def put(server: Server, *entries: dict[str, str], region: str = "us-east-1") -> None:
    perform(server.service, "PutEvents", {"Entries": list(entries)}, "123456789012", region)


def look(server: Server) -> None:
    """What the end of any other request does."""
    server._log.catch_up()


def test_a_slow_target_runs_and_is_delivered_to(server: Server, said: list[str], slow: Slow) -> None:
    eb = server.eb
    eb.connect("slow", slow)
    eb.rule("first", pattern={"source": ["shop"]}, to=["quick", "slow", "after"])
    eb.rule("second", pattern={"source": ["shop"]}, to="later")
    eb.rule("none", pattern={"source": ["shop"]})
    look(server)
    said.clear()
    thread = put_slowly(server, slow)
    look(server)
    assert said == [
        "event #1 shop 'Sold' put on bus 'default'\n"
        "event #1 was checked against 3 rules of bus 'default'\n"
        "    first: matched\n"
        "        -> quick recorded (no handler is connected)\n"
        "        -> slow running\n"
        "        -> after waits for its turn\n"
        "    second: matched\n"
        "        -> later waits for its turn\n"
        "    none: matched\n"
        "        the rule has no targets"
    ]
    assert eb.journal.text().endswith(said[0])
    slow.may_go_on.set()
    thread.join()
    look(server)
    look(server)
    assert said[1:] == [
        "event #1: first -> slow delivered",
        "event #1: first -> after recorded (no handler is connected)",
        "event #1: second -> later recorded (no handler is connected)",
    ]


def test_a_handler_that_looks_at_the_journal(server: Server) -> None:
    """It sees itself running."""
    seen: list[str] = []
    server.eb.connect("f", lambda event: seen.append(server.eb.journal.text()))
    server.eb.rule("r", pattern={"source": ["shop"]}, to="f")
    server.eb.put("shop", "Sold")
    assert seen[0].endswith("    r: matched\n        -> f running")
    assert server.eb.journal.text().endswith("    r: matched\n        -> f delivered")


def test_an_event_whose_way_was_not_shown_yet(server: Server, said: list[str], slow: Slow) -> None:
    """Its number is known from the line before."""
    eb = server.eb
    eb.connect("slow", slow)
    eb.rule("r", pattern={"source": ["shop"]}, to="slow")
    look(server)
    said.clear()
    entries = [{"Source": "shop", "DetailType": each, "Detail": "{}"} for each in ("One", "Two")]
    thread = threading.Thread(target=put, args=(server, *entries), daemon=True)
    thread.start()
    assert slow.begun.wait(300)
    look(server)
    lines = [line for text in said for line in text.splitlines()]
    assert [line for line in lines if "#2" in line] == ["event #2 shop 'Two' put on bus 'default'"]
    slow.may_go_on.set()
    thread.join()
    said.clear()
    look(server)
    assert said == [
        "event #2 was checked against 1 rule of bus 'default'\n    r: matched\n        -> slow delivered",
        "event #1: r -> slow delivered",
    ]


def test_a_later_attempt(server: Server, said: list[str]) -> None:
    """What was pending is said to be delivered when it is, and not before."""
    eb = server.eb
    eb.rule("r", pattern={"source": ["shop"]}, to="f")
    eb.connect("f", lambda event: None)
    eb.fail_target("f", times=1)
    eb.put("shop", "Sold")
    look(server)
    assert "        -> f pending" in said[0]
    said.clear()
    eb.clock.advance(minutes=1)
    look(server)
    assert said == ["event #1: r -> f delivered"]


def test_another_region(server: Server, said: list[str]) -> None:
    """What did not happen in the server's own Region is said to be elsewhere."""
    put(server, {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}, region="eu-west-1")
    look(server)
    assert said[0].startswith("event #1 shop 'Sold' put on bus 'default' in eu-west-1\n")


def test_records_that_were_gone(said: list[str]) -> None:
    """The log says how many it has not seen."""
    server = Server(say=said.append, keep_records=100)
    server._listener.server_close()
    for _ in range(40):
        server.eb.put("shop", "Sold")  # an entry, what became of it, and the call
    look(server)
    assert said[0] == "20 records were dropped from the journal before they were shown here"


# the reader


def test_nobody_waits_for_the_reader(slow: Slow) -> None:
    """Lines wait, and what finds no room is counted where it is missing."""
    queue = LineQueue(most=10)
    queue.start()
    queue.put(slow, "first")
    assert slow.begun.wait(300)  # it holds that one
    queue.put(slow, "second")
    queue.put(slow, "a\nb\nc")
    queue.put(slow, "too\nmuch")
    queue.put(slow, "4")
    queue.put(slow, "too\nmuch")
    slow.may_go_on.set()
    assert queue.end(300)
    first, second = "5 lines were dropped: nobody read the log", "2 lines were dropped: nobody read the log"
    assert slow.got == ["first", "second", first, "4", second]


def test_a_reader_that_goes(slow: Slow) -> None:
    """A pipe that was closed: nothing is printed, nothing fails, and the end comes."""
    tried: list[str] = []

    def closed(text: str) -> None:
        tried.append(text)
        raise BrokenPipeError

    queue = LineQueue()
    queue.start()
    for number in range(5):
        queue.put(closed, str(number))
        queue.settle(300)
    assert queue.end(300)
    assert tried[:2] == ["0", "1 line was dropped: nobody read the log"]


def test_an_end_that_does_not_wait(slow: Slow) -> None:
    queue = LineQueue()
    queue.start()
    queue.put(slow, "first")
    assert queue.end(0.0) is False


def test_without_a_thread() -> None:
    """Before the start and after the end a text is printed at once."""
    got: list[str] = []
    queue = LineQueue()
    queue.put(got.append, "before")
    assert got == ["before"]
    queue.start()
    queue.put(got.append, "in between")
    assert queue.end(300)
    queue.put(got.append, "after")
    assert got == ["before", "in between", "after"]
    assert NAME not in {thread.name for thread in threading.enumerate()}

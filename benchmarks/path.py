"""How far one call walks through the package: functions, files and changes of folder that it passes.

A short path is easier to read and to step through in a debugger, and it is cheaper. Three calls are walked: a
``put_events`` with one rule and an SQS target with an input transformer, an ``assert_put`` that fails, and a schedule
that fires.

    python benchmarks/path.py             the table
    python benchmarks/path.py --list      the functions too, by file, in the order in which the call reaches them
    python benchmarks/path.py --calls     every call in order of time, indented at each change of folder

How it is counted:

- Only calls of Python functions whose file lies in ``eventbridge_local``. Lambdas are functions too, and so are
  comprehensions where Python 3.11 runs the benchmark. A function that ``dataclass`` or ``NamedTuple`` writes has no
  file and does not count.
- A function is a file and a qualified name, counted once.
- A change of folder is a call whose file lies in another folder than the file of the call before it in time. A folder
  is one directly in ``eventbridge_local``, with all below it; the files directly in ``eventbridge_local`` count as one.
- Each call is made once before it is counted, so that what is compiled or imported at the first time is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import boto3

import eventbridge_local
from eventbridge_local import mock_eventbridge

PACKAGE = Path(eventbridge_local.__file__).parent
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
PATTERN = {"source": ["shop.orders"], "detail": {"total": [{"numeric": [">", 100]}]}}
TRANSFORMER = {
    "InputPathsMap": {"order": "$.detail.id"},
    "InputTemplate": '{"order": <order>}',
}
ENTRY = {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": '{"id": "o-1", "total": 120}'}


class Goal(NamedTuple):
    """The most that a call should pass."""

    functions: int
    files: int
    changes: int


#: How long the path of a ``put_events`` should be; the other calls are held against the same numbers.
GOAL = Goal(functions=70, files=15, changes=20)


class Step(NamedTuple):
    """One call of a function of the package: the path of its file in the package, and its qualified name."""

    file: str
    function: str

    @property
    def folder(self) -> str:
        """The folder of the package that the file lies in; empty for a file directly in the package."""
        return self.file.partition("/")[0] if "/" in self.file else ""


class Walk:
    """The steps of one call, in order of time."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._known: dict[CodeType, Step | None] = {}

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record the functions that are called in the ``with`` block."""
        sys.setprofile(self._on_event)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _on_event(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code not in self._known:
            self._known[code] = step_of(code)
        step = self._known[code]
        if step is not None:
            self.steps.append(step)

    @property
    def functions(self) -> list[Step]:
        """The distinct functions, in the order in which they were reached."""
        return list(dict.fromkeys(self.steps))

    @property
    def files(self) -> list[str]:
        """The distinct files, in the order in which they were reached."""
        return list(dict.fromkeys(step.file for step in self.steps))

    @property
    def changes(self) -> int:
        """The number of calls whose file lies in another folder than that of the call before."""
        folders = [step.folder for step in self.steps]
        return sum(here != before for before, here in pairwise(folders))


def step_of(code: CodeType) -> Step | None:
    """Return the step of a function of the package; None for all other code."""
    path = Path(code.co_filename)
    if not path.is_relative_to(PACKAGE):
        return None
    return Step(path.relative_to(PACKAGE).as_posix(), code.co_qualname)


# the three calls


def walk_put_events() -> Walk:
    """A ``put_events`` with one entry, one rule that matches, and an SQS target with an input transformer."""
    walk = Walk()
    with mock_eventbridge() as eb:
        client = boto3.client("events", **CREDENTIALS)
        client.put_rule(Name="orders", EventPattern=json.dumps(PATTERN))
        client.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": QUEUE, "InputTransformer": TRANSFORMER}])
        client.put_events(Entries=[ENTRY])
        with walk.recorded():
            client.put_events(Entries=[ENTRY])
        assert len(eb.deliveries) == 2
    return walk


def walk_assert_put() -> Walk:
    """An ``assert_put`` that fails, with one event on the bus that nearly matches."""
    walk = Walk()
    with mock_eventbridge() as eb:
        boto3.client("events", **CREDENTIALS).put_events(Entries=[ENTRY])
        expect_failure(eb)
        with walk.recorded():
            expect_failure(eb)
    return walk


def expect_failure(eb: Any) -> None:
    """Assert an event that was not put."""
    try:
        eb.assert_put(source="shop.orders", detail_type="OrderPlaced", detail={"id": "o-2"})
    except AssertionError:
        return
    raise SystemExit("assert_put did not fail")


def walk_schedule() -> Walk:
    """A schedule that fires once, with the same target as ``put_events`` has."""
    walk = Walk()
    with mock_eventbridge(now=datetime(2026, 1, 1, tzinfo=UTC)) as eb:
        client = boto3.client("events", **CREDENTIALS)
        client.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
        client.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": QUEUE, "InputTransformer": TRANSFORMER}])
        eb.clock.advance(hours=1)
        with walk.recorded():
            eb.clock.advance(hours=1)
        assert len(eb.deliveries) == 2
    return walk


CALLS: dict[str, Callable[[], Walk]] = {
    "put_events": walk_put_events,
    "assert_put that fails": walk_assert_put,
    "schedule that fires": walk_schedule,
}


# printing


def print_table(walks: dict[str, Walk]) -> None:
    """One row for each call, with the goal beside each number."""
    print(f"{'call':<24}{'functions':>18}{'files':>18}{'changes of folder':>22}")
    for name, walk in walks.items():
        functions = f"{len(walk.functions)} (goal {GOAL.functions})"
        files = f"{len(walk.files)} (goal {GOAL.files})"
        changes = f"{walk.changes} (goal {GOAL.changes})"
        print(f"{name:<24}{functions:>18}{files:>18}{changes:>22}")


def print_functions(name: str, walk: Walk) -> None:
    """The functions of a walk by file, files and functions in the order in which they were reached."""
    print(f"\n{name}: {len(walk.functions)} functions in {len(walk.files)} files")
    for file in walk.files:
        print(f"  {file}")
        for step in walk.functions:
            if step.file == file:
                times = walk.steps.count(step)
                print(f"      {step.function}" + (f"  ({times} times)" if times > 1 else ""))


def print_calls(name: str, walk: Walk) -> None:
    """Every call in order of time; the folder stands in front where it changes."""
    print(f"\n{name}: {len(walk.steps)} calls, {walk.changes} changes of folder")
    folder = None
    for step in walk.steps:
        if step.folder != folder:
            folder = step.folder
            print(f"  {folder or '.'}/")
        print(f"      {step.file.rpartition('/')[2]}  {step.function}")


def main() -> None:
    """Walk the calls that were asked for and print what was found."""
    parser = argparse.ArgumentParser(description="Count the functions, files and changes of folder that a call passes.")
    parser.add_argument("--list", action="store_true", help="print the functions by file")
    parser.add_argument("--calls", action="store_true", help="print every call in order of time")
    parser.add_argument("--only", choices=[name.split()[0] for name in CALLS], help="walk only this call")
    options = parser.parse_args()
    chosen = {name: walk() for name, walk in CALLS.items() if options.only in (None, name.split()[0])}
    print_table(chosen)
    for name, walk in chosen.items():
        if options.list:
            print_functions(name, walk)
        if options.calls:
            print_calls(name, walk)


if __name__ == "__main__":
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    main()

"""The rows of the table of ``make bench``: what is measured, in which unit, and the goal. Standard library only.

A row has a key, under which ``ratios.json`` keeps what was measured. The modules in ``SECTIONS`` measure: each has
``measure()``, which returns the figures of its rows by key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

RATIOS = Path(__file__).parent / "ratios.json"

#: How much worse than what is committed a row may be.
TOLERANCE = 0.20

#: How often a section is measured of which a row seems worse.
TRIES = 4


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        key: its name in ``ratios.json``.
        what: what is measured, in words.
        unit: of the figure and the goal. ``x`` is a ratio of two times measured in turn in one process.
        goal: the limit.
        at_least: whether the figure should be the goal or more; else the goal or less.
        slack: how much a figure may get worse whatever its size, in its unit: what cannot be measured better.
    """

    key: str
    what: str
    unit: str
    goal: float
    at_least: bool = False
    slack: float = 0.0

    def met(self, figure: float) -> bool:
        """Return whether a figure meets the goal."""
        return figure >= self.goal if self.at_least else figure <= self.goal

    def verdict(self, figure: float) -> str:
        """Return ``met`` or ``missed``."""
        return "met" if self.met(figure) else "missed"

    @property
    def goal_text(self) -> str:
        """The goal with its direction."""
        return f"{'at least' if self.at_least else 'at most'} {shown(self.goal)} {self.unit}".rstrip()

    def got_worse(self, figure: float, committed: float) -> str:
        """Return how a figure is worse than the committed one, empty when it is not.

        A row that met its goal must go on to meet it; any row may be worse by the tolerance, or by its slack.
        """
        if self.met(committed) and not self.met(figure):
            return "the goal was met and is missed"
        worse = committed - figure if self.at_least else figure - committed
        if worse > max(TOLERANCE * abs(committed), self.slack):
            return f"worse by more than {TOLERANCE:.0%}"
        return ""


class Section(NamedTuple):
    """Rows that one module measures."""

    module: str
    title: str
    about: str
    rows: tuple[Row, ...]


def shown(figure: float) -> str:
    """Return a figure with three significant digits."""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


SECTIONS = (
    Section(
        "calls",
        "What a call costs",
        "The floor is a `before-call` handler that returns a fixed answer: the cost of botocore itself. Entries have "
        "a detail of 300 bytes. Each rule that matches has one recorded SQS target. The rules in moto have no target, "
        "because moto would pay for its queue as well.",
        (
            Row("put_1x1", "`put_events`, 1 entry, 1 rule, against the floor", "x", 1.35),
            Row("put_1x2000", "1 entry, 2,000 rules, against the floor", "x", 1.45),
            Row("put_10x1", "10 entries, 1 rule, against the floor", "x", 1.75),
            Row("moto_1x1", "1 entry, 1 rule, faster than moto", "x", 8, at_least=True),
            Row("moto_10x1", "10 entries, 1 rule, faster than moto", "x", 6, at_least=True),
            Row("moto_1x100", "1 entry, 100 rules, faster than moto", "x", 40, at_least=True),
            Row("moto_10x100", "10 entries, 100 rules, faster than moto", "x", 150, at_least=True),
            Row("callable", "1 entry, a connected callable, against the floor", "x", 1.9),
            Row("transformer", "1 entry, a target with InputTransformer, against the floor", "x", 2.2),
            Row("put_rule", "`put_rule`, against the floor", "x", 1.5),
            Row(
                "small_test",
                "a small test of one put with a client of its module, faster than moto without a new session",
                "x",
                12,
                True,
            ),
            Row("enter", "entering and leaving a mock, against one call of the floor", "x", 3),
            Row("path_functions", "functions of this package that `put_events` passes", "", 70),
            Row("path_files", "files that it passes", "", 15),
            Row("path_changes", "changes of folder on its way", "", 20),
        ),
    ),
    Section(
        "starting",
        "Importing and starting",
        "CPU time of fresh interpreters, in turn, with the bytecode cached.",
        (
            Row(
                "import_mock",
                "`from eventbridge_local import mock_eventbridge`, against `import botocore.session`",
                "x",
                0.25,
                slack=0.04,
            ),
            Row(
                "import_client", "boto3, a mock and a client, against `from moto import mock_aws`", "x", 1.0, slack=0.05
            ),
            Row("plugin", "the pytest plugin in a run that does not use it", "ms", 10, slack=4),
        ),
    ),
    Section(
        "journal",
        "The journal",
        "Memory is what a process of its own gets from the system. `where()` and `assert_put` are measured "
        "the first time they are called.",
        (
            Row(
                "record",
                "one event with 690 bytes of detail and one recorded delivery, all kept",
                "KB",
                1.5,
                slack=0.1,
            ),
            Row("million", "1,000,000 such puts in one mock, by default (continued from 140,000)", "MB", 250, slack=10),
            Row("bounded", "growth from 20,000 to 60,000 events with `keep_records=1000`", "MB", 3, slack=3),
            Row("where", "`eb.events.where()` on 40,000 events", "ms", 150),
            Row("where_kept", "memory that `where()` leaves behind, for each event", "bytes", 16, slack=16),
            Row("assert_put", "`assert_put` among 10,000 events", "ms", 10, slack=1),
            Row("len", "`len(eb.events)` of 40,000", "us", 20, slack=2),
        ),
    ),
    Section(
        "files",
        "Files: replays and templates",
        "Files of 20,000 events in JSON Lines, 500 bytes each, through 100 rules; their unit is `json.loads` of the "
        "same lines. Templates have 500 resources and 1 MB; their units are `json.loads` and `yaml.compose` of the "
        "same text, with the loader of libyaml.",
        (
            Row("replay_from", "`eb.replay_from` with a bounded journal", "x", 4),
            Row("replay_cli", "`eventbridge-local replay`", "x", 4),
            Row("replay_memory", "peak memory of 8,000 events against 2,000, bounded journal", "x", 1.1, slack=0.05),
            Row("load_json", "`eb.load`, JSON", "x", 24),
            Row("load_yaml", "`eb.load`, YAML", "x", 2.24),
            Row(
                "replay_archive", "`start_replay` of 20,000 archived events through 100 rules, for each event", "us", 80
            ),
        ),
    ),
    Section(
        "patterns",
        "The pattern engine",
        "The unit x is `json.loads` of the same event text. Rules that only exclude have several `anything-but` "
        "fields, absent fields, or both. moto gives the same answers for this event; otherwise the benchmark stops.",
        (
            Row("one_rule", "one rule, 1 KB event", "x", 0.5),
            Row("naming_1k", "10,000 rules that name values, 1 KB event, 5 match", "x", 3),
            Row("naming_10k", "10,000 rules that name values, 10 KB event, 5 match", "x", 3),
            Row("naming_of_10", "10,000 rules that name values, against 10 rules", "times", 3),
            Row("anything_but", "a quarter anything-but alone, 2,500 more match, for each name", "us", 0.3),
            Row("excluding", "10,000 rules that only exclude, all match, for each name", "us", 0.3),
            Row("unmet", "the same with a field no event has, none matches", "x", 3),
            Row("compile", "compiling a typical rule", "us", 150),
            Row("pattern_memory", "memory for each of 10,000 rules, with the index", "KB", 4),
            Row("moto_patterns", "1,000 patterns, faster than moto's matcher", "x", 200, at_least=True),
        ),
    ),
    Section(
        "schedules",
        "Schedules and deliveries",
        "Function calls are counted and do not vary. A year of 100 schedules has 103,922 firings at recorded targets.",
        (
            Row("cron_calls", "`put_rule` with a cron whose days another rule has, Python calls", "calls", 800),
            Row("cron_new_calls", "the same with days that no rule had before", "calls", 1000),
            Row("year", "a year of 100 schedules, for each firing", "us", 80),
            Row("idle", "advancing over ten idle years", "us", 100, slack=50),
            Row("fan_out", "one event to 300 rules with five recorded targets each, for each delivery", "us", 3.4),
        ),
    ),
    Section(
        "growth",
        "Growth",
        "The slope of a line through the logarithms of size and time: 0 is no growth, 1 is proportional. The collector "
        "of reference cycles is off meanwhile, because what it costs depends on everything in the process.",
        (
            Row("slope_rules", "a put, by the rules of its bus (100 to 10,000)", "slope", 0.1, slack=0.05),
            Row("slope_rules_all", "putting rules, by their number (250 to 2,000)", "slope", 1.1, slack=0.1),
            Row("slope_entries", "a put, by its entries (1 to 10)", "slope", 1.1, slack=0.1),
            Row("slope_targets", "a put, by the targets it reaches (50 to 1,500)", "slope", 1.1, slack=0.1),
            Row(
                "slope_journal",
                "a put, by the length of the journal (1,000 to 16,000)",
                "slope",
                0.1,
                slack=0.05,
            ),
            Row(
                "slope_where",
                "`where()`, by the length of the journal (1,000 to 16,000)",
                "slope",
                1.1,
                slack=0.1,
            ),
            Row("slope_bus", "a put, by the number of buses (10 to 1,000)", "slope", 0.1, slack=0.05),
            Row("slope_buses", "creating buses, by their number (250 to 2,000)", "slope", 1.1, slack=0.1),
        ),
    ),
)

ROWS = {row.key: row for section in SECTIONS for row in section.rows}
#: Units that depend on how fast the machine is; ``bench-check`` scales them by the time of a fixed loop.
TIMES = ("us", "ms")


class Run(NamedTuple):
    """What one run measured.

    Attributes:
        figures: by the key of the row.
        loop_ms: milliseconds of CPU that a fixed loop took, the yardstick for absolute times.
        environment: versions and the day.
    """

    figures: Mapping[str, float]
    loop_ms: float
    environment: Mapping[str, str]

    def scaled(self, key: str, loop_ms: float) -> float:
        """Return a figure as it would be on a machine on which the loop takes that long."""
        scale = loop_ms / self.loop_ms if ROWS[key].unit in TIMES else 1.0
        return self.figures[key] * scale


def worse_each_time(attempts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the rows that are worse in every attempt, with how in the last; no attempt is taken that is not needed.

    Args:
        attempts: for each, the rows that were worse than they are committed, with how.
    """
    suspects: dict[str, str] | None = None
    for found in attempts:
        suspects = {key: how for key, how in found.items() if suspects is None or key in suspects}
        if not suspects:
            break
    return suspects or {}


def committed() -> Run:
    """Return the run that is committed."""
    return Run(**json.loads(RATIOS.read_text()))


def write(run: Run) -> None:
    """Write a run in place of the committed one."""
    RATIOS.write_text(json.dumps(run._asdict(), indent=2) + "\n")

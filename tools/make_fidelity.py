"""Writes docs/fidelity.md from the tables in tests/cases/fidelity and the scenarios recorded from AWS.

Run ``python tools/make_fidelity.py``; a test fails when the page is not what this makes. Standard library only.

A row of a table is a JSON object with ``evidence`` and, where it has one, ``source``: the name of a scenario as
``theme::name``, or words. Besides it has

- ``operation`` and ``answer``: how we know what the operation answers;
- ``operation`` and ``error`` (``code`` and ``message``): one refusal, with ``{name}`` for what differs from call to
  call; the operation ``*`` stands for all;
- or ``behaviour``: a sentence on what is done.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "fidelity.md"
CASES = ROOT / "tests" / "cases"

Row = dict[str, Any]

#: The tables in the order of the page, with their headings.
FAMILIES = {
    "everywhere": "Every operation",
    "event_buses": "Event buses",
    "rules": "Rules and patterns",
    "targets": "Targets",
    "put_events": "PutEvents",
    "delivery": "Delivery, retries, schedules",
    "permissions": "Permissions and other accounts",
    "tags": "Tags",
    "archives": "Archives",
    "replays": "Replays",
    "connections": "Connections",
    "api_destinations": "API destinations",
    "endpoints": "Global endpoints",
    "partners": "Partner event sources",
}

KINDS = {
    "recorded": "a snapshot taken from AWS has this answer",
    "asserted": "a test that passed against AWS asserts it",
    "captured": "another project published it as a capture from AWS",
    "reported": "a public thread or another tool quotes it; second-hand",
    "carried over": "recorded or captured for another operation; that this one says the same is our judgement",
    "documented": "AWS's documentation says so; nobody recorded it",
    "judgement": "our choice",
}

#: A refusal that so many families have alike is shown once.
SHARED = 3

INTRO = """\
# Fidelity

How do we know what AWS answers? This page says it for every operation, every refusal and every choice.
`python tools/make_fidelity.py` makes it from the tables in `tests/cases/fidelity`, and the tests compare the tables
with the source: a test fails if a refusal is missing here, or is here and no longer in the source.
[Facts](facts.md) lists what the code relies on.

{scenarios} scenarios of calls and answers were gathered from AWS's side; **all of them pass**
(`pytest tests/conformance`).
"""

LEGEND = """\
## Words of this page

A name such as `rules::describe_missing_rule` is a scenario: the one of that name in `tests/cases/scenarios/rules.json`.
In refusals `{name}` stands for what differs from call to call.

| word | meaning | answers | refusals | choices |
|---|---|---|---|---|
"""


def read(family: str) -> list[Row]:
    """The rows of a family."""
    rows: list[Row] = json.loads((CASES / "fidelity" / f"{family}.json").read_text("utf-8"))
    return rows


def scenarios() -> Counter[str]:
    """How many scenarios there are of each kind of evidence."""
    files = sorted((CASES / "scenarios").glob("*.json"))
    return Counter(each["evidence"] for file in files for each in json.loads(file.read_text("utf-8"))["scenarios"])


def make() -> str:
    """The page."""
    tables = {family: read(family) for family in FAMILIES}
    parts = [INTRO.format(scenarios=scenarios().total()), scenario_table(), legend(tables)]
    shown = shared(tables)
    parts += [section(heading, shown[family]) for family, heading in FAMILIES.items()]
    return "\n".join(parts)


def scenario_table() -> str:
    """The scenarios by the strength of their proof."""
    words = {
        "aws-recorded": "recorded: AWS's answers in snapshots of another project's tests",
        "aws-asserted": "asserted by tests that passed against AWS",
        "derived": "recorded answers with a changed request",
        "aws-captured": "captures that another project published",
        "aws-docs": "AWS's documentation",
        "reported": "quoted in public threads",
    }
    counted = scenarios()
    lines = [f"| {words[kind]} | {counted[kind]} |" for kind in words]
    return "\n".join(["| scenarios | |", "|---|---|", *lines, ""])


def legend(tables: dict[str, list[Row]]) -> str:
    """The kinds of evidence, each with how often it is on this page."""
    rows = [row for table in tables.values() for row in table]
    lines = []
    for kind, meaning in KINDS.items():
        counts = [sum(row["evidence"] == kind and what in row for row in rows) for what in WHATS]
        lines.append(f"| {kind} | {meaning} | {' | '.join(str(count or '') for count in counts)} |")
    return LEGEND + "\n".join(lines) + "\n"


WHATS = ("answer", "error", "behaviour")


def section(heading: str, rows: list[Row]) -> str:
    """One family: what its operations answer, what they refuse, what else was chosen."""
    parts = [f"## {heading}", ""]
    answers = [row for row in rows if "answer" in row]
    if answers:
        parts += [*answered(answers), ""]
    errors = [row for row in rows if "error" in row]
    if errors:
        parts += ["| operation | refusal | evidence |", "|---|---|---|", *refused(errors), ""]
    parts += [f"- {row['behaviour']} {told(row, chosen=True)}".rstrip() for row in rows if "behaviour" in row]
    return "\n".join(parts).rstrip() + "\n"


def shared(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The tables with the refusals that three families have alike moved to the table of all operations."""
    families: dict[tuple[str, ...], set[str]] = {}
    for family, rows in tables.items():
        for row in rows:
            families.setdefault(line_of(row), set()).add(family)
    moved = {line for line, having in families.items() if line and len(having) >= SHARED}
    kept = {family: [row for row in rows if line_of(row) not in moved] for family, rows in tables.items()}
    kept["everywhere"] = [
        *kept["everywhere"],
        *(row for rows in tables.values() for row in rows if line_of(row) in moved),
    ]
    return kept


def line_of(row: Row) -> tuple[str, ...]:
    """Code, text and evidence of a refusal; nothing for other rows."""
    return (row["error"]["code"], row["error"]["message"], told(row)) if "error" in row else ()


def answered(rows: Iterable[Row]) -> Iterator[str]:
    """The operations of a family by the evidence for their answers."""
    by_evidence: dict[str, list[Row]] = {}
    for row in rows:
        by_evidence.setdefault(row["evidence"], []).append(row)
    for evidence, same in by_evidence.items():
        by_source: dict[str, list[str]] = {}
        for row in same:
            by_source.setdefault(row["source"], []).append(row["operation"])
        shown = [", ".join(names) + (f" (`{source}`)" if "::" in source else "") for source, names in by_source.items()]
        yield f"Answers {evidence}: {', '.join(shown)}.  "


def refused(rows: Iterable[Row]) -> Iterator[str]:
    """One line for each refusal, with all operations that share it and its evidence."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        lines.setdefault(line_of(row), []).append("all" if row["operation"] == "*" else row["operation"])
    for (name, message, evidence), operations in sorted(lines.items(), key=lambda line: (line[0][0], line[1], line[0])):
        refusal = f"{name}<br>{code(message)}" if message else name
        yield f"| {', '.join(operations)} | {refusal} | {evidence} |"


def code(text: str) -> str:
    """A text as code inside a table."""
    return f"<code>{escape(text).replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def told(row: Row, chosen: bool = False) -> str:
    """The evidence of a row in words; a plain choice among choices needs none."""
    source = row.get("source", "")
    source = f"`{source}`" if "::" in source else source
    if not chosen:
        return f"{row['evidence']}: {source}" if source else row["evidence"]
    if row["evidence"] == "judgement" and not source:
        return ""
    return f"*({row['evidence']}: {source})*"


if __name__ == "__main__":
    PAGE.write_text(make(), encoding="utf-8")

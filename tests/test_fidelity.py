"""The fidelity page says what the source does: its tables are held against the source, the scenarios and the API model.

The page names every refusal of every operation and how we know it. ``refusals_in_source`` reads the refusals from the
source, so a new one without a row, and a row whose refusal has gone, are found here.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from modules import module_at

TESTS = Path(__file__).parent
ROOT = TESTS.parent
CASES = TESTS / "cases"

Row = dict[str, Any]

#: From what scenarios call their evidence to what the page calls it, the strongest first.
EVIDENCE = {
    "aws-recorded": "recorded",
    "aws-asserted": "asserted",
    "derived": "recorded",
    "aws-captured": "captured",
    "reported": "reported",
    "aws-docs": "documented",
}

source = module_at(TESTS / "refusals_in_source.py")
maker = module_at(ROOT / "tools" / "make_fidelity.py")

ROWS: list[Row] = [row for family in maker.FAMILIES for row in maker.read(family)]
ERRORS = [row for row in ROWS if "error" in row]
ANSWERS = [row for row in ROWS if "answer" in row]


def id_of(row: Row) -> str:
    return f"{row['operation']}-{row['error']['message'][:60] if 'error' in row else 'answer'}"


# scenarios


class Step:
    """A call in a scenario, with the errors it shows: of the call, or of entries."""

    def __init__(self, scenario: dict[str, Any], step: dict[str, Any]) -> None:
        self.operation = "".join(part.capitalize() for part in step["call"].split("_"))
        self.evidence = EVIDENCE[scenario["evidence"]]
        self.succeeds = "error" not in step and not step.get("ignore_result")
        self.errors = [(step["error"].get("Code"), step["error"].get("Message"))] if "error" in step else []
        expected = step.get("expect")
        entries = expected.get("Entries") if isinstance(expected, dict) else None
        for entry in entries if isinstance(entries, list) else []:
            if "ErrorCode" in entry:
                self.errors.append((entry["ErrorCode"], entry.get("ErrorMessage")))

    def shows(self, code: str, template: str) -> bool:
        return any(code == shown and fits(template, message) for shown, message in self.errors)


@functools.cache
def scenarios() -> dict[str, list[Step]]:
    """The calls of all scenarios by ``theme::name``."""
    found = {}
    for path in sorted((CASES / "scenarios").glob("*.json")):
        for scenario in json.loads(path.read_text("utf-8"))["scenarios"]:
            calls = [step for step in scenario["steps"] if "call" in step and step.get("service", "events") == "events"]
            found[f"{path.stem}::{scenario['name']}"] = [Step(scenario, step) for step in calls]
    return found


def fits(template: str, message: Any) -> bool:
    """Whether a scenario's message, which may be a matcher, is one of a template; constraints are part of sentences."""
    match message:
        case {"$contains": str(part)}:
            return part in template
        case {"$regex": str(pattern)}:
            message = re.sub(r"\\(.)", r"\1", pattern.replace(r"\.?", "."))
        case {"$concat": list(parts)}:
            message = "".join(part if isinstance(part, str) else "..." for part in parts)
    whole = regex_of(template)
    in_sentence = template.startswith(("Member must", "Map "))
    return isinstance(message, str) and bool((whole.search if in_sentence else whole.fullmatch)(message))


@functools.cache
def regex_of(template: str) -> re.Pattern[str]:
    parts = source.normalised(template).split("{}")
    return re.compile(".+?".join(map(re.escape, parts)), re.DOTALL)


# the source


@functools.cache
def in_source() -> tuple[dict[str, set[tuple[str, str]]], set[Any]]:
    """The refusals of every operation with bare placeholders, and the places where unseen errors are made."""
    found, unreached = source.refusals_by_operation()
    return {name: {(code, source.normalised(text)) for code, text in each} for name, each in found.items()}, unreached


def in_tables(operation: str) -> list[tuple[str, str]]:
    rows = [row["error"] for row in ERRORS if row["operation"] == operation]
    return [(error["code"], source.normalised(error["message"])) for error in rows]


def test_every_place_that_makes_an_error_is_seen() -> None:
    """Otherwise the walk through the source would miss refusals."""
    assert not in_source()[1]


@pytest.mark.parametrize("operation", sorted(in_source()[0]))
def test_the_table_has_the_refusals_of_the_source(operation: str) -> None:
    """None is missing, none is stale, none is there twice."""
    assert sorted(in_tables(operation)) == sorted(in_source()[0][operation])


def hook_texts() -> set[str]:
    """The texts of refusals that are made before an operation runs: those about constraints, types and bodies."""
    walker = source.Walker()
    found = set()
    for path in sorted((ROOT / "eventbridge_local" / "botocore_hooks").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        inner |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in inner:
                texts = map(source.normalised, walker.texts(node, source.Module(""), {}))
                found |= {text for text in texts if re.search(r"^Unexpected|^The body| must (satisfy|have|not)", text)}
    return found


def test_the_table_has_the_refusals_that_hold_for_all_operations() -> None:
    """A text of the source may be part of a sentence, or stand for two rows; each has a row, and each row a text."""
    rows = [row["error"]["message"] for row in ERRORS if row["operation"] == "*" and row["error"]["message"]]
    texts = hook_texts()
    assert texts
    shown = {text: [row for row in rows if regex_of(row).search(text) or regex_of(text).search(row)] for text in texts}
    assert [text for text, found in shown.items() if not found] == []
    assert set(rows) - {row for found in shown.values() for row in found} == set()


def test_refusals_that_cases_expect_are_in_the_tables() -> None:
    """The cases of operations are run against the mock, so what they expect is answered; this checks the walk."""
    missing = []
    for path in sorted((CASES / "operations").glob("*.json")):
        for case in json.loads(path.read_text("utf-8")):
            for call, _, expected, *_ in case["calls"]:
                if isinstance(expected, dict) and isinstance(expected.get("error", {}).get("Message"), str):
                    operation = "".join(part.capitalize() for part in call.split("_"))
                    refusal = (expected["error"]["Code"], expected["error"]["Message"])
                    if "validation error" not in refusal[1] and not any(
                        code == refusal[0] and regex_of(text).fullmatch(refusal[1])
                        for code, text in in_tables(operation)
                    ):
                        missing.append((operation, *refusal))
    assert not missing


# evidence


@functools.cache
def proofs_of(operation: str, code: str, message: str) -> dict[str, list[str]]:
    """The scenarios that show a refusal, or with an empty code an answer, by evidence.

    Under "carried over" stand those that were recorded for another operation.
    """
    found: dict[str, list[str]] = {}
    for name, steps in scenarios().items():
        for step in steps:
            if not (step.shows(code, message) if code else step.succeeds):
                continue
            if operation in (step.operation, "*"):
                found.setdefault(step.evidence, []).append(name)
            elif step.evidence == "recorded" and code:
                found.setdefault("carried over", []).append(name)
    return found


def proofs(row: Row) -> dict[str, list[str]]:
    error = row.get("error", {"code": "", "message": ""})
    return proofs_of(row["operation"], error["code"], error["message"])


@pytest.mark.parametrize("row", [row for row in ERRORS + ANSWERS if "::" in row["source"]], ids=id_of)
def test_a_scenario_proves_what_it_is_named_for(row: Row) -> None:
    """It exists, it is of that evidence, and it has the operation, the code and the text."""
    assert row["source"] in proofs(row).get(row["evidence"], ())


@pytest.mark.parametrize("row", ERRORS + ANSWERS, ids=id_of)
def test_no_row_claims_less_than_is_proved(row: Row) -> None:
    """The best scenario decides; without one, the evidence is in words."""
    best = next((kind for kind in EVIDENCE.values() if kind in proofs(row)), None)
    if best is None:
        assert row["evidence"] not in ("recorded", "asserted")
    else:
        assert row["evidence"] == best
        assert "::" in row["source"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.get("behaviour", "refusal")[:60])
def test_rows_are_whole(row: Row) -> None:
    assert row["evidence"] in maker.KINDS
    assert len({"answer", "error", "behaviour"} & row.keys()) == 1
    assert row.get("source") or ("behaviour" in row and row["evidence"] == "judgement")
    if "::" in row.get("source", ""):
        assert row["source"] in scenarios()


def test_every_operation_of_the_api_has_one_row_about_its_answer() -> None:
    model = botocore.session.Session().get_service_model("events")
    assert sorted(row["operation"] for row in ANSWERS) == sorted(model.operation_names)


# the page


def test_every_table_is_on_the_page() -> None:
    assert sorted(path.stem for path in (CASES / "fidelity").glob("*.json")) == sorted(maker.FAMILIES)


def test_the_page_is_what_the_tables_make() -> None:
    """Run ``python tools/make_fidelity.py`` when this fails."""
    assert maker.PAGE.read_text("utf-8") == maker.make()

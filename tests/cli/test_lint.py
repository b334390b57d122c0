"""``lint``: each finding with a template that has it, and a template beside it that has not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventbridge_local.lint import CODES

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "cli" / "lint.yaml").read_text(encoding="utf-8"))
QUEUE = "arn:aws:sqs:us-east-1:123456789012:{}"
CONTRACT = {
    "type": "object",
    "properties": {
        "total": {"type": "number"},
        "state": {"enum": ["open", "closed"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["id"],
    "additionalProperties": False,
}


def template(rules: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A template with these rules, more resources, and buses ``orders`` and ``audit``."""
    resources: dict[str, Any] = {
        name.title(): {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}} for name in ("orders", "audit")
    }
    resources.update(more)
    for logical_id, rule in rules.items():
        resources[logical_id] = {"Type": "AWS::Events::Rule", "Properties": properties(rule)}
    return {"Parameters": {"Nobody": {"Type": "String"}}, "Resources": resources}


def properties(rule: dict[str, Any]) -> dict[str, Any]:
    target = {"Id": "t", "Arn": QUEUE.format("orders"), "DeadLetterConfig": {"Arn": QUEUE.format("lost")}}
    if "to" in rule:
        target["Arn"] = f"arn:aws:events:us-east-1:123456789012:event-bus/{rule['to']}"
        target["RoleArn"] = "arn:aws:iam::123456789012:role/events"
    given = {
        "EventBusName": rule.get("bus"),
        "EventPattern": rule.get("pattern"),
        "ScheduleExpression": rule.get("schedule"),
        "Targets": rule.get("targets", [target]),
    }
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_findings(case: dict[str, Any], run: Any, tmp_path: Path) -> None:
    """Exactly the codes of the case, each with the words of the case."""
    path = tmp_path / "template.json"
    rules = case.get("rules", {"One": {"pattern": case.get("pattern")}})
    path.write_text(json.dumps(template(rules, case.get("resources", {})), indent=1))
    options = []
    if case.get("contracts"):
        (tmp_path / "schemas").mkdir()
        (tmp_path / "schemas" / "shop@Placed.json").write_text(json.dumps(CONTRACT))
        options = ["--contracts", str(tmp_path / "schemas")]
    ran = run("lint", str(path), "--json", *options)
    findings = json.loads(ran.out)["findings"]
    messages = {each["code"]: each["message"] for each in findings}
    assert set(messages) == set(case["finds"]), findings
    for code, words in case["finds"].items():
        assert any(words in each["message"] for each in findings if each["code"] == code), findings
    assert len(findings) == case.get("count", len(case["finds"])), findings
    assert ran.code == (1 if any(CODES[code] != "info" for code in messages) else 0)


def test_every_code_has_a_case() -> None:
    """A check that no case finds may as well not be there."""
    assert {code for case in CASES for code in case["finds"]} == set(CODES)


LINED = """\
Resources:
  Good:
    Type: AWS::Events::Rule
    Properties: {EventPattern: {source: [shop]}, Targets: [{Id: t, Arn: 'arn:aws:sqs:us-east-1:123456789012:q'}]}
  Bad:%s
    Type: AWS::Events::Rule
    Properties: {EventPattern: {Source: [shop]}, Targets: [{Id: t, Arn: 'arn:aws:sqs:us-east-1:123456789012:q'}]}
"""


@pytest.fixture
def lined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def write(comment: str = "") -> str:
        Path("t.yaml").write_text(LINED % comment, encoding="utf-8")
        return "t.yaml"

    return write


def test_text(run: Any, lined: Any) -> None:
    """File and line, severity, code, rule, message, and how to silence it."""
    ran = run("lint", lined())
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "t.yaml:2: info no-dlq Good: target q: no dead-letter queue; what cannot be delivered is lost after the last "
        "retry (--ignore no-dlq:Good)",
        "t.yaml:5: error envelope-field Bad: no event has 'Source' at the top level; write 'source' "
        "(--ignore envelope-field:Bad)",
        "t.yaml:5: info no-dlq Bad: target q: no dead-letter queue; what cannot be delivered is lost after the last "
        "retry (--ignore no-dlq:Bad)",
        "1 error, 0 warnings, 2 info",
    ]


def test_json(run: Any, lined: Any) -> None:
    """The same for machines."""
    findings = json.loads(run("lint", lined(), "--json", "--ignore", "no-dlq").out)
    assert findings == {
        "findings": [
            {
                "code": "envelope-field",
                "severity": "error",
                "rule": "Bad",
                "file": "t.yaml",
                "line": 5,
                "message": "no event has 'Source' at the top level; write 'source'",
                "silence": "--ignore envelope-field:Bad",
            }
        ],
        "silenced": 2,
    }


@pytest.mark.parametrize(
    ("options", "comment", "codes"),
    [
        ((), "", ["no-dlq", "envelope-field", "no-dlq"]),
        (("--ignore", "no-dlq"), "", ["envelope-field"]),
        (("--ignore", "no-dlq:Bad"), "", ["no-dlq", "envelope-field"]),
        (("--ignore", "no-dlq", "--ignore", "envelope-field:Bad"), "", []),
        (("--ignore", "envelope-field:Good"), "", ["no-dlq", "envelope-field", "no-dlq"]),
        ((), "  # eventbridge-local: ignore envelope-field", ["no-dlq", "no-dlq"]),
        ((), "  # eventbridge-local: ignore no-dlq, envelope-field", ["no-dlq"]),
        ((), "  # eventbridge-local: ignore loop", ["no-dlq", "envelope-field", "no-dlq"]),
    ],
)
def test_silence(options: tuple[str, ...], comment: str, codes: list[str], run: Any, lined: Any) -> None:
    """By option for all rules or one, and by a comment where the rule is declared."""
    ran = run("lint", lined(comment), "--json", *options)
    assert [each["code"] for each in json.loads(ran.out)["findings"]] == codes


def test_comment_above(run: Any, tmp_path: Path) -> None:
    """A comment on the line above speaks for the rule too, one behind another rule's last line does not."""
    text = LINED % ""
    path = tmp_path / "t.yaml"
    path.write_text(text.replace("  Bad:", "  # eventbridge-local: ignore envelope-field\n  Bad:"))
    assert "envelope-field" not in run("lint", str(path)).out
    path.write_text(text.replace(":q'}]}\n  Bad:", ":q'}]} # eventbridge-local: ignore envelope-field\n  Bad:"))
    assert "envelope-field" in run("lint", str(path)).out


@pytest.mark.parametrize(
    ("bar", "ignored", "code"),
    [
        ("error", "", 1),
        ("warning", "", 1),
        ("info", "envelope-field", 1),
        ("warning", "envelope-field", 0),
        ("never", "", 0),
    ],
)
def test_exit_codes(bar: str, ignored: str, code: int, run: Any, lined: Any) -> None:
    """``--fail-on`` says what is bad enough."""
    assert run("lint", lined(), "--fail-on", bar, *(["--ignore", ignored] if ignored else [])).code == code


def test_unknown_code(run: Any, lined: Any) -> None:
    """A code that is misspelled would silence nothing."""
    ran = run("lint", lined(), "--ignore", "no-dql")
    assert ran.code == 2
    assert ran.err == "eventbridge-local: --ignore 'no-dql': there is no code 'no-dql'; did you mean 'no-dlq'?\n"

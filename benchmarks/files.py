"""What files cost: events through rules, archives through rules, and templates."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from measuring import fresh, in_turns, medians, new_client, seconds

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.cli import main as command_line

#: Loads a template and prints the time in units of reading its text, in an interpreter of its own: what the collector
#: of cycles does depends on all that a process keeps.
_LOAD = """
import gc, json, statistics, sys, time
import yaml
from eventbridge_local import mock_eventbridge

def seconds(act):
    start = time.process_time()
    act()
    return time.process_time() - start

path = sys.argv[1]
with open(path) as file:
    text = file.read()
for _ in range(2):  # the first time imports what loading needs
    with mock_eventbridge() as eb:
        taken = seconds(lambda: eb.load(path))
gc.disable()
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
unit = (lambda: json.loads(text)) if path.endswith("json") else (lambda: yaml.compose(text, Loader=loader))
print(taken / statistics.median(seconds(unit) for _ in range(9)))
"""
RULES = 100
EVENTS = 20_000
RESOURCES = 500
ROUNDS = 5
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def measure() -> dict[str, float]:
    """Return the figures of all rows about files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return replaying(folder) | loading(folder) | {"replay_archive": replaying_an_archive(EVENTS) * 1e6}


# events of a file


def envelope(number: int) -> str:
    """Return an envelope of some 500 bytes, as AWS writes it; one rule of the hundred matches it."""
    detail = {"id": f"o-{number}", "total": 120, "customer": {"id": "c-1", "country": "DE"}, "note": "x" * 200}
    members = {
        "version": "0",
        "id": f"6a7e8feb-b491-4cf7-a9f1-{number:012d}",
        "detail-type": "OrderPlaced",
        "source": f"shop.service-{number % RULES}",
        "account": "123456789012",
        "time": "2026-03-06T09:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }
    return json.dumps(members, separators=(",", ":")) + "\n"


def pattern(number: int) -> dict[str, Any]:
    """Return the pattern of one of the rules."""
    return {"source": [f"shop.service-{number}"], "detail": {"total": [{"numeric": [">", 100]}]}}


def queue(number: int) -> str:
    """Return the ARN of the target of one of the rules."""
    return f"arn:aws:sqs:us-east-1:123456789012:queue-{number}"


def put_rules(eb: EventBridge) -> None:
    """Put the rules, each with a recorded target."""
    for number in range(RULES):
        eb.rule(f"rule-{number}", pattern=pattern(number), to=queue(number))


def replaying(folder: Path) -> dict[str, float]:
    """Return what ``replay_from`` and ``replay`` cost."""
    events, few, template = folder / "events.jsonl", folder / "few.jsonl", folder / "template.json"
    events.write_text("".join(map(envelope, range(EVENTS))))
    few.write_text("".join(map(envelope, range(2_000))))
    more = folder / "more.jsonl"
    more.write_text("".join(map(envelope, range(8_000))))
    template.write_text(json.dumps({"Resources": {f"Rule{number}": rule(number) for number in range(RULES)}}))

    with mock_eventbridge(keep_records=1_000) as eb:
        put_rules(eb)
        acts = {
            "loads": lambda: read_with_json(events),
            "from": lambda: eb.replay_from(events),
            "command": lambda: run_command("replay", str(template), str(events)),
        }
        found = medians(in_turns(acts, ROUNDS))
        eb.replay_from(few)
        peaks = [peak(lambda path=path: eb.replay_from(path)) for path in (few, more)]
    return {
        "replay_from": found["from"] / found["loads"],
        "replay_cli": found["command"] / found["loads"],
        "replay_memory": peaks[1] / peaks[0],
    }


def rule(number: int) -> dict[str, Any]:
    """Return a rule of a template."""
    targets = [{"Id": "1", "Arn": queue(number)}]
    properties = {"Name": f"rule-{number}", "EventPattern": pattern(number), "Targets": targets}
    return {"Type": "AWS::Events::Rule", "Properties": properties}


def read_with_json(path: Path) -> None:
    """Read all lines and do nothing else."""
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


def run_command(*arguments: str) -> None:
    """Run the command line without its output."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert command_line(arguments) == 0


def peak(act: Callable[[], Any]) -> float:
    """Return the most memory that ``act`` has at a time, in bytes."""
    tracemalloc.start()
    act()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


# events of an archive


def replaying_an_archive(events: int) -> float:
    """Return the seconds of a replay, for each event."""
    with mock_eventbridge() as eb:
        client = new_client()
        archive = eb.archive("march")
        for first in range(0, events, 10):
            client.put_events(Entries=[archived(first + number) for number in range(10)])
        put_rules(eb)
        request = archive.as_replay_request()
        taken = [seconds(lambda n=n: client.start_replay(ReplayName=f"replay-{n}", **request)) for n in range(3)]
        assert client.describe_replay(ReplayName="replay-2")["State"] == "COMPLETED"
        return median(taken) / events


def archived(number: int) -> dict[str, Any]:
    """Return an entry; ten of them in each minute."""
    detail = {"id": f"o-{number}", "total": 120, "customer": {"id": "c-1", "country": "DE"}, "note": "x" * 200}
    when = MARCH + timedelta(seconds=6 * number)
    return {
        "Source": f"shop.service-{number % RULES}",
        "DetailType": "OrderPlaced",
        "Detail": json.dumps(detail),
        "Time": when,
    }


# templates


def template_of(resources: int) -> dict[str, Any]:
    """Return a template of half queues, half rules with a transformer; some 2 KB for each resource."""
    tags = [{"Key": f"key-{number}", "Value": "v" * 40} for number in range(30)]
    declared: dict[str, Any] = {}
    for number in range(resources // 2):
        declared[f"Queue{number}"] = {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": f"orders-{number}", "Tags": tags},
        }
        target = {
            "Id": "1",
            "Arn": {"Fn::GetAtt": [f"Queue{number}", "Arn"]},
            "InputTransformer": {"InputPathsMap": {"order": "$.detail.id"}, "InputTemplate": '{"order": <order>}'},
        }
        wanted = pattern(number) | {"detail-type": ["OrderPlaced", "OrderChanged"]}
        wanted["detail"] |= {"country": ["DE", "AT", "CH"], "state": [{"anything-but": ["new", "old"]}]}
        properties = {"Name": f"rule-{number}", "EventPattern": wanted, "Targets": [target]}
        declared[f"Rule{number}"] = {"Type": "AWS::Events::Rule", "Properties": properties}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": declared}


def loading(folder: Path) -> dict[str, float]:
    """Return what ``eb.load`` costs, in units of reading the same text."""
    template = template_of(RESOURCES)
    as_json, as_yaml = json.dumps(template, indent=1), yaml.dump(template, Dumper=_without_aliases())
    paths = {"json": folder / "big.json", "yaml": folder / "big.yaml"}
    for path, text in zip(paths.values(), (as_json, as_yaml), strict=True):
        path.write_text(text)

    found = {kind: median(fresh(_LOAD, str(path))[0] for _ in range(5)) for kind, path in paths.items()}
    return {"load_json": found["json"], "load_yaml": found["yaml"]}


def _without_aliases() -> type:
    """Return a class that writes YAML as people do, each value where it is used."""

    class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return Plain

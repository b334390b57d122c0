"""What an import brings with it: the plugin in every run of pytest, and a mock in a test that uses little of it.

Each case runs in a process of its own, because other tests have imported everything.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import get_args, get_type_hints

import botocore.session
import pytest

from eventbridge_local import Contracts, mock_eventbridge
from eventbridge_local.delivery.faults import ENTRY_CODES
from eventbridge_local.options import NAMES, OptionKeywords, Options
from eventbridge_local.pytest_plugin import INI_KEYS
from eventbridge_local.typing import EntryCode, Operation


def modules_after(code: str, beside: str = "pass") -> set[str]:
    """Return the names of the modules that ``code`` imports in a new process, without those that ``beside`` imports."""
    script = f"import sys\n{beside}\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_plugin_brings_the_standard_library_alone() -> None:
    """It is imported at the start of every run of an environment, also of those that never use it."""
    found = modules_after("import eventbridge_local.pytest_plugin", beside="import pytest")
    assert {name for name in found if name.split(".")[0] not in sys.stdlib_module_names} == {
        "eventbridge_local",
        "eventbridge_local.defaults",
        "eventbridge_local.pytest_plugin",
    }


def test_an_ini_key_sets_an_option() -> None:
    """The table in the plugin cannot import the options, so its names are compared with them here."""
    assert INI_KEYS.keys() <= set(NAMES)


def test_type_checkers_know_every_option() -> None:
    """The keywords of ``mock_eventbridge`` have the names and types of the fields of ``Options``."""
    names = {"Contracts": Contracts}
    assert get_type_hints(OptionKeywords, localns=names) == get_type_hints(Options, localns=names)


def test_help_shows_every_option() -> None:
    """What ``help()`` prints and a shell completes is made of ``Options``, with the type and the words of each."""
    shown = inspect.signature(mock_eventbridge).parameters
    assert tuple(shown)[1:] == NAMES
    assert shown["keep_records"].default == "auto"
    told = (inspect.getdoc(Options) or "").partition("Args:\n")[2]
    assert told.strip()
    assert told in (mock_eventbridge.__doc__ or "")


def test_the_literals_are_what_exists() -> None:
    """What an argument may be in a type checker is what it may be when the test runs."""
    operations = botocore.session.Session().get_service_model("events").operation_names
    assert set(get_args(Operation)) == set(operations)
    assert set(get_args(EntryCode)) == set(ENTRY_CODES)


#: What features need that few tests use, so that it is imported when one of them is used.
FOR_FEATURES = {
    "croniter",
    "difflib",
    "jsonschema",
    "yaml",
    "eventbridge_local.contracts",
    "eventbridge_local.delivery.forks",
    "eventbridge_local.delivery.http.deadline",
    "eventbridge_local.delivery.http.invocations",
    "eventbridge_local.delivery.http.oauth",
    "eventbridge_local.delivery.http.sender",
    "eventbridge_local.delivery.moto_permissions",
    "eventbridge_local.delivery.refusals",
    "eventbridge_local.delivery.replays",
    "eventbridge_local.event_files",
    "eventbridge_local.iac",
    "eventbridge_local.model.archives",
    "eventbridge_local.model.rare_records",
    "eventbridge_local.model.trace",
    "eventbridge_local.operations.archives",
    "eventbridge_local.operations.connections",
    "eventbridge_local.operations.endpoints",
    "eventbridge_local.operations.partner_sources",
    "eventbridge_local.operations.permissions",
    "eventbridge_local.operations.replays",
    "eventbridge_local.patterns.complexity",
    "eventbridge_local.policies.access",
    "eventbridge_local.policies.documents",
    "eventbridge_local.policies.statements",
    "eventbridge_local.report.assertions",
    "eventbridge_local.report.checks",
    "eventbridge_local.report.coverage",
    "eventbridge_local.report.explain",
    "eventbridge_local.report.hints",
    "eventbridge_local.report.journal_text",
    "eventbridge_local.report.logs",
    "eventbridge_local.report.permissions",
    "eventbridge_local.report.stand_ins",
    "eventbridge_local.schedules",
}

ONE_PUT = """
import boto3
from eventbridge_local import mock_eventbridge

with mock_eventbridge(region="us-east-1"):
    client = boto3.client("events")
    client.put_rule(Name="r", EventPattern='{"source": ["shop"], "detail": {"total": [{"numeric": [">", 9]}]}}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}])
    client.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": '{"total": 10}'}])
"""


@pytest.mark.parametrize("code", ["from eventbridge_local import mock_eventbridge", ONE_PUT], ids=["import", "one put"])
def test_a_mock_brings_what_every_mock_needs(code: str) -> None:
    """Neither its import nor a rule with a target and an event brings in what only other features need."""
    assert modules_after(code) & FOR_FEATURES == set()


def test_a_mock_brings_nothing_of_what_targets_make_of_events() -> None:
    """Input, InputPath and InputTransformer are imported when the first target is put."""
    found = modules_after("from eventbridge_local import mock_eventbridge")
    assert {name for name in found if name.startswith("eventbridge_local.transforms")} == {
        "eventbridge_local.transforms"
    }

"""The AWS CLI: against the server, and inside this process against the hook. Skipped where it is not installed."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.server import serve

SHOP = Path(__file__).parent.parent / "cases" / "cli" / "templates" / "shop.yaml"
AWS = shutil.which("aws", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
ENTRIES = json.dumps(
    [{"Source": "shop", "DetailType": "Placed", "Detail": '{"total": 5000}', "EventBusName": "orders"}]
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the AWS CLI; returns its process."""
    if AWS is None:
        pytest.skip("there is no aws executable")
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_PAGER", "")

    def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [AWS, "events", *arguments, "--endpoint-url", url, "--output", "json"]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    return run


def test_put_events(aws: Any, sockets: Any) -> None:
    """What people type: rules, events, an error with AWS's words."""
    with serve(template=str(SHOP)) as url:
        listed = aws(url, "list-rules", "--event-bus-name", "orders")
        assert [rule["Name"] for rule in json.loads(listed.stdout)["Rules"]] == ["Fraud", "Invoices"]
        put = aws(url, "put-events", "--entries", ENTRIES)
        assert json.loads(put.stdout)["FailedEntryCount"] == 0
        refused = aws(url, "describe-rule", "--name", "Nothing")
        assert refused.returncode == 254 or refused.returncode == 255
        assert "ResourceNotFoundException" in refused.stderr


IN_PROCESS = """
import contextlib, io, json
from eventbridge_local import mock_eventbridge
from awscli.clidriver import create_clidriver

with mock_eventbridge() as eb:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = create_clidriver().main(["events", "put-events", "--entries", {entries!r}])
    print(json.dumps([code, [entry.detail_type for entry in eb.events]]))
"""


@pytest.mark.skipif(importlib.util.find_spec("awscli") is None, reason="awscli is not installed beside this library")
@pytest.mark.parametrize("first", ["", "import awscli.clidriver\n"], ids=["library first", "awscli first"])
def test_in_process(first: str, tmp_path: Path) -> None:
    """The hook answers the CLI as it answers any client; a process of its own, because awscli bends imports."""
    entries = json.dumps([{"Source": "shop", "DetailType": "Placed", "Detail": "{}"}])
    code = first + IN_PROCESS.format(entries=entries)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert ran.stderr == ""
    assert json.loads(ran.stdout.splitlines()[-1]) == [0, ["Placed"]]

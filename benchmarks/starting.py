"""What importing and starting cost, in fresh interpreters."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import cached_bytecode, fresh

_PARTS = """
import time
a = time.process_time()
import botocore.session
b = time.process_time()
from eventbridge_local import mock_eventbridge
c = time.process_time()
print((c - b) / (b - a))
"""
_CLIENT = """
import time
a = time.process_time()
import boto3
from eventbridge_local import mock_eventbridge
with mock_eventbridge():
    boto3.client("events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    print(time.process_time() - a)
"""
_MOTO = """
import time
a = time.process_time()
from moto import mock_aws
print(time.process_time() - a)
"""
_ROUNDS = 11


def measure() -> dict[str, float]:
    """Return the figures of all rows about starting."""
    return {"import_mock": share_of_botocore(), "import_client": against_moto(), "plugin": plugin_ms()}


def share_of_botocore() -> float:
    """Return our import as a share of botocore's, both in each interpreter."""
    fresh(_PARTS)
    return statistics.median(fresh(_PARTS)[0] for _ in range(_ROUNDS))


def against_moto() -> float:
    """Return the ratio of a mock with a client to the import of moto's mock."""
    fresh(_CLIENT), fresh(_MOTO)
    pairs = [(fresh(_CLIENT)[0], fresh(_MOTO)[0]) for _ in range(_ROUNDS)]
    ours, moto = (statistics.median(each) for each in zip(*pairs, strict=True))
    return ours / moto


def plugin_ms() -> float:
    """Return the milliseconds that the plugin adds to a run of pytest that does not use it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
        with_plugin, without = ["-p", "eventbridge_local.pytest_plugin"], ["-p", "no:eventbridge_local"]
        _pytest_seconds(folder, with_plugin), _pytest_seconds(folder, without)
        pairs = [(_pytest_seconds(folder, with_plugin), _pytest_seconds(folder, without)) for _ in range(15)]
    return statistics.median(loaded - bare for loaded, bare in pairs) * 1e3


def _pytest_seconds(folder: str, options: list[str]) -> float:
    """Return the CPU seconds of a run of pytest, which loads no other plugin."""
    environment = {**cached_bytecode(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, folder]
    before = _children()
    subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=True)
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

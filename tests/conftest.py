"""Shared by all tests: an environment without AWS, and a guard on the network."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import socket_audit
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# Real time decides nothing here: a slow machine makes no example wrong.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


#: Packages that users of the library may lack; a file of tests that imports one which is absent is left out.
OPTIONAL = (
    "aiobotocore",
    "aws_lambda_powertools",
    "boto3",
    "dirty_equals",
    "freezegun",
    "hatchling",
    "moto",
    "time_machine",
    "yaml",
)
#: Files that import it in functions, in programs that they run, or through others. YAML is in the files they read.
_ALSO = {
    "boto3": (
        "botocore_hooks/test_hidden_clients.py",
        "botocore_hooks/test_socket_audit.py",
        "botocore_hooks/test_wire.py",
        "cli/test_page.py",
        "conformance/test_scenarios.py",
        "messages/test_messages.py",
        "soak/test_soak.py",
        "tests/test_path.py",
        "tests/test_pytest_plugin.py",
        "tests/test_readme.py",
    ),
    "aiobotocore": (
        "botocore_hooks/test_hidden_clients.py",
        "botocore_hooks/test_socket_audit.py",
        "tests/test_readme.py",
    ),
    "moto": ("tests/test_readme.py",),
    "yaml": (
        "cli/test_page.py",
        "cli/test_terminal.py",
        "contracts/test_cases.py",
        "fuzz/test_captures.py",
        "fuzz/test_templates.py",
        "iac/test_bad_input.py",
        "iac/test_documents.py",
        "iac/test_formats.py",
        "iac/test_handlers.py",
        "iac/test_report.py",
        "iac/test_running.py",
        "iac/test_spoiled.py",
        "iac/test_templates.py",
        "journeys/test_templates.py",
        "tests/test_blow_ups.py",
        "tests/test_readme.py",
    ),
}
_ABSENT = [name for name in OPTIONAL if importlib.util.find_spec(name) is None]
_IMPORTS_ABSENT = re.compile(rf"^(?:import|from) (?:{'|'.join(_ABSENT)})\b", re.MULTILINE)


def pytest_report_header() -> list[str]:
    return [f"left out, with the tests that import it: {', '.join(_ABSENT)}"] if _ABSENT else []


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if not _ABSENT or not collection_path.name.startswith("test_") or collection_path.suffix != ".py":
        return None
    if any(collection_path.as_posix().endswith(_ALSO.get(name, ())) for name in _ABSENT):
        return True
    return True if _IMPORTS_ABSENT.search(collection_path.read_text(encoding="utf-8")) else None


@functools.cache
def _read_once(path: str, read: Callable[[JSONFileLoader, str], Any] = JSONFileLoader.load_file) -> Any:
    return read(JSONFileLoader(), path)


# Every session of botocore reads the models of its services anew, which would take a fifth of the time of all tests.
JSONFileLoader.load_file = lambda self, path: _read_once(path)

#: Not in a temporary folder of the test's own, because making one takes longer than most tests.
_NO_FILE = str(Path(__file__).with_name("there-is-no-such-file"))

# The shop of the examples makes a client when it is imported, as applications do, which asks for credentials.
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

_connected: list[Any] = []
#: Lookups of names and whatever else goes beyond this machine.
_left: list[socket_audit.Contact] = []


def _note(contact: socket_audit.Contact) -> None:
    if contact.event == "socket.connect":
        _connected.append(contact.address)
    if contact.leaves:
        _left.append(contact)


socket_audit.watch(_note)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a thread asked somebody after its test."""
    if _connected or _left:
        print(f"\nasked outside of tests: {_connected}", *_left, sep="\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No credentials, no Region, no configuration; and whoever connects a socket or looks up a name fails."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, _NO_FILE)
    for name in ("AWS_PROFILE", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    yield
    # Both are emptied, so that one test fails; what a thread did since the last test fails here too.
    connected, left = _connected[:], _left[:]
    _connected.clear()
    _left.clear()
    assert connected == [], "a socket was connected"
    assert not left, "beyond this machine:\n" + "\n".join(map(str, left))


@pytest.fixture
def connected_sockets() -> list[Any]:
    """The addresses that sockets were connected to; a test that expects one clears it afterwards."""
    return _connected


@pytest.fixture
def sockets(connected_sockets: list[Any]) -> Iterator[Sequence[Any]]:
    """Let a test connect sockets, to this machine."""
    before = len(connected_sockets)
    yield connected_sockets
    hosts = {address[0] for address in connected_sockets[before:]}
    del connected_sockets[before:]
    assert hosts <= {"127.0.0.1", "::1"}

"""Shared by all tests: an environment without AWS, and a guard on the network."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# Real time decides nothing here: a slow machine makes no example wrong.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@functools.cache
def _read_once(path: str, read: Callable[[JSONFileLoader, str], Any] = JSONFileLoader.load_file) -> Any:
    return read(JSONFileLoader(), path)


# Every session of botocore reads the models of its services anew, which would take a fifth of the time of all tests.
JSONFileLoader.load_file = lambda self, path: _read_once(path)

#: Not in a temporary folder of the test's own, because making one takes longer than most tests.
_NO_FILE = str(Path(__file__).with_name("there-is-no-such-file"))

_connected: list[Any] = []


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _connected.append(args[1])


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No credentials, no Region, no configuration; and whoever connects a socket fails."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, _NO_FILE)
    for name in ("AWS_PROFILE", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    before = len(_connected)
    yield
    assert _connected[before:] == [], "a socket was connected"


@pytest.fixture
def connected_sockets() -> list[Any]:
    """The addresses that sockets were connected to; a test that expects one clears it afterwards."""
    return _connected

"""The pytest plugin: fixture ``eventbridge`` and marker ``eventbridge``.

It is imported at the start of every pytest run of an environment, so it imports nothing but pytest; the library,
and with it botocore, comes in when a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eventbridge_local import EventBridge

_MARKER = (
    "eventbridge(**options): run the test inside mock_eventbridge(**options); "
    "options of class and module markers count where a nearer one is silent"
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The marker alone is enough: it asks for the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and item.get_closest_marker("eventbridge") and "eventbridge" not in names:
            names.insert(0, "eventbridge")


@pytest.fixture
def eventbridge(request: pytest.FixtureRequest) -> Iterator[EventBridge]:
    """An EventBridge of this test's own; every boto3 ``events`` call is answered by it."""
    from eventbridge_local.mock import Mock
    from eventbridge_local.options import make_options

    options = _marked_options(request.node)
    # Ids are the same in every run of a test, whatever ran before it and on whichever worker.
    options.setdefault("seed", request.node.nodeid)
    mock = Mock(make_options(options, door="@pytest.mark.eventbridge"))
    handle = mock.__enter__()
    request.node.stash[_HANDLE] = handle
    yield handle
    mock.__exit__(None, None, None)


_HANDLE: pytest.StashKey[Any] = pytest.StashKey()


def _marked_options(node: pytest.Item) -> dict[str, Any]:
    """The keywords of all markers of a test, nearest first."""
    merged: dict[str, Any] = {}
    for marker in node.iter_markers("eventbridge"):
        if marker.args:
            pytest.fail(f"@pytest.mark.eventbridge takes keywords only, got {marker.args!r}", pytrace=False)
        merged = {**marker.kwargs, **merged}
    return merged


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Put our hints on a refusal that ended a test, before pytest writes it down."""
    handle = item.stash.get(_HANDLE, None)
    if handle is not None and call.when == "call" and call.excinfo is not None:
        for hint in handle.hints_for(call.excinfo.value):
            call.excinfo.value.add_note(hint)
    return (yield)

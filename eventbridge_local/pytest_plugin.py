"""The pytest plugin: fixture and marker ``eventbridge``, ini keys, the journal of a failing test, rule coverage.

It is imported at the start of every pytest run of an environment, so it imports nothing but pytest and ``defaults``.
The library, and with it botocore, comes in when a test asks for the fixture.
"""

from __future__ import annotations

import argparse
import os
import re
import traceback
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import pytest

from eventbridge_local import defaults

if TYPE_CHECKING:
    from eventbridge_local.handle import EventBridge
    from eventbridge_local.mock import Mock

_MARKER = (
    "eventbridge(**options): run the test inside mock_eventbridge(**options); "
    "options of class and module markers apply where a nearer marker does not set them"
)
#: The options that an ini key ``eventbridge_<option>`` sets for every mock of a run: pytest's type of the value and the
#: help text. Names alone, because ``options`` would bring the library into every run.
INI_KEYS: dict[str, tuple[Literal["bool", "paths", "args"], str]] = {
    "allow_hosts": ("args", "the option allow_hosts: names of hosts besides this machine that may be called"),
    "strict": ("bool", "the option strict of every mock_eventbridge"),
    "contracts": ("paths", "the option contracts: files and folders of schemas"),
    "template": ("paths", "the option template: files to load rules from"),
}
_JOURNAL = "eventbridge journal"
#: How many mocks of one test are kept for its report.
_MOST_MOCKS = 20
_JOURNAL_WORDS = ("always", "failed", "never")
_COVERAGE = "eventbridge_coverage"


# options and ini keys


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("eventbridge", "eventbridge_local")
    group.addoption(
        "--eventbridge-journal",
        type=_journal_choice,
        default="failed",
        metavar="{always,failed,never,FOLDER}",
        help="show what happened on the event buses under failing tests (default), under all tests, or never; "
        "or write it into a folder, such as ./journals, a file for each test",
    )
    group.addoption(
        "--eventbridge-coverage",
        action="store_true",
        help="list the rules that matched no event in this run, and the pattern fields that never decided",
    )
    group.addoption(
        "--eventbridge-block",
        action="store_true",
        help="let events calls of tests that no mock answers fail; the same as the ini key eventbridge_block",
    )
    for option, (kind, text) in INI_KEYS.items():
        parser.addini(f"eventbridge_{option}", text, type=kind)
    parser.addini("eventbridge_block", "let events calls of tests that no mock answers fail", type="bool")


def _journal_choice(text: str) -> str:
    """Return a value of ``--eventbridge-journal``. A folder is one that is there, or has a slash in its name."""
    if text in _JOURNAL_WORDS or "/" in text or os.sep in text or os.path.isdir(text):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r}: choose from {', '.join(_JOURNAL_WORDS)}, or write ./{text} for a folder of that name"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    run = config.stash[_RUN] = _Run(coverage=config.getoption("--eventbridge-coverage"))
    before = dict(defaults.options)
    defaults.options.update(_defaults(config))
    defaults.listeners.append(run.on_mock)

    def clean_up() -> None:
        run.unblock()
        defaults.listeners.remove(run.on_mock)
        defaults.options.clear()
        defaults.options.update(before)

    config.add_cleanup(clean_up)


def _defaults(config: pytest.Config) -> dict[str, Any]:
    """Return the options that ini keys set; a key that is not there sets none."""
    values = {option: config.getini(f"eventbridge_{option}") for option in INI_KEYS}
    return {name: value for name, value in values.items() if value}


# calls outside a mock


def _block_calls(config: pytest.Config) -> Callable[[], None]:
    """Let calls outside a mock fail from now on, and return what ends that. The library, and botocore, come in here."""
    from eventbridge_local.botocore_hooks import hook, refused_calls

    return hook.block(refused_calls.Block(_why_blocked, config.getini("eventbridge_allow_hosts")))


def _why_blocked() -> str:
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    return (
        f"this run blocks calls outside a mock (eventbridge_block), and no mock is active in {test or 'this test'}. "
        "Ask for the fixture `eventbridge`, in the test or in the fixture that calls; or use `with mock_eventbridge():`"
    )


# the fixture


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
    _read_contracts_once(request.config.stash[_RUN], options)
    mock = Mock(make_options(options, caller="@pytest.mark.eventbridge"))
    handle = mock.__enter__()
    request.node.stash[_MOCK] = mock
    yield handle
    del request.node.stash[_MOCK]
    error = request.node.stash.get(_ERROR, None)
    mock.__exit__(type(error) if error else None, error, None)


_MOCK: pytest.StashKey[Mock] = pytest.StashKey()
#: What ended the set-up or the body of a test.
_ERROR: pytest.StashKey[BaseException] = pytest.StashKey()


def _marked_options(node: pytest.Item) -> dict[str, Any]:
    """Return the keywords of all markers of a test; the nearest marker wins."""
    merged: dict[str, Any] = {}
    for marker in node.iter_markers("eventbridge"):
        if marker.args:
            pytest.fail(f"give the options of @pytest.mark.eventbridge by keyword, not {marker.args!r}", pytrace=False)
        merged = {**marker.kwargs, **merged}
    return merged


def _read_contracts_once(run: _Run, options: dict[str, Any]) -> None:
    """Read the files of contracts once in a run and not for each test."""
    given = options.get("contracts", defaults.options.get("contracts"))
    paths = [given] if isinstance(given, str | Path) else given
    if isinstance(paths, list | tuple) and paths and all(isinstance(path, str | Path) for path in paths):
        from eventbridge_local.contracts import Contracts

        key = tuple(str(Path(path).absolute()) for path in paths)
        if key not in run.contracts:
            run.contracts[key] = Contracts.coerce(list(paths))
        options["contracts"] = run.contracts[key]


# the journal under a test


class _Run:
    """What the plugin remembers: mocks of the test that runs now, and the coverage so far.

    Coverage is kept as plain data, as it travels between the processes of xdist.
    """

    def __init__(self, coverage: bool) -> None:
        self._wants_coverage = coverage
        self._open: list[EventBridge] = []
        #: The mocks of this test by their numbers, each with the last record of its journal when the test began.
        self._seen: dict[int, tuple[EventBridge, Any]] = {}
        self._count = 0
        self.coverage: list[list[Any]] = []
        self.contracts: dict[tuple[str, ...], Any] = {}
        self._unblock: Callable[[], None] | None = None

    def block(self, config: pytest.Config) -> None:
        """Let calls outside a mock fail, where the run says so, from its first test to its end."""
        if self._unblock is None and (config.getoption("--eventbridge-block") or config.getini("eventbridge_block")):
            self._unblock = _block_calls(config)

    def unblock(self) -> None:
        """Let calls outside a mock go on again."""
        if self._unblock is not None:
            self._unblock()
            self._unblock = None

    def on_mock(self, moment: defaults.Moment, handle: EventBridge) -> None:
        """Take note of a mock that has begun, forgets its journal, or has ended."""
        if moment == "begin":
            self._open.append(handle)
            self._see(handle, None)
            self._forget_oldest()
            return
        if self._wants_coverage:
            self.coverage = _added_up(self.coverage, handle.coverage().as_data())
        if moment == "end" and handle in self._open:
            self._open.remove(handle)

    def begin_test(self) -> None:
        """Look only at what happens from now on; mocks of wider scopes go on."""
        self.end_test()
        for handle in self._open:
            self._see(handle, _last_record(handle))

    def end_test(self) -> None:
        self._seen = {}
        self._count = 0

    def _see(self, handle: EventBridge, before: Any) -> None:
        self._count += 1
        self._seen[self._count] = (handle, before)

    def _forget_oldest(self) -> None:
        """Let go of a mock that has ended: a test with random input may enter thousands."""
        if len(self._seen) > _MOST_MOCKS:
            ended = (number for number, (handle, _) in self._seen.items() if handle not in self._open)
            self._seen.pop(next(ended, 0), None)

    def journals(self, *, whole: bool = False) -> list[tuple[str, str]]:
        """Return the journals of this test's mocks, each with its title, in the order in which they began.

        Args:
            whole: all of each; otherwise the end of each.
        """
        seen = ((number, handle.journal, before) for number, (handle, before) in self._seen.items())
        texts = {number: (journal.text if whole else journal.end)(before) for number, journal, before in seen}
        silent = [number for number, text in texts.items() if not text]
        total = self._count - len(silent)
        journals = []
        for number, text in texts.items():
            if text:
                place = number - sum(other < number for other in silent)
                journals.append((f"{_JOURNAL} {place} of {total}" if total > 1 else _JOURNAL, text))
        return journals


_RUN: pytest.StashKey[_Run] = pytest.StashKey()


def _last_record(handle: EventBridge) -> Any:
    return next(reversed(handle.journal.records), None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    run = item.config.stash[_RUN]
    run.block(item.config)
    run.begin_test()
    try:
        return (yield)
    finally:
        _write_journals(item, run)
        run.end_test()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Add notes to the error that ended a test before pytest reports it, and add the journal to the report."""
    if call.excinfo is not None and call.when in ("setup", "call"):
        item.stash[_ERROR] = call.excinfo.value
        mock = item.stash.get(_MOCK, None)
        if mock is not None:
            mock.add_notes(call.excinfo.value)
    text = None if call.excinfo is None or item.config.getoption("fulltrace") else _without_our_source(call)
    report = yield
    if text is not None and report.longrepr is not None:
        report.longrepr = text
    _add_journals(item, report)
    return report


# errors without our source


#: What runs a test, and what a call of a client passes: nobody looks for a mistake there.
_NOT_THE_USERS = ("_pytest", "pluggy", "pytest", "contextlib", "eventbridge_local", "botocore")


def _without_our_source(call: pytest.CallInfo[Any]) -> str | None:
    """Take the lines of this library out of the traceback of an error of its own.

    Returns:
        the text of the error where the traceback has nothing else, as for a fixture and a marker.
    """
    assert call.excinfo is not None
    error = call.excinfo.value
    if not _is_ours(error):
        return None
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = _users_part(each.__traceback__)
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
    if error.__traceback__ is None:
        return "".join(traceback.format_exception(error)).rstrip()
    call.excinfo = pytest.ExceptionInfo.from_exc_info((type(error), error, error.__traceback__))
    return None


def _is_ours(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return str(error).startswith("eventbridge_local: ")
    return type(error).__module__.partition(".")[0] == "eventbridge_local"


def _users_part(found: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames that are not the user's; None where no other is left."""
    frames = []
    while found is not None:
        frames.append(found)
        found = found.tb_next
    rest = None
    for each in reversed(frames):
        package = str(each.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if each.tb_frame.f_code.co_filename == "<frozen>":  # what ``frozen`` makes
            package = "eventbridge_local"
        if package != "eventbridge_local" and (rest is not None or package not in _NOT_THE_USERS):
            rest = TracebackType(rest, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return rest


def _add_journals(item: pytest.Item, report: pytest.TestReport) -> None:
    when = item.config.getoption("--eventbridge-journal")
    when = when if when in _JOURNAL_WORDS else "failed"
    is_shown = report.failed if when == "failed" else when == "always" and (report.failed or report.when == "call")
    if not is_shown or item.stash.get(_SHOWN, False):
        return
    item.stash[_SHOWN] = report.failed
    for title, journal in item.config.stash[_RUN].journals():
        _add_section(report, title, journal)


def _add_section(report: pytest.TestReport, title: str, text: str) -> None:
    """Show a text under a test. Where it failed the text is a part of the failure, as JUnit XML has it too."""
    failure: Any = report.longrepr if report.failed else None
    if isinstance(failure, str):
        report.longrepr = f"{failure}\n{f' {title} ':-^80}\n{text}"
    elif hasattr(failure, "addsection"):
        failure.addsection(title, text, "-")
    else:
        report.sections.append((title, text))


def _write_journals(item: pytest.Item, run: _Run) -> None:
    """Write the journals of a test into the folder that the run names, whole, in one file."""
    folder = item.config.getoption("--eventbridge-journal")
    if folder in _JOURNAL_WORDS or not (journals := run.journals(whole=True)):
        return
    path = item.config.invocation_params.dir / folder / f"{_file_name(item.nodeid)}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [text if len(journals) == 1 else f"{title}\n\n{text}" for title, text in journals]
    path.write_text("\n\n".join(texts) + "\n", encoding="utf-8")


def _file_name(test: str) -> str:
    """Return a name for the file of a test: its id, without what a file system may refuse."""
    name = re.sub(r"[^\w.\[\]=,+-]+", "_", test.replace("::", "."))
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    short = name.encode()[: _LONGEST_NAME - 9].decode(errors="ignore")
    return f"{short}-{zlib.crc32(test.encode()):08x}"


#: Bytes; file systems take 255, and an ending stands behind it.
_LONGEST_NAME = 200


#: Whether a failed report of this test has the journal already.
_SHOWN: pytest.StashKey[bool] = pytest.StashKey()


# rule coverage, and the processes of xdist


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On a worker of xdist: hand the coverage to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_COVERAGE] = session.config.stash[_RUN].coverage


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """On the controller of xdist: a worker has ended."""
    run = node.config.stash[_RUN]
    run.coverage = _added_up(run.coverage, getattr(node, "workeroutput", {}).get(_COVERAGE, []))


def _added_up(one: list[list[Any]], other: list[list[Any]]) -> list[list[Any]]:
    if not other:
        return one
    from eventbridge_local.report.coverage import Coverage

    return (Coverage.from_data(one) | Coverage.from_data(other)).as_data()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--eventbridge-journal") == "always":
        _show_journals(terminalreporter)
    if config.getoption("--eventbridge-coverage"):
        from eventbridge_local.report.coverage import Coverage

        terminalreporter.section("eventbridge rule coverage")
        terminalreporter.line(str(Coverage.from_data(config.stash[_RUN].coverage)))


def _show_journals(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the journals of tests that passed; those of failed tests are in their reports."""
    for report in terminalreporter.stats.get("passed", ()):
        for title, journal in getattr(report, "sections", ()):
            if title.startswith(_JOURNAL):
                terminalreporter.section(f"{title} of {report.nodeid}", sep="-")
                terminalreporter.line(journal)

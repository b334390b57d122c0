"""``mock_eventbridge``: one object that is a context manager, an async context manager and a decorator.

Every time it is entered it makes a new, empty EventBridge, so an object can be used again, can be nested in itself, and
can be used by several threads and tasks at once. Its exit restores exactly what was found, also after an exception.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

import botocore.session

from eventbridge_local import defaults, moto_insides, report
from eventbridge_local.botocore_hooks import neighbours
from eventbridge_local.botocore_hooks.active import (
    ActiveMock,
    active_mocks,
    innermost,
    region_around,
)
from eventbridge_local.botocore_hooks.hook import activate, deactivate
from eventbridge_local.delivery.forward import Services, as_kept, none_is_set
from eventbridge_local.delivery.kinds import destination_of
from eventbridge_local.errors import UsageError, add_note
from eventbridge_local.handle import EventBridge
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Ids
from eventbridge_local.operations.service import Service
from eventbridge_local.options import OptionKeywords, Options, make_options, show_options

if TYPE_CHECKING:
    import pytest

    from eventbridge_local.policies.access import Permissions

F = TypeVar("F", bound=Callable[..., Any] | type)

_DEFAULT_REGION = "us-east-1"
#: Outcomes of deliveries that did not fail.
_SUCCEEDED = ("delivered", "recorded", "archived")
#: What the Region of the AWS configuration file depends on; while none of it changes, the answer is known.
_CONFIGURATION_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
_CONFIGURATION_KEPT = as_kept(*_CONFIGURATION_VARIABLES)
#: Where botocore looks for profiles while none of these is set.
_CONFIGURATION_FOLDER = "~/.aws"
_CONFIGURATION_FILES = ("config", "credentials")


class Mock:
    """The result of ``mock_eventbridge(...)``: a context manager and a decorator."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def __enter__(self) -> EventBridge:
        return _EnteredMock(self._options, self).__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._innermost().__exit__(kind, error, traceback)

    def start(self) -> EventBridge:
        """Begin, as ``with`` does, where no block can be written: in ``setUp``, with ``addCleanup(mock.stop)``.

        Returns:
            the handle.
        """
        return self.__enter__()

    def stop(self) -> None:
        """End what ``start`` began, with its checks.

        Raises:
            ExceptionGroup: a check failed, as at the end of a ``with`` block.
            UsageError: it has not been started, or was stopped already.
        """
        self._innermost().__exit__(None, None, None)

    def add_notes(self, error: BaseException) -> None:
        """Add hints and failed checks to an error that ended a test, as an exit with this error would."""
        self._innermost().add_notes(error)

    def _innermost(self) -> _EnteredMock:
        """Return the entry that an exit ends: the innermost of this object in this context, else in the process."""
        mock = innermost()  # as it nearly always is
        if isinstance(mock, _EnteredMock) and mock.owner is self:
            return mock
        for mock in active_mocks():
            if isinstance(mock, _EnteredMock) and mock.owner is self:
                return mock
        raise UsageError(
            "this mock_eventbridge is not active: it was not entered, or has ended already. Write `with mock:`, or "
            "call mock.start() once before each mock.stop()"
        )

    async def __aenter__(self) -> EventBridge:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, decorated: F) -> F:
        """Run a function, coroutine function, generator fixture or every test of a class inside a mock of its own."""
        if isinstance(decorated, type):
            return _decorate_class(self, decorated, self._options)  # type: ignore[return-value]
        if not callable(decorated):
            raise UsageError(f"mock_eventbridge cannot decorate {decorated!r}; decorate a function or a class")
        wrapped: F = _decorate_function(decorated, self._options)
        return wrapped

    def __repr__(self) -> str:
        return f"mock_eventbridge({self._options!r})"


@overload
def mock_eventbridge(decorated: F, /) -> F: ...
@overload
def mock_eventbridge(**options: Unpack[OptionKeywords]) -> Mock: ...
def mock_eventbridge(decorated: Any = None, /, **options: Any) -> Any:
    """Answer every ``events`` call of this process from an EventBridge inside it.

    Use it as ``with mock_eventbridge() as eb:``, ``async with``, or a decorator with or without parentheses.
    Options say how the mock behaves, each by its keyword.

    Args:
        decorated: what a decorator without parentheses decorates: a function, coroutine function, generator fixture or
            class of tests.

    Returns:
        a context manager whose value is the handle, and a decorator. It can be used again, and starts empty each time.

    Raises:
        UsageError: an unknown keyword, or an invalid value.
    """
    if decorated is not None and not callable(decorated):
        raise UsageError(f"mock_eventbridge({decorated!r}): give options by keyword, such as region='eu-west-1'")
    mock = Mock(make_options(options))
    return mock if decorated is None else mock(decorated)


show_options(mock_eventbridge)


def mark_eventbridge(**options: Unpack[OptionKeywords]) -> pytest.MarkDecorator:
    """Return ``pytest.mark.eventbridge(**options)``; type checkers and editors know the options here.

    pytest takes any keywords for a mark, so nobody can check those of ``pytest.mark.eventbridge`` before a test runs.

    Args:
        **options: those of ``mock_eventbridge``.

    Returns:
        the mark, for a test, a class or ``pytestmark``.
    """
    import pytest  # which a mock without it does not need

    return pytest.mark.eventbridge(**options)


def current_eventbridge() -> EventBridge:
    """Return the handle of the mock that answers here, for helpers and decorated tests.

    It is the innermost active mock of the caller's thread or asyncio task; where those have entered none, the innermost
    of the process.

    Raises:
        UsageError: no mock is active.
    """
    mock = innermost()
    if not isinstance(mock, _EnteredMock):
        raise UsageError(
            "no mock_eventbridge is active here; use `with mock_eventbridge():` or the fixture eventbridge"
        )
    return mock.handle


def build_service(options: Options) -> Service:
    """Return a new, empty EventBridge that behaves as the options say, for a mock, the server or the command line.

    The options ``account``, ``region`` and ``template`` and those about the end of a test are the caller's matter.
    """
    check_events = None if options.contracts is None else functools.partial(_checking().check_put, options.contracts)
    return Service(
        Clock(options.start()),
        Ids(options.seed),
        options.limits,
        Services(options.forward, options.allow_hosts),
        seed=options.seed,
        keep=options.most_records,
        organization=options.organization,
        check_events=check_events,
        most_caused=options.max_caused_events,
    )


def build_eventbridge(options: Options) -> EventBridge:
    """Return the handle of a new service that answers no client of this process. Its Region is us-east-1 by default."""
    return EventBridge(build_service(options), options.account, options.region or _DEFAULT_REGION)


class _EnteredMock(ActiveMock):
    """A mock from an enter to its exit.

    Args:
        owner: the object that was entered and that will exit; None for calls of decorated functions, which keep their
            entry themselves.
    """

    def __init__(self, options: Options, owner: Mock | None = None) -> None:
        service = build_service(options)
        super().__init__(service, options.account, options.region or _region_around())
        self.owner = owner
        self.handle = EventBridge(service, options.account, self.region)
        self._options = options
        #: The error that has our notes already.
        self._noted: BaseException | None = None
        #: The policies in moto when it stopped before this mock.
        self._policies: list[Permissions] = []

    def __enter__(self) -> EventBridge:
        activate(self)
        if self._options.targets_must_be_permitted:
            moto_insides.call_before_stop(self._read_policies)
        defaults.notify("begin", self.handle)
        try:
            for source, parameters in _templates(self._options.template):
                self.handle.load(source, parameters=parameters)
        except BaseException as error:
            self._noted = error  # the checks at the end would only report rules that were never loaded
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self.handle

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        deactivate(self)
        try:
            if self._options.targets_must_be_permitted:
                moto_insides.do_not_call(self._read_policies)
            defaults.notify("end", self.handle)
            if error is not None:
                self.add_notes(error)
            elif self._noted is None and (failures := self._failures()):
                group = ExceptionGroup(report.checks.failed_checks(len(failures)), failures)
                self._add_note_on_forks(group)
                raise group
        finally:
            self.handle.ended = True
            destination_of.cache_clear()  # its keys are targets of mocks, with all that tests wrote in them

    def add_notes(self, error: BaseException) -> None:
        """Add our hints and failed checks to the error that ended the test, once; it stays the one that is raised."""
        if self._noted is not error:
            self._noted = error
            failures = self._failures()
            for note in (*self.handle.hints_for(error, failures), *map(report.checks.failure, failures)):
                add_note(error, note)
            self._add_note_on_forks(error)

    def _add_note_on_forks(self, error: BaseException) -> None:
        """Say what forked processes did, where the error does not say it already."""
        elsewhere = self.service.journal.calls.elsewhere()
        if elsewhere and elsewhere not in str(error):
            add_note(error, f"eventbridge_local: {elsewhere}")

    def _failures(self) -> list[Exception]:
        options, journal = self._options, self.service.journal
        has_failed = options.assert_all_deliveries_succeeded and self._has_failed_delivery()
        checks = (
            options.events_must_match
            or options.rules_must_match
            or options.targets_must_be_permitted
            or options.entries_must_be_accepted
            or (options.connected_must_be_used and self._has_stand_ins())
        )
        if not (has_failed or checks or options.contracts is not None):
            return []  # as for most tests, which then do without importing the checks
        seen = self.handle.seen()
        failures: list[Exception] = []
        if has_failed:
            failures += report.checks.failed_deliveries(seen, journal.deliveries, self.service.loops)
            failures += report.checks.lost_failures(journal.kept_deliveries.lost_failures)
        if options.entries_must_be_accepted:
            failures += report.checks.lost_entries(seen, journal.calls)
        if options.events_must_match:
            failures += report.checks.unmatched_events(seen, without_lost=options.entries_must_be_accepted)
        if options.rules_must_match:
            failures += report.checks.unmatched_rules(seen)
        if options.targets_must_be_permitted:
            failures += report.permissions.forbidden_targets(seen, self.service, self._policies)
        if options.connected_must_be_used and self._has_stand_ins():
            failures += report.stand_ins.unused_stand_ins(seen, self.service)
        if options.contracts is not None:
            failures += _checking().delivered_against(options.contracts, seen.entries, journal.deliveries)
            failures += report.checks.lost_deliveries("contracts", journal.kept_deliveries.dropped)
        return failures

    def _read_policies(self) -> None:
        """Note the policies that moto has, because it is about to forget them."""
        self._policies.append(report.permissions.in_moto(self.handle.seen(), self.service))

    def _has_stand_ins(self) -> bool:
        """Return whether the test connected a handler or made a target fail."""
        return bool(self.service.handlers.spies or self.service.faults.arranged)

    def _has_failed_delivery(self) -> bool:
        """Return whether the check of deliveries may find something."""
        journal = self.service.journal
        return bool(self.service.loops or journal.kept_deliveries.lost_failures) or any(
            each.raised is not None or each.outcome not in _SUCCEEDED for each in journal.deliveries
        )


@functools.cache
def _producers() -> Any:
    """Return what takes what moto's services send, imported late: most mocks see no moto."""
    from eventbridge_local.moto_producers import Producers

    return Producers()


neighbours.receiver = _producers


def _checking() -> Any:
    """Return the module that checks events against contracts, imported late: it needs jsonschema, most mocks do not."""
    from eventbridge_local.contracts import collection

    return collection


def _templates(given: Any) -> list[tuple[Any, Any]]:
    """Return the sources that the option ``template`` names, each with its parameters."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return list(given.items())
    return [(source, None) for source in ([given] if isinstance(given, str | os.PathLike) else given)]


def _region_around() -> str:
    """Return the Region of a mock that names none: the one that a client would get, or us-east-1."""
    return region_around() or _configured_region() or _DEFAULT_REGION


def _configured_region() -> str | None:
    """Return the Region of the AWS configuration files."""
    # A variable that is set to nothing counts as one that is not set.
    if none_is_set(_CONFIGURATION_KEPT) or not any(map(os.environ.get, _CONFIGURATION_VARIABLES)):
        folder = os.path.expanduser(_CONFIGURATION_FOLDER)
        # Not os.path.exists, which raises and catches an error where nothing is.
        paths = [f"{folder}/{file}" for file in _CONFIGURATION_FILES] if os.access(folder, os.F_OK) else []
        if not any(map(os.path.exists, paths)):
            return None  # as on most machines that run tests
    return _region_of_files(tuple(map(os.environ.get, _CONFIGURATION_VARIABLES)))


@functools.lru_cache(maxsize=16)
def _region_of_files(depends_on: tuple[str | None, ...]) -> str | None:
    """Return the Region of the AWS configuration files. Asking botocore takes milliseconds, so the answer is kept."""
    region: str | None = botocore.session.Session().get_config_variable("region", methods=("config",))
    return region


def _decorate_function(function: Any, options: Options) -> Any:
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def decorated_async_generator(*args: Any, **kwargs: Any) -> Any:
            with _EnteredMock(options):
                generator = function(*args, **kwargs)
                step = anext(generator)
                while True:  # as `yield from`, which async generators lack
                    try:
                        value = await step
                    except StopAsyncIteration:
                        return
                    try:
                        sent = yield value
                    except GeneratorExit:
                        await generator.aclose()
                        raise
                    except BaseException as error:
                        step = generator.athrow(error)
                    else:
                        step = generator.asend(sent)

        return decorated_async_generator
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):

        @functools.wraps(function)
        async def decorated_coroutine(*args: Any, **kwargs: Any) -> Any:
            with _EnteredMock(options):
                return await function(*args, **kwargs)

        return decorated_coroutine
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def decorated_generator(*args: Any, **kwargs: Any) -> Any:
            with _EnteredMock(options):
                return (yield from function(*args, **kwargs))

        return decorated_generator

    @functools.wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with _EnteredMock(options):
            return function(*args, **kwargs)

    return decorated


def _decorate_class(mock: Mock, cls: type, options: Options) -> type:
    """Give every test of a class a mock of its own that also covers its set-up and tear-down."""
    unittest = sys.modules.get("unittest.case")  # whoever derives from TestCase has imported it
    if unittest is not None and issubclass(cls, unittest.TestCase):
        cls.run = _decorate_function(cls.run, options)  # type: ignore[attr-defined]
        return cls
    set_up, tear_down = getattr(cls, "setup_method", None), getattr(cls, "teardown_method", None)

    def setup_method(self: Any, method: Any) -> None:
        mock.__enter__()
        try:
            _call_with_method(set_up, self, method)
        except BaseException as error:  # pytest runs no tear-down after a failed set-up
            mock.__exit__(type(error), error, error.__traceback__)
            raise

    def teardown_method(self: Any, method: Any) -> None:
        with _exit_afterwards(mock):
            _call_with_method(tear_down, self, method)

    cls.setup_method = setup_method  # type: ignore[attr-defined]
    cls.teardown_method = teardown_method  # type: ignore[attr-defined]
    return cls


def _call_with_method(function: Any, instance: Any, method: Any) -> None:
    """Call pytest's per-test functions of a class, which may or may not ask for the method."""
    if function is not None:
        takes_method = len(inspect.signature(function).parameters) > 1
        function(instance, *([method] if takes_method else []))


@contextmanager
def _exit_afterwards(mock: Mock) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        mock.__exit__(type(error), error, error.__traceback__)
        raise
    mock.__exit__(None, None, None)

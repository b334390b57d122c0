"""Every option once: the same for ``with``, the decorator, the fixture and the marker.

An option is a field of ``Options``, which says what it does and checks it, and a key of ``OptionKeywords``, with which
type checkers check the keywords of ``mock_eventbridge``. If a run may set it, it is also a row of the table of ini keys
in ``pytest_plugin``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import date, datetime
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from eventbridge_local import defaults
from eventbridge_local.advice import suggest
from eventbridge_local.errors import UsageError
from eventbridge_local.frozen import frozen
from eventbridge_local.model.clock import instant_of
from eventbridge_local.model.limits import Limits

if TYPE_CHECKING:
    from eventbridge_local.contracts import Contracts

_ACCOUNT = re.compile(r"[0-9]{12}")
#: What ``keep_records="auto"`` keeps: the records of about 25,000 events.
_AUTO_RECORDS = 100_000
#: The checks for which None means: as the option ``strict``.
_AS_STRICT = (
    "assert_all_events_matched",
    "assert_all_rules_matched",
    "assert_targets_permitted",
    "assert_all_connected_used",
    "assert_all_entries_accepted",
)
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


@frozen
class Options:
    """How a mock behaves.

    Args:
        account: twelve digits; the account of callers. An access key id of twelve digits names another account.
        region: the Region of clients that name none, and of the methods of the handle. None takes the Region of the
            environment or of the AWS configuration, else us-east-1.
        now: the time of the clock: an aware datetime, an ISO 8601 text or a date. None follows the real clock.
        seed: makes ids, and failures with a ``rate``, the same in every run. None takes a seed from the operating
            system; the fixture takes the name of the test.
        limits: sizes and quotas of the service.
        organization: the id of the AWS organization of all accounts, for bus policies with ``aws:PrincipalOrgID``.
            None: the accounts belong to no organization.
        forward: ``auto`` sends events for queues, topics, streams and the like to moto or to a local endpoint if one of
            them serves that service, else records them. ``never`` only records. A list of services, as boto3 spells
            them, sends events to these only.
        allow_hosts: names of hosts besides this machine that may be called, such as ``["localstack"]``.
        keep_records: how many records the journal keeps at most; then the oldest are dropped, and a spy forgets calls.
            An event makes about four records. ``auto`` keeps 100,000. None keeps all. An assertion that a dropped
            record could have decided fails and says so.
        max_caused_events: how many events one put may cause in all, through handlers that put events in turn. What goes
            beyond is cut, and reported at the end. Each event of a replay and each firing of a schedule counts anew.
        contracts: JSON Schema or OpenAPI documents that events must satisfy: a path, a list of paths, a mapping as for
            ``Contracts``, or ``Contracts``. The call that puts an event which breaks its contract raises
            ContractViolation.
        template: what ``eb.load`` reads when the mock begins: a path, a list of paths, or a mapping of paths to the
            parameters of each.
        strict: turn on the checks that follow and have None.
        assert_all_events_matched: at the end of the mock, raise if no rule matched an event that was put. None follows
            ``strict``.
        assert_all_rules_matched: at the end of the mock, raise if an enabled rule matched no event. None follows
            ``strict``.
        assert_targets_permitted: at the end of the mock, raise if the policy of a queue, topic, log group or function
            that moto or a loaded template has does not let EventBridge deliver, or if a role of a loaded template does
            not. None follows ``strict``.
        assert_all_connected_used: at the end of the mock, raise if ``connect`` or ``fail_target`` named something that
            is no target of any rule. None follows ``strict``.
        assert_all_entries_accepted: at the end of the mock, raise if PutEvents refused an entry that was not accepted
            later, or if an entry was put on a bus that does not exist. What ``fail_put`` refused does not count. None
            follows ``strict``.
        assert_all_deliveries_succeeded: at the end of the mock, raise if a handler raised, if an event could not be
            delivered, or if a rule loop was cut.
    """

    account: str = "123456789012"
    region: str | None = None
    now: datetime | date | str | None = None
    seed: int | str | None = None
    limits: Limits = Limits()
    organization: str | None = None
    forward: Literal["auto", "never"] | list[str] | tuple[str, ...] | Set[str] = "auto"
    allow_hosts: list[str] | tuple[str, ...] | Set[str] = ()
    keep_records: int | Literal["auto"] | None = "auto"
    max_caused_events: int = 5_000
    contracts: str | Path | Sequence[Any] | Mapping[Any, Any] | Contracts | None = None
    template: str | PathLike[str] | Collection[str | PathLike[str]] | Mapping[Any, Any] | None = None
    strict: bool = False
    assert_all_events_matched: bool | None = None
    assert_all_rules_matched: bool | None = None
    assert_targets_permitted: bool | None = None
    assert_all_connected_used: bool | None = None
    assert_all_entries_accepted: bool | None = None
    assert_all_deliveries_succeeded: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.account, str) or not _ACCOUNT.fullmatch(self.account):
            raise UsageError(f"account={self.account!r}: an account id is a string of twelve digits")
        if self.region is not None and not (isinstance(self.region, str) and _REGION.fullmatch(self.region)):
            raise UsageError(f"region={self.region!r}: write the name of an AWS Region, such as 'eu-west-1'")
        if not isinstance(self.limits, Limits):
            raise UsageError(f"limits={self.limits!r}: give a Limits, such as Limits(event_buses=3)")
        if self.organization is not None and not re.fullmatch("o-[a-z0-9]{10,32}", str(self.organization)):
            raise UsageError(f"organization={self.organization!r}: write an id such as 'o-a1b2c3d4e5'")
        if isinstance(self.forward, str) and self.forward not in ("auto", "never"):
            raise UsageError(f"forward={self.forward!r}: write 'auto', 'never' or a list such as ['sqs', 'sns']")
        if not isinstance(self.forward, Collection) or isinstance(self.forward, bytes):
            raise UsageError(f"forward={self.forward!r}: write 'auto', 'never' or a list such as ['sqs', 'sns']")
        if not isinstance(self.seed, int | float | str | bytes | bytearray | None):
            raise UsageError(f"seed={self.seed!r}: give a number or a text")
        keep = self.most_records
        if keep is not None and (not isinstance(keep, int) or keep < 100):
            raise UsageError(f"keep_records={keep!r}: give a whole number from 100, 'auto', or None to keep all")
        most = self.max_caused_events
        if not isinstance(most, int) or isinstance(most, bool) or most < 1:
            raise UsageError(f"max_caused_events={most!r}: give a whole number from 1")
        if isinstance(self.allow_hosts, str):
            raise UsageError(f"allow_hosts={self.allow_hosts!r}: give a list of host names: [{self.allow_hosts!r}]")
        if not isinstance(self.allow_hosts, Collection) or not all(isinstance(each, str) for each in self.allow_hosts):
            raise UsageError(f"allow_hosts={self.allow_hosts!r}: give a list of host names, such as ['build.internal']")
        if self.template is not None and not isinstance(self.template, str | PathLike | Collection):
            raise UsageError(f"template={self.template!r}: give the path of a template, or a list of such")
        for name in ("strict", "assert_all_deliveries_succeeded"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name}={getattr(self, name)!r}: write True or False")
        for name in _AS_STRICT:
            if not isinstance(getattr(self, name), bool | None):
                raise UsageError(f"{name}={getattr(self, name)!r}: write True, False, or None to follow strict=")
        if self.contracts is not None:
            from eventbridge_local.contracts import Contracts  # jsonschema, which most tests do without

            object.__setattr__(self, "contracts", Contracts.coerce(self.contracts))
        self.start()

    @property
    def most_records(self) -> int | None:
        """Return how many records the journal keeps at most, None for all."""
        return _AUTO_RECORDS if self.keep_records == "auto" else self.keep_records

    @property
    def events_must_match(self) -> bool:
        """Return whether an event that no rule matched is a failure."""
        return self.strict if self.assert_all_events_matched is None else self.assert_all_events_matched

    @property
    def rules_must_match(self) -> bool:
        """Return whether a rule that matched no event is a failure."""
        return self.strict if self.assert_all_rules_matched is None else self.assert_all_rules_matched

    @property
    def targets_must_be_permitted(self) -> bool:
        """Return whether a target that EventBridge may not deliver to is a failure."""
        return self.strict if self.assert_targets_permitted is None else self.assert_targets_permitted

    @property
    def connected_must_be_used(self) -> bool:
        """Return whether a handler or failure for what is no target is a failure."""
        return self.strict if self.assert_all_connected_used is None else self.assert_all_connected_used

    @property
    def entries_must_be_accepted(self) -> bool:
        """Return whether an entry that became no event on a bus is a failure."""
        return self.strict if self.assert_all_entries_accepted is None else self.assert_all_entries_accepted

    def start(self) -> datetime | None:
        """Return ``now`` as an aware datetime."""
        return None if self.now is None else instant_of(self.now, "now")


class ServiceKeywords(TypedDict, total=False):
    """The options of a service that lives as long as a server: those of a mock, but for what is about tests."""

    account: str
    region: str | None
    now: datetime | date | str | None
    seed: int | str | None
    limits: Limits
    organization: str | None
    forward: Literal["auto", "never"] | list[str] | tuple[str, ...] | Set[str]
    allow_hosts: list[str] | tuple[str, ...] | Set[str]
    keep_records: int | Literal["auto"] | None
    max_caused_events: int
    contracts: str | Path | Sequence[Any] | Mapping[Any, Any] | Contracts | None


class OptionKeywords(ServiceKeywords, total=False):
    """The keywords of ``mock_eventbridge`` for type checkers: the fields of ``Options``, all of them optional."""

    template: str | PathLike[str] | Collection[str | PathLike[str]] | Mapping[Any, Any] | None
    strict: bool
    assert_all_events_matched: bool | None
    assert_all_rules_matched: bool | None
    assert_targets_permitted: bool | None
    assert_all_connected_used: bool | None
    assert_all_entries_accepted: bool | None
    assert_all_deliveries_succeeded: bool


@cache
def _default_options() -> Options:
    """Return the options of a mock that names none, the same object each time."""
    return Options()


NAMES = tuple(Options.__annotations__)


def show_options(function: Callable[..., Any]) -> None:
    """Let ``help()``, and completion in a shell, show every option as a keyword of a function with ``**options``."""
    signature = inspect.signature(function)
    *others, _ = signature.parameters.values()
    fields = inspect.signature(Options).parameters.values()
    options = [
        field.replace(kind=field.KEYWORD_ONLY, annotation=Options.__annotations__[field.name]) for field in fields
    ]
    function.__signature__ = signature.replace(parameters=[*others, *options])  # type: ignore[attr-defined]
    if function.__doc__ is not None and Options.__doc__ is not None:  # as with python -OO
        # Python 3.13 takes the indentation from docstrings when it compiles them, and older ones do not.
        told = inspect.cleandoc(Options.__doc__).partition("Args:\n")[2]
        function.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n\nOptions:\n{told}"


def make_options(given: Mapping[str, Any], *, caller: str = "mock_eventbridge") -> Options:
    """Return options from keywords, and from the ini keys of a pytest run for what they do not name.

    Args:
        given: the keywords.
        caller: what the message about a wrong keyword names.

    Raises:
        UsageError: an unknown keyword, or an invalid value.
    """
    if not given and not defaults.options:
        return _default_options()
    for name in given:
        if name not in NAMES:
            raise UsageError(f"{caller}({name}=...): there is no such option{suggest(name, NAMES, 12)}")
    return Options(**{**{name: value for name, value in defaults.options.items() if name in NAMES}, **given})

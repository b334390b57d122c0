"""Callables that stand in for targets, and the spies that remember how they were called."""

from __future__ import annotations

import inspect
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Any

from eventbridge_local.delivery.loops import Gate
from eventbridge_local.errors import UsageError
from eventbridge_local.frozen import frozen
from eventbridge_local.json_text import decoded
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.visible import visible


class LambdaContext:
    """The second argument of a Lambda handler, with the members AWS's runtime documents.

    Attributes:
        function_name: the name of the function.
        function_version: ``$LATEST``.
        invoked_function_arn: the ARN of the target.
        memory_limit_in_mb: ``128``, as text.
        aws_request_id: an id in UUID form, another one for each call.
        log_group_name: ``/aws/lambda/`` and the name of the function.
        log_stream_name: made of the request id.
        identity: None.
        client_context: None.
        trace_header: the X-Ray header of the event; the variable ``_X_AMZN_TRACE_ID`` has it while the function runs.
    """

    memory_limit_in_mb = "128"
    function_version = "$LATEST"

    def __init__(self, arn: str, request_id: str, trace_header: str | None = None) -> None:
        parsed = parse_arn(arn)
        name = names_of(arn)[-1]
        self.function_name = name
        self.invoked_function_arn = arn
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{name}"
        self.log_stream_name = f"2000/01/01/[$LATEST]{request_id.replace('-', '')}"
        self.identity = None
        self.client_context = None
        self.trace_header = trace_header
        self._account = parsed.account if parsed else ""

    def get_remaining_time_in_millis(self) -> int:
        """Return the default timeout of three seconds: no time passes in a test."""
        return 3000


@frozen
class SpyCall:
    """One call of a connected handler.

    Attributes:
        event: what it got: the payload parsed, or text that is no JSON, or the request of an HTTP endpoint.
        context: its second argument, made even where the handler takes one alone.
        result: what it returned.
        raised: what it raised, None otherwise.
    """

    event: Any
    context: LambdaContext
    result: Any = None
    raised: BaseException | None = None


_LOOK = "; print(eb.journal) shows what each rule did with each event"


class Calls(tuple[SpyCall, ...]):
    """The calls of one handler, oldest first."""

    #: Returns why there are none, a sentence each.
    why_none: Callable[[], list[str]] = list

    def one(self) -> SpyCall:
        """Return the only call. Raises AssertionError when there was none, or more than one."""
        __tracebackhide__ = True
        if len(self) != 1:
            raise AssertionError(f"expected exactly one call, there were {len(self)}{'' if self else self._hints()}")
        return self[0]

    @property
    def last(self) -> SpyCall:
        """The latest call. Raises AssertionError when there was none."""
        __tracebackhide__ = True
        if not self:
            raise AssertionError(f"the handler was never called{self._hints()}")
        return self[-1]

    def _hints(self) -> str:
        return visible("\n".join([_LOOK, *(f"hint: {each}" for each in self.why_none())]))


class _Recorded:
    """A call that was made. Its ``SpyCall`` is made when somebody looks, for it reads the payload a second time."""

    __slots__ = ("_call", "_context", "_payload", "_raised", "_result")

    def __init__(self, payload: str, context: LambdaContext, result: Any, raised: BaseException | None) -> None:
        self._payload = payload
        self._context = context
        self._result = result
        self._raised = raised
        self._call: SpyCall | None = None

    @property
    def call(self) -> SpyCall:
        """The call, the same one each time."""
        if self._call is None:
            self._call = SpyCall(_parsed(self._payload), self._context, self._result, self._raised)
        return self._call


class TargetSpy:
    """A connected handler and its record.

    Args:
        keep: the most calls to remember; None remembers all.

    Attributes:
        target: ARN or name it stands in for.
        handler: a Lambda handler ``(event, context)``, or any callable of one argument, ``(event)``.
        gate: bounds how many of its calls are open at once.
    """

    def __init__(self, target: str, handler: Callable[..., Any], keep: int | None = None) -> None:
        self.target = target
        self.handler = handler
        self.gate = Gate()
        #: Returns why it was never called, a sentence each; None where nobody knows.
        self.why_silent: Callable[[TargetSpy], list[str]] | None = None
        #: Whether a template named the handler, and not the test.
        self.is_of_template = False
        self._arguments = _arguments(handler)
        self._calls: deque[SpyCall | _Recorded] = deque(maxlen=keep)

    @property
    def calls(self) -> Calls:
        """What the handler was called with so far."""
        calls = tuple(self._calls)  # a server's threads may add to them meanwhile
        found = Calls(each.call if isinstance(each, _Recorded) else each for each in calls)
        if self.why_silent is not None:
            found.why_none = partial(self.why_silent, self)
        return found

    @property
    def events(self) -> list[Any]:
        """The events of the calls so far."""
        return [call.event for call in self.calls]

    @property
    def call_count(self) -> int:
        """How many calls it remembers; ``len(spy)`` is the same."""
        return len(self._calls)

    def __call__(self, payload: str, context: LambdaContext) -> BaseException | None:
        """Call the handler with its own copy of the payload; what it raises is kept and returned, not raised."""
        return self.call(payload, context)[1]

    def call(self, payload: str, context: LambdaContext) -> tuple[Any, BaseException | None]:
        """Call the handler with its own copy of the payload; return what it returns, and what it raises."""
        arguments = (_parsed(payload), context)[: self._arguments]
        try:
            if context.trace_header is None:
                result = self.handler(*arguments)
            else:
                with _traced(context.trace_header):
                    result = self.handler(*arguments)
        except BaseException as raised:
            self._calls.append(_Recorded(payload, context, None, raised))
            return None, raised
        self._calls.append(_Recorded(payload, context, result, None))
        return result, None

    def take(self, given: Any, context: LambdaContext) -> Any:
        """Call the handler with an object as it is, such as an HTTP request; returns what it returns.

        What it raises is kept and raised.
        """
        try:
            result = self.handler(*(given, context)[: self._arguments])
        except BaseException as raised:
            self._calls.append(SpyCall(given, context, raised=raised))
            raise
        self._calls.append(SpyCall(given, context, result))
        return result

    def __iter__(self) -> Iterator[SpyCall]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __bool__(self) -> bool:
        return True

    def forget(self) -> None:
        """Drop the record of calls; the handler stays connected."""
        self._calls.clear()

    def __repr__(self) -> str:
        count = len(self._calls)
        return f"<TargetSpy {self.target!r}, {count} call{'s' * (count != 1)}>"

    def _repr_html_(self) -> str:
        from eventbridge_local.notebook import as_table  # few tests run in a notebook

        return as_table(repr(self), ("event", "result", "raised"), [(c.event, c.result, c.raised) for c in self.calls])


def returns_nothing(event: Any, context: LambdaContext) -> None:
    """Do nothing: what ``connect`` puts in the place of a target when it gets no handler."""


class Handlers:
    """The connected callables of one mock, by what the user called their target.

    Args:
        keep: the most calls that each spy remembers; None remembers all.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._keep = keep
        self.spies: dict[str, TargetSpy] = {}

    def connect(self, target: str, handler: Callable[..., Any]) -> TargetSpy:
        spy = self.spies[target] = TargetSpy(target, handler, self._keep)
        return spy

    def rename(self, name: str, arn: str) -> None:
        """Let what was connected under a name stand for an ARN, unless something else does."""
        if name in self.spies and arn not in self.spies:
            self.spies[arn] = self.spies.pop(name)

    def find(self, arn: str) -> TargetSpy | None:
        """Return the handler connected to an ARN, by the ARN itself first and then by its names."""
        if not self.spies:
            return None
        for name in names_of(arn):  # no generator: this is asked for each delivery
            if name in self.spies:
                return self.spies[name]
        return None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.spies)

    def clear(self) -> None:
        self.spies.clear()


#: Where the runtime of Lambda leaves the header for the code of a function, and for tracing libraries.
TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
_variable_lock = Lock()
#: The headers of the handlers that run now, the latest one last, and what the variable was before the first.
_running: list[tuple[str, object]] = []
_found: str | None = None


@contextmanager
def _traced(header: str) -> Iterator[None]:
    """Let the variable of the environment hold a header while a handler runs, as in Lambda.

    The environment belongs to the process. Where handlers run in several threads at once the variable is that of the
    latest; after the last of them it is what it was before the first.
    """
    global _found
    mine = (header, object())
    with _variable_lock:
        if not _running:
            _found = os.environ.get(TRACE_VARIABLE)
        _running.append(mine)
        os.environ[TRACE_VARIABLE] = header
    try:
        yield
    finally:
        with _variable_lock:
            _running.remove(mine)
            before = _running[-1][0] if _running else _found
            if before is not None:
                os.environ[TRACE_VARIABLE] = before
            else:
                os.environ.pop(TRACE_VARIABLE, None)


def _parsed(payload: str) -> Any:
    """Return a copy of what was sent. Text that is not JSON (an empty Input, lines of a template) stays text."""
    try:
        return decoded(payload)
    except ValueError:
        return payload


def _is_asynchronous(handler: Any) -> bool:
    called = None if isinstance(handler, type) else getattr(type(handler), "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(called)


def _arguments(handler: Callable[..., Any]) -> int:
    """Return how many arguments a handler takes, 1 or 2. Anything else is refused before it can fail in a delivery."""
    if not callable(handler):
        raise UsageError(f"handler={handler!r} is not callable; give a function of (event, context) or of (event)")
    if _is_asynchronous(handler):
        raise UsageError(
            f"handler={handler!r} is a coroutine function; delivery is synchronous, "
            "so connect a plain function that schedules or runs it"
        )
    if inspect.isgeneratorfunction(handler):
        raise UsageError(f"handler={handler!r} is a generator function; connect a plain function")
    try:
        outer, inner = inspect.signature(handler, follow_wrapped=False), inspect.signature(handler)
    except (TypeError, ValueError):  # some builtins have none
        return 1
    # A decorator may take other arguments than the function that it wraps. What it takes decides; where it takes any,
    # it most likely hands on what it gets.
    taken = [count for count in (2, 1) if _takes(outer, count)]
    if not taken:
        raise UsageError(f"handler={handler!r} takes neither (event, context) nor (event): its signature is {outer}")
    return next((count for count in taken if _takes(inner, count)), taken[0])


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True

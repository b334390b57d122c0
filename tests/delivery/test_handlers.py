"""Handlers: which callables may stand in for a target, what they get, and how they are found."""

from __future__ import annotations

import functools
import json
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.delivery.handlers import Handlers, LambdaContext, TargetSpy
from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import function_arn, names_of

ARN = "arn:aws:lambda:us-east-1:123456789012:function:invoices"
EVERYTHING = {"source": [{"prefix": ""}]}


class Invoices:
    """A handler as a method, a class method, a static method and a callable object."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, event: Any, context: Any) -> str:
        self.seen.append((event, context))
        return "object"

    def handle(self, event: Any) -> str:
        self.seen.append(event)
        return "method"

    @classmethod
    def of_class(cls, event: Any, context: Any) -> str:
        return "class method"

    @staticmethod
    def static(event: Any) -> str:
        return "static method"


class Command:
    """A class used as a handler: called, it makes an instance."""

    def __init__(self, event: Any, context: Any) -> None:
        self.arguments = (event, context)


def three(prefix: str, event: Any, context: Any) -> str:
    return f"{prefix} {event['n']} {context.function_name}"


def call(handler: Any) -> Any:
    """What a handler returns for a small event, through its spy."""
    spy = TargetSpy("invoices", handler)
    assert spy('{"n":1}', LambdaContext(ARN, "r-1")) is None
    return spy.calls.one().result


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (lambda event, context: (event["n"], context.function_name), (1, "invoices")),
        (lambda event: event, {"n": 1}),
        (lambda *args: len(args), 2),
        (lambda event, *rest: len(rest), 1),
        (lambda event, context=None: context is not None, True),
        (lambda event, *, log=None: log, None),
        (lambda **kwargs: 0, UsageError),
        (Invoices(), "object"),
        (Invoices().handle, "method"),
        (Invoices.of_class, "class method"),
        (Invoices.static, "static method"),
        (functools.partial(three, "for"), "for 1 invoices"),
        (functools.partial(lambda event, log: log, log="x"), "x"),
        (dict, {"n": 1}),
        (len, 1),
        (json.dumps, '{"n": 1}'),
        (max, "n"),
    ],
)
def test_what_can_be_a_handler(handler: Any, result: Any) -> None:
    """Anything that can be called with the event and the context, or the event alone."""
    if result is UsageError:
        with pytest.raises(UsageError):
            TargetSpy("invoices", handler)
    else:
        assert call(handler) == result


def test_a_class_is_instantiated() -> None:
    """A class is called as any other callable."""
    event, context = call(Command).arguments
    assert (event, context.aws_request_id) == ({"n": 1}, "r-1")


def test_a_lists_append_collects_events() -> None:
    """A bound method of a builtin gets the event alone."""
    seen: list[Any] = []
    call(seen.append)
    assert seen == [{"n": 1}]


def test_a_mock_gets_event_and_context() -> None:
    """``unittest.mock.Mock`` can be connected, and asked what it was called with."""
    mock = Mock(return_value="done")
    assert call(mock) == "done"
    (event, context), _ = mock.call_args
    assert (event, type(context)) == ({"n": 1}, LambdaContext)


async def coroutine(event: Any, context: Any) -> None: ...


class AsyncObject:
    """A callable object whose ``__call__`` is a coroutine function."""

    async def __call__(self, event: Any, context: Any) -> None: ...

    async def method(self, event: Any) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [coroutine, functools.partial(coroutine), AsyncObject().method, AsyncMock(), AsyncObject()],
    ids=["function", "partial", "method", "AsyncMock", "object"],
)
def test_a_coroutine_function_is_refused(handler: Any) -> None:
    """What would only make a coroutine that nobody awaits is refused at once, and the message says why."""
    with pytest.raises(UsageError, match="is a coroutine function; delivery is synchronous"):
        TargetSpy("invoices", handler)


@pytest.mark.parametrize(
    ("handler", "signature"),
    [
        (lambda: None, r"\(\)"),
        (lambda event, context, more: None, r"\(event, context, more\)"),
        (lambda *, event: None, r"\(\*, event\)"),
        (lambda event, *, needed: None, r"\(event, \*, needed\)"),
        (functools.partial(three, "a", "b", "c"), r"\(\)"),
        (Invoices, r"\(\) ?"),
    ],
)
def test_a_wrong_arity_is_refused(handler: Any, signature: str) -> None:
    """A handler that could not be called is refused when it is connected, with its signature."""
    with pytest.raises(UsageError, match=rf"takes neither \(event, context\) nor \(event\): .* {signature}"):
        TargetSpy("invoices", handler)


@pytest.mark.parametrize("handler", [None, "invoices", 3, {}])
def test_what_is_not_callable_is_refused(handler: Any) -> None:
    """The message shows what was given."""
    with mock_eventbridge() as eb, pytest.raises(UsageError) as raised:
        eb.connect("invoices", handler)
    wanted = "give a function of (event, context) or of (event)"
    assert str(raised.value) == f"handler={handler!r} is not callable; {wanted}"


@pytest.mark.parametrize("target", ["", None, 3, len])
def test_a_target_without_a_name_is_refused(target: Any) -> None:
    """A handler stands in for something that has a name."""
    with mock_eventbridge() as eb, pytest.raises(UsageError, match="give the ARN or the name"):
        eb.connect(target, len)


LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:invoices"
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/events/audit"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:flow"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/orders"
PARTNER = "arn:aws:events:eu-west-1:123456789012:event-bus/aws.partner/shop.example/1"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:audit.fifo"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:news"
PIPELINE = "arn:aws:codepipeline:eu-west-1:123456789012:release"


@pytest.mark.parametrize(
    ("arn", "names"),
    [
        (LAMBDA, {LAMBDA, "invoices"}),
        (f"{LAMBDA}:prod", {f"{LAMBDA}:prod", LAMBDA, "invoices:prod", "invoices"}),
        (f"{LAMBDA}:$LATEST", {f"{LAMBDA}:$LATEST", LAMBDA, "invoices:$LATEST", "invoices"}),
        (QUEUE, {QUEUE, "audit.fifo"}),
        (TOPIC, {TOPIC, "news"}),
        (PIPELINE, {PIPELINE, "release"}),
        (GROUP, {GROUP, "log-group:/aws/events/audit", "/aws/events/audit"}),
        (f"{GROUP}:*", {f"{GROUP}:*", GROUP, "log-group:/aws/events/audit", "/aws/events/audit"}),
        (MACHINE, {MACHINE, "stateMachine:flow", "flow"}),
        (STREAM, {STREAM, "stream/clicks", "clicks"}),
        (BUS, {BUS, "event-bus/orders", "orders"}),
        (PARTNER, {PARTNER, "event-bus/aws.partner/shop.example/1", "aws.partner/shop.example/1", "1"}),
        ("not an arn", {"not an arn"}),
    ],
)
def test_names_of(arn: str, names: set[str]) -> None:
    """An ARN answers to itself and to the bare names of the resource; the ARN comes first."""
    assert names_of(arn)[0] == arn
    assert set(names_of(arn)) == names


def test_function_arn() -> None:
    """A function's ARN is in the partition of its Region."""
    assert function_arn("invoices", "123456789012", "eu-west-1") == LAMBDA
    assert function_arn("f", "123456789012", "cn-north-1") == "arn:aws-cn:lambda:cn-north-1:123456789012:function:f"


def test_the_most_precise_name_wins() -> None:
    """A handler connected to the ARN with its alias goes before one of the function, and that before the bare name."""
    handlers = Handlers()
    assert handlers.find(f"{LAMBDA}:prod") is None
    by_name = handlers.connect("invoices", len)
    assert handlers.find(f"{LAMBDA}:prod") is by_name
    by_function = handlers.connect(LAMBDA, len)
    assert handlers.find(f"{LAMBDA}:prod") is by_function
    by_alias = handlers.connect(f"{LAMBDA}:prod", len)
    assert handlers.find(f"{LAMBDA}:prod") is by_alias
    assert handlers.find(LAMBDA) is by_function
    assert handlers.names == ("invoices", LAMBDA, f"{LAMBDA}:prod")
    handlers.clear()
    assert handlers.find(LAMBDA) is None


def test_connecting_again_replaces() -> None:
    """The handler connected last is called, and the earlier spy keeps its record."""
    with mock_eventbridge() as eb:
        eb.rule("r", pattern=EVERYTHING, to="invoices")
        first = eb.connect("invoices", lambda event: 1)
        eb.put("shop", "Sold")
        second = eb.connect("invoices", lambda event: 2)
        eb.put("shop", "Sold")
        assert (len(first), len(second)) == (1, 1)


def spoil(event: Any) -> None:
    """A handler that changes what it was given, at every depth."""
    event["detail"]["lines"].append("spoiled")
    event["detail"]["id"] = "spoiled"
    event.pop("source")


def spoiled(eb: EventBridge) -> tuple[TargetSpy, TargetSpy]:
    """Two handlers of one event, of which the first spoils what it got; the spies of both."""
    eb.rule("r", pattern=EVERYTHING, to=["first", "second"])
    spies = eb.connect("first", spoil), eb.connect("second", lambda event: json.dumps(event))
    eb.put("shop", "Sold", {"id": "o-1", "lines": ["a"]})
    return spies


def test_each_handler_gets_its_own_copy() -> None:
    """What one handler does to the event changes neither the next one's, nor the records."""
    with mock_eventbridge() as eb:
        _, second = spoiled(eb)
        detail = {"id": "o-1", "lines": ["a"]}
        assert json.loads(second.calls.one().result)["detail"] == detail
        assert second.events[0]["source"] == "shop"
        assert eb.events.one().detail == detail
        assert eb.events.one().envelope["detail"] == detail
        assert [delivery.json["detail"] for delivery in eb.deliveries] == [detail, detail]


def test_a_spy_remembers_what_the_handler_was_called_with() -> None:
    """What a handler does to its event afterwards does not change the record of the call."""
    with mock_eventbridge() as eb:
        first, _ = spoiled(eb)
        assert first.calls.one().event["source"] == "shop"
        assert first.events[0]["detail"] == {"id": "o-1", "lines": ["a"]}


def test_calls() -> None:
    """A spy is a sequence of its calls, with ``one`` and ``last`` that say what is wrong."""
    spy = TargetSpy("invoices", lambda event: event["n"])
    with pytest.raises(AssertionError, match=r"^expected exactly one call, there were 0; print\(eb.journal\) shows"):
        spy.calls.one()
    with pytest.raises(AssertionError, match=r"^the handler was never called; print"):
        _ = spy.calls.last
    assert spy and len(spy) == 0
    for number in (1, 2):
        spy(f'{{"n":{number}}}', LambdaContext(ARN, "r"))
    with pytest.raises(AssertionError, match=r"^expected exactly one call, there were 2$"):
        spy.calls.one()
    assert spy.calls.last.result == 2
    assert [one.result for one in spy] == [1, 2]
    assert spy.events == [{"n": 1}, {"n": 2}]
    assert repr(spy) == "<TargetSpy 'invoices', 2 calls>"
    spy.forget()
    assert (len(spy), spy.calls) == (0, ())


def test_what_a_handler_raises_is_kept() -> None:
    """The exception is returned and recorded, not raised."""
    error = KeyError("total")
    spy = TargetSpy("invoices", Mock(side_effect=error))
    assert spy("{}", LambdaContext(ARN, "r")) is error
    assert (spy.calls.one().raised, spy.calls.one().result) == (error, None)


@pytest.mark.parametrize("payload", ["{}", '"text"', "3", "null", "[1]"])
def test_a_payload_need_not_be_an_object(payload: str) -> None:
    """A transformed payload can be any JSON value."""
    spy = TargetSpy("invoices", lambda event: None)
    spy(payload, LambdaContext(ARN, "r"))
    assert spy.events == [json.loads(payload)]


@pytest.mark.parametrize("arn", [ARN, f"{ARN}:prod"])
def test_the_lambda_context(arn: str) -> None:
    """The context has the members that AWS documents."""
    context = LambdaContext(arn, "12345678-9abc-def0-1234-56789abcdef0")
    assert context.function_name == "invoices"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == arn
    assert context.memory_limit_in_mb == "128"
    assert context.aws_request_id == "12345678-9abc-def0-1234-56789abcdef0"
    assert context.log_group_name == "/aws/lambda/invoices"
    assert context.log_stream_name == "2000/01/01/[$LATEST]123456789abcdef0123456789abcdef0"
    assert context.get_remaining_time_in_millis() == 3000
    assert (context.identity, context.client_context) == (None, None)


def test_every_call_has_a_request_id_of_its_own() -> None:
    """Two deliveries of one event are two invocations."""
    with mock_eventbridge() as eb:
        spy = eb.connect("f", lambda event, context: None)
        eb.rule("one", pattern=EVERYTHING, to="f")
        eb.rule("two", pattern=EVERYTHING, to="f")
        eb.put("shop", "Sold")
        assert len({one.context.aws_request_id for one in spy}) == 2
        assert len({one.event["id"] for one in spy}) == 1


def test_callables_of_one_name_in_a_rule_are_all_called() -> None:
    """Two lambdas as targets of a rule are two targets, though both are called ``<lambda>``."""
    seen: list[str] = []
    with mock_eventbridge() as eb:
        eb.rule("r", pattern=EVERYTHING, to=[lambda event: seen.append("one"), lambda event: seen.append("two")])
        eb.put("shop", "Sold")
    assert seen == ["one", "two"]


def test_callables_of_one_name_in_two_rules_are_all_called() -> None:
    """A rule made later does not take away the handler of an earlier one."""
    seen: list[str] = []
    with mock_eventbridge() as eb:
        eb.rule("first", pattern=EVERYTHING, to=lambda event: seen.append("one"))
        eb.rule("second", pattern=EVERYTHING, to=lambda event: seen.append("two"))
        eb.put("shop", "Sold")
    assert seen == ["one", "two"]


def test_a_spy_as_a_target() -> None:
    """What ``connect`` returned can be given to ``rule``, and is the target it was connected as."""
    with mock_eventbridge() as eb:
        spy = eb.connect("invoices", lambda event: None)
        eb.rule("r", pattern=EVERYTHING, to=spy)
        eb.put("shop", "Sold", {"id": "o-1"})
        assert spy.calls.one().event["detail"] == {"id": "o-1"}

"""Stand-ins for nothing: names given to ``connect`` and ``fail_target`` that are no target. Texts: tests/messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.options import Options

REGION = "us-east-1"
ACCOUNT = "123456789012"
PATTERN = {"source": ["shop"]}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:welcome"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Welcome:
    Type: AWS::Serverless::Function
    Properties:
      Handler: their_shop.handle
      Runtime: python3.12
      Events:
        Placed: {Type: EventBridgeRule, Properties: {Pattern: {source: [shop]}}}
  Api:
    Type: AWS::Serverless::Function
    Properties: {Handler: their_shop.handle, Runtime: python3.12}
"""


def client() -> Any:
    return boto3.client("events", region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")


def reported(use: Callable[[EventBridge], Any], **options: Any) -> list[str]:
    """What a mock ends with."""
    options = {"assert_all_connected_used": True, "region": REGION, **options}
    try:
        with mock_eventbridge(**options) as eb:
            use(eb)
    except ExceptionGroup as group:
        return list(map(str, group.exceptions))
    return []


def named(name: str, **rule: Any) -> Callable[[EventBridge], Any]:
    """Connect a name beside a rule with the function ``welcome``."""

    def use(eb: EventBridge) -> None:
        eb.rule("Welcome", **(rule or {"pattern": PATTERN}), to="welcome")
        eb.connect(name, print)

    return use


def destination(eb: EventBridge, endpoint: str) -> None:
    """Let a rule call an API destination, behind an OAuth connection."""
    oauth = {
        "AuthorizationEndpoint": "https://login.example/token",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
    }
    connection = client().create_connection(
        Name="crm",
        AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
        AuthParameters={"OAuthParameters": oauth},
    )["ConnectionArn"]
    arn = client().create_api_destination(
        Name="crm-events", ConnectionArn=connection, InvocationEndpoint=endpoint, HttpMethod="POST"
    )["ApiDestinationArn"]
    eb.rule("Crm", pattern=PATTERN, to=arn)


def with_destination(name: str, endpoint: str = "https://crm.example/events") -> Callable[[EventBridge], Any]:
    def use(eb: EventBridge) -> None:
        destination(eb, endpoint)
        eb.connect(name, lambda request: 200)

    return use


def to_a_dead_letter_queue(eb: EventBridge) -> None:
    eb.rule("Welcome", pattern=PATTERN)
    target = {"Id": "1", "Arn": FUNCTION, "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"}}
    client().put_targets(Rule="Welcome", Targets=[target])
    eb.connect("dead", print)
    eb.fail_target("dead")
    eb.fail_target("1")


def with_a_rule_that_is_gone(eb: EventBridge) -> None:
    eb.rule("Welcome", pattern=PATTERN, to="welcome")
    eb.connect("welcome", print)
    eb.fail_target("welcome", times=1)
    eb.put("shop", "Sold")
    eb.clock.advance(hours=1)
    client().remove_targets(Rule="Welcome", Ids=["target-1"])
    client().delete_rule(Name="Welcome")


def with_a_failure_that_is_cancelled(eb: EventBridge) -> None:
    eb.fail_target("welcom")
    eb.fail_nothing()


def forgotten(eb: EventBridge) -> None:
    eb.connect("welcom", print)
    eb.reset()


USED = {
    "a function by its name, whose rule did not fire": named("welcome"),
    "by its ARN": named(FUNCTION),
    "of a schedule": named("welcome", schedule="rate(1 hour)"),
    "of a disabled rule": lambda eb: (named("welcome")(eb), client().disable_rule(Name="Welcome")),
    "a callable of a rule": lambda eb: eb.rule("r", pattern=PATTERN, to=print),
    "a dead-letter queue and an id": to_a_dead_letter_queue,
    "the URL of a destination": with_destination("https://crm.example/events"),
    "its host": with_destination("https://crm.example"),
    "a filled path": with_destination("https://crm.example/events/7", "https://crm.example/events/*"),
    "the name of a destination": with_destination("crm-events"),
    "where tokens come from": with_destination("https://login.example/token"),
    "a rule that is gone": with_a_rule_that_is_gone,
    "a cancelled failure": with_a_failure_that_is_cancelled,
    "what a reset forgot": forgotten,
}


@pytest.mark.parametrize("use", USED.values(), ids=USED)
def test_what_stands_for_something(use: Callable[[EventBridge], Any]) -> None:
    """A handler whose rule did not fire is not reported."""
    assert reported(use) == []


UNUSED = {
    "a misspelt name": (
        named("welcom"),
        "a handler is connected to 'welcom', but no rule has a target 'welcom'",
        "welcome",
    ),
    "another Region": (named(FUNCTION.replace(REGION, "eu-west-1")), "no rule has a target", FUNCTION),
    "another account": (named(FUNCTION.replace(ACCOUNT, "111122223333")), "no rule has a target", FUNCTION),
    "an alias": (named(f"{FUNCTION}:prod"), "no rule has a target", FUNCTION),
    "a failure": (
        lambda eb: (eb.rule("r", pattern=PATTERN, to="welcome"), eb.fail_target("welcom")),
        "fail_target was called for 'welcom'",
        "welcome",
    ),
    "a failure that has been used up": (
        lambda eb: (eb.rule("r", pattern=PATTERN, to="welcome"), eb.fail_target("welcom", times=1)),
        "fail_target was called for 'welcom'",
        "welcome",
    ),
    "a URL": (with_destination("https://crm.example/event"), "with the URL", "https://crm.example/events"),
    "a URL of another host": (with_destination("https://crn.example"), "with the URL", "https://crm.example"),
}


@pytest.mark.parametrize(("use", "text", "meant"), UNUSED.values(), ids=UNUSED)
def test_what_stands_for_nothing(use: Callable[[EventBridge], Any], text: str, meant: str) -> None:
    """It is named, with what was probably meant and how to allow it."""
    [failure] = reported(use)
    assert text in failure and f"did you mean {meant!r}?" in failure
    assert failure.endswith("To allow this: assert_all_connected_used=False")


def test_names_without_a_similar_one() -> None:
    """The targets there are, or that there are none."""
    assert "; choose from welcome" in reported(named("somebody"))[0]
    assert "; there are none" in reported(lambda eb: eb.connect("somebody", print))[0]


def test_very_many() -> None:
    """Ten are told, the others by name."""
    failures = reported(lambda eb: [eb.connect(f"name-{number}", print) for number in range(13)])
    assert len(failures) == 11
    assert failures[-1].startswith("and 3 more stand for no target: 'name-10', 'name-11', 'name-12'\n")


def test_the_option() -> None:
    """None does as strict says."""
    wrong = named("welcom", schedule="rate(1 hour)")
    strict = {"assert_all_connected_used": None, "strict": True, "assert_all_rules_matched": False}
    assert len(reported(wrong, **strict)) == 1
    assert reported(wrong, **{**strict, "assert_all_connected_used": False}) == []
    assert reported(wrong, assert_all_connected_used=None) == []
    assert Options(strict=True).connected_must_be_used and not Options().connected_must_be_used


def test_a_failing_test_keeps_its_error() -> None:
    """The check is a note on it, once, also where the hint on misspelt names says the same."""
    with pytest.raises(ZeroDivisionError) as raised, mock_eventbridge(assert_all_connected_used=True) as eb:
        named("welcom")(eb)
        _ = 1 / 0
    assert "".join(raised.value.__notes__).count("connected to 'welcom'") == 1


def test_handlers_of_a_template(tmp_path: Any) -> None:
    """``connect_handlers`` connects every function; one that is no target is nobody's mistake."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "their_shop.py").write_text("def handle(event, context): ...", encoding="utf-8")
    assert reported(lambda eb: eb.load(path, connect_handlers=True)) == []
    assert reported(lambda eb: (eb.connect("Welcome", print), eb.load(path))) == []
    assert "connected to 'Welcom'" in reported(lambda eb: (eb.connect("Welcom", print), eb.load(path)))[0]


# What a spy says that was never called.


def silence(use: Callable[[EventBridge], Any], name: str = "welcome") -> str:
    """What ``one()`` and ``last`` say of a handler that was never called."""
    with mock_eventbridge(region=REGION) as eb:
        spy = eb.connect(name, print)
        use(eb)
        with pytest.raises(AssertionError) as one:
            spy.calls.one()
        with pytest.raises(AssertionError) as last:
            _ = spy.calls.last
    assert str(one.value).partition("\n")[2] == str(last.value).partition("\n")[2]
    return str(one.value)


def elsewhere(**client_options: Any) -> Callable[[EventBridge], Any]:
    def use(eb: EventBridge) -> None:
        eb.rule("Welcome", pattern=PATTERN, to="welcome", bus=client_options.get("bus", "default"))
        region = client_options.get("region", REGION)
        other = boto3.client("events", region, aws_access_key_id="testing", aws_secret_access_key="testing")
        other.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])

    return use


def unmatched(eb: EventBridge) -> None:
    eb.rule("Welcome", pattern=PATTERN, to="welcome")
    eb.put("bank", "Paid")


SILENCE = {
    "a misspelt name": (named("x"), "welcom", "hint: no rule has a target 'welcom'; did you mean 'welcome'?"),
    "another Region": (elsewhere(region="eu-west-1"), "welcome", "event #1 went to eu-west-1"),
    "another bus": (elsewhere(bus="orders"), "welcome", "event #1 went to bus 'default'"),
    "another pattern": (
        unmatched,
        "welcome",
        "hint: rule 'Welcome' on bus 'default' does not match event #1:\n",
    ),
    "no event": (named("x"), "welcome", "hint: no event was put"),
    "another handler": (
        lambda eb: eb.connect("welcome", repr),
        "welcome",
        "hint: another handler was connected to 'welcome' after this one, and took its place",
    ),
}


@pytest.mark.parametrize(("use", "name", "hint"), SILENCE.values(), ids=SILENCE)
def test_a_spy_that_was_never_called_says_why(use: Callable[[EventBridge], Any], name: str, hint: str) -> None:
    """A misspelt name, the wrong Region or bus, a pattern that differs."""
    assert hint in silence(use, name)

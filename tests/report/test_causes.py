"""Why a rule got nothing: account, Region and bus, the order of events and changes, and several causes at once.

The same cause is asked for through each thing that tells it: an assertion, ``explain``, ``route`` and the strict exit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge

OTHER = "111122223333"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:kept"
PATTERN = {"source": ["shop"]}


def put(region: str = "us-east-1", account: str = "123456789012", **entry: Any) -> None:
    """Put an event with a client of that account and Region."""
    events = boto3.client("events", region_name=region, aws_access_key_id=account, aws_secret_access_key="unused")
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}", **entry}])


def rule(eb: EventBridge, **options: Any) -> None:
    """Make the rule that the tests ask about, in the account and the Region of the handle."""
    eb.rule("r", pattern=options.pop("pattern", PATTERN), to=QUEUE, **options)


def asserted(eb: EventBridge) -> str:
    """The hints of a failing assertion."""
    with pytest.raises(AssertionError) as failed:
        eb.assert_delivered(rule="r")
    return str(failed.value)


def explained(eb: EventBridge) -> str:
    """What explain says of the rule and the last event."""
    return str(eb.explain(eb.events.last, rule="r"))


def routed(eb: EventBridge) -> str:
    """What route says of the last event."""
    return str(eb.route(eb.events.last))


def ended(arrange: Callable[[EventBridge], None]) -> str:
    """What a strict mock says at its end."""
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge(strict=True) as eb:
        arrange(eb)
    return "\n".join(map(str, failed.value.exceptions))


def in_another_region(eb: EventBridge) -> None:
    rule(eb)
    put("eu-west-1")


def in_another_account(eb: EventBridge) -> None:
    rule(eb)
    put(account=OTHER)


def in_another_account_and_region(eb: EventBridge) -> None:
    rule(eb)
    put("eu-west-1", OTHER)


def on_another_bus(eb: EventBridge) -> None:
    rule(eb, bus="orders")
    put()


def on_another_bus_of_another_region(eb: EventBridge) -> None:
    rule(eb, bus="orders")
    put("eu-west-1")


ELSEWHERE = {
    in_another_region: (
        "rule 'r' is in us-east-1, {event} went to eu-west-1 "
        "(the client that puts the event must use the Region of the rule)",
        "bus 'default' in us-east-1",
    ),
    in_another_account: (
        "rule 'r' is in account 123456789012, {event} went to account 111122223333 "
        "(the client that puts the event must use the account of the rule)",
        "bus 'default' in account 123456789012",
    ),
    in_another_account_and_region: (
        "rule 'r' is in us-east-1 of account 123456789012, {event} went to eu-west-1 of account 111122223333 "
        "(the client that puts the event must use the account and the Region of the rule)",
        "bus 'default' in us-east-1 of account 123456789012",
    ),
    on_another_bus: (
        "rule 'r' is on bus 'orders', {event} went to bus 'default' (EventBusName of the entry chooses the bus)",
        "bus 'orders'",
    ),
    on_another_bus_of_another_region: (
        "rule 'r' is on bus 'orders' in us-east-1, {event} went to bus 'default' in eu-west-1 "
        "(the client that puts the event must use the Region of the rule; EventBusName of the entry chooses the bus)",
        "bus 'orders' in us-east-1",
    ),
}


@pytest.mark.parametrize("arrange", ELSEWHERE, ids=lambda arrange: arrange.__name__)
def test_event_and_rule_in_two_places(arrange: Callable[[EventBridge], None]) -> None:
    """Everything that explains names the place of the rule and that of the event, and no other cause."""
    sentence, bus = ELSEWHERE[arrange]
    with mock_eventbridge() as eb:
        arrange(eb)
        assert f"{sentence.format(event='event #1')}; otherwise it would match" in asserted(eb)
        assert f"{sentence.format(event='the event')}; otherwise it would match" in explained(eb)
        assert f"the event does not reach {bus}; it would match there" in routed(eb)
        assert "refuse" not in routed(eb)
        assert not any("made after" in said for said in (asserted(eb), explained(eb), routed(eb)))
    at_the_end = ended(arrange)
    assert f"matched no rule; {sentence.format(event='the event')}; otherwise it would match" in at_the_end
    it = sentence.format(event="event #1").removeprefix("rule 'r'")
    assert f"rule 'r' on {bus} never matched: it{it}; otherwise it would match" in at_the_end
    assert "made after" not in at_the_end


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_journal_names_regions_where_there_are_two(region: str) -> None:
    """With one Region the lines stay short."""
    with mock_eventbridge() as eb:
        rule(eb)
        put(region)
        inside = "" if region == "us-east-1" else " in eu-west-1"
        count = "1 rule" if region == "us-east-1" else "0 rules"
        lines = str(eb.journal).splitlines()
        assert lines[0] == f"event #1 shop 'Sold' put on bus 'default'{inside}"
        assert lines[1] == f"event #1 was checked against {count} of bus 'default'{inside}"


def test_the_journal_names_accounts_where_there_are_two(eb: EventBridge) -> None:
    """Refused calls and refused entries name them too."""
    rule(eb)
    put(account=OTHER, Detail="no json")
    with pytest.raises(Exception, match="does not exist"):
        boto3.client("events", region_name="us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="-").enable_rule(
            Name="r"
        )
    lines = str(eb.journal).splitlines()
    assert lines[0] == f"entry #1 shop 'Sold' put on bus 'default' in account {OTHER}"
    assert lines[2].startswith(f"EnableRule in account {OTHER} refused: ResourceNotFoundException")


@pytest.fixture
def lenient() -> Any:
    """A mock whose end does not ask for deliveries that failed."""
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        yield eb


@pytest.fixture
def eb() -> Any:
    """A mock."""
    with mock_eventbridge() as eb:
        yield eb


def test_no_name_in_the_question(eb: EventBridge) -> None:
    """Without a name the hint is about the last event: a rule of another Region would match it."""
    in_another_region(eb)
    with pytest.raises(AssertionError) as failed:
        eb.assert_delivered()
    sentence = ELSEWHERE[in_another_region][0].format(event="the last event")
    assert f"matched no rule on bus 'default' in eu-west-1; {sentence}; otherwise it would match" in str(failed.value)


def test_a_failed_delivery_names_the_region() -> None:
    """Two rules of one name in two Regions: the end of the test says whose target failed."""
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge() as eb:
        rule(eb)
        rule_of_ireland = {"Name": "r", "EventPattern": '{"source": ["shop"]}'}
        boto3.client("events", region_name="eu-west-1").put_rule(**rule_of_ireland)
        eb.fail_target("kept", error="NO_PERMISSIONS")
        put()
    (note,) = failed.value.exceptions[0].__notes__
    assert "rule 'r' on bus 'default' in us-east-1, event #1" in note


def test_a_call_about_a_rule_of_another_region(eb: EventBridge) -> None:
    """AWS's words stay; the hint beside them names both Regions."""
    rule(eb)
    with pytest.raises(Exception, match="Rule r does not exist on EventBus default") as refused:
        boto3.client("events", region_name="eu-west-1").disable_rule(Name="r")
    (hint,) = eb.hints_for(refused.value)
    assert "the call was about bus 'default' in eu-west-1 of account 123456789012; " in hint
    assert hint.endswith("rule 'r' is on bus 'default' in us-east-1 of account 123456789012")


def test_an_event_that_crossed_regions_has_a_new_id(eb: EventBridge) -> None:
    """The rule in the other Region was checked against it under that id; the way there is told."""
    ireland = boto3.client("events", region_name="eu-west-1")
    ireland.put_rule(Name="r", EventPattern='{"source": ["bank"]}')
    eb.rule("on", pattern=PATTERN, to="arn:aws:events:eu-west-1:123456789012:event-bus/default")
    put()
    said = str(eb.explain(eb.events.last, rule="r"))
    (new_id,) = re.findall(r"explain\('([-0-9a-f]{36})', rule=\.\.\.\)", said)
    assert "rule 'r' is in eu-west-1; the event went on to there with a new id" in said
    assert "did not match: source differs" in str(eb.explain(new_id, rule="r"))


def test_made_later(eb: EventBridge) -> None:
    """The journal knows that the event came first; and whether the rule would match it now."""
    put()
    rule(eb)
    sentence = "rule 'r' was made after {} was put; make the rule first; now it would match"
    assert sentence.format("event #1") in asserted(eb)
    assert sentence.format("the event") in explained(eb)
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge(assert_all_rules_matched=True) as strict:
        put()
        rule(strict)
    it = sentence.format("event #1").removeprefix("rule 'r'")
    assert f"never matched: it{it}" in str(failed.value.exceptions[0])


def test_made_later_and_on_another_pattern(eb: EventBridge) -> None:
    """Two causes at once are both named."""
    put()
    rule(eb, pattern={"source": ["bank"]})
    assert "make the rule first; now it would not match: source differs" in asserted(eb)


def test_made_between_two_events_of_two_regions(eb: EventBridge) -> None:
    """One event came too early, and the other went elsewhere: each has its own cause."""
    put()
    rule(eb)
    put("eu-west-1")
    said = asserted(eb)
    assert "rule 'r' was made after event #1 was put" in said
    assert "rule 'r' is in us-east-1, event #2 went to eu-west-1" in said


def test_in_another_region_and_disabled(eb: EventBridge) -> None:
    """The rule would not match there either, and the reason is given."""
    rule(eb)
    boto3.client("events", region_name="us-east-1").disable_rule(Name="r")
    put("eu-west-1")
    assert "event #1 went to eu-west-1" in asserted(eb)
    assert "and it would not match: disabled" in asserted(eb)
    assert "and it would not match: disabled" in explained(eb)


def test_disabled_and_another_pattern(eb: EventBridge) -> None:
    """Who enables the rule would otherwise meet the second cause only then."""
    rule(eb, pattern={"source": ["bank"]})
    boto3.client("events", region_name="us-east-1").disable_rule(Name="r")
    put()
    said = asserted(eb)
    assert "rule 'r' is disabled; call EnableRule to enable it" in said
    assert "rule 'r' on bus 'default' does not match event #1:" in said


def test_enabled_after_the_event(eb: EventBridge) -> None:
    """The rule is enabled now; that it was not then is what the sentence says."""
    events = boto3.client("events", region_name="us-east-1")
    rule(eb)
    events.disable_rule(Name="r")
    put()
    events.enable_rule(Name="r")
    assert "rule 'r' was disabled when event #1 was put; enable it first" in asserted(eb)


def test_targets_put_after_the_event(eb: EventBridge) -> None:
    """The rule has a target now; it had none when the event came."""
    events = boto3.client("events", region_name="us-east-1")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    put()
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    assert "rule 'r' matched event #1, but PutTargets was called after that; call PutTargets first" in asserted(eb)


def test_a_target_added_after_the_event(eb: EventBridge) -> None:
    """The rule delivered to another target; this one came later."""
    rule(eb)
    put()
    late = QUEUE.replace("kept", "late")
    boto3.client("events", region_name="us-east-1").put_targets(Rule="r", Targets=[{"Id": "2", "Arn": late}])
    with pytest.raises(AssertionError, match="matched event #1, but target 'late' was added after that; add it first"):
        eb.assert_delivered(target="late")


def test_pattern_changed_after_the_event(eb: EventBridge) -> None:
    """The fields are those of the pattern as it was; and the pattern of now would match."""
    rule(eb, pattern={"source": ["bank"]})
    put()
    rule(eb)
    said = asserted(eb)
    assert "does not match event #1:\n    source  differs" in said
    assert said.endswith("hint: the pattern of rule 'r' was changed after that, and would match now")


def test_a_later_event_went_to_another_region(eb: EventBridge) -> None:
    """The event that the rule was checked against, and the one it would have matched, are told apart."""
    rule(eb)
    put(Source="bank")
    put("eu-west-1")
    said = asserted(eb)
    assert "rule 'r' on bus 'default' in us-east-1 does not match event #1:" in said
    assert "rule 'r' is in us-east-1, event #2 went to eu-west-1" in said


def delete_rule() -> None:
    """Delete the rule with its target."""
    events = boto3.client("events", region_name="us-east-1")
    ids = [target["Id"] for target in events.list_targets_by_rule(Rule="r")["Targets"]]
    events.remove_targets(Rule="r", Ids=ids)
    events.delete_rule(Name="r")


def test_deleted_before_the_event(eb: EventBridge) -> None:
    """A rule that was there for an earlier event, and not for this one, was not made later."""
    rule(eb, pattern={"source": ["bank"]})
    put()
    delete_rule()
    put()
    assert explained(eb).endswith("rule 'r' was deleted before the event was put")
    assert "hint: rule 'r' was deleted before event #2 was put" in asserted(eb)
    rule(eb)
    assert explained(eb).endswith("rule 'r' was deleted before the event was put, and was made again later")


def test_made_after_the_event_and_deleted_again(eb: EventBridge) -> None:
    """The rule is known from an event that came later still."""
    put()
    first = eb.events.last
    rule(eb)
    put()
    delete_rule()
    said = str(eb.explain(first, rule="r"))
    assert said.endswith("rule 'r' was made after the event was put, and was deleted later")


def test_rules_of_one_name_in_two_regions(eb: EventBridge) -> None:
    """The event went to a third Region: both are named."""
    rule(eb)
    boto3.client("events", region_name="ap-south-1").put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    put("eu-west-1")
    said = explained(eb)
    assert "rule 'r' is in us-east-1, the event went to eu-west-1" in said
    assert "rule 'r' is in ap-south-1, the event went to eu-west-1" in said


def test_managed_rules_are_not_explained(eb: EventBridge) -> None:
    """A managed rule was checked against the event; to say that it came later would be wrong."""
    eb.archive("kept")
    put()
    (managed,) = [each["Name"] for each in boto3.client("events", region_name="us-east-1").list_rules()["Rules"]]
    said = str(eb.explain(eb.events.last, rule=managed))
    assert "is managed by" in said and "made after" not in said


def test_a_schedule_in_another_region(eb: EventBridge) -> None:
    """No client helps: no event matches it anywhere."""
    eb.rule("r", schedule="rate(5 minutes)", to=QUEUE)
    put("eu-west-1")
    for told in (asserted(eb), explained(eb)):
        assert "rule 'r' has a schedule and no pattern, so no event matches it; move the time with" in told
        assert "the client" not in told


def test_an_event_that_the_bus_drops(lenient: EventBridge) -> None:
    """Its rules are there, and were neither deleted nor made later."""
    rule(lenient, pattern={"source": ["other"]})
    lenient.rule("again", pattern=PATTERN, to="again")
    lenient.connect("again", lambda event: put())
    put()
    assert "rules trigger each other in an endless loop" in explained(lenient)
    assert "rule 'r' is not checked against an event that its bus drops" in explained(lenient)
    assert "does not match event" in asserted(lenient)
    assert "deleted" not in asserted(lenient) + explained(lenient)


def test_an_event_that_does_not_get_to_the_bus_of_the_rule(lenient: EventBridge) -> None:
    """Explained by the rule that sends it there and by the error, and not by another client."""
    rule(lenient, bus="second")
    lenient.rule("on", pattern=PATTERN, bus="first", to="arn:aws:events:us-east-1:123456789012:event-bus/second")
    lenient.rule("in", pattern=PATTERN, to="arn:aws:events:us-east-1:123456789012:event-bus/first")
    put()
    sentence = (
        "rule 'r' is on bus 'second'; rule 'on' sends the event there, and that fails: THIRD_ACCOUNT_HOP_DETECTED"
    )
    assert sentence in explained(lenient)
    assert sentence in str(lenient.explain({"Source": "shop", "DetailType": "Sold", "Detail": "{}"}, rule="r"))


def test_the_bus_does_not_exist() -> None:
    """The event went to a bus that is not there: the assertion and the end of the mock say that it was dropped."""

    def arrange(eb: EventBridge) -> None:
        rule(eb)
        put(EventBusName="nowhere")

    dropped = "event #1 was dropped: there is no event bus 'nowhere' in us-east-1 of account 123456789012"
    with mock_eventbridge() as eb:
        arrange(eb)
        assert dropped in asserted(eb)
    assert f"otherwise it would match; {dropped}" in ended(arrange)


S3_HINT = (
    "no event was put; rule 'r' is for events of S3: "
    "a bucket sends them after put_bucket_notification_configuration with NotificationConfiguration="
)


def test_a_bucket_that_sends_nothing(eb: EventBridge) -> None:
    """Assertions and spies name the configuration of the bucket, for rules on S3 alone."""
    spy = eb.connect("import")
    eb.rule("r", pattern={"source": ["aws.s3"]}, to="import")
    assert S3_HINT in asserted(eb)
    with pytest.raises(AssertionError) as failed:
        spy.calls.one()
    assert S3_HINT in str(failed.value)

    eb.rule("r", pattern={"source": ["shop"]}, to="import")
    assert "is the code under test called" in asserted(eb)


def test_no_dead_letter_of_a_handler_that_raises(lenient: EventBridge) -> None:
    """An empty log of dead letters says what makes one; other logs do not."""
    lenient.rule("r", pattern=PATTERN, to=raising)
    put()
    assert lenient.deliveries.one().raised is not None
    for look in (lenient.dead_letters.one, lambda: lenient.dead_letters.last, lambda: lenient.dead_letters[0]):
        with pytest.raises((AssertionError, IndexError), match=r"a handler that raises makes none, eb\.fail_target"):
            look()
    with pytest.raises(AssertionError) as failed:
        lenient.events.where(source="other").one()
    assert "fail_target" not in str(failed.value)


def raising(event: Any) -> None:
    """A handler that does not work."""
    raise ValueError(event["id"])

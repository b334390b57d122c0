"""``sample_event``: a real-life event, changed by the words its users think in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eventbridge_local.errors import UsageError
from eventbridge_local.samples import sample_event, sample_events

TIME = "2026-03-06T09:00:05Z"


def test_an_upload() -> None:
    """The bucket is named in two places, and one keyword changes both."""
    event = sample_event("aws.s3", "Object Created", bucket="photos", key="cat.jpg", size=5, time=TIME, id="1")
    assert event["resources"] == ["arn:aws:s3:::photos"]
    assert event["detail"]["bucket"] == {"name": "photos"}
    assert event["detail"]["object"]["key"] == "cat.jpg"
    assert event["detail"]["object"]["size"] == 5
    assert (event["time"], event["id"]) == (TIME, "1")


def test_account_and_region_reach_every_arn() -> None:
    """Also those in the detail, and the partition follows the Region."""
    event = sample_event(
        "aws.ecs", "ECS Task State Change", account="444455556666", region="cn-north-1", cluster="c", task="t"
    )
    arn = "arn:aws-cn:ecs:cn-north-1:444455556666"
    assert (event["account"], event["region"]) == ("444455556666", "cn-north-1")
    assert event["resources"] == [f"{arn}:task/c/t"]
    assert event["detail"]["clusterArn"] == f"{arn}:cluster/c"
    assert event["detail"]["containers"][0]["taskArn"] == f"{arn}:task/c/t"


@pytest.mark.parametrize("sample", sample_events(), ids=lambda sample: f"{sample.source} {sample.detail_type}")
def test_no_sample_keeps_an_account_or_region(sample: Any) -> None:
    """Whoever tests another account or Region finds no trace of the default ones."""
    text = json.dumps(
        sample_event(sample.source, sample.detail_type, account="444455556666", region="us-gov-west-1", id="1")
    )
    assert [word for word in ("123456789012", "us-east-1", "arn:aws:") if word in text] == []


def test_times_in_the_detail_follow() -> None:
    """They keep their distance to the event's time, each in the spelling of its service."""
    steps = sample_event("aws.states", "Step Functions Execution Status Change", time=TIME)["detail"]
    assert (steps["startDate"], steps["stopDate"]) == (1772787593000, 1772787605000)
    assert sample_event("aws.cloudwatch", "CloudWatch Alarm State Change", time=TIME)["detail"]["state"][
        "timestamp"
    ] == ("2026-03-06T09:00:05.000+0000")
    health = sample_event("aws.health", "AWS Health Event", time=TIME)["detail"]
    assert (health["startTime"], health["endTime"]) == (
        "Fri, 06 Mar 2026 08:00:05 GMT",
        "Sat, 07 Mar 2026 09:00:05 GMT",
    )
    build = sample_event("aws.codebuild", "CodeBuild Build Phase Change", time="2026-03-06T12:00:05Z")["detail"]
    assert (build["completed-phase-start"], build["completed-phase-end"]) == (
        "Mar 6, 2026 11:59:25 AM",
        "Mar 6, 2026 12:00:05 PM",
    )
    request = sample_event("aws.codecommit", "CodeCommit Pull Request State Change", time="2026-03-06T01:30:05Z")
    assert request["detail"]["creationDate"] == "Fri Mar 06 00:30:05 UTC 2026"
    finding = sample_event("aws.inspector2", "Inspector2 Finding", time="2026-03-06T00:10:05Z")["detail"]
    assert finding["updatedAt"] == "Mar 6, 2026, 12:10:05 AM"
    statement = sample_event("aws.redshift-data", "Redshift Data Statement Status Change", time=TIME)["detail"]
    assert statement["expireAt"] == 1772787605 + 86_400


@pytest.mark.parametrize(
    ("source", "detail_type", "fields", "has", "has_not"),
    [
        (
            "aws.states", "Step Functions Execution Status Change", {"status": "FAILED"},
            {"status": "FAILED", "output": None, "error": "OutOfStock"}, [],
        ),
        (
            "aws.states", "Step Functions Execution Status Change", {"status": "RUNNING"},
            {"stopDate": None, "output": None, "error": None}, [],
        ),
        (
            "aws.ecs", "ECS Task State Change", {"last_status": "STOPPED"},
            {"desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited"}, [],
        ),
        (
            "aws.ecs", "ECS Task State Change", {"last_status": "STOPPED", "desired_status": "RUNNING"},
            {"desiredStatus": "RUNNING", "lastStatus": "STOPPED"}, [],
        ),
        (
            "aws.s3", "Object Deleted", {"reason": "Lifecycle Expiration"},
            {"reason": "Lifecycle Expiration", "requester": "s3.amazonaws.com"}, ["source-ip-address"],
        ),
        (
            "aws.glue", "Glue Job State Change", {"state": "FAILED", "message": "Out of memory"},
            {"severity": "ERROR", "message": "Out of memory"}, [],
        ),
        (
            "aws.mediaconvert", "MediaConvert Job State Change", {"status": "ERROR"},
            {"errorCode": 1404}, ["outputGroupDetails"],
        ),
    ],
)  # fmt: skip
def test_a_state_brings_its_members(
    source: str, detail_type: str, fields: dict[str, Any], has: dict[str, Any], has_not: list[str]
) -> None:
    """A failure has its reason and no result; what the user says himself holds in any case."""
    detail = sample_event(source, detail_type, **fields)["detail"]
    assert {key: detail[key] for key in has} == has
    assert [key for key in has_not if key in detail] == []


def test_detail_is_laid_over() -> None:
    """Object by object; arrays and other values are replaced, also by null, and new members are added."""
    plain = sample_event("aws.ecs", "ECS Task State Change")["detail"]
    detail = sample_event(
        "aws.ecs",
        "ECS Task State Change",
        detail={"overrides": {"cpu": "512"}, "attachments": [], "platformVersion": None, "tags": {"a": "b"}},
    )["detail"]
    assert detail["overrides"] == {**plain["overrides"], "cpu": "512"}
    assert (detail["attachments"], detail["platformVersion"], detail["tags"]) == ([], None, {"a": "b"})
    assert detail["containers"][0]["name"] == plain["containers"][0]["name"]


def test_detail_has_the_last_word() -> None:
    """Over a field of the sample, and as JSON text too."""
    event = sample_event("aws.s3", "Object Created", key="a", detail='{"object":{"key":"b"}}')
    assert event["detail"]["object"]["key"] == "b"
    assert event["detail"]["object"]["size"] == 20480


def test_resources_replace() -> None:
    """As in ``make_event``; an empty list is a list."""
    assert sample_event("aws.s3", "Object Created", resources=["x"])["resources"] == ["x"]
    assert sample_event("aws.s3", "Object Created", resources=[])["resources"] == []


def test_replayed() -> None:
    """A replayed event has its name where AWS puts it."""
    event = sample_event("aws.s3", "Object Created", replay_name="again")
    assert list(event)[6:9] == ["region", "replay-name", "resources"]


def test_values_are_not_templates() -> None:
    """What looks like a place in a user's value stays what it is."""
    event = sample_event("aws.s3", "Object Created", key="${bucket}", detail={"note": "${time}"})
    assert event["detail"]["object"]["key"] == "${bucket}"
    assert event["detail"]["note"] == "${time}"


def test_each_event_is_new() -> None:
    """Two events differ in their ids, and a change of one does not reach the next."""
    one = sample_event("aws.ecr", "ECR Image Scan")
    one["detail"]["image-tags"].append("spoiled")
    one["detail"]["finding-severity-counts"].clear()
    other = sample_event("aws.ecr", "ECR Image Scan")
    assert one["id"] != other["id"]
    assert other["detail"]["image-tags"] == ["1.8.0"]
    assert other["detail"]["finding-severity-counts"]["CRITICAL"] == 1


def test_given_lists_are_copied() -> None:
    """A list that is given as a field is not the one in the event."""
    tags = ["2.0"]
    event = sample_event("aws.ecr", "ECR Image Scan", tags=tags)
    tags.append("later")
    assert event["detail"]["image-tags"] == ["2.0"]


@pytest.mark.parametrize(
    ("source", "detail_type", "fields", "words"),
    [
        ("aws.s3", "Object Created", {"buket": "b"}, ["'buket'; did you mean 'bucket'? Its fields: bucket, etag, key"]),
        ("aws.s3", "Object Created", {"regin": "b"}, ["did you mean 'region'?"]),
        ("aws.s3", "Object Created", {"qqqq": "b"}, ["no field 'qqqq'. Its fields"]),
        ("aws.s3", "Object Created", {"size": "5"}, ["size='5'", "a number", "20480"]),
        ("aws.s3", "Object Created", {"size": True}, ["size=True", "a number"]),
        ("aws.s3", "Object Created", {"key": 5}, ["key=5", "a string"]),
        ("aws.s3", "Object Created", {"key": None}, ["key=None", "a string"]),
        ("aws.ecr", "ECR Image Scan", {"tags": "1.8.0"}, ["tags='1.8.0'", "a list"]),
        ("aws.s3", "Object Created", {"bucket": "arn:aws:s3:::b"}, ["bucket='arn:aws:s3:::b'", "the name or id"]),
        ("aws.s3", "Object Created", {"account": "42"}, ["account='42'"]),
        ("aws.s3", "Object Created", {"detail": []}, ["detail=[]"]),
        ("aws.s3", "object created", {}, ["aws.s3 has no", "did you mean 'Object Created'?", "'Object Deleted'"]),
        ("aws.s3", "Wobble", {}, ["no sample 'Wobble'.", "'Object Created'"]),
        ("s3", "Uploaded", {}, ["source 's3'; did you mean 'aws.s3'?"]),
        ("aws.S3", "Uploaded", {}, ["did you mean 'aws.s3'?"]),
        ("aws.gardduty", "Finding", {}, ["did you mean 'aws.guardduty'?"]),
        ("s3", "Object Created", {}, ["'Object Created' comes from 'aws.s3'."]),
        ("aws.stepfunctions", "Step Functions Execution Status Change", {}, ["comes from 'aws.states'"]),
        ("orders", "OrderPlaced", {}, ["source 'orders'. sample_events()"]),
        ("shop.orders", "OrderPlaced", {}, ["source 'shop.orders'. sample_events()", "make_event"]),
    ],
)  # fmt: skip
def test_mistakes(source: str, detail_type: str, fields: dict[str, Any], words: list[str]) -> None:
    """An unknown name is answered with the nearest one and the list; a wrong value with the kind it must have."""
    with pytest.raises(UsageError) as caught:
        sample_event(source, detail_type, **fields)
    assert all(word in str(caught.value) for word in words), caught.value


# as AWS was recorded to send them, member by member


def test_an_object_that_was_deleted() -> None:
    """Recorded: there is no etag, and no version-id in a bucket without versioning."""
    deleted = sample_event("aws.s3", "Object Deleted")["detail"]["object"]
    assert list(deleted) == ["key", "version-id", "sequencer"]
    for detail_type in ("Object Created", "Object Deleted", "Object Tags Added", "Object ACL Updated"):
        detail = sample_event("aws.s3", detail_type, version_id=None)["detail"]
        assert "version-id" not in detail["object"]
        assert "key" in detail["object"]


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution(status: str) -> None:
    """RUNNING was recorded; that the failed ones may be redriven is documented."""
    detail = sample_event("aws.states", "Step Functions Execution Status Change", status=status)["detail"]
    assert set(detail) == {
        *("executionArn", "stateMachineArn", "stateMachineVersionArn", "stateMachineAliasArn", "name", "status"),
        *("startDate", "stopDate", "input", "inputDetails", "output", "outputDetails", "error", "cause"),
        *("redriveCount", "redriveDate", "redriveStatus", "redriveStatusReason"),
    }
    fails = status in ("FAILED", "TIMED_OUT", "ABORTED")
    reason = None if fails else f"Execution is {status} and cannot be redriven"
    assert (detail["redriveStatus"], detail["redriveStatusReason"]) == (
        "REDRIVABLE" if fails else "NOT_REDRIVABLE",
        reason,
    )
    assert (detail["redriveCount"], detail["redriveDate"]) == (0, None)
    assert detail["stateMachineVersionArn"] is detail["stateMachineAliasArn"] is None


@pytest.mark.parametrize(
    ("kind", "condition", "count", "function_error"),
    [("Success", "Success", 1, None), ("Failure", "RetriesExhausted", 3, "Unhandled")],
)
def test_the_destination_of_a_function(kind: str, condition: str, count: int, function_error: str | None) -> None:
    """What Lambda puts on a bus for an asynchronous invocation (recorded)."""
    event = sample_event(
        "lambda", f"Lambda Function Invocation Result - {kind}", function="f", bus="orders", time=TIME, request_id="r"
    )
    function = "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"
    assert event["resources"] == ["arn:aws:events:us-east-1:123456789012:event-bus/orders", function]
    detail = event["detail"]
    assert list(detail) == [
        "version",
        "timestamp",
        "requestContext",
        "requestPayload",
        "responseContext",
        "responsePayload",
    ]
    assert (detail["version"], detail["timestamp"]) == ("1.0", "2026-03-06T09:00:05.000Z")
    assert detail["requestContext"] == {
        "requestId": "r",
        "functionArn": function,
        "condition": condition,
        "approximateInvokeCount": count,
    }
    error = {} if function_error is None else {"functionError": function_error}
    assert detail["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", **error}

"""moto's own services send to our bus: S3, CloudFormation and Step Functions run for real, whichever was entered first.

CloudFormation and the interpreter of Step Functions need extra packages of moto; without them these tests are skipped.
"""

from __future__ import annotations

import contextvars
import json
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events import events_backends

from eventbridge_local import EventBridge, current_eventbridge, mock_eventbridge, moto_insides
from eventbridge_local.errors import MotoVersionWarning

REGION, ACCOUNT = "us-east-1", "123456789012"
KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"


@contextmanager
def ours_inside(**options: Any) -> Iterator[EventBridge]:
    with mock_aws(), mock_eventbridge(**options) as eb:
        yield eb


@contextmanager
def ours_outside(**options: Any) -> Iterator[EventBridge]:
    with mock_eventbridge(**options) as eb, mock_aws():
        yield eb


both = pytest.mark.parametrize("both", [ours_inside, ours_outside])


def client(service: str, region: str = REGION, **other: str) -> Any:
    return boto3.client(service, region_name=region, **{**KEYS, **other})


def seams() -> list[Any]:
    """What stands now where our functions do while a mock is active."""
    found = []
    for seam in moto_insides.SEAMS:
        module = sys.modules.get(seam.module)
        found.append(getattr(getattr(module, seam.owner, None) if seam.owner else module, seam.name, None))
    return found


@pytest.fixture(autouse=True)
def moto_is_left_as_it_was() -> Iterator[None]:
    """Nothing of moto stays replaced, and no thread is left."""
    threads = set(threading.enumerate())
    yield
    ours = list(moto_insides._instead.values())
    assert not [each for each in seams() if each in ours]
    assert moto_insides._replaced == {}
    assert [each for each in threading.enumerate() if each not in threads and "eventbridge" in each.name] == []


@pytest.fixture
def cloudformation() -> Callable[[], Any]:
    pytest.importorskip("moto.cloudformation.parsing", exc_type=ImportError)
    return lambda: client("cloudformation")


# S3


def make_bucket(name: str = "uploads", **location: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name, **location)
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})


@both
def test_an_upload_reaches_a_rule(both: Any) -> None:
    """In the form that AWS documents, and on no other bus than the default one."""
    with both() as eb:
        client("events").create_event_bus(Name="other")
        seen = eb.connect("resize", lambda event, context: None)
        eb.rule("uploads", pattern={"source": ["aws.s3"], "detail": {"bucket": {"name": ["uploads"]}}}, to="resize")
        eb.rule("elsewhere", pattern={"source": ["aws.s3"]}, to="resize", bus="other")
        make_bucket()
        client("s3").put_object(Bucket="uploads", Key="a b/ä.txt", Body=b"hello")
        [event] = seen.events
    assert {**event, "id": "", "time": ""} == {
        "version": "0",
        "id": "",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": "",
        "region": REGION,
        "resources": ["arn:aws:s3:::uploads"],
        "detail": {
            **event["detail"],
            "bucket": {"name": "uploads"},
            "object": {
                "key": "a b/ä.txt",
                "size": 5,
                "etag": "5d41402abc4b2a76b9719d911017c592",
                "sequencer": event["detail"]["object"]["sequencer"],
            },
            "requester": ACCOUNT,
            "reason": "PutObject",
        },
    }


@both
def test_every_kind_of_change(both: Any) -> None:
    """Uploads, copies, parts, tags, access lists and deletions, in the order of their sequencers."""
    with both() as eb:
        seen = eb.connect("all", lambda event: None)
        eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
        make_bucket()
        s3 = client("s3")
        s3.put_object(Bucket="uploads", Key="a", Body=b"1")
        s3.copy_object(Bucket="uploads", Key="b", CopySource="uploads/a")
        upload = s3.create_multipart_upload(Bucket="uploads", Key="c")["UploadId"]
        part = s3.upload_part(Bucket="uploads", Key="c", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
        s3.complete_multipart_upload(Bucket="uploads", Key="c", UploadId=upload, MultipartUpload=parts)
        s3.put_object_tagging(Bucket="uploads", Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
        s3.delete_object_tagging(Bucket="uploads", Key="a")
        s3.put_object_acl(Bucket="uploads", Key="a", ACL="private")
        s3.delete_object(Bucket="uploads", Key="a")
        told = [
            (each["detail-type"], each["detail"]["object"]["key"], each["detail"].get("reason")) for each in seen.events
        ]
        deleted = seen.events[-1]["detail"]
    assert told == [
        ("Object Created", "a", "PutObject"),
        ("Object Created", "b", "CopyObject"),
        ("Object Created", "c", "CompleteMultipartUpload"),
        ("Object Tags Added", "a", None),
        ("Object Tags Deleted", "a", None),
        ("Object ACL Updated", "a", None),
        ("Object Deleted", "a", "DeleteObject"),
    ]
    assert deleted["deletion-type"] == "Permanently Deleted"
    assert "version-id" not in deleted["object"]


def test_an_upload_with_tags_is_one_event() -> None:
    with ours_inside() as eb:
        eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
        make_bucket()
        client("s3").put_object(Bucket="uploads", Key="a", Body=b"1", Tagging="k=v")
        assert [each.event.detail_type for each in eb.deliveries] == ["Object Created"]


def test_an_upload_to_a_signed_url_is_one_event() -> None:
    """No client makes the request."""
    requests = pytest.importorskip("requests")
    with ours_inside() as eb:
        eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
        make_bucket()
        url = client("s3").generate_presigned_url("put_object", Params={"Bucket": "uploads", "Key": "a"})
        context = contextvars.Context()
        assert context.run(requests.put, url, data=b"1").status_code == 200
        assert [each.event.detail_type for each in eb.deliveries] == ["Object Created"]


def test_versions_are_told() -> None:
    with ours_inside() as eb:
        seen = eb.connect("all", lambda event: None)
        eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
        make_bucket()
        s3 = client("s3")
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
        version = s3.put_object(Bucket="uploads", Key="a", Body=b"1")["VersionId"]
        assert seen.events[-1]["detail"]["object"]["version-id"] == version
        marker = s3.delete_object(Bucket="uploads", Key="a")["VersionId"]
        assert len(seen.events) == 2
        detail = seen.events[-1]["detail"]
    assert (detail["deletion-type"], detail["reason"]) == ("Delete Marker Created", "DeleteObject")
    assert detail["object"] == {"key": "a", "version-id": marker, "sequencer": detail["object"]["sequencer"]}


def test_a_bucket_without_the_configuration_sends_nothing() -> None:
    with ours_inside() as eb:
        eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
        client("s3").create_bucket(Bucket="uploads")
        client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")
        assert len(eb.deliveries) == 0


def test_the_region_and_the_account_of_the_bucket() -> None:
    with ours_inside() as eb:
        west = client("events", "eu-west-1")
        west.put_rule(Name="r", EventPattern='{"source": ["aws.s3"]}')
        west.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"}])
        eb.rule("here", pattern={"source": ["aws.s3"]}, to="here")
        s3 = client("s3", "eu-west-1")
        s3.create_bucket(Bucket="west", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_notification_configuration(
            Bucket="west", NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        s3.put_object(Bucket="west", Key="a", Body=b"1")
        assert [each.event.region for each in eb.deliveries] == ["eu-west-1"]


@pytest.mark.parametrize(("ours", "motos"), [("111122223333", None), (ACCOUNT, "111122223333")])
def test_whoever_names_no_account_is_in_ours(ours: str, motos: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of S3 without an account and one of EventBridge without an account meet."""
    if motos is not None:
        monkeypatch.setenv("MOTO_ACCOUNT_ID", motos)
    with ours_inside(account=ours):
        upload_and_look()
        assert current_eventbridge().deliveries.one().event.account == ours


def test_the_innermost_mock_gets_it() -> None:
    with mock_eventbridge() as outer, mock_aws():
        make_bucket()
        outer.rule("all", pattern={"source": ["aws.s3"]}, to="outer")
        with mock_eventbridge() as inner:
            inner.rule("all", pattern={"source": ["aws.s3"]}, to="inner")
            client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")
            assert (len(inner.deliveries), len(outer.deliveries)) == (1, 0)
        client("s3").put_object(Bucket="uploads", Key="b", Body=b"1")
        assert len(outer.deliveries) == 1


def test_the_bucket_may_be_older_than_our_mock() -> None:
    """And after it moto's own EventBridge gets the events again."""
    with mock_aws():
        make_bucket()
        with mock_eventbridge() as eb:
            eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
            client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")
            assert len(eb.deliveries) == 1
        url = client("sqs").create_queue(QueueName="q")["QueueUrl"]
        client("events").put_rule(Name="r", EventPattern='{"source": ["aws.s3"]}')
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
        client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
        client("s3").put_object(Bucket="uploads", Key="b", Body=b"1")
        assert len(client("sqs").receive_message(QueueUrl=url)["Messages"]) == 1


def test_mocks_may_end_in_any_order() -> None:
    ours, motos = mock_eventbridge(), mock_aws()
    motos.start()
    ours.__enter__()
    make_bucket()
    motos.stop()
    ours.__exit__(None, None, None)
    ours.__enter__()
    motos.start()
    make_bucket()
    ours.__exit__(None, None, None)
    client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")
    motos.stop()


@mock_aws
@mock_eventbridge
def test_as_decorators() -> None:
    upload_and_look()


@mock_eventbridge
@mock_aws
def test_as_decorators_the_other_way() -> None:
    upload_and_look()


def test_with_the_fixture(eventbridge: EventBridge) -> None:
    with mock_aws():
        upload_and_look()


def upload_and_look() -> None:
    eb = current_eventbridge()
    eb.rule("all", pattern={"source": ["aws.s3"], "detail-type": ["Object Created"]}, to="all")
    make_bucket()
    client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")
    assert eb.deliveries.one().json["detail"]["object"]["key"] == "a"


def test_a_client_that_is_older_than_both() -> None:
    s3 = client("s3")
    with mock_eventbridge() as eb, mock_aws():
        eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
        s3.create_bucket(Bucket="uploads")
        s3.put_bucket_notification_configuration(
            Bucket="uploads", NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        s3.put_object(Bucket="uploads", Key="a", Body=b"1")
        assert len(eb.deliveries) == 1


def test_an_upload_in_a_handler_waits_behind_its_event() -> None:
    with ours_inside() as eb:
        make_bucket()

        def store(event: Any) -> None:
            client("s3").put_object(Bucket="uploads", Key=event["id"], Body=b"1")

        eb.connect("store", store)
        eb.rule("orders", pattern={"source": ["shop"]}, to="store")
        eb.rule("uploads", pattern={"source": ["aws.s3"]}, to="all")
        eb.put("shop", "Sold")
        assert [each.outcome for each in eb.deliveries] == ["delivered", "recorded"]


def test_a_strict_mock_does_not_ask_for_rules_for_events_of_services() -> None:
    """A bucket sends what happens to it whether somebody listens or not."""
    with ours_inside(strict=True):
        make_bucket()
        client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")


def test_moto_as_a_server_in_this_process(connected_sockets: list[Any]) -> None:
    """It answers in threads of its own, and the first call of a service counts already."""
    servers = pytest.importorskip("moto.server")
    before = len(connected_sockets)
    server = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with mock_eventbridge() as eb:
            eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
            s3 = client("s3", endpoint_url=f"http://{host}:{port}")
            s3.create_bucket(Bucket="uploads")
            s3.put_bucket_notification_configuration(
                Bucket="uploads", NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
            s3.put_object(Bucket="uploads", Key="a", Body=b"1")
            upload = s3.create_multipart_upload(Bucket="uploads", Key="c")["UploadId"]
            part = s3.upload_part(Bucket="uploads", Key="c", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
            parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
            s3.complete_multipart_upload(Bucket="uploads", Key="c", UploadId=upload, MultipartUpload=parts)
            told = [each.json["detail"]["reason"] for each in eb.deliveries]
            rule = {"Type": "AWS::Events::Rule", "Properties": {"Name": "tick", "ScheduleExpression": "rate(1 hour)"}}
            client("cloudformation", endpoint_url=f"http://{host}:{port}").create_stack(
                StackName="shop", TemplateBody=json.dumps({"Resources": {"Tick": rule}})
            )
            assert client("events").describe_rule(Name="tick")["State"] == "ENABLED"
    finally:
        server.stop()
        del connected_sockets[before:]
    assert told == ["PutObject", "CompleteMultipartUpload"]


# a moto that is not as we know it


def test_a_function_that_moto_no_longer_has_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        make_bucket()
        monkeypatch.delattr("moto.s3.notifications._send_event_bridge_message")
        with (
            pytest.warns(MotoVersionWarning, match="_send_event_bridge_message is not as in moto 5"),
            mock_eventbridge(),
        ):
            client("s3").list_buckets()


def test_other_parameters_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(bucket: Any, event: Any) -> None: ...

    with mock_aws():
        make_bucket()
        monkeypatch.setattr("moto.s3.notifications._send_event_bridge_message", other)
        with pytest.warns(MotoVersionWarning, match="may not reach eventbridge_local"), mock_eventbridge():
            pass


def test_another_major_version_is_a_warning_and_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moto.__version__", "99.0.0")
    with mock_aws(), pytest.warns(MotoVersionWarning, match="moto 99.0.0: .* knows moto 5"), mock_eventbridge():
        upload_and_look()


def test_moto_as_we_know_it_is_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", MotoVersionWarning)
        with ours_outside():
            upload_and_look()


def test_a_warning_that_is_an_error_leaves_no_mock_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        make_bucket()
        monkeypatch.setattr("moto.__version__", "99.0.0")
        with warnings.catch_warnings():
            warnings.simplefilter("error", MotoVersionWarning)
            with pytest.raises(MotoVersionWarning):
                mock_eventbridge().__enter__()
        assert moto_insides._replaced == {}
    with pytest.raises(Exception, match="no mock_eventbridge is active"):
        current_eventbridge()


def test_a_warning_that_is_an_error_leaves_nothing_replaced(
    cloudformation: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where some functions are as we know them, and a later one is not."""
    monkeypatch.delattr("moto.cloudformation.parsing.parse_and_update_resource")
    with mock_aws(), warnings.catch_warnings():
        warnings.simplefilter("error", MotoVersionWarning)
        make_bucket()
        with pytest.raises(MotoVersionWarning):
            mock_eventbridge().__enter__()
        assert moto_insides._replaced == {}


# CloudFormation


TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "audit"}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "sold",
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}},
                "Targets": [{"Id": "1", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, "InputPath": "$.detail"}],
            },
        },
        "Letting": {
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "StatementId": "partner",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                    "Action": "events:PutEvents",
                    "Resource": {"Fn::GetAtt": ["Bus", "Arn"]},
                },
            },
        },
        "Archive": {
            "Type": "AWS::Events::Archive",
            "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}, "RetentionDays": 7},
        },
        "Connection": {
            "Type": "AWS::Events::Connection",
            "Properties": {
                "Name": "crm",
                "AuthorizationType": "API_KEY",
                "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}},
            },
        },
        "Destination": {
            "Type": "AWS::Events::ApiDestination",
            "Properties": {
                "Name": "crm",
                "ConnectionArn": {"Fn::GetAtt": ["Connection", "Arn"]},
                "InvocationEndpoint": "https://crm.example.com/orders",
                "HttpMethod": "POST",
            },
        },
    },
    "Outputs": {
        "Bus": {"Value": {"Fn::GetAtt": ["Bus", "Arn"]}},
        "Rule": {"Value": {"Ref": "Rule"}},
        "RuleArn": {"Value": {"Fn::GetAtt": ["Rule", "Arn"]}},
        "Archive": {"Value": {"Ref": "Archive"}},
        "Secret": {"Value": {"Fn::GetAtt": ["Connection", "SecretArn"]}},
    },
}


def changed(**resources: Any) -> str:
    """The template with resources replaced, or without those that are None; properties are merged."""
    merged = {**TEMPLATE["Resources"]}
    for name, properties in resources.items():
        if properties is None:
            del merged[name]
        else:
            merged[name] = {**merged[name], "Properties": {**merged[name]["Properties"], **properties}}
    return json.dumps({"Resources": merged})


def outputs(cloudformation: Any) -> dict[str, str]:
    [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@both
def test_a_stack_makes_updates_and_deletes(both: Any, cloudformation: Callable[[], Any]) -> None:
    """Every type but Endpoint; an event goes through its rule into moto's queue; nothing is left at the end."""
    with both() as eb:
        formation, events, sqs = cloudformation(), client("events"), client("sqs")
        formation.create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE))

        told = outputs(formation)
        assert told["Bus"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
        assert told["Rule"] == "orders|sold"
        assert told["RuleArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/orders/sold"
        assert told["Secret"] == events.describe_connection(Name="crm")["SecretArn"]
        assert events.describe_archive(ArchiveName=told["Archive"])["RetentionDays"] == 7
        assert "111122223333" in events.describe_event_bus(Name="orders")["Policy"]
        assert events.describe_api_destination(Name="crm")["HttpMethod"] == "POST"
        eb.put("shop", "Sold", {"total": 120}, bus="orders")
        eb.put("shop", "Sold", {"total": 1}, bus="orders")
        url = sqs.get_queue_url(QueueName="audit")["QueueUrl"]
        assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ['{"total":120}']

        formation.update_stack(
            StackName="shop",
            TemplateBody=changed(
                Rule={"EventPattern": {"source": ["store"]}, "Targets": []},
                Archive={"RetentionDays": 30},
                Destination={"HttpMethod": "PUT"},
                Connection={"Description": "the customers"},
                Letting=None,
            ),
        )
        assert json.loads(events.describe_rule(Name="sold", EventBusName="orders")["EventPattern"]) == {
            "source": ["store"]
        }
        assert events.list_targets_by_rule(Rule="sold", EventBusName="orders")["Targets"] == []
        assert events.describe_archive(ArchiveName=told["Archive"])["RetentionDays"] == 30
        assert events.describe_api_destination(Name="crm")["HttpMethod"] == "PUT"
        assert events.describe_connection(Name="crm")["Description"] == "the customers"
        assert "Policy" not in events.describe_event_bus(Name="orders")

        formation.delete_stack(StackName="shop")
        assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]
        assert events.list_archives()["Archives"] == events.list_connections()["Connections"] == []
        assert events.list_api_destinations()["ApiDestinations"] == []
        backend = events_backends[DEFAULT_ACCOUNT_ID][REGION]
        assert list(backend.event_buses) == ["default"]


def test_a_rule_of_another_name_replaces_the_old_one(cloudformation: Callable[[], Any]) -> None:
    with ours_inside():
        cloudformation().create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE))
        cloudformation().update_stack(StackName="shop", TemplateBody=changed(Rule={"Name": "bought"}))
        names = client("events").list_rules(EventBusName="orders")["Rules"]
        assert [each["Name"] for each in names if "ManagedBy" not in each] == ["bought"]


def test_a_rule_without_a_name_keeps_the_one_it_got(cloudformation: Callable[[], Any]) -> None:
    """``Ref`` gives it, and an update in place does not change it."""
    rule = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(5 minutes)"}}
    with ours_inside():
        cloudformation().create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": {"Tick": rule}}))
        [first] = client("events").list_rules()["Rules"]
        assert first["Name"].startswith("shop-Tick-")
        rule["Properties"] = {"ScheduleExpression": "rate(1 hour)", "State": "DISABLED"}
        cloudformation().update_stack(StackName="shop", TemplateBody=json.dumps({"Resources": {"Tick": rule}}))
        [second] = client("events").list_rules()["Rules"]
    assert (second["Name"], second["ScheduleExpression"], second["State"]) == (
        first["Name"],
        "rate(1 hour)",
        "DISABLED",
    )


def test_what_aws_refuses_is_refused(cloudformation: Callable[[], Any]) -> None:
    """By the same validator as a call, with the logical id, as an error that boto3 raises."""
    broken = changed(Rule={"EventPattern": {"source": [{"prefixx": "shop"}]}})
    with ours_inside():
        with pytest.raises(ClientError) as refused:
            cloudformation().create_stack(StackName="shop", TemplateBody=broken)
        assert refused.value.response["Error"]["Code"] == "ValidationError"
        assert "Rule (AWS::Events::Rule): AWS would refuse this at deployment: InvalidEventPatternException" in str(
            refused.value
        )


def test_a_stack_outlives_our_mock(cloudformation: Callable[[], Any]) -> None:
    """Its resources are gone with the mock, and deleting the stack is no error; nor is it in another mock."""
    with mock_aws():
        with mock_eventbridge():
            cloudformation().create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE))
        with mock_eventbridge():
            cloudformation().delete_stack(StackName="shop")
        with mock_eventbridge():
            cloudformation().create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE))
        cloudformation().delete_stack(StackName="shop")


def test_a_stack_may_be_older_than_our_mock(cloudformation: Callable[[], Any]) -> None:
    """What moto made is moto's; an update makes it anew here."""
    rule = {"Type": "AWS::Events::Rule", "Properties": {"Name": "tick", "ScheduleExpression": "rate(5 minutes)"}}
    with mock_aws():
        cloudformation().create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": {"Tick": rule}}))
        with mock_eventbridge():
            rule["Properties"] = {"Name": "tick", "ScheduleExpression": "rate(1 hour)"}
            cloudformation().update_stack(StackName="shop", TemplateBody=json.dumps({"Resources": {"Tick": rule}}))
            assert client("events").describe_rule(Name="tick")["ScheduleExpression"] == "rate(1 hour)"
            cloudformation().delete_stack(StackName="shop")
            assert client("events").list_rules()["Rules"] == []


def test_a_stack_of_an_outer_mock_is_deleted_there(cloudformation: Callable[[], Any]) -> None:
    with mock_aws(), mock_eventbridge() as outer:
        cloudformation().create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE))
        with mock_eventbridge():
            assert client("events").list_rules(EventBusName="default")["Rules"] == []
            cloudformation().delete_stack(StackName="shop")
        assert [bus.record.name for scope in outer.service.store.scopes for bus in scope.buses.values()] == ["default"]


def test_a_bucket_of_a_stack_notifies(cloudformation: Callable[[], Any]) -> None:
    notifications = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    bucket = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": "uploads", "NotificationConfiguration": notifications},
    }
    with ours_outside() as eb:
        eb.rule("all", pattern={"source": ["aws.s3"]}, to="all")
        cloudformation().create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": {"B": bucket}}))
        client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")
        assert len(eb.deliveries) == 1


def test_names_that_a_stack_makes_up_and_an_endpoint(cloudformation: Callable[[], Any]) -> None:
    """An archive's made-up name is cut to what is allowed; a resource without its condition is not made."""
    bus_arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    west = f"arn:aws:events:us-west-2:{ACCOUNT}:event-bus/default"
    check = "arn:aws:route53:::healthcheck/12345678-aaaa-bbbb-cccc-123456789012"
    endpoint = {
        "Name": "twice",
        "EventBuses": [{"EventBusArn": bus_arn}, {"EventBusArn": west}],
        "RoutingConfig": {"FailoverConfig": {"Primary": {"HealthCheck": check}, "Secondary": {"Route": "us-west-2"}}},
        "ReplicationConfig": {"State": "DISABLED"},
    }
    schedule = {"ScheduleExpression": "rate(1 day)"}
    resources = {
        "Archive": {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": bus_arn}},
        "Endpoint": {"Type": "AWS::Events::Endpoint", "Properties": endpoint},
        "Off": {"Type": "AWS::Events::Rule", "Condition": "Never", "Properties": schedule},
    }
    template = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": resources}
    with ours_inside():
        formation, events = cloudformation(), client("events")
        formation.create_stack(StackName="a-stack-with-a-name-of-some-length", TemplateBody=json.dumps(template))
        summaries = formation.list_stack_resources(StackName="a-stack-with-a-name-of-some-length")
        told = {each["LogicalResourceId"]: each for each in summaries["StackResourceSummaries"]}
        [archive] = events.list_archives()["Archives"]
        assert told["Archive"]["PhysicalResourceId"] == archive["ArchiveName"]
        assert len(archive["ArchiveName"]) <= 48
        assert told["Endpoint"]["ResourceType"] == "AWS::Events::Endpoint"
        endpoint["Description"] = "again"
        formation.update_stack(StackName="a-stack-with-a-name-of-some-length", TemplateBody=json.dumps(template))
        assert events.describe_endpoint(Name="twice")["Description"] == "again"
        assert [each["Name"] for each in events.list_rules()["Rules"] if "ManagedBy" not in each] == []
        formation.delete_stack(StackName="a-stack-with-a-name-of-some-length")
        assert (events.list_endpoints()["Endpoints"], events.list_archives()["Archives"]) == ([], [])


def test_a_change_set(cloudformation: Callable[[], Any]) -> None:
    with ours_inside():
        made = cloudformation().create_change_set(
            StackName="shop", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=json.dumps(TEMPLATE)
        )
        cloudformation().execute_change_set(ChangeSetName=made["Id"])
        assert client("events").describe_rule(Name="sold", EventBusName="orders")["State"] == "ENABLED"


# Step Functions


@both
def test_a_state_machine_puts_events_and_is_started_by_one(both: Any) -> None:
    """moto interprets the machine in a thread of its own, and its task calls PutEvents."""
    pytest.importorskip("moto.stepfunctions.parser.models", exc_type=ImportError)
    entry = {"Source": "machine", "DetailType": "Done", "Detail": {"order.$": "$.detail.id"}}
    definition = {
        "StartAt": "Tell",
        "States": {
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::events:putEvents",
                "Parameters": {"Entries": [entry]},
                "End": True,
            }
        },
    }
    with mock_aws_of(both, {"stepfunctions": {"execute_state_machine": True}}) as eb:
        done = threading.Event()
        seen = eb.connect("after", lambda event: done.set())
        machine = client("stepfunctions").create_state_machine(
            name="fulfil", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        eb.rule("start", pattern={"source": ["shop"]}, to=machine)
        eb.rule("after", pattern={"source": ["machine"]}, to="after")
        eb.put("shop", "Sold", {"id": "o-1"})
        assert done.wait(30)
        execution = client("stepfunctions").list_executions(stateMachineArn=machine)["executions"][0]
        deadline = time.monotonic() + 30
        while client("stepfunctions").describe_execution(executionArn=execution["executionArn"])["status"] == "RUNNING":
            assert time.monotonic() < deadline
        assert [event["detail"] for event in seen.events] == [{"order": "o-1"}]
        assert [each.outcome for each in eb.deliveries] == ["delivered", "delivered"]


@contextmanager
def mock_aws_of(both: Any, config: Any) -> Iterator[EventBridge]:
    """Both mocks in the order of ``both``, moto's with a configuration."""
    if both is ours_inside:
        with mock_aws(config=config), mock_eventbridge() as eb:
            yield eb
    else:
        with mock_eventbridge() as eb, mock_aws(config=config):
            yield eb

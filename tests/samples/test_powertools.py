"""What these builders make is accepted unchanged by the classes that handlers are written with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventBridgeNotificationEvent
from aws_lambda_powertools.utilities.parser import BaseModel, envelopes, parse
from aws_lambda_powertools.utilities.parser.models import EventBridgeModel, S3EventNotificationEventBridgeModel

from eventbridge_local.samples import make_event, sample_event, sample_events

SAMPLES = [(sample.source, sample.detail_type) for sample in sample_events()]
EVENTS = [
    *(pytest.param(sample_event(*pair), id=" ".join(pair)) for pair in SAMPLES),
    pytest.param(make_event("shop", "Opened"), id="make_event"),
    pytest.param(
        make_event(
            "shop", "Sold", {"lines": [{"sku": "a", "price": 1.5}]}, resources=["arn:aws:s3:::b"], replay_name="r"
        ),
        id="make_event replayed",
    ),
]
S3 = [detail_type for source, detail_type in SAMPLES if source == "aws.s3" and detail_type.startswith("Object ")]


class Anything(BaseModel, extra="allow"):
    """A detail of any shape."""


@pytest.mark.parametrize("event", EVENTS)
def test_data_class(event: dict[str, Any]) -> None:
    """``EventBridgeEvent`` shows every part as it is in the event."""
    seen = EventBridgeEvent(event)
    assert {
        "version": seen.version,
        "id": seen.get_id,
        "detail-type": seen.detail_type,
        "source": seen.source,
        "account": seen.account,
        "time": seen.time,
        "region": seen.region,
        "resources": seen.resources,
        "detail": seen.detail,
        **({} if seen.replay_name is None else {"replay-name": seen.replay_name}),
    } == event


@pytest.mark.parametrize("event", EVENTS)
def test_parser_model(event: dict[str, Any]) -> None:
    """``EventBridgeModel`` takes it, and gives it back the same but for the time, which it reads."""
    model = parse(event=event, model=EventBridgeModel)
    again = model.model_dump(by_alias=True, exclude_none=False)
    if "replay-name" not in event:
        assert again.pop("replay-name") is None
    assert again.pop("time") == datetime.fromisoformat(event["time"])
    assert again == {key: value for key, value in event.items() if key != "time"}


@pytest.mark.parametrize("event", EVENTS)
def test_parser_envelope(event: dict[str, Any]) -> None:
    """``EventBridgeEnvelope`` opens it down to the detail."""
    detail = parse(event=event, model=Anything, envelope=envelopes.EventBridgeEnvelope)
    assert detail is not None
    assert detail.model_dump() == event["detail"]


@pytest.mark.parametrize("detail_type", S3)
def test_s3_classes(detail_type: str) -> None:
    """The classes for S3 read what they look for, in each of its ten types."""
    event = sample_event("aws.s3", detail_type, bucket="photos", key="cat.jpg")
    model = parse(event=event, model=S3EventNotificationEventBridgeModel)
    assert (model.detail.bucket.name, model.detail.object.key) == ("photos", "cat.jpg")
    seen = S3EventBridgeNotificationEvent(event).detail
    assert (seen.bucket.name, seen.object.key) == ("photos", "cat.jpg")
    assert seen.object.version_id == model.detail.object.version_id == event["detail"]["object"]["version-id"]
    assert seen.request_id == model.detail.request_id
    assert seen.requester == model.detail.requester
    assert seen.source_ip_address == model.detail.source_ip_address
    assert seen.destination_access_tier == model.detail.destination_access_tier
    assert seen.restore_expiry_time == model.detail.restore_expiry_time


def test_there_are_ten_types_of_s3() -> None:
    """All that the S3 User Guide lists for EventBridge."""
    assert len(S3) == 10


def test_a_handler() -> None:
    """A handler as its author writes it, fed with a sample."""

    @event_source(data_class=S3EventBridgeNotificationEvent)
    def handler(event: S3EventBridgeNotificationEvent, context: object) -> str:
        return f"{event.detail.bucket.name}/{event.detail.object.key}"

    assert handler(sample_event("aws.s3", "Object Created", bucket="photos", key="cat.jpg"), object()) == (
        "photos/cat.jpg"
    )

"""What moto's own services send to EventBridge: events of buckets; for resources of stacks see ``moto_stacks``.

The innermost mock of the caller gets them, in the account and Region that moto names.

Source of the events: S3 User Guide, "EventBridge mapping" and "Event message structure".
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from eventbridge_local import moto_insides
from eventbridge_local.botocore_hooks.active import ActiveMock, innermost
from eventbridge_local.delivery.route import Arrival
from eventbridge_local.model.event import Event
from eventbridge_local.moto_insides import Made, StoredObject
from eventbridge_local.samples.catalog import find, sample_event


class Producers:
    """Takes what moto's services send; see ``moto_insides.Receiver``."""

    def __init__(self) -> None:
        #: The sequencers of each mock, so that events of one are the same in each run.
        self._sequences: WeakKeyDictionary[ActiveMock, Iterator[int]] = WeakKeyDictionary()

    def object_event(self, account: str, region: str, event: str, stored: StoredObject) -> None:
        """Put an event of S3 on the default bus of the account and Region of its bucket."""
        mock, described = innermost(), _DETAIL_TYPES.get(event)
        if mock is None or described is None:
            return
        service = mock.service
        account = _ours(account, mock)
        scope = service.store.scope(account, region)
        detail_type, fields = described
        number = next(self._sequences.setdefault(mock, itertools.count(1)))
        detail = _detail(detail_type, {**fields, **_fields(account, service.ids.uuid(), number)}, stored)
        text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
        made = Event(
            id=service.ids.uuid(),
            detail_type=detail_type,
            source="aws.s3",
            account=account,
            time=service.clock.now,
            region=region,
            resources=(stored.arn,),
            detail_text=text,
            tree=json.loads(text),
        )
        service.engine.accept([Arrival(scope, "default", made)])

    @property
    def types(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """For each type of resource its property for the name, and the attributes for ``GetAtt``."""
        return _stacks().TYPES  # type: ignore[no-any-return]

    def make(
        self, resource_type: str, logical_id: str, name: str, properties: Mapping[str, Any], account: str, region: str
    ) -> Made:
        """Make a resource of a stack in the mock that answers the caller."""
        mock = innermost()
        assert mock is not None, "functions of moto are replaced only while a mock is active"
        account = _ours(account, mock)
        return _stacks().make(mock, resource_type, logical_id, name, properties, account, region)  # type: ignore[no-any-return]


def _stacks() -> Any:
    # Late, because it brings the reading of templates, and most tests with moto have no stack.
    from eventbridge_local import moto_stacks

    return moto_stacks


def _ours(account: str, mock: ActiveMock) -> str:
    """Return the account in a mock for one of moto's: whoever has no account is in moto's own there, in ours here."""
    return mock.account if account == moto_insides.default_account() else account


# events of S3


#: For each event of S3 its detail type, and the fields of the sample event that tell such events apart.
_DETAIL_TYPES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ObjectCreated:Put": ("Object Created", {"reason": "PutObject"}),
    "ObjectCreated:Post": ("Object Created", {"reason": "POST Object"}),
    "ObjectCreated:Copy": ("Object Created", {"reason": "CopyObject"}),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", {"reason": "CompleteMultipartUpload"}),
    "ObjectRemoved:Delete": ("Object Deleted", {"reason": "DeleteObject", "deletion_type": "Permanently Deleted"}),
    "ObjectRemoved:DeleteMarkerCreated": (
        "Object Deleted",
        {"reason": "DeleteObject", "deletion_type": "Delete Marker Created"},
    ),
    "LifecycleExpiration:Delete": (
        "Object Deleted",
        {"reason": "Lifecycle Expiration", "deletion_type": "Permanently Deleted"},
    ),
    "LifecycleExpiration:DeleteMarkerCreated": (
        "Object Deleted",
        {"reason": "Lifecycle Expiration", "deletion_type": "Delete Marker Created"},
    ),
    "ObjectRestore:Post": ("Object Restore Initiated", {}),
    "ObjectRestore:Completed": ("Object Restore Completed", {}),
    "ObjectRestore:Delete": ("Object Restore Expired", {}),
    "LifecycleTransition": ("Object Storage Class Changed", {}),
    "IntelligentTiering": ("Object Access Tier Changed", {}),
    "ObjectAcl:Put": ("Object ACL Updated", {}),
    "ObjectTagging:Put": ("Object Tags Added", {}),
    "ObjectTagging:Delete": ("Object Tags Deleted", {}),
}


def _fields(account: str, request: str, number: int) -> dict[str, Any]:
    """Return the fields of any event of S3; a sequencer grows, and a request has an id of 16 letters."""
    return {
        "requester": account,
        "source_ip": "127.0.0.1",
        "request_id": request.replace("-", "")[:16].upper(),
        "sequencer": f"{number:018X}",
    }


def _detail(detail_type: str, fields: Mapping[str, Any], stored: StoredObject) -> dict[str, Any]:
    """Return the detail of an event of S3, in the form of the sample event of that type."""
    template = find("aws.s3", detail_type)
    members = {"key": stored.key, "size": stored.size, "etag": stored.etag, "version-id": stored.version_id}
    told = {name: value for name, value in members.items() if name in template.detail["object"] and value is not None}
    given = {name: value for name, value in fields.items() if name in template.fields}
    changed = {"bucket": {"name": stored.bucket}, "object": told}
    detail: dict[str, Any] = sample_event("aws.s3", detail_type, **given, detail=changed)["detail"]
    for name in members.keys() - told.keys():
        detail["object"].pop(name, None)
    return detail

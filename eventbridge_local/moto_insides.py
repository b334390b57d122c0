"""All that this library knows of moto's insides. Whatever moto changes there is mended here and nowhere else.

Strategy: moto is looked up in ``sys.modules``, so a test without moto pays nothing.

moto's own services write into moto's EventBridge, past every client. While a mock of ours is active, a few functions
of moto are replaced, through which S3 sends its notifications and CloudFormation finds the code for a type of resource;
``SEAMS`` lists them with the parameters that we know. A function that is not there, or takes other parameters, is left
alone, and a warning says so. moto imports its services when they are first called, so functions are replaced when a
mock begins and again before calls of these two services (``botocore_hooks/neighbours.py``), whatever was entered first.

What becomes of an event or of a resource is decided elsewhere: ``Receiver`` is what is asked.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from threading import Lock
from types import FrameType, SimpleNamespace
from typing import Any, NamedTuple, Protocol

from eventbridge_local.errors import MotoVersionWarning, ServiceError

#: The module that every use of moto imports.
CORE = "moto.core.models"
#: How moto begins the answer of a function that it could not run, because Docker is not there.
NO_DOCKER = b"error running docker"


#: The module of that name when ``find_switch`` was called, and what says by its ``enabled`` whether moto answers.
core: Any = None
switch: Any = None


def moto_is_active() -> bool:
    """Return whether a ``mock_aws`` is active in this process. moto has no public function for that."""
    return CORE in sys.modules and bool(find_switch().enabled)


def find_switch() -> Any:
    """Return what says by its ``enabled`` whether moto answers, for callers that ask very often. moto is imported."""
    global core, switch
    core = sys.modules[CORE]
    switch = getattr(core, "botocore_stubber", None) or SimpleNamespace(enabled=False)
    return switch


def was_asked(service: str) -> bool:
    """Return whether moto was ever asked for a service in this process. Otherwise it has nothing of it.

    moto imports a service when it is first called, which takes up to a second.

    Args:
        service: as boto3 spells it, such as ``sqs``.
    """
    return f"moto.{_FOLDERS.get(service, service)}.models" in sys.modules


#: Folders of moto that are not called as boto3 calls the service.
_FOLDERS = {"lambda": "awslambda"}


def account_of_assumed_role(access_key: str) -> str | None:
    """Return the account of a role that was assumed through moto's STS, None for a key that moto did not give out."""
    models = sys.modules.get("moto.iam.models")
    if models is None or not moto_is_active():
        return None
    account: str = models.get_account_id_from(access_key)
    return None if account == models.DEFAULT_ACCOUNT_ID else account


def default_account() -> str:
    """Return the account of callers in moto whose credentials name none."""
    return os.environ.get("MOTO_ACCOUNT_ID", "123456789012")


def call_secret(made: str, arn: str, account: str, region: str) -> bool:
    """Give the secret that moto just made another ARN, for moto itself chooses the last six letters.

    Args:
        made: the ARN that moto answered.
        arn: the ARN that it is to have.

    Returns:
        whether it has it now.
    """
    models = sys.modules.get("moto.secretsmanager.models")
    if models is None or not moto_is_active():
        return False
    try:
        secret = models.secretsmanager_backends[account][region].secrets[made]
        secret.arn = arn
    except (AttributeError, KeyError):
        return False
    return True


# what moto has when it stops
#
# moto forgets everything when its last mock stops, which with a decorated test is before the mock of a fixture ends.

_before_stop: list[Callable[[], None]] = []
#: ``MockAWS.stop`` while something is to be called before it.
_stop: Any = None


def call_before_stop(callback: Callable[[], None]) -> None:
    """Call a function whenever a ``mock_aws`` stops, just before it does, as far as moto is imported."""
    global _stop
    moto_mock: Any = getattr(sys.modules.get(CORE), "MockAWS", None)
    with _lock:
        _before_stop.append(callback)
        if _stop is not None or not callable(getattr(moto_mock, "stop", None)):
            return
        _stop = original = moto_mock.stop

        @functools.wraps(original)
        def stop(*args: Any, **kwargs: Any) -> Any:
            for each in list(_before_stop) if moto_is_active() else ():
                each()
            return original(*args, **kwargs)

        moto_mock.stop = stop


def do_not_call(callback: Callable[[], None]) -> None:
    """Undo ``call_before_stop``, and leave moto as it was after the last."""
    global _stop
    with _lock:
        if callback in _before_stop:
            _before_stop.remove(callback)
        if not _before_stop and _stop is not None:
            sys.modules[CORE].MockAWS.stop = _stop
            _stop = None


# what is told to us instead of to moto's EventBridge


class StoredObject(NamedTuple):
    """An object of a bucket in moto, as its events describe it.

    Attributes:
        bucket: name of the bucket.
        arn: the ARN of the bucket.
        key: the key, not encoded.
        size: in bytes; None for a delete marker.
        etag: without quotes; None for a delete marker.
        version_id: None in a bucket without versioning.
    """

    bucket: str
    arn: str
    key: str
    size: int | None
    etag: str | None
    version_id: str | None


class Made(Protocol):
    """A resource of EventBridge that a stack has made."""

    #: What ``Ref`` gives.
    ref: str

    def attribute(self, name: str) -> Any:
        """Return what ``GetAtt`` gives, None for an attribute that it does not have."""

    def update(self, name: str, properties: Mapping[str, Any]) -> Made:
        """Change it to a new declaration, and return what stands in its place."""

    def delete(self) -> None:
        """Delete it, if it is still there."""


class Receiver(Protocol):
    """What is asked about an event or a resource."""

    @property
    def types(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """For each type of resource its property for the name, "" where there is none, and what ``GetAtt`` gives."""

    def object_event(self, account: str, region: str, event: str, stored: StoredObject) -> None:
        """Take an event of S3, such as ``ObjectCreated:Put``."""

    def make(
        self, resource_type: str, logical_id: str, name: str, properties: Mapping[str, Any], account: str, region: str
    ) -> Made:
        """Make a resource of a stack.

        Raises:
            ServiceError: EventBridge refuses it.
        """


class Seam(NamedTuple):
    """A function of moto that is replaced.

    Attributes:
        module: its module.
        name: its name there.
        parameters: the names of the parameters that we know.
        instead: called with the receiver, the original and these parameters.
        owner: the class that has the function, "" for one of the module itself.
    """

    module: str
    name: str
    parameters: tuple[str, ...]
    instead: Callable[..., Any]
    owner: str = ""


#: The modules to import before the first call of a service, as botocore spells services in the names of its events.
MODULES = {"s3": "moto.s3.models", "cloudformation": "moto.cloudformation.parsing"}
_NOTIFICATIONS = "moto.s3.notifications"
#: The module of moto as a server, which may run in this process.
_SERVER = "moto.moto_server.werkzeug_app"
#: The major version of moto that was looked at.
KNOWN_VERSION = "5"

#: The operation of S3 or CloudFormation that was called last in this context.
called: ContextVar[str] = ContextVar("eventbridge_local_called", default="")
_lock = Lock()
#: What is replaced now: by seam the module or class, the original and what stands in its place.
_replaced: dict[Seam, tuple[Any, Any, Any]] = {}
#: What stood in the place of functions last, which is used again.
_instead: dict[Seam, Any] = {}
_warned: set[str] = set()


def replace(receiver: Callable[[], Receiver], service: str | None = None) -> None:
    """Let what moto's services send come to a receiver, as far as their modules are there.

    Args:
        receiver: returns it, when there is something to receive.
        service: ``s3`` or ``cloudformation``, whose module is imported if moto is about to answer it; None imports
            nothing.
    """
    if service is not None and MODULES[service] not in sys.modules and (moto_is_active() or _SERVER in sys.modules):
        try:
            importlib.import_module(MODULES[service])
        except ImportError:
            return  # moto will say so itself
    with _lock:
        for seam in SEAMS:
            if seam not in _replaced and (module := sys.modules.get(seam.module)) is not None:
                _replace(seam, getattr(module, seam.owner, None) if seam.owner else module, receiver)


def restore() -> None:
    """Put the functions of moto back."""
    if not _replaced and not _warned:
        return
    with _lock:
        for seam, (holder, original, instead) in _replaced.items():
            if getattr(holder, seam.name, None) is instead:  # else somebody has wrapped ours, which then passes on
                setattr(holder, seam.name, original)
        _replaced.clear()
        _warned.clear()


def _replace(seam: Seam, holder: Any, receiver: Callable[[], Receiver]) -> None:
    original: Any = getattr(holder, seam.name, None)
    instead = _instead.get(seam)
    if instead is None or instead.__wrapped__ is not original:
        if not callable(original) or tuple(inspect.signature(original).parameters) != seam.parameters:
            _warn(f"{seam.module}.{seam.name} is not as in moto {KNOWN_VERSION}")
            return
        instead = _instead[seam] = _function_instead(seam, original, receiver)
    if not str(getattr(sys.modules.get("moto"), "__version__", "")).startswith(f"{KNOWN_VERSION}."):
        _warn(f"this version of eventbridge_local knows moto {KNOWN_VERSION}")
    setattr(holder, seam.name, instead)
    _replaced[seam] = (holder, original, instead)


def _function_instead(seam: Seam, original: Any, receiver: Callable[[], Receiver]) -> Any:
    """Return what stands in the place of a function; after the last mock it does what the original does."""

    @functools.wraps(original)
    def instead(*args: Any, **kwargs: Any) -> Any:
        if seam not in _replaced:
            return original(*args, **kwargs)
        given = dict(zip(seam.parameters, args, strict=False)) | kwargs
        return seam.instead(receiver(), original, **given)

    return instead


def _warn(what: str) -> None:
    if what in _warned:
        return
    _warned.add(what)
    version = getattr(sys.modules.get("moto"), "__version__", "of an unknown version")
    warnings.warn(
        f"moto {version}: {what}, so events of moto's S3 and AWS::Events resources of its CloudFormation may not reach "
        "eventbridge_local; moto's own EventBridge may get them instead",
        MotoVersionWarning,
        stacklevel=2,
    )


# S3


_MARKED = "ObjectRemoved:DeleteMarkerCreated"


def _object_event(receiver: Receiver, original: Any, account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
    """Stand in for the function that writes an event of a bucket into moto's EventBridge."""
    etag = getattr(key, "etag", None)
    stored = StoredObject(
        bucket.name,
        bucket.arn,
        key.name,
        getattr(key, "size", None),
        None if etag is None else str(etag).strip('"'),
        str(key.version_id) if bucket.is_versioned else None,
    )
    name = str(getattr(event_name, "value", event_name)).removeprefix("s3:")
    if name == _MARKED or _is_part_of_another(name, account_id, bucket, key):
        return  # the first of a later moto, for ``_delete_marker`` has said it
    receiver.object_event(account_id, bucket.region_name, name, stored)


def _delete_marker(receiver: Receiver, original: Any, self: Any, bucket_name: str, key_name: str) -> Any:
    """Stand in for the method that makes a delete marker, about which moto says nothing."""
    marker = original(self, bucket_name, key_name)
    bucket = self.get_bucket(bucket_name)
    if getattr(bucket.notification_configuration, "event_bridge", None) is not None:
        stored = StoredObject(bucket.name, bucket.arn, key_name, None, None, str(marker.version_id))
        receiver.object_event(self.account_id, bucket.region_name, _MARKED, stored)
    return marker


#: What S3 sends for an operation that moto carries out in several steps, each of which says something.
_SENT_BY = {
    "CompleteMultipartUpload": "ObjectCreated:CompleteMultipartUpload",
    "CopyObject": "ObjectCreated:Copy",
    "PutObject": "ObjectCreated:Put",
}


def _is_part_of_another(name: str, account_id: str, bucket: Any, key: Any) -> bool:
    """Return whether an event is about a step of an operation, such as the tags of an upload; S3 sends none for it."""
    operation = called.get()
    if operation in _SENT_BY:
        return name != _SENT_BY[operation]
    if operation:
        return False
    # A request that no client made in this thread, such as one to a signed URL or to moto as a server.
    if name == "ObjectCreated:Put":
        return _is_called_by("complete_multipart_upload")
    if name != "ObjectTagging:Put":
        return False
    backend = sys.modules[MODULES["s3"]].s3_backends[account_id][bucket.partition]
    return not backend.tagger.get_tag_dict_for_resource(key.arn)


def _is_called_by(name: str) -> bool:
    """Return whether a method of moto's S3 is among the callers."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == name and frame.f_globals.get("__name__") == MODULES["s3"]:
            return True
        frame = frame.f_back
    return False


# CloudFormation


class StackResource:
    """A resource of EventBridge in a stack of moto. It has the methods that moto's stacks call.

    It is no subclass of moto's: moto keeps lists of all classes and instances of its own.
    """

    receiver: Receiver
    resource_type: str
    #: moto sets these.
    cf_resource_type: str
    logical_resource_id: str

    def __init__(self, made: Made) -> None:
        self.made = made

    @property
    def physical_resource_id(self) -> str:
        return self.made.ref

    def is_created(self) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> Any:
        value = self.made.attribute(name)
        if value is None:
            raise sys.modules["moto.cloudformation.exceptions"].UnformattedGetAttTemplateException
        return value

    def delete(self, account_id: str, region_name: str) -> None:
        with _refusals(self.logical_resource_id, self.resource_type):
            self.made.delete()

    @classmethod
    def has_cfn_attr(cls, name: str) -> bool:
        return name in cls.receiver.types[cls.resource_type][1]

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **more: Any
    ) -> StackResource:
        logical_id = more.get("LogicalId") or resource_name
        properties = cloudformation_json["Properties"]
        with _refusals(logical_id, cls.resource_type):
            return cls(
                cls.receiver.make(cls.resource_type, logical_id, resource_name, properties, account_id, region_name)
            )

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> StackResource:
        properties = cloudformation_json["Properties"]
        logical_id = getattr(original_resource, "logical_resource_id", new_resource_name)
        if not isinstance(original_resource, StackResource):  # made by moto, before a mock of ours began
            original_resource.delete(account_id, region_name)
            return cls.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name, LogicalId=logical_id
            )
        is_named = bool(cls.receiver.types[cls.resource_type][0] in properties)
        with _refusals(logical_id, cls.resource_type):
            return cls(original_resource.made.update(new_resource_name if is_named else "", properties))

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        """Do nothing: moto calls this for a resource that was never made."""


class _refusals:
    """Raise a refusal of EventBridge as moto's error for a stack, which becomes a ClientError."""

    def __init__(self, logical_id: str, resource_type: str) -> None:
        self._where = f"{logical_id} ({resource_type})"

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, ServiceError):
            text = f"{self._where}: AWS would refuse this at deployment: {error}"
            raise sys.modules["moto.cloudformation.exceptions"].ValidationError(message=text) from error


def _class_of(receiver: Receiver, original: Any, resource_type: str) -> Any:
    """Stand in for the function that returns the class for a type of resource."""
    if resource_type not in receiver.types:
        return original(resource_type)
    return type("StackResource", (StackResource,), {"receiver": receiver, "resource_type": resource_type})


def _name_property(receiver: Receiver, original: Any, resource_type: str) -> str | None:
    """Stand in for the function that returns the property which holds the name of a resource."""
    if resource_type not in receiver.types:
        found: str | None = original(resource_type)
        return found
    return receiver.types[resource_type][0] or None


def _made(receiver: Receiver, original: Any, **given: Any) -> Any:
    """Stand in for the functions that make and update a resource: moto's buckets forget whom they notify."""
    made = original(**given)
    declared = given["resource_json"]
    if made is not None and declared.get("Type") == "AWS::S3::Bucket":
        configured = (declared.get("Properties") or {}).get("NotificationConfiguration") or {}
        evaluated = sys.modules[MODULES["cloudformation"]].clean_json(configured, given["resources_map"])
        if _notifies(evaluated):
            made.set_notification_configuration({"EventBridgeConfiguration": {}})
    return made


def _notifies(notifications: Any) -> bool:
    """Return whether a bucket sends its events to EventBridge. Source: AWS::S3::Bucket EventBridgeConfiguration."""
    configured = notifications.get("EventBridgeConfiguration") if isinstance(notifications, Mapping) else None
    return configured is not None and str(configured.get("EventBridgeEnabled", True)).lower() != "false"


#: What moto calls with these parameters to make or update a resource.
_RESOURCE = ("logical_id", "resource_json", "resources_map", "account_id", "region_name")

SEAMS = (
    Seam(_NOTIFICATIONS, "_send_event_bridge_message", ("account_id", "bucket", "event_name", "key"), _object_event),
    Seam(MODULES["s3"], "_set_delete_marker", ("self", "bucket_name", "key_name"), _delete_marker, "S3Backend"),
    Seam(MODULES["cloudformation"], "resource_class_from_type", ("resource_type",), _class_of),
    Seam(MODULES["cloudformation"], "resource_name_property_from_type", ("resource_type",), _name_property),
    Seam(MODULES["cloudformation"], "parse_and_create_resource", _RESOURCE, _made),
    Seam(MODULES["cloudformation"], "parse_and_update_resource", _RESOURCE, _made),
)

"""Between botocore's request dict and Python params, and from answers to what botocore's parser would have made.

What depends on the operation alone is compiled once: a ``CompiledOperation`` reads and checks its requests. The hook,
the wire and the handle's shorthands all come through it, so there is one way to read a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import cache, lru_cache
from typing import Any, NamedTuple

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from dateutil.tz import tzlocal

from eventbridge_local.botocore_hooks.shapes import InputCheck
from eventbridge_local.errors import ServiceError
from eventbridge_local.operations.service import Service
from eventbridge_local.operations.table import NewAnswer

CONTENT_TYPE = "application/x-amz-json-1.1"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL = tzlocal()

#: The way to a timestamp in the params: names of members, and "[]" for every item of a list.
Path = tuple[str, ...]
_EACH = "[]"


class CompiledOperation:
    """An operation as the service reads and checks it.

    Attributes:
        name: such as ``PutRule``.
        check: returns the refusal of params that break a constraint of the input shape; see ``InputCheck``.
    """

    __slots__ = ("_timestamps", "check", "name")

    def __init__(self, model: OperationModel) -> None:
        shape = model.input_shape
        self.name: str = model.name
        self.check = InputCheck(model)
        self._timestamps = () if shape is None else tuple(_timestamps(shape))

    def read(self, body: bytes | str) -> dict[str, Any]:
        """Return the params in a body of JSON as boto3 spells them, with timestamps as aware datetimes in UTC.

        A member that is null counts as absent, as in all of AWS's JSON services.

        Raises:
            ServiceError: SerializationException for a timestamp that is not a number.
            ValueError: the body is not JSON in UTF-8.
        """
        if not body:
            return {}
        text = body.decode() if isinstance(body, bytes) else body
        params: dict[str, Any] = {}
        end = -1
        if text[:1] == "{" and "null" not in text:  # as nearly all: what ``json.loads`` does, with fewer calls
            params, end = _scan(text, 0)
        if end != len(text):
            params = json.loads(text, object_hook=_without_nulls)
        for path in self._timestamps:
            # Few requests have one. A name may be spelled with escapes.
            if path[-1] in text or "\\u" in text:
                _read_timestamps(params, path)
        return params


_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]

_compiled: dict[str, CompiledOperation] = {}


def compiled_operation(model: OperationModel) -> CompiledOperation:
    """Return what was compiled for an operation. All clients of a process share one botocore and so one API model."""
    found = _compiled.get(model.name)
    if found is None:
        found = _compiled[model.name] = CompiledOperation(model)
    return found


@cache
def service_model() -> ServiceModel:
    """Return botocore's model of the ``events`` API."""
    loader = botocore.session.Session().get_component("data_loader")
    return ServiceModel(loader.load_service_model("events", "service-2"), "events")


def perform(service: Service, operation: str, params: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    """Carry out an operation given as Python params, with the same checks as a request of a client.

    Args:
        operation: such as ``PutRule``.
        params: as boto3 spells them.
        account: of the caller, twelve digits.
        region: where it is carried out.

    Raises:
        ServiceError: what AWS would refuse.
    """
    model = service_model().operation_model(operation)
    scope = service.store.scope(account, region)
    return service.call(operation, params, scope, compiled_operation(model).check(params))


# reading requests


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _timestamps(shape: Shape) -> list[Path]:
    """Return the ways to the timestamps below a shape; no shape of the API contains itself."""
    if shape.type_name == "timestamp":
        return [()]
    if isinstance(shape, ListShape):
        return [(_EACH, *path) for path in _timestamps(shape.member)]
    if isinstance(shape, StructureShape):
        return [(name, *path) for name, member in shape.members.items() for path in _timestamps(member)]
    return []


def _read_timestamps(value: Any, path: Path) -> None:
    """Replace the timestamps at the end of a way by datetimes. What has another JSON type is left to the check."""
    step, rest = path[0], path[1:]
    keys: Iterable[Any] = ()
    if step == _EACH:
        keys = range(len(value)) if isinstance(value, list) else ()
    elif isinstance(value, dict) and value.get(step) is not None:
        keys = (step,)
    for key in keys:
        if rest:
            _read_timestamps(value[key], rest)
        else:
            value[key] = _instant(value[key])


def _instant(seconds: Any) -> datetime:
    try:
        if isinstance(seconds, bool):
            raise TypeError("true and false are no numbers in JSON")
        return _EPOCH + timedelta(seconds=seconds)
    except (TypeError, OverflowError, ValueError):
        message = f"Unexpected value {seconds!r}: a timestamp was expected."
        raise ServiceError("SerializationException", message) from None


# answers


_tuple = tuple.__new__  # makes a named tuple in half the time


class Response(NamedTuple):
    """What botocore wants to know of the HTTP response it did not get."""

    status_code: int
    headers: dict[str, str]
    url: str
    content: bytes
    text: str
    raw: None


def answered(answer: Mapping[str, Any], request_id: str, now: datetime) -> tuple[Response, dict[str, Any]]:
    """Return a success as the pair that a ``before-call`` handler returns."""
    parsed = dict(answer) if isinstance(answer, NewAnswer) else _plain(answer)
    return _with_metadata(parsed, 200, request_id, now)


def refused(error: ServiceError, request_id: str, now: datetime) -> tuple[Response, dict[str, Any]]:
    """Return a refusal as the pair from which botocore raises its ClientError."""
    return _with_metadata({"Error": {"Message": error.message, "Code": error.code}}, error.status, request_id, now)


def _with_metadata(
    parsed: dict[str, Any], status: int, request_id: str, now: datetime
) -> tuple[Response, dict[str, Any]]:
    headers = {
        "x-amzn-requestid": request_id,
        "content-type": CONTENT_TYPE,
        "date": _http_date(int(now.timestamp())),
    }
    parsed["ResponseMetadata"] = {
        "RequestId": request_id,
        "HTTPStatusCode": status,
        "HTTPHeaders": headers,
        "RetryAttempts": 0,
    }
    return _tuple(Response, (status, headers, "https://events.local/", b"", "", None)), parsed


@lru_cache(maxsize=4)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _plain(value: Any) -> Any:
    """Return a copy that the caller may change, with timestamps as botocore gives them: milliseconds, local time."""
    kind = type(value)
    if kind is not dict and isinstance(value, list | tuple):
        return [item if type(item) in _AS_IT_IS else _plain(item) for item in value]
    if kind is dict or isinstance(value, Mapping):  # a dict is told faster
        copy = dict(value)
        for name, item in value.items():
            if type(item) not in _AS_IT_IS:
                copy[name] = _plain(item)
        return copy
    if isinstance(value, datetime):
        return _local(value.replace(microsecond=value.microsecond // 1000 * 1000))
    return value


#: The types of nearly all values of answers; they need no copy.
_AS_IT_IS = frozenset((str, int, bool))


def _local(instant: datetime) -> datetime:
    try:
        return instant.astimezone(_LOCAL)
    except (OverflowError, OSError):  # the first or last hours that datetime knows; on Windows, what was before 1970
        return instant

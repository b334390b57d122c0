"""Between botocore's request dict and Python params, and from answers to what botocore's parser would have made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape
from dateutil.tz import tzlocal

from eventbridge_local.errors import ServiceError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CONTENT_TYPE = "application/x-amz-json-1.1"
_LOCAL = tzlocal()

Read = Callable[[Any], Any]


class Response:
    """What botocore wants to know of the HTTP response it did not get."""

    __slots__ = ("content", "headers", "raw", "status_code", "text", "url")

    def __init__(self, status_code: int, headers: dict[str, str]) -> None:
        self.status_code = status_code
        self.headers = headers
        self.url = "https://events.local/"
        self.content = b""
        self.text = ""
        self.raw = None


class RequestReader:
    """Reads the body of one operation's requests: JSON, with timestamps as aware datetimes in UTC."""

    def __init__(self, model: OperationModel) -> None:
        shape = model.input_shape
        self._read = None if shape is None else _reader(shape)

    def __call__(self, body: bytes | str) -> dict[str, Any]:
        """The params as boto3 spells them.

        Raises:
            ServiceError: SerializationException for a timestamp that is none.
        """
        params: dict[str, Any] = _decoded(body) if body else {}
        return params if self._read is None else self._read(params)


def _decoded(body: bytes | str) -> Any:
    """The JSON of a body; a member that is null counts as absent, as in all of AWS's JSON services."""
    text = body.decode() if isinstance(body, bytes) else body
    return json.loads(text, object_hook=_without_nulls if "null" in text else None)


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _reader(shape: Shape) -> Read | None:
    """What turns timestamps below a shape into datetimes; None when there are none."""
    if shape.type_name == "timestamp":
        return _instant
    if isinstance(shape, ListShape):
        return _list_reader(_reader(shape.member))
    if isinstance(shape, StructureShape):
        readers = [(name, read) for name, member in shape.members.items() if (read := _reader(member))]
        return _structure_reader(readers) if readers else None
    return None


def _list_reader(item: Read | None) -> Read | None:
    if item is None:
        return None
    return lambda value: [item(member) for member in value] if isinstance(value, list) else value


def _structure_reader(readers: list[tuple[str, Read]]) -> Read:
    def read(value: Any) -> Any:
        if isinstance(value, dict):
            for name, member in readers:
                if value.get(name) is not None:
                    value[name] = member(value[name])
        return value

    return read


def _instant(seconds: Any) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (TypeError, OverflowError, ValueError):
        message = f"Unexpected value {seconds!r}: a timestamp was expected."
        raise ServiceError("SerializationException", message) from None


def answered(answer: Mapping[str, Any], request_id: str, now: datetime) -> tuple[Response, dict[str, Any]]:
    """A success, as the pair a ``before-call`` handler returns."""
    parsed = {name: _plain(value) for name, value in answer.items()}
    return _finish(parsed, 200, request_id, now)


def refused(error: ServiceError, request_id: str, now: datetime) -> tuple[Response, dict[str, Any]]:
    """A refusal, as the pair from which botocore raises its ClientError."""
    parsed = {"Error": {"Message": error.message, "Code": error.code}}
    return _finish(parsed, error.status, request_id, now)


def _finish(parsed: dict[str, Any], status: int, request_id: str, now: datetime) -> tuple[Response, dict[str, Any]]:
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
    return Response(status, headers), parsed


@lru_cache(maxsize=4)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _plain(value: Any) -> Any:
    """A copy the caller may change, with timestamps as botocore gives them: milliseconds, in the local time zone."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, datetime):
        return _local(value.replace(microsecond=value.microsecond // 1000 * 1000))
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value


def _local(instant: datetime) -> datetime:
    try:
        return instant.astimezone(_LOCAL)
    except OverflowError:  # the first or last hours that datetime knows
        return instant

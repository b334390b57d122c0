"""An event with any envelope, from keywords.

The keys are in the order in which AWS was recorded to write them, and ``replay-name`` is only in a replayed
event. Source: User Guide, page "AWS service event metadata".
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, TypedDict, Unpack

from eventbridge_local.advice import did_you_mean
from eventbridge_local.errors import UsageError
from eventbridge_local.model.clock import aware
from eventbridge_local.model.event import Ids

ACCOUNT = "123456789012"
REGION = "us-east-1"

_ACCOUNT = re.compile(r"[0-9]{12}")
_ids = Ids()


class Envelope(TypedDict, total=False):
    """The keywords for everything around the detail.

    Keys:
        id: the event's id; a fresh one in UUID form by default.
        account: twelve digits; ``123456789012`` by default.
        time: aware datetime, or ISO 8601 text with a time zone. Shown in UTC and whole seconds; now by default.
        region: the Region's code; ``us-east-1`` by default.
        resources: ARNs; none by default.
        replay_name: the name of the replay that sent the event again.
        version: ``0`` in every event that AWS sends.
    """

    id: str | None
    account: str | None
    time: datetime | str | None
    region: str | None
    resources: Sequence[str] | None
    replay_name: str | None
    version: str | None


KEYWORDS = tuple(Envelope.__annotations__)


def make_event(
    source: str,
    detail_type: str,
    detail: Mapping[str, Any] | str | None = None,
    **envelope: Unpack[Envelope],
) -> dict[str, Any]:
    """Return a complete event, as ``json.loads`` gives it to a Lambda function.

    >>> make_event("shop.orders", "OrderPlaced", {"total": 120}, id="1")["detail"]
    {'total': 120}

    Args:
        source: such as ``shop.orders``; any text but the empty one.
        detail_type: such as ``OrderPlaced``; any text but the empty one.
        detail: what happened, as a dict of JSON values or as the JSON text of an object. An empty object by default.
        **envelope: see ``Envelope``. None means the default.

    Returns:
        A dict that shares nothing with the arguments.

    Raises:
        UsageError: an argument is unknown, has the wrong form, or is not JSON.
    """
    for name in envelope:
        if name not in KEYWORDS:
            near = did_you_mean(name, KEYWORDS) or "."
            raise UsageError(f"make_event has no keyword {name!r}{near} It takes {', '.join(KEYWORDS)}.")
    return read_header(envelope).around(source, detail_type, (), read_detail(detail))


@dataclass(frozen=True, slots=True)
class Header:
    """Checked envelope values. ``resources`` is None when none were given."""

    id: str
    account: str
    time: datetime
    region: str
    resources: tuple[str, ...] | None
    replay_name: str | None
    version: str

    def around(self, source: str, detail_type: str, resources: Sequence[str], detail: dict[str, Any]) -> dict[str, Any]:
        """Return the event with this envelope; ``resources`` is used unless the header has its own."""
        replay = {} if self.replay_name is None else {"replay-name": self.replay_name}
        return {
            "version": self.version,
            "id": self.id,
            "detail-type": _text(detail_type, "detail_type"),
            "source": _text(source, "source"),
            "account": self.account,
            "time": iso_time(self.time),
            "region": self.region,
            **replay,
            "resources": list(resources if self.resources is None else self.resources),
            "detail": detail,
        }


def read_header(given: Mapping[str, Any]) -> Header:
    """Return the envelope values among ``given``, checked, with defaults for what is missing or None.

    Raises:
        UsageError: one of them has the wrong form.
    """
    values = {name: value for name, value in given.items() if value is not None}
    account = values.get("account", ACCOUNT)
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise UsageError(f"account={account!r}: an account is a string of twelve digits")
    return Header(
        id=_text(values["id"], "id") if "id" in values else _ids.uuid(),
        account=account,
        time=_time(values["time"]) if "time" in values else datetime.fromtimestamp(time.time(), UTC),
        region=_text(values.get("region", REGION), "region"),
        resources=_resources(values["resources"]) if "resources" in values else None,
        replay_name=_text(values["replay_name"], "replay_name") if "replay_name" in values else None,
        version=_text(values.get("version", "0"), "version"),
    )


def read_detail(detail: Any) -> dict[str, Any]:
    """Return the detail as JSON would carry it; it shares nothing with what was given.

    Raises:
        UsageError: it is neither a dict of JSON values nor the JSON text of an object.
    """
    if detail is None:
        return {}
    if not isinstance(detail, str | Mapping):
        raise UsageError(f"detail={detail!r}: a detail is a dict, or the JSON text of an object")
    try:
        loaded = _copied(detail)
    except RecursionError:
        from eventbridge_local.deep import with_room  # nearly no event is so deep

        loaded = with_room(_copied, detail)
    except (TypeError, ValueError) as error:
        raise UsageError(f"detail={detail!r} is not JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise UsageError(f"detail={detail!r}: a detail is a JSON object, {{...}}")
    return loaded


def _copied(detail: str | Mapping[str, Any]) -> Any:
    text = detail if isinstance(detail, str) else json.dumps(dict(detail), allow_nan=False)
    return json.loads(text, parse_constant=_no_constant)


def iso_time(when: datetime) -> str:
    """Return an instant in UTC as an envelope shows it: ``2026-03-06T09:00:00Z``."""
    return f"{when.isoformat(timespec='seconds')[:19]}Z"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{name}={value!r}: it must be a string and not empty")
    return value


def _time(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise UsageError(f"time={value!r} is not ISO 8601, such as '2026-03-06T09:00:00Z'") from error
    if not isinstance(value, datetime):
        raise UsageError(f"time={value!r}: a time is an aware datetime or ISO 8601 text")
    return aware(value, "time")


def _resources(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"resources={value!r}: resources are a list of ARNs")
    return tuple(value)

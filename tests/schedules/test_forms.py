"""Which schedule expressions are accepted, from tests/cases/schedules/forms.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.schedules import Cron, InvalidSchedule, Rate, parse_schedule

FORMS = json.loads((Path(__file__).parents[1] / "cases" / "schedules" / "forms.json").read_text("utf-8"))


def expression(case: dict[str, Any]) -> str:
    return repr(case["expression"])


@pytest.mark.parametrize("case", FORMS["accepted"], ids=expression)
def test_accepts(case: dict[str, Any]) -> None:
    """What AWS accepts is read, and the text is kept as it was given."""
    schedule = parse_schedule(case["expression"])
    assert isinstance(schedule, Rate if case["expression"].startswith("rate") else Cron)
    assert schedule.text == case["expression"]


@pytest.mark.parametrize("case", FORMS["refused"], ids=expression)
def test_refuses_with_a_hint(case: dict[str, Any]) -> None:
    """What AWS refuses is refused, with a hint in our words."""
    with pytest.raises(InvalidSchedule) as refusal:
        parse_schedule(case["expression"])
    assert refusal.value.text == case["expression"]
    assert refusal.value.hint
    assert refusal.value.hint in str(refusal.value)


def test_invalid_schedule_is_a_value_error_of_this_library() -> None:
    """Callers can catch the refusal as either family."""
    assert issubclass(InvalidSchedule, EventBridgeLocalError)
    assert issubclass(InvalidSchedule, ValueError)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("cron(0 10 * * * *)", "exactly one of day-of-month and day-of-week"),
        ("cron(0 10 * * ?)", "six fields"),
        ("cron(61 10 * * ? *)", "61 is not from 0 to 59 in the minutes field"),
        ("cron(0 10 ? * FUN *)", "'FUN' is not a name in the day-of-week field"),
        ("cron(0 0 1 1 ? 2030-2027)", "ends before it begins"),
        ("rate(1 minutes)", "with the value 1 write minute"),
        ("rate(5 minute)", "with the value 5 write minutes"),
        ("rate(0 minutes)", "from 1 to 2147483647"),
        ("every(5 minutes)", "begin with rate( or cron("),
    ],
)
def test_the_hint_names_the_mistake(text: str, word: str) -> None:
    """The hint speaks of the very thing that is wrong."""
    with pytest.raises(InvalidSchedule) as refusal:
        parse_schedule(text)
    assert word in refusal.value.hint


def test_equal_expressions_are_equal_values() -> None:
    """Schedules are plain values: equal, hashable, frozen."""
    text = "cron(0 10 ? * MON-FRI *)"
    assert parse_schedule(text) == parse_schedule(text)
    assert len({parse_schedule(text), parse_schedule(text), parse_schedule("rate(1 day)")}) == 2
    with pytest.raises(AttributeError):
        parse_schedule(text).text = "other"  # type: ignore[misc]

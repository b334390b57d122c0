"""Whether one condition, field or branch of a pattern takes everything that another takes.

A plain yes is certain; where it cannot be told, the answer is no.
"""

from __future__ import annotations

from typing import Any

from eventbridge_local.patterns import conditions as c
from eventbridge_local.patterns.conditions import Field, SubRule

_UNKNOWN: Any = object()


def exact_value(condition: c.Condition) -> Any:
    """The one value that a condition accepts; ``_UNKNOWN`` when there are several."""
    if isinstance(condition, c.Text):
        return condition.text
    if isinstance(condition, c.Word):
        return condition.word
    return condition.number if isinstance(condition, c.Equal) else _UNKNOWN


def is_exact(condition: c.Condition) -> bool:
    """Whether a condition accepts one value only."""
    return exact_value(condition) is not _UNKNOWN


def covers(big: c.Condition, small: c.Condition) -> bool:
    """Whether ``big`` accepts every value that ``small`` accepts."""
    if big == small:
        return True
    if isinstance(small, c.Absent) or isinstance(big, c.Absent):
        return False
    if isinstance(big, c.Exists):
        return True
    if is_exact(small):
        return big.accepts(exact_value(small))
    if isinstance(big, c.Range) and isinstance(small, c.Range):
        return _starts_lower(big, small) and _ends_higher(big, small)
    if isinstance(big, c.Prefix) and isinstance(small, c.Prefix):
        return small.text.startswith(big.text)
    if isinstance(big, c.Suffix) and isinstance(small, c.Suffix):
        return small.text.endswith(big.text)
    if isinstance(big, c.AnythingBut) and isinstance(small, c.AnythingBut):
        return all(any(covers(other, mine) for other in small.excluded) for mine in big.excluded)
    return False


def _starts_lower(big: c.Range, small: c.Range) -> bool:
    return big.low < small.low or (big.low == small.low and (big.low_closed or not small.low_closed))


def _ends_higher(big: c.Range, small: c.Range) -> bool:
    return big.high > small.high or (big.high == small.high and (big.high_closed or not small.high_closed))


def field_covers(big: Field, small: Field) -> bool:
    """Whether every value list that satisfies ``small`` satisfies ``big``; their paths are the same."""
    return all(any(covers(one, other) for one in big.conditions) for other in small.conditions)


def rule_covers(big: SubRule, small: SubRule) -> bool:
    """Whether every event that satisfies ``small`` satisfies ``big``."""
    fields = {each.path: each for each in small}
    return all(each.path in fields and field_covers(each, fields[each.path]) for each in big)


def may_meet(one: SubRule, other: SubRule) -> bool:
    """Whether one event may satisfy both. A plain no is certain, arrays aside."""
    fields = {each.path: each for each in other}
    return all(_fields_may_meet(each, fields[each.path]) for each in one if each.path in fields)


def _fields_may_meet(one: Field, other: Field) -> bool:
    return any(_conditions_may_meet(a, b) for a in one.conditions for b in other.conditions)


def _conditions_may_meet(a: c.Condition, b: c.Condition) -> bool:
    if isinstance(a, c.Absent) or isinstance(b, c.Absent):
        return type(a) is type(b)
    if is_exact(a):
        return b.accepts(exact_value(a))
    return a.accepts(exact_value(b)) if is_exact(b) else True

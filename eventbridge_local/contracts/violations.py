"""Violations: what a contract does not allow in an event, and the error that lists them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from eventbridge_local.errors import ContractViolation
from eventbridge_local.visible import visible

_PLAIN_KEY = re.compile(r"""[^\s.\[\]"']+""")
_LONGEST = 120
_MOST_LINES = 20
_MOST_ALTERNATIVES = 5

ADVICE = "Correct the code that puts the event, or the contract if it is out of date."
ADVICE_MISSING = (
    "Write a contract for the event, or correct its source and detail-type; require=False allows events without one."
)


@dataclass(frozen=True)
class Violation:
    """One thing about an event that its contract does not allow.

    Args:
        source: the source of the event.
        detail_type: its detail-type.
        path: where, such as ``detail.items[2].sku``; ``event`` for the envelope itself.
        problem: what is wrong there.
        contract: the name of the contract, ``source@DetailType``; None when there is no contract for the event.
        file: the file of the contract; None for one given in code.
        schema_path: the JSON pointer of the rule that was broken, references followed.
    """

    source: str
    detail_type: str
    path: str
    problem: str
    contract: str | None = None
    file: Path | None = None
    schema_path: str = ""

    @property
    def message(self) -> str:
        """One line: ``detail.total: '120' is not of type 'number'``."""
        return f"{self.path}: {self.problem}"

    def __str__(self) -> str:
        return visible(self.message)


def violation_error(violations: Iterable[Violation], where: str) -> ContractViolation:
    """Return the error that says which contracts were broken and how. It is not raised.

    Args:
        violations: at least one, of one event or of several.
        where: where they were found, such as ``"put on bus 'orders'"``.

    Returns:
        the error; its ``violations`` holds what was given, as a tuple.
    """
    found = tuple(violations)
    lines: list[str] = []
    advice: dict[str, None] = {}
    for (source, detail_type, contract, file), group in groupby(found, key=_heading_of):
        verb = f"breaks {_contract_text(contract, file)}" if contract else "has no contract"
        lines.append(f"event {detail_type!r} of {source!r} {verb} ({where})")
        lines += _indented([violation.message for violation in group])
        advice[ADVICE if contract else ADVICE_MISSING] = None
    return ContractViolation("\n".join([*lines, *advice]), found)


def _heading_of(violation: Violation) -> tuple[str, str, str | None, Path | None]:
    return violation.source, violation.detail_type, violation.contract, violation.file


def _contract_text(name: str, file: Path | None) -> str:
    return f"the contract {name}" + (f" in {file}" if file else " given in code")


def _indented(messages: Sequence[str]) -> Iterator[str]:
    for message in messages[:_MOST_LINES]:
        yield f"    {message}"
    if len(messages) > _MOST_LINES:
        yield f"    and {len(messages) - _MOST_LINES} more"


def path_text(path: Iterable[str | int]) -> str:
    """Return a path as ``detail.items[2].sku``; a key with blanks or dots is written as ``["a key"]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def is_real(error: Any) -> bool:
    """Return whether an error of jsonschema is right: 19.99 is a multiple of 0.01, though not in binary fractions."""
    if error.validator != "multipleOf" or not isinstance(error.instance, int | float):
        return True
    quotient = Fraction(repr(error.instance)) / Fraction(repr(error.validator_value))
    return quotient.denominator != 1


def problem_text(error: Any) -> str:
    """Return an error of jsonschema in its words, except where these do not show the value, or are too long."""
    text_of = _TEXTS.get(error.validator)
    text: str = text_of(error) if text_of else error.message
    shown = repr(error.instance)
    return text.replace(shown, _short(shown), 1) if len(shown) > _LONGEST else text


def _short(shown: str) -> str:
    half = _LONGEST // 2
    return f"{shown[:half]} … {shown[-half:]}"


def _alternatives_text(error: Any) -> str:
    reasons = dict.fromkeys(_reason(inner) for inner in error.context)
    if not reasons:
        return str(error.message)
    shown = [*reasons][:_MOST_ALTERNATIVES]
    return "matches none of the alternatives: " + "; ".join(shown + ["..."] * (len(reasons) > len(shown)))


def _reason(error: Any) -> str:
    path = path_text(error.relative_path)
    return f"{path}: {problem_text(error)}" if path else problem_text(error)


_TEXTS: dict[str | None, Callable[[Any], str]] = {
    "const": lambda error: f"{error.instance!r} is not {error.validator_value!r}",
    "anyOf": _alternatives_text,
    "oneOf": _alternatives_text,
    None: lambda error: f"{error.instance!r} is not allowed here",
}

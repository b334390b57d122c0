"""The plain reading of the pattern language, word for word and slowly: what `matches` is held against.

It shares no code with the library and prefers the shortest way to say a rule: leaves in a list, regular expressions,
`ipaddress`, `Decimal`, and a search that tries everything. It takes valid patterns only.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from decimal import Decimal, DecimalException
from math import isfinite
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Place = dict[int, int]
Leaf = tuple[str, Any, Place]

#: Characters Java 17 knows no other case of, though newer editions of Unicode do.
CASELESS = "\u2c2f\u2c5f\ua7c0\ua7c1\ua7d0\ua7d1\ua7d6\ua7d7\ua7d8\ua7d9"
RANGE = {
    "=": lambda number, bound: number == bound,
    "<": lambda number, bound: number < bound,
    "<=": lambda number, bound: number <= bound,
    ">": lambda number, bound: number > bound,
    ">=": lambda number, bound: number >= bound,
}


class Pairs(list[tuple[str, Any]]):
    """A JSON object with all its keys."""


class Number(str):
    """A JSON number as it is spelled."""


def read(text: str) -> Any:
    """The first JSON value of a text; what follows it is not looked at."""
    decoder = json.JSONDecoder(object_pairs_hook=Pairs, parse_float=Number, parse_int=Number)
    return decoder.raw_decode(text, len(text) - len(text.lstrip(" \t\r\n")))[0]


def reads_as_match(pattern: str, event: str) -> bool:
    """Whether the event satisfies the pattern, both given as JSON text."""
    rules = subrules(read(pattern), [], [])
    tree = read(event)
    if not isinstance(tree, Pairs):
        raise ValueError("an event is an object")
    used = {name for rule in rules for path in rule for name in java_split(path)}
    leaves = list(flatten(tree, [], {}, used))
    return any(
        holds(sorted(rule.items(), key=lambda item: item[0].encode("utf-16-be", "surrogatepass")), leaves, {})
        for rule in rules
    )


# -- the pattern


def subrules(tree: Pairs, above: list[str], rules: list[dict[str, list[Any]]]) -> list[dict[str, list[Any]]]:
    """The alternatives of a pattern: each a value list for every path."""
    for name, value in tree:
        if name == "$or":
            before, rules = rules, []
            for branch in value:
                rules += subrules(branch, above, [dict(rule) for rule in before] or [{}])
        elif isinstance(value, Pairs):
            rules = subrules(value, [*above, name], rules)
        else:
            joined = ".".join(above)
            path = f"{joined}.{name}" if joined else name
            rules = [rule | {path: value} for rule in rules or [{}]]
    return rules


def has_lost_number(pattern: str) -> bool:
    """Whether a value list of a pattern has a number that AWS was captured to match to nothing, unlike the engine."""
    return any(is_lost(test) for rule in subrules(read(pattern), [], []) for tests in rule.values() for test in tests)


def is_lost(test: Any) -> bool:
    """Whether a test is a number with a fraction or an exponent that no double stands for exactly."""
    return isinstance(test, Number) and comparable(test) is None and not re.fullmatch("-?[0-9]+", test)


# -- the event


def java_split(path: str) -> list[str]:
    """The names of a path; empty ones at the end are dropped."""
    if not path:
        return [""]
    names = path.split(".")
    while names and not names[-1]:
        names.pop()
    return names


def flatten(value: Any, above: list[str], place: Place, used: set[str]) -> Iterator[Leaf]:
    """All scalars of an event with their paths and the array elements they lie in."""
    if isinstance(value, Pairs):
        for name, child in value:
            if name in used or ("." in name and used.issuperset(java_split(name))):
                yield from flatten(child, [*above, name], place, used)
    elif isinstance(value, list):
        for at, child in enumerate(value):
            inside = {**place, id(value): at} if isinstance(child, list) else place
            yield from flatten(child, above, inside, used)
    else:
        yield ".".join(above), value, place


def holds(fields: list[tuple[str, list[Any]]], leaves: list[Leaf], place: Place) -> bool:
    """Whether the fields find values in this order, at places that agree with each other and with `place`."""
    if not fields:
        return True
    (path, tests), later = fields[0], fields[1:]
    reachable = [
        (value, where)
        for at, value, where in leaves
        if at == path and all(place.get(array, index) == index for array, index in where.items())
    ]
    absent = Pairs([("exists", False)])
    if absent in tests and not reachable and holds(later, leaves, place):
        return True
    return any(
        any(accepts(test, value) for test in tests if test != absent) and holds(later, leaves, place | where)
        for value, where in reachable
    )


# -- one test on one value


def is_text(value: Any) -> bool:
    """Whether a value is a JSON string."""
    return isinstance(value, str) and not isinstance(value, Number)


def accepts(test: Any, value: Any) -> bool:
    """Whether an element of a value list accepts a scalar."""
    if isinstance(test, Pairs):
        ((name, operand),) = test
        return bool(OPERATORS[name](operand, value))
    if isinstance(test, Number):
        same = isinstance(value, Number) and str(test) == str(value) and re.fullmatch("-?[0-9]+", str(test))
        return bool(same) or (comparable(test) is not None and comparable(test) == comparable(value))
    if is_text(test):
        address = read_address(test)
        return is_text(value) and (read_address(value) == address if address else test == value)
    return value is test


def comparable(value: Any) -> float | None:
    """The number a spelling is compared by, if the shortest spelling of its double has the same value."""
    if not isinstance(value, Number):
        return None
    number = float(value)
    try:
        exact = isfinite(number) and Decimal(repr(number).replace("5e-324", "4.9e-324")) == Decimal(str(value))
    except DecimalException:
        return None
    return number if exact else None


def quoted(text: str) -> str:
    """The text the engine compares: in quotes, with half surrogate pairs as question marks."""
    return f'"{question_marks(text)}"'


def question_marks(text: str) -> str:
    """The text with each half of a surrogate pair as a question mark."""
    return re.sub("[\ud800-\udfff]", "?", text)


def prefix(operand: Any, value: Any) -> bool:
    """A beginning, exactly or in any case."""
    if isinstance(operand, Pairs):
        return is_text(value) and bool(re.match(any_case(f'"{operand[0][1]}'), quoted(value)))
    return is_text(value) and quoted(value).startswith(f'"{question_marks(operand)}')


def suffix(operand: Any, value: Any) -> bool:
    """An end, exactly or in any case."""
    if isinstance(operand, Pairs):
        return is_text(value) and bool(re.search(any_case(f'{operand[0][1]}"') + r"\Z", quoted(value)))
    return is_text(value) and quoted(value).endswith(f'{question_marks(operand)}"')


def ignore_case(operand: str, value: Any) -> bool:
    """The whole text in any case."""
    return is_text(value) and bool(re.fullmatch(any_case(f'"{operand}"'), quoted(value)))


def any_case(operand: str) -> str:
    """An expression for an operand, each character in its lower or upper form, those beyond U+FFFF as ``??``."""
    forms = []
    for char in question_marks(operand):
        pair = {char} if char in CASELESS else {char.lower(), char.upper()}
        forms.append(r"\?\?" if char > "\uffff" else f"(?:{'|'.join(map(re.escape, sorted(pair)))})")
    return "".join(forms)


def wildcard(operand: str, value: Any) -> bool:
    """The whole text, stars standing for anything."""
    parts = re.findall(r"\\.|[^\\]", question_marks(operand), re.DOTALL)
    expression = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    return is_text(value) and bool(re.fullmatch(f'"{expression}"', quoted(value), re.DOTALL))


def numeric(operand: list[Any], value: Any) -> bool:
    """A number between bounds."""
    number = comparable(value)
    bounds = zip(operand[::2], operand[1::2], strict=True)
    return number is not None and all(RANGE[sign](number, float(bound)) for sign, bound in bounds)


def cidr(operand: str, value: Any) -> bool:
    """A text that is an address in a block."""
    base, mask = operand.rstrip("/").split("/")
    block = ipaddress.ip_network((str(read_address(base)), int(mask)), strict=False)
    address = read_address(value) if is_text(value) else None
    return address is not None and address in block


def read_address(text: str) -> Address | None:
    """The address a text is, leading zeros allowed; one mapped into IPv6 is an IPv4 address."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", text):
        parts = [int(part) for part in text.split(".")]
        fits = len(text) <= len("255.255.255.255") and max(parts) <= 255
        return ipaddress.IPv4Address(bytes(parts)) if fits else None
    if not re.fullmatch(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*", text):
        return None
    try:
        address = ipaddress.IPv6Address(re.sub(r"(?<![0-9A-Fa-f])0+(?=[0-9A-Fa-f])", "", text))
    except ValueError:
        return None
    return address.ipv4_mapped or address


def anything_but(operand: Any, value: Any) -> bool:
    """A value of any kind that none of the operands accepts."""
    if isinstance(operand, Pairs):
        ((name, operands),) = operand
        return not any(
            OPERATORS[name](each, value) for each in (operands if isinstance(operands, list) else [operands])
        )
    return not any(
        comparable(each) == comparable(value) if isinstance(each, Number) else is_text(value) and each == value
        for each in (operand if isinstance(operand, list) else [operand])
    )


OPERATORS: dict[str, Any] = {
    "exactly": lambda operand, value: is_text(value) and operand == value,
    "prefix": prefix,
    "suffix": suffix,
    "equals-ignore-case": ignore_case,
    "wildcard": wildcard,
    "exists": lambda operand, value: operand,
    "numeric": numeric,
    "cidr": cidr,
    "anything-but": anything_but,
}

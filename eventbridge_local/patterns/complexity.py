"""The score by which AWS refuses patterns whose wildcards cost too much (pattern language, section 6.3)."""

from __future__ import annotations

from eventbridge_local.patterns.conditions import Absent, AnythingBut, Condition, Wildcard
from eventbridge_local.patterns.ignore_case import forms
from eventbridge_local.patterns.invalid import InvalidPattern
from eventbridge_local.patterns.syntax import Field, Pattern, SubRule

HIGHEST = 10
_STAR = -1
_OTHER = -2  # a byte no operand names
_QUOTE = ord('"')
_LONGEST = 20_000  # tokens; AWS takes patterns of 4,096 characters
_MOST_STATES = 3_000  # sets of prefixes walked before the answer is worked out from the stars alone
TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
    "wildcard character"
)


_Load = tuple[Condition, Wildcard]  # the test an operand belongs to, and the operand


def check_complexity(pattern: Pattern) -> None:
    """Refuse a pattern AWS would refuse for its wildcards.

    Raises:
        InvalidPattern: the score is above 10.
    """
    if pattern.complexity > HIGHEST:
        raise InvalidPattern(TOO_COMPLEX)


def score(subrules: tuple[SubRule, ...]) -> int:
    """The score of a pattern: 0 without wildcards.

    Lists of different sub-rules count together where the engine puts them in one place, which is behind paths that
    are tested identically.
    """
    pools: dict[object, list[_Load]] = {}
    for rule in subrules:
        if not any(_operands(each) for each in rule):
            continue
        before: list[object] = []
        for each in rule:
            pools.setdefault((each.path, tuple(before)), []).extend(_operands(each))
            before.append((each.path, frozenset(each.conditions)))
            if all(type(condition) is Absent for condition in each.conditions):
                break  # the engine's walk does not get past this one
    return max((_score_of(loads) for loads in pools.values() if loads), default=0)


def _operands(each: Field) -> list[_Load]:
    """The wildcards of a value list, each with the test it belongs to."""
    loads: list[_Load] = []
    for condition in each.conditions:
        if isinstance(condition, Wildcard):
            loads.append((condition, condition))
        elif isinstance(condition, AnythingBut):
            loads += [(condition, other) for other in condition.excluded if isinstance(other, Wildcard)]
    return loads


def _score_of(loads: list[_Load]) -> int:
    """The most prefixes of the operands that one input can keep alive at once.

    All operands lie side by side in one integer, a bit for each prefix, so that a step of the input is a few
    operations on integers whatever their number.
    """
    tokens: list[int] = []
    starts = counted = 0
    known: dict[Condition, list[list[int]]] = {}
    for test, wildcard in loads:
        own, cased = _tokens(wildcard)
        shared = _shared(own, cased, known.setdefault(test, []))
        known[test].append(own)
        starts |= 1 << len(tokens)
        counted |= ((1 << len(own)) - (1 << shared)) << len(tokens)
        tokens += own
    if len(tokens) > _LONGEST:
        return tokens.count(_STAR) + 1
    return _Automaton(tokens, starts, counted).most_alive()


def _tokens(wildcard: Wildcard) -> tuple[list[int], set[int]]:
    """The bytes of the quoted operand, stars between its pieces, and where a character has two cases."""
    tokens = [_QUOTE]
    cased: set[int] = set()
    for number, piece in enumerate(wildcard.pieces):
        if number:
            tokens.append(_STAR)
        for char in piece:
            if len(set(forms(char))) > 1:
                cased.add(len(tokens))
            tokens += char.encode()
    tokens.append(_QUOTE)
    return tokens, cased


def _shared(own: list[int], cased: set[int], others: list[list[int]]) -> int:
    """How many first tokens of an operand the engine finds already there, among operands of the same test."""
    alike = others
    starred = False
    for at, token in enumerate(own):
        if token != _STAR and ((starred and at in cased) or any(len(o) > at and o[at] == _STAR for o in alike)):
            return at
        alike = [other for other in alike if len(other) > at and other[at] == token]
        if not alike:
            return at
        starred = starred or token == _STAR
    return len(own)


class _Automaton:
    """Operands side by side; bit i of a state says that the prefix ending with token i is alive."""

    def __init__(self, tokens: list[int], starts: int, counted: int) -> None:
        self._starts = starts
        self._counted = counted
        self._stars = 0
        self._literals: dict[int, int] = {_OTHER: 0}
        for at, token in enumerate(tokens):
            if token == _STAR:
                self._stars |= 1 << at
            else:
                self._literals[token] = self._literals.get(token, 0) | 1 << at
        self._tokens = tokens

    def _closed(self, state: int) -> int:
        return state | state << 1 & self._stars

    def _step(self, state: int, byte: int) -> int:
        # A shift may carry the last prefix of one operand onto the first of the next; those begin only at the start.
        return self._closed(state << 1 & self._literals[byte] & ~self._starts | state & self._stars)

    def most_alive(self) -> int:
        """The largest number of counted prefixes alive at once, over all inputs."""
        first = self._closed(self._starts)
        seen = {first}
        todo = [first]
        most = (first & self._counted).bit_count()
        while todo:
            state = todo.pop()
            for byte in self._literals:
                following = self._step(state, byte)
                if following and following not in seen:
                    seen.add(following)
                    todo.append(following)
                    most = max(most, (following & self._counted).bit_count())
            if len(seen) > _MOST_STATES:
                return max(most, self._with_all_stars())
        return most

    def _with_all_stars(self) -> int:
        """The answer where no two operands' beginnings exclude each other: every star alive, then any piece."""
        most = 0
        state = self._stars
        for token in self._tokens:
            state = self._stars if token == _STAR else self._step(state, token)
            most = max(most, (state & self._counted).bit_count())
        return most

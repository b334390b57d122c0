"""What the graph of a regular expression finds is what Python's ``re`` finds, where that answers in time."""

from __future__ import annotations

import random
import re

import pytest

from eventbridge_local.contracts import linear_search

_LEAVES = [*"abc. 1_^$\n", "[ab]", "[^a]", "[a-c1]", r"\d", r"\w", r"\s", r"\W", r"\b", r"\B", r"\A", r"\Z"]
_REPEATS = ["*", "+", "?", "{0,2}", "{2}", "{1,3}", "*?", "+?", "{2,}"]
_BEGINNINGS = ["", "", "^", "(?i)", "(?s)", "(?a)", "^(?=a|.b)", "^(?!ab)"]


def pattern_of(rng: random.Random, levels: int) -> str:
    kind = rng.random()
    if levels == 0 or kind < 0.25:
        return rng.choice(_LEAVES)
    one = pattern_of(rng, levels - 1)
    if kind < 0.45:
        return one + pattern_of(rng, levels - 1)
    if kind < 0.6:
        return f"(?:{one}|{pattern_of(rng, levels - 1)})"
    return f"(?:{one}){rng.choice(_REPEATS)}" if kind < 0.85 else f"({one})"


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
def test_a_graph_finds_what_re_finds() -> None:
    rng = random.Random(15)
    compared = 0
    for _ in range(2_000):
        pattern = rng.choice(_BEGINNINGS) + pattern_of(rng, 4) + rng.choice(["", "", "$"])
        parts = linear_search._parts_of(linear_search._parsed(pattern))
        assert parts is not None, pattern
        for _ in range(4):
            text = "".join(rng.choice("abcA1 \n_ä") for _ in range(rng.randrange(9)))
            found = all(graph.occurs_in(text, pattern) is wanted for wanted, graph in parts)
            assert found is (re.search(pattern, text) is not None), (pattern, text)
            assert linear_search.search(pattern, text) is found, (pattern, text)
            compared += 1
    assert compared == 8_000


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_search, "_MOST_KNOWN", 5)
    text = "".join(map(chr, range(0x100, 0x400))) + "aab"
    assert linear_search.search("(x|xy)*(a|aa)*b$", text)
    assert not linear_search.search("(x|xy)*(a|aa)*c$", text)


def test_a_pattern_that_is_none() -> None:
    assert not linear_search.is_refused("(")
    with pytest.raises(re.error):
        linear_search.search("(", "")

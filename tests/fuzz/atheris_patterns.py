"""Feeds the pattern engine bytes chosen by coverage until it crashes, hangs, or contradicts itself. Not run by pytest.

Run: make fuzz-atheris, or, with atheris installed, python tests/fuzz/atheris_patterns.py -max_total_time=300
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent.parent / "patterns"), str(Path(__file__).parent.parent.parent)]

with atheris.instrument_imports(include=["eventbridge_local.patterns"]):
    from plain_reading import reads_as_match

    from eventbridge_local.patterns import (
        InvalidPattern,
        RuleSet,
        check_complexity,
        compile_pattern,
        explain,
        matches,
        parse_event,
    )
    from eventbridge_local.patterns.operators import OPERATORS

MORE_WORDS = ["=", ">", "<=", "10.0.0.1", "::1", "10.0.0.0/8", "*a", "1.0"]
SHORT = 300  # characters; the slow evaluator is only asked about short texts
SEEDS = [
    '{"a":["x",{"prefix":"y"},{"anything-but":{"wildcard":["*a*","b"]}}]}\0{"a":"x","b":[{"c":1}]}',
    '{"$or":[{"a":[{"numeric":[">",0,"<=",5e1]}]},{"b.c":[{"exists":false}]}]}\0{"a":1.0,"b":{"c":null}}',
    '{"a":[{"cidr":"10.0.0.0/8"},{"suffix":{"equals-ignore-case":"\\u00df"}},1,true,null]}\0{"a":["10.1.2.3",1.0]}',
]


def one_input(data: bytes) -> None:
    """A pattern and an event, divided by a NUL: both are taken or refused, and all ways of matching agree."""
    pattern, _, event = data.decode("utf-8", "surrogateescape").partition("\0")
    try:
        compiled = compile_pattern(pattern)
    except InvalidPattern as error:
        assert "cannot be read" not in error.reason, pattern
        compiled = None
    else:
        try:
            check_complexity(compiled)
        except InvalidPattern as error:
            assert error.reason.startswith(("Rule is too complex", "Or operator is producing")), pattern
    try:
        tree = parse_event(event)
    except ValueError:
        return
    if compiled is None:
        return
    rules = RuleSet()
    rules.add("rule", compiled)
    verdict = bool(matches(compiled, tree))
    assert verdict is bool(explain(compiled, tree)), (pattern, event)
    assert verdict is bool(rules.match(tree)), (pattern, event)
    if len(data) < SHORT and "\\u" not in pattern + event:
        assert verdict is reads_as_match(pattern, event), (pattern, event)


def main() -> None:
    """Start from a few seeds and the words of the language, in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder, "words")
        words.write_text("".join(f'"\\"{word}\\""\n' for word in [*OPERATORS, "$or", *MORE_WORDS]))
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, seed in enumerate(SEEDS):
            (corpus / f"seed{number}").write_bytes(seed.encode())
        atheris.Setup([*sys.argv, f"-dict={words}", str(corpus)], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

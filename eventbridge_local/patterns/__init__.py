"""The EventBridge pattern language: compile, match, explain, and match many patterns at once."""

from eventbridge_local.patterns.complexity import check_complexity
from eventbridge_local.patterns.events import parse_event
from eventbridge_local.patterns.invalid import InvalidPattern
from eventbridge_local.patterns.mismatch import Explanation, Match, Mismatch, explain, matches
from eventbridge_local.patterns.ruleset import RuleSet
from eventbridge_local.patterns.syntax import Pattern, compile_pattern

__all__ = [
    "Explanation",
    "InvalidPattern",
    "Match",
    "Mismatch",
    "Pattern",
    "RuleSet",
    "check_complexity",
    "compile_pattern",
    "explain",
    "matches",
    "parse_event",
]

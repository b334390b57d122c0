"""The EventBridge pattern language: compile, match, explain, and match many patterns at once."""

from eventbridge_local.patterns.compile import InvalidPattern, Pattern, check_complexity, compile_pattern
from eventbridge_local.patterns.events import parse_event
from eventbridge_local.patterns.explain import Explanation, Match, Mismatch, explain, matches
from eventbridge_local.patterns.ruleset import RuleSet

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

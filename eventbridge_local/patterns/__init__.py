"""The EventBridge pattern language: compile, match, explain, and match many patterns at once."""

from eventbridge_local.patterns.events import parse_event
from eventbridge_local.patterns.invalid import InvalidPattern
from eventbridge_local.patterns.syntax import Pattern, compile_pattern

__all__ = ["InvalidPattern", "Pattern", "compile_pattern", "parse_event"]

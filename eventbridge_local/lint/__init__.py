"""``lint``: what is wrong with the rules of a template, before it is deployed.

finding    codes, severities, findings
patterns   what a pattern says by itself
covering   whether one condition takes all that another takes
known      patterns against samples of AWS services and against contracts
wiring     buses, targets, dead letters, ways between buses
silence    findings that are not wanted
checking   all of it, for a plan
"""

from eventbridge_local.lint.checking import check
from eventbridge_local.lint.finding import CODES, SEVERITIES, Finding, Severity
from eventbridge_local.lint.silence import is_silenced

__all__ = ["CODES", "SEVERITIES", "Finding", "Severity", "check", "is_silenced"]

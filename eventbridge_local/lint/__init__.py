"""``lint``: what is wrong with the rules of a template, before it is deployed.

check           all checks, for a plan; what its rules do together
pattern_checks  a pattern alone
event_checks    a pattern against samples of AWS services and contracts
findings        codes, severities, and how to silence them
"""

from eventbridge_local.lint.check import check
from eventbridge_local.lint.findings import CODES, SEVERITIES, Finding, Severity, is_silenced

__all__ = ["CODES", "SEVERITIES", "Finding", "Severity", "check", "is_silenced"]

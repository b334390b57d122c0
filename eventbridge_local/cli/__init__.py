"""The command line: ``eventbridge-local`` and ``python -m eventbridge_local``, for people without a test.

    parser      commands, their arguments and their help
    inputs      patterns and events from JSON text, files and standard input
    output      tables, colours, JSON, and the errors of one line
    progress    the bar of a long replay, on terminals only
    matching    match, explain
    routing     route, replay
    lint        lint: what is wrong with the rules of a template
    times       next
    serving     serve

Exit codes: 0 yes, 1 no, 2 the input cannot be used. A command's own modules are imported when it runs.
"""

from eventbridge_local.cli.parser import main

__all__ = ["main"]

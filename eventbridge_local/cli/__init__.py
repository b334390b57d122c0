"""The command line, ``eventbridge-local`` and ``python -m eventbridge_local``: for work without a test.

    parser     the commands with their arguments and help
    inputs     patterns and events from JSON text, files and standard input
    output     colours, JSON, errors of one line, the progress bar
    commands   match, explain, next
    templates  lint, serve; the options that a template is read with
    routing    route, replay

Exit codes: 0 yes, 1 no, 2 the input cannot be used. The modules of a command are imported when it runs.
"""

from eventbridge_local.cli.parser import main

__all__ = ["main"]

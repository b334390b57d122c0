"""How long random tests run: briefly in the suite, long in ``make fuzz``."""

from __future__ import annotations

import os

#: Whether ``make fuzz`` runs the tests.
LONG = bool(os.environ.get("EVENTBRIDGE_LOCAL_FUZZ"))


def examples(brief: int, long: int) -> int:
    """How many examples a test tries.

    Args:
        brief: in the suite.
        long: in one round of ``tools/fuzz.py``, which runs it again and again with other seeds: ten seconds or so.
    """
    return long if LONG else brief

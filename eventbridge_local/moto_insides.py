"""All that this library knows of moto's insides. Whatever moto changes there is mended here and nowhere else.

Strategy: nothing here imports moto by itself. It is looked up in ``sys.modules``, so a test without moto pays nothing.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

#: The module that every use of moto imports.
CORE = "moto.core.models"
#: How moto begins the answer of a function that it could not run, because Docker is not there.
NO_DOCKER = b"error running docker"


#: What says whether moto answers, by its ``enabled``; None until ``find_switch`` was called.
switch: Any = None


def moto_is_active() -> bool:
    """Return whether a ``mock_aws`` is active in this process. moto has no public function for that."""
    return CORE in sys.modules and bool(find_switch().enabled)


def find_switch() -> Any:
    """Return what says by its ``enabled`` whether moto answers, for callers that ask very often. moto is imported."""
    global switch
    switch = getattr(sys.modules[CORE], "botocore_stubber", None) or SimpleNamespace(enabled=False)
    return switch


def account_of_assumed_role(access_key: str) -> str | None:
    """Return the account of a role that was assumed through moto's STS, None for a key that moto did not give out."""
    models = sys.modules.get("moto.iam.models")
    if models is None or not moto_is_active():
        return None
    account: str = models.get_account_id_from(access_key)
    return None if account == models.DEFAULT_ACCOUNT_ID else account


def call_secret(made: str, arn: str, account: str, region: str) -> bool:
    """Give the secret that moto just made another ARN, for moto itself chooses the last six letters.

    Args:
        made: the ARN that moto answered.
        arn: the ARN that it is to have.

    Returns:
        whether it has it now.
    """
    models = sys.modules.get("moto.secretsmanager.models")
    if models is None or not moto_is_active():
        return False
    try:
        secret = models.secretsmanager_backends[account][region].secrets[made]
        secret.arn = arn
    except (AttributeError, KeyError):
        return False
    return True

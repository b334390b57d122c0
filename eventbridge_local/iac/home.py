"""Moving a source that was made for one account and Region to those of the mock.

Everything is loaded where the mock is. What a template says with pseudo parameters moves by itself; a Terraform state,
and a stack of CDK with an explicit environment, have the ARNs of their own account and Region written out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from eventbridge_local.model.arn import Arn, parse_arn, partition_of

Home = tuple[str, str]


def home_of(arns: Iterable[Any]) -> Home | None:
    """The account and Region of most of ``arns``; None when there is no ARN among them."""
    parsed = [parse_arn(arn) for arn in arns if isinstance(arn, str)]
    homes = Counter((arn.account, arn.region) for arn in parsed if arn is not None)
    return homes.most_common(1)[0][0] if homes else None


def moved(value: Any, home: Home | None, to: Home) -> Any:
    """``value`` with every ARN of the account and Region ``home`` rewritten to those of ``to``.

    ARNs of other accounts and Regions stay as they are; ARNs without a Region, such as a role's, move with the account.
    """
    if home is None or home == to:
        return value
    account, region = home
    pattern = re.compile(rf"\barn:[\w-]+:([\w-]+):({re.escape(region)}|):{re.escape(account)}:")

    def rewrite(match: re.Match[str]) -> str:
        return str(Arn(partition_of(to[1]), match[1], to[1] if match[2] else "", to[0], ""))

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: walk(inner) for key, inner in node.items()}
        if isinstance(node, list):
            return [walk(inner) for inner in node]
        return pattern.sub(rewrite, node) if isinstance(node, str) and "arn:" in node else node

    return walk(value)

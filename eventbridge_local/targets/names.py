"""The names by which people call what an ARN points to."""

from __future__ import annotations

from eventbridge_local.core.arn import parse_arn, partition_of


def names_of(arn: str) -> tuple[str, ...]:
    """Everything ``arn`` may be called: the ARN itself, and the bare name of the resource.

    A function is found without its alias, a log group with and without the ``:*`` that IAM writes behind it.
    """
    parsed = parse_arn(arn)
    if parsed is None:
        return (arn,)
    resource = parsed.resource.removesuffix(":*")
    kind, separator, rest = resource.partition(":")
    if kind == "function" and separator:
        name = rest.partition(":")[0]
        return (arn, arn.rpartition(":")[0] if ":" in rest else arn, rest, name)
    if separator:
        return (arn, arn.removesuffix(":*"), resource, rest)
    if resource.startswith(("api-destination/", "connection/")):
        return (arn, resource, resource.partition("/")[2], resource.split("/")[1])  # an id stands behind the name
    return (arn, resource, resource.partition("/")[2] or resource, resource.rpartition("/")[2])


def function_arn(name: str, account: str, region: str) -> str:
    """The ARN of a Lambda function of that name."""
    return f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{name}"

"""Redshift clusters and serverless workgroups: one statement or several through the Redshift Data API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.errors import validation_error
from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, Parameters, RulePlace, api_call, last_name
from eventbridge_local.targets.kinds.shaping import fitted
from eventbridge_local.transforms import resolve_dynamic


def _execute(handover: Handover) -> AwsRequest:
    params = dict(resolve_dynamic(handover.params["RedshiftDataParameters"], handover.event.envelope))
    if "SecretManagerArn" in params:
        params["SecretArn"] = params.pop("SecretManagerArn")
    serverless = handover.arn.service == "redshift-serverless"
    params |= {"WorkgroupName": handover.target.arn} if serverless else {"ClusterIdentifier": last_name(handover.arn)}
    operation = "BatchExecuteStatement" if params.get("Sqls") else "ExecuteStatement"
    return api_call(handover, "redshift-data", operation, fitted("redshift-data", operation, params))


def _one_of_each(target: Mapping[str, Any], at: RulePlace) -> None:
    """One form of statement, at most one of credentials. The beginning of the words was measured, their end not."""
    given = target["RedshiftDataParameters"]
    one_statement = ("Sql" in given) != bool(given.get("Sqls"))
    if not one_statement:
        raise validation_error(_either(target, "sql", "sqls"))
    if "DbUser" in given and "SecretManagerArn" in given:
        raise validation_error(_either(target, "dBUser", "secretManagerArn"))


def _either(target: Mapping[str, Any], one: str, other: str) -> str:
    members = f"RedshiftDataParameters.{one} or RedshiftDataParameters.{other}"
    return f"Either {members} must be provided for target {target['Id']}."


_STATEMENTS = Parameters("RedshiftDataParameters", required=True)

CLUSTER = Kind(
    name="Redshift cluster",
    service="redshift",
    resource=r"cluster:[^:/]+",
    client="redshift-data",
    request=_execute,
    parameters=_STATEMENTS,
    checks=(_one_of_each,),
)

WORKGROUP = Kind(
    name="Redshift Serverless workgroup",
    service="redshift-serverless",
    resource=r"workgroup/[^:/]+",
    client="redshift-data",
    request=_execute,
    parameters=_STATEMENTS,
    checks=(_one_of_each,),
)

"""The policies in a Terraform plan or state.

A policy that refers to what is known after apply is not known itself in a plan. Where it is made by one data source
``aws_iam_policy_document``, the parts of that are looked at one by one. Source: documentation of the AWS provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eventbridge_local.iac.permissions import PermissionsBuilder, readable
from eventbridge_local.iac.terraform.instances import ALIAS_TYPE, KINDS_BY_TYPE, RULE_TYPE, Instance, InstanceValues
from eventbridge_local.iac.values import Unknown
from eventbridge_local.policies.access import Permissions, statements_in
from eventbridge_local.policies.conditions import UNREAD

_DOCUMENT = "aws_iam_policy_document"
_POLICY = "aws_iam_policy"
_RECEIVERS = ("aws_sqs_queue", "aws_sns_topic", "aws_lambda_function", "aws_cloudwatch_log_group")
_ROLES_OF_TASKS = ("task_role_arn", "execution_role_arn")
_NAMED = frozenset(KINDS_BY_TYPE) | {RULE_TYPE, ALIAS_TYPE}


def permissions_of(values: InstanceValues) -> Permissions:
    """Return the policies of a plan or state; none of one that is not in the form that Terraform writes.

    Args:
        values: the values of its instances.
    """
    try:
        return _collected(values)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return Permissions({})  # somebody wrote it by hand, and its rules were in form


def _collected(values: InstanceValues) -> Permissions:
    builder = PermissionsBuilder()
    managed = [instance for instance in values.instances.values() if not instance.is_data]
    for instance in managed:
        _declare(builder, values, instance)
    for instance in managed:
        attach = _ATTACHED.get(instance.type)
        if attach is not None:
            attach(builder, values, instance)
    return builder.permissions()


def _declare(builder: PermissionsBuilder, values: InstanceValues, instance: Instance) -> None:
    if instance.type not in _NAMED:
        return
    arn = values.attribute(instance, "arn")
    if not isinstance(arn, str):
        return
    kind = KINDS_BY_TYPE.get(instance.type)
    builder.name(arn, named=instance.values.get(kind.name if kind else "name") is not None)
    if instance.type in _RECEIVERS:
        builder.declare(arn, _own_statements(values, instance, "policy"))
    elif instance.type == "aws_iam_role":
        builder.declare_role(
            arn,
            statements_in(_document(values, instance, "assume_role_policy")),
            [*_inline(values, instance), *_attached(values, instance)],
        )
    elif instance.type == "aws_ecs_task_definition" and any(_said(values, instance, name) for name in _ROLES_OF_TASKS):
        builder.passing.add(arn)


def _own_statements(values: InstanceValues, instance: Instance, argument: str) -> list[Any]:
    if not _said(values, instance, argument):
        return []
    return statements_in(_document(values, instance, argument))


def _said(values: InstanceValues, instance: Instance, argument: str) -> bool:
    """Return whether the source says an argument. One that it leaves out is known after apply in a plan."""
    return bool(instance.values.get(argument)) or values.expression(instance, argument) is not None


def _document(values: InstanceValues, instance: Instance, argument: str) -> Any:
    """Return a policy as text or as a mapping, with ``UNREAD`` for what is not known."""
    given = values.of(instance).get(argument)
    if isinstance(given, str) and given:
        return given
    document = values.referred_instance(instance, argument)
    if document is not None and document.type == _DOCUMENT:
        return _from_data(values, document)
    return UNREAD


def _from_data(values: InstanceValues, document: Instance) -> Any:
    """Return the policy that a data source ``aws_iam_policy_document`` makes."""
    if isinstance(document.values.get("json"), str):
        return document.values["json"]
    made = readable(values.of(document))
    if any(made.get(name) for name in ("source_policy_documents", "override_policy_documents", "source_json")):
        return UNREAD
    statements = made.get("statement")
    if not isinstance(statements, list):
        return UNREAD
    return {"Statement": [_statement(each) if isinstance(each, dict) else UNREAD for each in statements]}


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": block.get("effect") or "Allow"}
    for argument, member in (
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ):
        if block.get(argument):
            made[member] = block[argument]
    for argument, member in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.get(argument):
            made[member] = _principals(block[argument])
    if block.get("condition"):
        made["Condition"] = _conditions(block["condition"])
    return made


def _principals(blocks: Any) -> Any:
    if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
        return UNREAD
    made: dict[str, list[Any]] = {}
    for block in blocks:
        if not isinstance(block.get("type"), str):
            return UNREAD
        identifiers = block.get("identifiers")
        made.setdefault(block["type"], []).extend(identifiers if isinstance(identifiers, list) else [UNREAD])
    return "*" if made == {"*": ["*"]} else made


def _conditions(blocks: Any) -> Any:
    if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
        return UNREAD
    made: dict[str, Any] = {}
    for block in blocks:
        if not isinstance(block.get("test"), str) or not isinstance(block.get("variable"), str):
            return UNREAD
        made.setdefault(block["test"], {})[block["variable"]] = block.get("values")
    return made


# policies of roles


def _inline(values: InstanceValues, instance: Instance) -> list[Any]:
    if not _said(values, instance, "inline_policy"):
        return []
    blocks = values.of(instance).get("inline_policy")
    if not isinstance(blocks, list):
        return [UNREAD]
    found: list[Any] = []
    for block in blocks:
        policy = block.get("policy") if isinstance(block, dict) else None
        found += statements_in(policy if isinstance(policy, str) else UNREAD)
    return found


def _attached(values: InstanceValues, instance: Instance) -> list[Any]:
    return [UNREAD] if _said(values, instance, "managed_policy_arns") else []


def _managed(values: InstanceValues, instance: Instance) -> Any:
    """Return the policy that an attachment names; one of AWS, or of another source, is not known here."""
    policy = values.referred_instance(instance, "policy_arn")
    if policy is not None and policy.type == _POLICY and not policy.is_data:
        return _document(values, policy, "policy")
    arn = values.of(instance).get("policy_arn")
    for other in values.instances.values():
        if other.type == _POLICY and isinstance(arn, str) and other.values.get("arn") == arn:
            return _document(values, other, "policy")
    return UNREAD


# what is attached


def _to(service: str, argument: str, document: Callable[[InstanceValues, Instance], Any]) -> Any:
    """Return a function that attaches a policy to what an argument names, one resource or several."""

    def attach(builder: PermissionsBuilder, values: InstanceValues, instance: Instance) -> None:
        named = values.of(instance).get(argument)
        if isinstance(named, Unknown):
            referred = values.referred_instance(instance, argument)
            arn = None if referred is None else values.attribute(referred, "arn")
            named = arn if isinstance(arn, str) else named
        builder.attach(service, named, document(values, instance))

    return attach


def _policy(argument: str = "policy") -> Callable[[InstanceValues, Instance], Any]:
    return lambda values, instance: _document(values, instance, argument)


def _log_policy(builder: PermissionsBuilder, values: InstanceValues, instance: Instance) -> None:
    builder.attach_everywhere("logs", _document(values, instance, "policy_document"))


def _permission(builder: PermissionsBuilder, values: InstanceValues, instance: Instance) -> None:
    given = values.of(instance)
    builder.permit(
        given.get("function_name"),
        principal=given.get("principal"),
        action=given.get("action"),
        qualifier=given.get("qualifier"),
        source_arn=given.get("source_arn"),
        source_account=given.get("source_account"),
        organization=given.get("principal_org_id"),
    )


_ATTACHED: Mapping[str, Callable[[PermissionsBuilder, InstanceValues, Instance], None]] = {
    "aws_sqs_queue_policy": _to("sqs", "queue_url", _policy()),
    "aws_sns_topic_policy": _to("sns", "arn", _policy()),
    "aws_cloudwatch_log_resource_policy": _log_policy,
    "aws_lambda_permission": _permission,
    "aws_iam_role_policy": _to("iam", "role", _policy()),
    "aws_iam_role_policy_attachment": _to("iam", "role", _managed),
    "aws_iam_policy_attachment": _to("iam", "roles", _managed),
}

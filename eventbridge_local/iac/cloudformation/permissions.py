"""The policies in CloudFormation templates, and those that SAM and the Serverless Framework add at deployment.

Sources: the pages of the types in the CloudFormation Template Reference; AWS SAM Developer Guide, "Generated
CloudFormation resources"; Serverless Framework documentation, "EventBridge Events".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from eventbridge_local.iac.cloudformation.intrinsics import evaluate
from eventbridge_local.iac.cloudformation.templates import LoadedStack
from eventbridge_local.iac.names import RESOURCE_KINDS
from eventbridge_local.iac.permissions import PermissionsBuilder, readable
from eventbridge_local.iac.steps import RULE
from eventbridge_local.iac.values import NO_VALUE, Unknown
from eventbridge_local.policies.access import PRINCIPAL, Permissions, statements_in
from eventbridge_local.policies.conditions import UNREAD

_ROLE = "AWS::IAM::Role"
_TASK_DEFINITION = "AWS::ECS::TaskDefinition"
_MANAGED_POLICY = "AWS::IAM::ManagedPolicy"
_CONNECTOR = "AWS::Serverless::Connector"
_RECEIVERS = frozenset(
    (
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
        "AWS::Lambda::Function",
        "AWS::Serverless::Function",
        "AWS::Logs::LogGroup",
    )
)
_QUALIFIED = ("AWS::Lambda::Version", "AWS::Lambda::Alias")
#: Calls with which a custom resource of CDK changes policies, and the services whose policies they change.
_CUSTOM_CALLS: Mapping[str, tuple[str, ...]] = {
    "putresourcepolicy": ("logs",),
    "addpermission": ("lambda", "sqs", "sns"),
    "setqueueattributes": ("sqs",),
    "settopicattributes": ("sns",),
    "putrolepolicy": ("iam",),
    "attachrolepolicy": ("iam",),
}


def permissions_of(stacks: list[LoadedStack], complete: bool) -> Permissions:
    """Return the policies in the stacks of a source.

    Args:
        stacks: its stacks.
        complete: whether everything the source declares was read: no macro, loop or nested template is missing.
    """
    builder = PermissionsBuilder()
    for loaded in stacks:
        for logical_id, type_name in _made(loaded):
            _declare(builder, loaded, logical_id, type_name, alone=len(stacks) == 1)
    for loaded in stacks:
        for logical_id, type_name in _made(loaded, perhaps=True):
            _attach(builder, loaded, logical_id, type_name)
    if not complete:
        builder.doubt()
    return builder.permissions()


def _made(loaded: LoadedStack, *, perhaps: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the resources that are created, and with ``perhaps`` those of which it is not known whether they are."""
    for logical_id, resource in loaded.stack.resources.items():
        made = loaded.stack.is_made(logical_id)
        if made is True or (perhaps and isinstance(made, Unknown)):
            yield logical_id, resource["Type"]


# resources and roles


def _declare(builder: PermissionsBuilder, loaded: LoadedStack, logical_id: str, type_name: str, *, alone: bool) -> None:
    stack = loaded.stack
    if type_name not in RESOURCE_KINDS and type_name != RULE and type_name not in _QUALIFIED:
        return
    arn = stack.identity(logical_id).arn
    if not isinstance(arn, str):
        return
    builder.name(
        arn,
        named=_is_named(loaded, logical_id, type_name),
        made_up=type_name in _MADE_UP and _raw(loaded, logical_id, _MADE_UP[type_name]) is None,
    )
    if alone and "." not in logical_id:
        is_ref = type_name in _QUALIFIED or (type_name in RESOURCE_KINDS and RESOURCE_KINDS[type_name].ref == "{arn}")
        builder.references[arn] = {"Ref": logical_id} if is_ref else {"Fn::GetAtt": [logical_id, "Arn"]}
    if type_name in _RECEIVERS:
        # A queue that SAM makes for the dead letters of an event gets its policy from SAM too.
        builder.declare(arn, [UNREAD] if loaded.origin(logical_id).flat else _own_policy(loaded, logical_id))
    elif type_name == _ROLE:
        trust = stack.property(logical_id, "AssumeRolePolicyDocument")
        builder.declare_role(arn, _statements(trust), _role_statements(loaded, logical_id))
    elif type_name == _TASK_DEFINITION and any(_raw(loaded, logical_id, name) for name in _ROLES_OF_TASKS):
        builder.passing.add(arn)


#: Types whose names CloudFormation makes up in the one form, and their property for the name.
_MADE_UP: Mapping[str, str] = {
    RULE: "Name",
    **{name: RESOURCE_KINDS[name].name for name in _RECEIVERS},
    **{
        name: RESOURCE_KINDS[name].name
        for name in ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine", "AWS::Kinesis::Stream")
    },
}
_ROLES_OF_TASKS = ("TaskRoleArn", "ExecutionRoleArn")


def _raw(loaded: LoadedStack, logical_id: str, name: str) -> Any:
    return (loaded.stack.resources[logical_id].get("Properties") or {}).get(name)


def _is_named(loaded: LoadedStack, logical_id: str, type_name: str) -> bool:
    """Return whether the template itself says how a resource is called, without a function or parameter."""
    if type_name in _QUALIFIED:
        return False
    kind = RESOURCE_KINDS.get(type_name)
    name = _raw(loaded, logical_id, kind.name if kind else "Name")
    if not isinstance(name, str) or "{{" in name:
        return False
    bus = _raw(loaded, logical_id, "EventBusName") if type_name == RULE else None
    if not isinstance(bus, dict):
        return True
    referred = bus.get("Ref") or bus.get("Fn::GetAtt")
    bus_id = referred[0] if isinstance(referred, list) and referred else str(referred).partition(".")[0]
    return bus_id in loaded.stack.resources and isinstance(_raw(loaded, bus_id, "Name"), str)


def _own_policy(loaded: LoadedStack, logical_id: str) -> list[Any]:
    policy = loaded.stack.property(logical_id, "ResourcePolicyDocument")  # of a log group
    return [] if policy is None else _statements(policy)


def _statements(document: Any) -> list[Any]:
    return [UNREAD] if document is None else statements_in(readable(document))


def _role_statements(loaded: LoadedStack, logical_id: str) -> list[Any]:
    """Return the statements of the policies that a role names itself; a role that SAM makes has unknown ones."""
    stack = loaded.stack
    if not stack.resources[logical_id].get("Properties"):
        return [UNREAD]
    found: list[Any] = []
    inline = stack.property(logical_id, "Policies")
    for policy in inline if isinstance(inline, list) else [] if inline is None else [inline]:
        found += _statements(policy.get("PolicyDocument") if isinstance(policy, dict) else UNREAD)
    attached = _raw(loaded, logical_id, "ManagedPolicyArns")
    for raw in attached if isinstance(attached, list) else [] if attached is None else [attached]:
        found += _managed_statements(loaded, raw)
    return found


def _managed_statements(loaded: LoadedStack, raw: Any) -> list[Any]:
    """Return the statements of a managed policy that is attached to a role; those of AWS are not known here."""
    stack = loaded.stack
    name = raw.get("Ref") if isinstance(raw, dict) else None
    if isinstance(name, str) and name in stack.resources and stack.resources[name].get("Type") == _MANAGED_POLICY:
        if stack.is_made(name) is False:
            return []
        return _statements(stack.property(name, "PolicyDocument") if stack.is_made(name) is True else None)
    return [] if evaluate(stack, raw) is NO_VALUE else [UNREAD]


# what is attached to them


def _attach(builder: PermissionsBuilder, loaded: LoadedStack, logical_id: str, type_name: str) -> None:
    attach = _ATTACHED.get(type_name)
    if attach is not None:
        attach(builder, loaded, logical_id)
    elif type_name.startswith("Custom::") or type_name == "AWS::CloudFormation::CustomResource":
        text = json.dumps([type_name, loaded.stack.resources[logical_id].get("Properties")], default=str).lower()
        services = [service for call, changed in _CUSTOM_CALLS.items() if call in text for service in changed]
        if services or "policy" in text or "permission" in text:
            builder.doubt(*services)  # all services, where it does not say what it calls
    connectors = loaded.stack.resources[logical_id].get("Connectors")
    for connector in connectors.values() if isinstance(connectors, dict) else ():
        _connect(builder, loaded, connector.get("Properties") if isinstance(connector, dict) else None)


def _document(loaded: LoadedStack, logical_id: str) -> Any:
    """Return the policy of a resource; what is perhaps not created says nothing for certain."""
    if loaded.stack.is_made(logical_id) is not True:
        return UNREAD
    policy = loaded.stack.property(logical_id, "PolicyDocument")
    return UNREAD if policy is None else policy


def _to(service: str, *members: str) -> Callable[[PermissionsBuilder, LoadedStack, str], None]:
    """Return a function that attaches a policy to the resources that these members name."""

    def attach(builder: PermissionsBuilder, loaded: LoadedStack, logical_id: str) -> None:
        document = _document(loaded, logical_id)
        for member in members:
            named = loaded.stack.property(logical_id, member)
            if named is not None:
                builder.attach(service, named, document)

    return attach


def _log_policy(builder: PermissionsBuilder, loaded: LoadedStack, logical_id: str) -> None:
    named = loaded.stack.property(logical_id, "ResourceArn")
    document = _document(loaded, logical_id)
    if named is None:
        builder.attach_everywhere("logs", document)
    else:
        builder.attach("logs", named, document)


def _permission(builder: PermissionsBuilder, loaded: LoadedStack, logical_id: str) -> None:
    stack = loaded.stack
    if stack.is_made(logical_id) is not True:
        builder.doubt("lambda")
        return
    builder.permit(
        stack.property(logical_id, "FunctionName"),
        principal=stack.property(logical_id, "Principal"),
        action=stack.property(logical_id, "Action"),
        source_arn=stack.property(logical_id, "SourceArn"),
        source_account=stack.property(logical_id, "SourceAccount"),
        organization=stack.property(logical_id, "PrincipalOrgID"),
    )


def _rule(builder: PermissionsBuilder, loaded: LoadedStack, logical_id: str) -> None:
    """Permit the function of a rule that SAM or the Serverless Framework makes of an event: they add the permission."""
    if not loaded.origin(logical_id).flat:
        return
    targets = loaded.stack.property(logical_id, "Targets")
    for target in targets if isinstance(targets, list) else ():
        function = target.get("Arn") if isinstance(target, dict) else None
        builder.permit(function, principal=PRINCIPAL, action="lambda:InvokeFunction")


def _connector(builder: PermissionsBuilder, loaded: LoadedStack, logical_id: str) -> None:
    _connect(builder, loaded, loaded.stack.resources[logical_id].get("Properties"))


def _connect(builder: PermissionsBuilder, loaded: LoadedStack, properties: Any) -> None:
    """Note that a connector of SAM adds what its destination needs: to its policy, or to a role."""
    destinations = properties.get("Destination") if isinstance(properties, dict) else None
    for destination in destinations if isinstance(destinations, list) else [destinations]:
        name = destination.get("Id") if isinstance(destination, dict) else None
        arn = loaded.stack.identity(name).arn if isinstance(name, str) and name in loaded.stack.resources else None
        for service in ("sqs", "sns", "lambda"):
            if not isinstance(arn, str) or f":{service}:" in arn:
                builder.attach(service, arn, UNREAD)
    builder.doubt("iam")


_ATTACHED: Mapping[str, Callable[[PermissionsBuilder, LoadedStack, str], None]] = {
    "AWS::SQS::QueuePolicy": _to("sqs", "Queues"),
    "AWS::SQS::QueueInlinePolicy": _to("sqs", "Queue"),
    "AWS::SNS::TopicPolicy": _to("sns", "Topics"),
    "AWS::SNS::TopicInlinePolicy": _to("sns", "TopicArn"),
    "AWS::Logs::ResourcePolicy": _log_policy,
    "AWS::Lambda::Permission": _permission,
    "AWS::IAM::Policy": _to("iam", "Roles"),
    "AWS::IAM::ManagedPolicy": _to("iam", "Roles"),
    "AWS::IAM::RolePolicy": _to("iam", "RoleName"),
    RULE: _rule,
    _CONNECTOR: _connector,
}

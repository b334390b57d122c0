"""Whether EventBridge may deliver to a target: the one decision behind ``assert_targets_permitted`` and ``lint``.

A queue, a topic, a function and a log group let EventBridge in by a policy of their own. Every other target, and one of
these that is put with a role, is called with the role: it must trust EventBridge, and its policies must allow the
action. A dead-letter queue always needs a policy of its own, which allows the rule.

Whoever asks passes ``Permissions``: the policies of the resources and roles that exist, from moto or from a template. A
part of them that is known only after a deployment is ``UNREAD``. A refusal is yielded only where nothing that is not
known could allow the delivery.

Sources: User Guide of EventBridge, "Using resource-based policies" and "Using identity-based policies"; IAM User Guide,
"Policy evaluation logic", "AWS JSON policy elements: Principal" and "AWS global condition context keys".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from eventbridge_local.frozen import frozen
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.policies.conditions import UNREAD, Guess, Truth, every, fit, holds, like, some, times

PRINCIPAL = "events.amazonaws.com"

#: A statement of a policy; one that is known only after a deployment is ``UNREAD``.
Statements = Sequence[Any]

Verdict = Literal["allowed", "denied", "silent", "undecided"]
SentTo = Literal["target", "dead-letter queue"]

#: For each service with resource policies, what EventBridge does there.
RESOURCE_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "lambda": ("lambda:InvokeFunction",),
    "logs": ("logs:CreateLogStream", "logs:PutLogEvents"),
}
#: Of log groups, EventBridge's documentation lets in this service beside EventBridge itself.
_LOG_DELIVERY = "delivery.logs.amazonaws.com"

#: For the start of a target's service and resource, the actions of which the role needs one. The last part says whether
#: the action is on the target itself; otherwise it is on something that the target's parameters name.
_ROLE_ACTIONS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("sqs:", ("sqs:SendMessage",), True),
    ("sns:", ("sns:Publish",), True),
    ("lambda:", ("lambda:InvokeFunction",), True),
    ("states:", ("states:StartExecution",), True),
    ("kinesis:", ("kinesis:PutRecord", "kinesis:PutRecords"), True),
    ("firehose:", ("firehose:PutRecord", "firehose:PutRecordBatch"), True),
    ("events:event-bus/", ("events:PutEvents",), True),
    ("events:api-destination/", ("events:InvokeApiDestination",), True),
    ("execute-api:", ("execute-api:Invoke",), False),
    ("appsync:", ("appsync:GraphQL",), False),
    ("ecs:", ("ecs:RunTask",), False),
    ("batch:", ("batch:SubmitJob",), False),
    ("codebuild:", ("codebuild:StartBuild", "codebuild:StartBuildBatch"), True),
    ("codepipeline:", ("codepipeline:StartPipelineExecution",), True),
    ("sagemaker:", ("sagemaker:StartPipelineExecution",), False),
    ("glue:", ("glue:notifyEvent",), False),
    ("imagebuilder:", ("imagebuilder:StartImagePipelineExecution",), False),
    ("inspector:", ("inspector:StartAssessmentRun",), False),
    ("redshift", ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"), False),
    ("ssm:document/", ("ssm:SendCommand",), False),
    ("ssm:automation-definition/", ("ssm:StartAutomationExecution",), False),
    ("ssm:opsitem", ("ssm:CreateOpsItem",), False),
    ("ssm-incidents:", ("ssm-incidents:StartIncident",), False),
)

#: Keys that no call of an AWS service has (IAM User Guide: they tell of a principal in an account).
_NEVER_SAID = (
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceOwner",
)


@frozen
class RolePolicies:
    """A role: who may assume it, and what it may do.

    Args:
        trust: the statements of the policy that says who may assume it.
        statements: those of its other policies.
    """

    trust: Statements
    statements: Statements


@frozen
class Permissions:
    """The resources and roles that exist, with their policies.

    Args:
        resources: by ARN, the statements of the policy of each queue, topic, function and log group. The ARN of a
            function is without version and alias, that of a log group without ``:*``.
        roles: by ARN.
        passing: ARNs of task definitions whose tasks have roles, so that whoever runs one must pass them on.
        guesses: for ARNs that depend on what a template does not say, the same as ``Guess``.
        references: for ARNs with a made-up name, what a template writes in their place.
        elsewhere: statements for what belongs to another template: by service and bare name.
        doubts: services of which another template's resources may have a statement that is not known; "" means all.
    """

    resources: Mapping[str, Statements]
    roles: Mapping[str, RolePolicies] = MappingProxyType({})
    passing: Collection[str] = ()
    guesses: Mapping[str, Guess] = MappingProxyType({})
    references: Mapping[str, Any] = MappingProxyType({})
    elsewhere: Mapping[tuple[str, str], Statements] = MappingProxyType({})
    doubts: Collection[str] = ()


_TASK = "TaskDefinitionArn"


class Sending(NamedTuple):
    """A target of a rule.

    Args:
        rule_arn: the rule.
        target_arn: where it sends events.
        role_arn: the role of the target, None for one without.
        dead_letter_arn: its dead-letter queue, None for a target without.
        task_definition_arn: what an ECS target runs, None for other targets.
    """

    rule_arn: str
    target_arn: str
    role_arn: str | None = None
    dead_letter_arn: str | None = None
    task_definition_arn: str | None = None

    @classmethod
    def of(cls, rule_arn: str, target: Mapping[str, Any], rule_role: str | None = None) -> Sending:
        """Return what a target as PutTargets takes it sends; ``rule_role`` is the RoleArn of the rule."""
        # Which of the two decides for a target without a role, nobody recorded: the target is not looked at.
        role = _text(target, "RoleArn") or (rule_role and "the role of the rule")
        letters = _text(target.get("DeadLetterConfig"), "Arn")
        return cls(rule_arn, _text(target, "Arn") or "", role, letters, _text(target.get("EcsParameters"), _TASK))


def _text(members: Any, name: str) -> str | None:
    """Return a member that is a text; None where something else is there, as in a broken template."""
    value = members.get(name) if isinstance(members, Mapping) else None
    return value if isinstance(value, str) and value else None


@frozen
class Refusal:
    """EventBridge may not do something that a target needs.

    Args:
        sent_to: whether it is the target or its dead-letter queue.
        resource: the ARN of the target or queue.
        actions: what is not allowed.
        role: the ARN of the role that lacks the action, None where the policy of the resource decides.
        denied_by: the statement that forbids it, None where no statement allows it.
        statement: the statement that is missing.
        unmet: the condition of a statement that would allow it otherwise; None where there is no such statement.
    """

    sent_to: SentTo
    resource: str
    actions: tuple[str, ...]
    role: str | None
    denied_by: Mapping[str, Any] | None
    statement: Mapping[str, Any]
    unmet: Any = None


def refusals(sending: Sending, permissions: Permissions, at: datetime | None = None) -> Iterator[Refusal]:
    """Yield what a target of a rule needs and EventBridge may not do. What does not exist is not looked at.

    Args:
        sending: the target.
        permissions: the policies that exist.
        at: the instant for which it is asked, aware; None where it is not known.
    """
    context = _context_of(permissions.guesses.get(sending.rule_arn, sending.rule_arn), at)
    if sending.role_arn is None:
        yield from _by_resource("target", sending.target_arn, sending, permissions, context)
    elif sending.role_arn in permissions.roles:
        yield from _by_role(sending, sending.role_arn, permissions, context, at)
    if sending.dead_letter_arn is not None:
        yield from _by_resource("dead-letter queue", sending.dead_letter_arn, sending, permissions, context)


def merged(sources: Sequence[Permissions]) -> Permissions:
    """Return the permissions of moto and of several templates as one. A later one wins, so pass moto's first.

    A template may have the policy for a queue or a role of another one.
    """
    elsewhere = [item for each in sources for item in each.elsewhere.items()]

    def more(arn: str, declared_by: Permissions) -> list[Any]:
        service = _service(arn)
        found = [each for key, statements in elsewhere if key == (service, names_of(arn)[-1]) for each in statements]
        others = [each for each in sources if each is not declared_by]
        return [*found, *(UNREAD for each in others if {"", service} & set(each.doubts))]

    return Permissions(
        {arn: [*found, *more(arn, each)] for each in sources for arn, found in each.resources.items()},
        {
            arn: RolePolicies(role.trust, [*role.statements, *more(arn, each)])
            for each in sources
            for arn, role in each.roles.items()
        },
        frozenset(arn for each in sources for arn in each.passing),
        {arn: guess for each in sources for arn, guess in each.guesses.items()},
    )


def _service(arn: str) -> str:
    parsed = parse_arn(arn)
    return "" if parsed is None else parsed.service


def statements_in(document: Any) -> list[Any]:
    """Return the statements of a policy: a mapping, its JSON, or ``UNREAD``. What cannot be read is ``UNREAD``."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return [UNREAD]
    found = document.get("Statement", UNREAD) if isinstance(document, Mapping) else UNREAD
    return list(found) if isinstance(found, list | tuple) else [found]


def resource_of(arn: str) -> str:
    """Return the ARN by which ``Permissions`` names a target: without version, alias and ``:*``."""
    parsed = parse_arn(arn)
    if parsed is None:
        return arn
    if parsed.service == "logs":
        return arn.removesuffix(":*")
    if parsed.service == "lambda":
        return str(parsed._replace(resource=":".join(parsed.resource.split(":")[:2])))
    return arn


# The policy of a queue, topic, function or log group.


def _by_resource(
    sent_to: SentTo, arn: str, sending: Sending, permissions: Permissions, context: Mapping[str, Any]
) -> Iterator[Refusal]:
    base, parsed = resource_of(arn), parse_arn(arn)
    statements = permissions.resources.get(base)
    if statements is None or parsed is None or parsed.service not in RESOURCE_ACTIONS:
        return
    spellings = _spellings(arn, permissions)
    refused, denied_by = [], None
    for action in RESOURCE_ACTIONS[parsed.service]:
        verdict, deny = decide(statements, action, spellings, context, service=True)
        if verdict in ("denied", "silent"):
            refused.append(action)
            denied_by = denied_by or deny
    if refused:
        wanted = _statement_of(tuple(refused), arn, sending.rule_arn, permissions)
        unmet = None if denied_by else _unmet(statements, refused[0], spellings, context)
        yield Refusal(sent_to, arn, tuple(refused), None, denied_by, wanted, unmet)


def _unmet(statements: Statements, action: str, spellings: Sequence[str], context: Mapping[str, Any]) -> Any:
    """Return the condition of the first statement that would allow the action without it."""
    for statement in statements:
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow" and statement.get("Condition"):
            unconditional = {name: value for name, value in statement.items() if name != "Condition"}
            if _applies(unconditional, action, spellings, context, True):
                return statement["Condition"]
    return None


def _context_of(rule_arn: str, at: datetime | None) -> Mapping[str, Any]:
    """Return what is known of a call that EventBridge makes for a rule."""
    rule = parse_arn(str(rule_arn))
    account = "" if rule is None else rule.account
    return {
        "aws:SourceArn": [rule_arn],
        "aws:SourceAccount": [Guess(account) if isinstance(rule_arn, Guess) else account],
        "aws:PrincipalIsAWSService": ["true"],
        "aws:PrincipalServiceName": [PRINCIPAL],
        "aws:PrincipalServiceNamesList": [PRINCIPAL],
        "aws:PrincipalType": ["User"],  # captured for SQS: stackd principal_types.json
        "aws:SecureTransport": ["true"],
        **dict.fromkeys(_NEVER_SAID, ()),
        **_times(at),
    }


def _times(at: datetime | None) -> Mapping[str, str]:
    return {} if at is None else times(at)


def _spellings(arn: str, permissions: Permissions) -> tuple[str, ...]:
    """Return the forms in which a policy may name a resource: as it is, and as its service looks at it."""
    parsed = parse_arn(arn)
    guess = permissions.guesses.get(resource_of(arn))
    if parsed is None:
        return (arn,)
    if parsed.service == "logs":
        group = arn.removesuffix(":*")
        forms = [group, f"{group}:*", f"{group}:log-stream:x", f"{group}:log-stream:*", f"{group}:*:*"]
    elif parsed.service == "lambda":
        forms = [arn.removesuffix(":$LATEST")]
    elif parsed.service == "states":
        forms = [arn, ":".join(arn.split(":")[:7])]
    elif parsed.resource.startswith("api-destination/"):  # the end of its ARN is made up at creation
        forms, guess = [arn, arn.rpartition("/")[0]], guess or Guess(arn)
    else:
        forms = [arn]
    if guess is None:
        return tuple(forms)
    return tuple(Guess(form, named=guess.named, made_up=guess.made_up, others=guess.others) for form in forms)


def _statement_of(actions: tuple[str, ...], arn: str, rule_arn: str, permissions: Permissions) -> Mapping[str, Any]:
    resource = permissions.references.get(arn, permissions.references.get(resource_of(arn), arn))
    service = actions[0].partition(":")[0]
    if service == "logs":  # EventBridge makes the stream without naming the rule, so a condition would keep it out
        group = resource if isinstance(resource, Mapping) else f"{arn.removesuffix(':*')}:*"
        return _allow({"Service": [PRINCIPAL, _LOG_DELIVERY]}, list(RESOURCE_ACTIONS["logs"]), group)
    rule = permissions.references.get(rule_arn, rule_arn)
    condition = {"ArnEquals": {"aws:SourceArn": rule}}
    return {**_allow({"Service": PRINCIPAL}, actions[0], resource), "Condition": condition}


def _allow(principal: Any, action: Any, resource: Any) -> dict[str, Any]:
    return {
        "Sid": "AllowEventBridge",
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": resource,
    }


# The role of a target.


def _by_role(
    sending: Sending, role_arn: str, permissions: Permissions, context: Mapping[str, Any], at: datetime | None
) -> Iterator[Refusal]:
    role = permissions.roles[role_arn]
    verdict, deny = decide(role.trust, "sts:AssumeRole", (), context, service=True)
    if verdict in ("denied", "silent"):
        trust = {"Effect": "Allow", "Principal": {"Service": PRINCIPAL}, "Action": "sts:AssumeRole"}
        yield Refusal("target", sending.target_arn, ("sts:AssumeRole",), role_arn, deny, trust)
    resource = permissions.references.get(sending.target_arn, sending.target_arn)
    for actions, spellings, shown in _needed(sending, permissions):
        decided = [decide(role.statements, action, spellings, _times(at), service=False) for action in actions]
        if all(verdict in ("denied", "silent") for verdict, _ in decided):
            missing = {"Effect": "Allow", "Action": actions[0], "Resource": shown or resource}
            if actions[0] == "iam:PassRole":
                missing["Condition"] = {"StringLike": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
            deny = next((each for _, each in decided if each is not None), None)
            yield Refusal("target", sending.target_arn, actions[:1], role_arn, deny, missing)


def _needed(sending: Sending, permissions: Permissions) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Any]]:
    """Yield the actions of which the role needs one, the spellings of what it is on, and how a statement names that.

    No spelling stands for a resource that is not known.
    """
    target = parse_arn(sending.target_arn)
    if target is None:
        return
    name = f"{target.service}:{target.resource}"
    for start, actions, on_target in _ROLE_ACTIONS:
        if name.startswith(start):
            yield actions, _spellings(sending.target_arn, permissions) if on_target else (), None if on_target else "*"
    if sending.task_definition_arn in permissions.passing:
        yield ("iam:PassRole",), (), "*"


# Evaluation, with what is not known.


def decide(
    statements: Statements, action: str, spellings: Sequence[str], context: Mapping[str, Any], *, service: bool
) -> tuple[Verdict, Mapping[str, Any] | None]:
    """Return what statements say to an action, and the statement that denies it.

    Args:
        statements: of one or several policies.
        action: such as ``sqs:SendMessage``.
        spellings: the forms in which a statement may name the resource; empty when it is not known or not named.
        context: what is known of the call, by condition key.
        service: whether EventBridge itself calls, so that the principal counts; False for policies of a role.
    """
    effects: dict[str, list[Truth]] = {"Allow": [], "Deny": []}
    for statement in statements:
        if not isinstance(statement, Mapping):
            effects["Allow"].append(None)
            effects["Deny"].append(None)
            continue
        applies = _applies(statement, action, spellings, context, service)
        effect = statement.get("Effect")
        if effect == "Deny" and applies:
            return "denied", statement
        if isinstance(effect, str):
            effects.setdefault(effect, []).append(applies)
        else:
            effects["Allow"].append(applies and None)
            effects["Deny"].append(applies and None)
    allowed = some(effects["Allow"])
    if allowed is False:
        return "silent", None
    return ("allowed" if allowed and some(effects["Deny"]) is False else "undecided"), None


def _applies(
    statement: Mapping[str, Any], action: str, spellings: Sequence[str], context: Mapping[str, Any], service: bool
) -> Truth:
    return every(
        (
            _element(statement, "Principal", lambda each: _is_principal(each, action)) if service else True,
            _element(statement, "Action", lambda each: _is_action(each, action)),
            _element(statement, "Resource", lambda each: _is_resource(each, spellings)),
            holds(statement["Condition"], context, complete=False) if statement.get("Condition") else True,
        )
    )


def _element(statement: Mapping[str, Any], name: str, test: Any) -> Truth:
    """Return whether an element or its ``Not`` form covers the call. Without Resource a policy is for its resource."""
    if name in statement:
        return some(map(test, _several(statement[name])))
    if f"Not{name}" in statement:
        listed = some(map(test, _several(statement[f"Not{name}"])))
        return None if listed is None else not listed
    return name == "Resource"


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _is_principal(principal: Any, action: str) -> Truth:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return None if principal is UNREAD else False
    listed = [
        _is_service(each, action) if kind == "Service" else _is_everyone(each)
        for kind, named in principal.items()
        if kind in ("Service", "AWS")
        for each in _several(named)
    ]
    return some(listed)


def _is_everyone(name: Any) -> Truth:
    return None if name is UNREAD else name == "*"


def _is_service(name: Any, action: str) -> Truth:
    if name is UNREAD or not isinstance(name, str):
        return None
    if name in ("*", PRINCIPAL, f"{PRINCIPAL}.cn"):
        return True
    # Spellings of which nobody recorded whether they let EventBridge in.
    possible = (name == _LOG_DELIVERY and action.startswith("logs:")) or like("events.*.amazonaws.com*", name)
    return None if possible or "*" in name else False


def _is_action(pattern: Any, action: str) -> Truth:
    if not isinstance(pattern, str):
        return None
    return like(pattern.lower(), action.lower())


def _is_resource(pattern: Any, spellings: Sequence[str]) -> Truth:
    if pattern == "*" or not spellings:
        return True if pattern == "*" else None
    if not isinstance(pattern, str) or not pattern.startswith("arn:") or "${" in pattern:
        return None  # such as the URL of a queue
    return some(fit(like, pattern, spelling) for spelling in spellings)

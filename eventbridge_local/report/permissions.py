"""Targets that EventBridge may not deliver to in production: the check at the end of a mock, and its sentences.

The decision is made by ``policies.access``. ``lint`` says the same of a template, with ``text_of``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from eventbridge_local.delivery.moto_permissions import permissions_in_moto
from eventbridge_local.errors import CheckFailed
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.model.records import Rule
from eventbridge_local.operations.service import Service
from eventbridge_local.policies.access import PRINCIPAL, Permissions, Refusal, Sending, merged, refusals, resource_of
from eventbridge_local.report.hints import Seen, users_rules
from eventbridge_local.report.journal_text import location_of_rule

_MOST = 10
_TO_ALLOW = "To allow this: assert_targets_permitted=False"
#: What holds the permission of a resource, by the service of its ARN.
_HOLDERS = {
    "sqs": "the policy of the queue",
    "sns": "the policy of the topic",
    "lambda": "the policy of the function",
    "logs": "a resource policy of CloudWatch Logs",
}
_IN_TEMPLATES = {
    "sqs": "AWS::SQS::QueuePolicy",
    "sns": "AWS::SNS::TopicPolicy",
    "lambda": "AWS::Lambda::Permission",
    "logs": "AWS::Logs::ResourcePolicy",
}


def forbidden_targets(seen: Seen, service: Service, earlier: Sequence[Permissions] = ()) -> Iterator[Exception]:
    """Yield the targets and dead-letter queues of enabled rules that EventBridge may not deliver to.

    Only what moto or a loaded template has is looked at. A connected function stands for what it is connected to, so
    what moto has there does not count.

    Args:
        seen: with the rules there are.
        service: with the templates that were loaded, the connected functions, and the clock that policies ask for the
            time.
        earlier: what moto had when it stopped.
    """
    permissions = merged([*earlier, in_moto(seen, service), *_in_templates(service)])
    wording = seen.bus_wording()
    missed = [
        (rule, target, refusal)
        for rule, target, sending in _sendings(seen)
        for refusal in refusals(sending, permissions, service.clock.now)
    ]
    for rule, target, refusal in missed[:_MOST]:
        place = f"rule {rule.name!r} on {wording.bus(location_of_rule(rule))}, target {target!r}"
        yield CheckFailed(f"{place}: {text_of(refusal)}\n{_TO_ALLOW}")
    if len(missed) > _MOST:
        yield CheckFailed(f"and {len(missed) - _MOST} more; `eventbridge-local lint` lists those of a template")


def in_moto(seen: Seen, service: Service) -> Permissions:
    """Return the policies that moto has now, of targets that no template declares and nobody connected."""
    declared = {arn for each in _in_templates(service) for arn in each.resources}
    arns = dict.fromkeys(
        arn
        for _, _, sending in _sendings(seen)
        for arn in (None if sending.role_arn else sending.target_arn, sending.dead_letter_arn)
        if arn is not None and resource_of(arn) not in declared and service.handlers.find(arn) is None
    )
    return permissions_in_moto(arns)


def _sendings(seen: Seen) -> list[tuple[Rule, str, Sending]]:
    return [
        (rule, target.id, Sending.of(rule.arn, target.params, rule.role_arn))
        for rule in users_rules(seen.rules)
        if rule.enabled
        for target in rule.targets
    ]


def _in_templates(service: Service) -> list[Permissions]:
    return [read() for read in service.template_permissions]


def text_of(refusal: Refusal) -> str:
    """Return what is not permitted and the statement that permits it, the latter as JSON on a line of its own."""
    holder, where = _holder_of(refusal)
    lines = [f"{_forbidden(refusal)}, so the {refusal.sent_to} gets nothing in production"]
    if refusal.denied_by is not None:
        name = refusal.denied_by.get("Sid")
        sid = f" (Sid {name!r})" if name else ""
        lines += [f"a Deny in {holder} forbids it{sid}:", json.dumps(refusal.denied_by, default=str)]
        lines.append(f"Let it leave out {PRINCIPAL}, and have in {where}:")
    elif refusal.unmet is not None:
        lines.append(f"a statement allows it on a condition that is not met: {json.dumps(refusal.unmet, default=str)}")
        lines.append(f"add to {where}:")
    else:
        lines.append(f"no statement allows it; add to {where}:")
    return "\n".join([*lines, json.dumps(refusal.statement)])


def _holder_of(refusal: Refusal) -> tuple[str, str]:
    """Return which policy decides, and the same with its type in a template."""
    if refusal.role is None:
        service = _service_of(refusal.resource)
        return _HOLDERS[service], f"{_HOLDERS[service]} ({_IN_TEMPLATES[service]})"
    kind = "trust policy" if refusal.actions == ("sts:AssumeRole",) else "policies"
    holder = f"the {kind} of role {names_of(refusal.role)[-1]}"
    return holder, holder


def _forbidden(refusal: Refusal) -> str:
    actions = " and ".join(refusal.actions)
    if refusal.role is None:
        return f"{PRINCIPAL} may not call {actions} on {refusal.resource}"
    role = names_of(refusal.role)[-1]
    if refusal.actions == ("sts:AssumeRole",):
        return f"{PRINCIPAL} may not assume role {role} ({actions})"
    on = "*" if refusal.statement["Resource"] == "*" else refusal.resource
    return f"{PRINCIPAL} assumes role {role}, which may not call {actions} on {on}"


def _service_of(text: str) -> str:
    arn = parse_arn(text)
    return "" if arn is None else arn.service

"""Find what a request names, or refuse it in AWS's words (facts 1.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from eventbridge_local.advice import suggest
from eventbridge_local.errors import ServiceError, not_found
from eventbridge_local.model.arn import Arn, parse_arn, partition_of, rule_resource
from eventbridge_local.model.pages import page
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Bus, Scope
from eventbridge_local.operations.table import Context, Params


def bus_of(ctx: Context, params: Params, member: str = "EventBusName") -> Bus:
    """Return the bus a request names by name or ARN, the default bus when it names none.

    A bus of another account is found by its ARN, if its policy allows the call.
    """
    name_or_arn = params.get(member, "default")
    found = ctx.scope.buses.get(name_or_arn)
    if found is not None:  # a name, as no bus is called like an ARN
        return found
    arn = parse_arn(name_or_arn)
    if arn is not None and is_of_another(ctx, arn):
        rule = params.get("Rule", params.get("Name") if member != "Name" else None)
        if ctx.operation == "ListRuleNamesByTarget":
            rule = "*"  # it is about all rules of the bus, and not about the bus (captured)
        return bus_of_another(ctx, arn, rule, [target["Arn"] for target in params.get("Targets", ())])
    if arn is not None and is_of_another_region(ctx, arn):
        # Captured for PutRule: it works on the bus of that name in the caller's Region. The other calls about rules
        # look there too, so that they find the rule by the same ARN.
        here = arn._replace(region=ctx.scope.region, partition=partition_of(ctx.scope.region))
        return bus_named(ctx, str(here))
    return bus_named(ctx, name_or_arn)


def bus_of_another(ctx: Context, arn: Arn, rule: str | None = None, targets: Sequence[str] = ()) -> Bus:
    """Return the bus of another account that a call is about, when the policy of the bus allows the call.

    Args:
        rule: the name of the rule of that bus that the call is about.
        targets: the ARNs of the targets it puts.

    Raises:
        ServiceError: AccessDeniedException; also when there is no such bus, since no policy allows anything then.
    """
    bus = ctx.store.known_bus(arn.account, arn.region, arn.resource.removeprefix("event-bus/"))
    action = f"events:{ctx.operation}"
    if bus is None:
        raise access_denied(ctx, action, str(arn), None)
    # Late here and below, because few tests have a bus with a policy.
    from eventbridge_local.policies.statements import caller_context, effect_of

    known = None if rule is None else bus.rules.get(rule)
    context: dict[str, Any] = {
        **caller_context(ctx.scope.account, arn.region, ctx.store.organization, ctx.now),
        "events:creatorAccount": ctx.scope.account if known is None else known.created_by,
        "events:TargetArn": targets,
    }
    if known is not None and known.managed_by is not None:
        context["events:ManagedBy"] = known.managed_by
    resource = bus.record.arn if rule is None else rule_arn(bus, rule)
    asked = {"action": action, "principal_account": ctx.scope.account, "bus_arn": bus.record.arn, "resource": resource}
    effect = effect_of(bus.record.policy, context=context, **asked)
    if effect != "Allow":
        raise access_denied(ctx, action, resource, bus, denied=effect == "Deny")
    return bus


def rule_arn(bus: Bus, rule: str) -> str:
    """Return the ARN of a rule; its account is that of the bus, whoever makes the rule (API reference, CreatedBy)."""
    name, arn = bus.record[:2]
    return arn.removesuffix(f"event-bus/{name}") + rule_resource(name, rule)


def access_denied(ctx: Context, action: str, resource: str, bus: Bus | None, *, denied: bool = False) -> ServiceError:
    """Return the refusal by the policy of a bus, in the sentence that AWS uses in all its services.

    Args:
        bus: the bus whose policy refused; None when there is none.
        denied: a statement denies; otherwise none allows.
    """
    from eventbridge_local.policies.statements import root_arn

    why = (
        "with an explicit deny in a resource-based policy"
        if denied
        else f"because no resource-based policy allows the {action} action"
    )
    caller = root_arn(ctx.scope.account, ctx.scope.region)
    return ServiceError(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {action} on resource: {resource} {why}",
        hint=_about_policy(ctx, bus, resource),
    )


def _about_policy(ctx: Context, bus: Bus | None, resource: str) -> str:
    if bus is None:
        return f"no such bus exists in this mock, so no policy allows the call: {resource}"
    if bus.record.policy is None:
        return f"bus {bus.record.arn} has no policy; its account gives permission with PutPermission"
    from eventbridge_local.policies.statements import policy_text

    text = policy_text(bus.record.policy)
    if ctx.store.organization is None and "PrincipalOrgID" in text:
        return (
            "the policy asks for the caller's organization, and the mock has none: mock_eventbridge(organization=...)"
        )
    return f"policy of the bus: {text}"


def bus_named(ctx: Context, name_or_arn: str) -> Bus:
    """Return the bus of a name or ARN in the caller's account and Region."""
    arn = parse_arn(name_or_arn)
    name = name_or_arn if arn is None else arn.resource.removeprefix("event-bus/")
    here = arn is None or is_here(ctx, arn)
    bus = ctx.scope.buses.get(name) if here else None
    if bus is None:
        raise not_found(f"Event bus {name} does not exist.", hint=_other_buses(ctx, name))
    return bus


def locate_bus(ctx: Context, name_or_arn: str) -> tuple[Scope, str]:
    """Return the scope of a bus and its name; whether the bus exists is not checked.

    An ARN that puts a Region into the wrong partition is no bus's: it comes back as a name that no bus has.
    """
    arn = parse_arn(name_or_arn)
    if arn is None or arn.partition != partition_of(arn.region):
        return ctx.scope, name_or_arn
    return ctx.store.scope(arn.account, arn.region), arn.resource.removeprefix("event-bus/")


def scope_of(ctx: Context, arn_text: str) -> Scope:
    """Return the scope (account and Region) that an ARN names."""
    arn = parse_arn(arn_text)
    return ctx.scope if arn is None else ctx.store.scope(arn.account, arn.region)


def is_here(ctx: Context, arn: Arn) -> bool:
    """Return whether an ARN is of the caller's account and Region."""
    return arn.account == ctx.scope.account and _is_of_region(ctx, arn)


def is_of_another(ctx: Context, arn: Arn) -> bool:
    """Return whether an ARN is of another account in the caller's Region."""
    return arn.account != ctx.scope.account and _is_of_region(ctx, arn)


def is_of_another_region(ctx: Context, arn: Arn) -> bool:
    """Return whether an ARN is of another Region than the caller's, and of the partition of that Region."""
    return arn.region != ctx.scope.region and arn.partition == partition_of(arn.region)


def _is_of_region(ctx: Context, arn: Arn) -> bool:
    return (arn.partition, arn.region) == (partition_of(ctx.scope.region), ctx.scope.region)


def rule_of(ctx: Context, bus: Bus, name: str) -> Rule:
    """Return the rule of that name on a bus."""
    rule = bus.rules.get(name)
    if rule is None:
        raise not_found(f"Rule {name} does not exist on EventBus {bus.name}.", hint=_other_rules(ctx, bus, name))
    return rule


def refuse_managed(rule: Rule | None, *, force: bool | None = None) -> None:
    """Refuse to touch a rule that a service manages; where the request knows ``Force`` it may override."""
    if rule is None or rule.managed_by is None or force:
        return
    way_out = "" if force is None else " Set 'force' parameter to true to override."
    raise ServiceError("ManagedRuleException", f"{rule.name} is a managed rule.{way_out}")


def _other_rules(ctx: Context, bus: Bus, name: str) -> str:
    """Return where a rule of that name is, or else the rules that the bus has."""
    elsewhere = [
        f"bus {other.name!r} in {scope.region} of account {scope.account}"
        for scope in ctx.store.scopes
        for other in scope.buses.values()
        if name in other.rules and other is not bus
    ]
    if elsewhere:
        arn = parse_arn(bus.record.arn)
        assert arn is not None
        here = f"bus {bus.name!r} in {arn.region} of account {arn.account}"
        return f"the call was about {here}; rule {name!r} is on {', '.join(elsewhere)}"
    known = [rule.name for rule in bus.rules.values() if rule.managed_by is None]
    return f"bus {bus.name!r} has no rule {name!r}{suggest(name, known, 10)}"


def _other_buses(ctx: Context, name: str) -> str:
    """Return where a bus of that name is, or else the buses of the caller's account and Region."""
    elsewhere = [scope for scope in ctx.store.scopes if name in scope.buses and scope is not ctx.scope]
    if elsewhere:
        scopes = ", ".join(f"{scope.region} of account {scope.account}" for scope in elsewhere)
        return f"the call went to {ctx.scope.region} of account {ctx.scope.account}; bus {name!r} is in {scopes}"
    here = f"{ctx.scope.region} of account {ctx.scope.account}"
    return f"there is no bus {name!r} in {here}{suggest(name, sorted(ctx.scope.buses), 10)}"


def check_decryption(ctx: Context, bus: Bus) -> None:
    """Refuse to read the rules of a bus whose key nobody may use.

    Captured for a caller without kms:Decrypt, which is not known here; a key that is disabled stands in for it.
    """
    key = bus.record.settings.get("KmsKeyIdentifier")
    if key and is_disabled_key(ctx, key):
        raise ServiceError(
            "NotAuthorizedException",
            "Cannot perform Kms:Decrypt on KMS key configured on event bus.",
            hint=f"key {key} of bus {bus.name!r} is disabled",
        )


def is_disabled_key(ctx: Context, key: str) -> bool:
    """Return whether the KMS of moto or of a local endpoint has a key and lets nobody use it."""
    found = _described_key(ctx, key)
    return found is not None and found["KeyState"] != "Enabled"


def key_of(ctx: Context, key: str) -> str | None:
    """Return the ARN of the key that an identifier stands for, None where no KMS here has it."""
    found = _described_key(ctx, key)
    return None if found is None else found["Arn"]


def _described_key(ctx: Context, key: str) -> Mapping[str, Any] | None:
    try:
        client = ctx.services.client("kms", ctx.scope.account, ctx.scope.region)
        return None if client is None else client.describe_key(KeyId=key)["KeyMetadata"]
    except Exception:
        return None  # a key that was not made in the test is outside of it, and so is a KMS that is elsewhere


T = TypeVar("T")

#: What the operations say of a page token that they cannot use. Captured for one operation of each of three families:
#: ListRuleNamesByTarget, ListArchives and ListApiDestinations; for the others of a family by analogy (facts 1.5).
BAD_TOKEN = "Parameter NextToken is not valid."
MALFORMED_TOKEN = f"{BAD_TOKEN} Reason: Malformed request."
TOKEN_OF_ANOTHER = f"{BAD_TOKEN} Reason: Token invalid."
BAD_TOKEN_OF_DESTINATIONS = f"{BAD_TOKEN} Reason: The request is malformed."


def paged(
    ctx: Context,
    params: Params,
    items: Sequence[T],
    key: Callable[[T], Any],
    *filters: str | None,
    malformed: str = BAD_TOKEN,
    of_another: str = BAD_TOKEN,
) -> tuple[Sequence[T], str | None]:
    """Return the page of ``items`` that a request asks for, and the token of the next one.

    Args:
        items: sorted by ``key``.
        filters: what the request narrows the listing by. With the operation and the caller's scope they are what a
            token is good for.
        malformed, of_another: AWS's words for a token that is junk, and for one of another listing.

    Raises:
        ServiceError: ValidationException for a token that is junk or of another listing.
    """
    limit: int = params.get("Limit") or params.get("MaxResults") or ctx.limits.default_page_size
    return page(
        items,
        key,
        limit=limit,
        token=params.get("NextToken"),
        listing=(ctx.operation, ctx.scope.account, ctx.scope.region, *filters),
        malformed=malformed,
        of_another=of_another,
    )

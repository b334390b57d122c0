"""Partner event sources, from the partner's side and from the customer's.

A source waits as PENDING until its customer makes the bus of its name, and again after the customer deactivates it; two
weeks of waiting end it. It is ACTIVE while events pass. A source that is DELETED is still shown to its customer.

Source: facts 11.2. No answer of these operations was recorded.
"""

from __future__ import annotations

from eventbridge_local.errors import ServiceError, already_exists, not_found
from eventbridge_local.model.arn import partition_of
from eventbridge_local.model.rare_records import PENDING_FOR, EventSource
from eventbridge_local.model.store import Scope
from eventbridge_local.operations.lookup import paged
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones

# the partner's side


@operation("CreatePartnerEventSource")
def create_partner_event_source(ctx: Context, params: Params) -> Answer:
    """Offer a source to a customer's account."""
    name, customer = params["Name"], ctx.store.scope(params["Account"], ctx.scope.region)
    known = customer.event_sources.get(name)
    if known is not None and known.state != "DELETED":
        raise already_exists(f"Event source {name} already exists.")
    arn = f"arn:{partition_of(customer.region)}:events:{customer.region}::event-source/{name}"
    source = EventSource(name, arn, ctx.scope.account, customer.account, ctx.now, None)
    let_wait(ctx, customer, source)
    return {"EventSourceArn": arn}


@operation("DeletePartnerEventSource")
def delete_partner_event_source(ctx: Context, params: Params) -> Answer:
    """Take a source back; one that is not there counts as deleted. A customer with a bus for it sees it DELETED."""
    name, customer = params["Name"], ctx.store.scope(params["Account"], ctx.scope.region)
    source = customer.event_sources.get(name)
    if source is None or source.partner != ctx.scope.account:
        return {}
    if name in customer.buses:
        customer.event_sources[name] = source._replace(state="DELETED", expires=None)
    else:
        del customer.event_sources[name]
    return {}


@operation("DescribePartnerEventSource")
def describe_partner_event_source(ctx: Context, params: Params) -> Answer:
    """Describe one source, whoever it is offered to."""
    source = _offered(ctx, params["Name"])[0]
    return {"Arn": source.arn, "Name": source.name}


@operation("ListPartnerEventSources")
def list_partner_event_sources(ctx: Context, params: Params) -> Answer:
    """List the sources this partner made, by name, each once."""
    prefix = params["NamePrefix"]
    arns = {source.name: source.arn for source in sources_made_by(ctx) if source.name.startswith(prefix)}
    shown, token = paged(ctx, params, sorted(arns), str, prefix)
    rows = [{"Arn": arns[name], "Name": name} for name in shown]
    return without_nones(PartnerEventSources=rows, NextToken=token)


@operation("ListPartnerEventSourceAccounts")
def list_partner_event_source_accounts(ctx: Context, params: Params) -> Answer:
    """List the accounts a source is offered to."""
    name = params["EventSourceName"]
    shown, token = paged(
        ctx,
        params,
        sorted(_offered(ctx, name), key=lambda source: source.customer),
        lambda source: source.customer,
        name,
    )
    rows = [
        without_nones(
            Account=source.customer,
            CreationTime=source.created,
            ExpirationTime=source.expires,
            State=source.state,
        )
        for source in shown
    ]
    return without_nones(PartnerEventSourceAccounts=rows, NextToken=token)


def sources_made_by(ctx: Context) -> list[EventSource]:
    """Return the sources that the caller, as a partner, offers in this Region, the deleted ones left out."""
    return [
        source
        for scope in ctx.store.scopes
        if scope.region == ctx.scope.region
        for source in list(scope.event_sources.values())  # other threads may add some meanwhile
        if source.partner == ctx.scope.account and source.state != "DELETED"
    ]


def _offered(ctx: Context, name: str) -> list[EventSource]:
    sources = [source for source in sources_made_by(ctx) if source.name == name]
    if not sources:
        raise _missing(name)
    return sources


# the customer's side


@operation("DescribeEventSource")
def describe_event_source(ctx: Context, params: Params) -> Answer:
    """Describe one source offered to this account."""
    return _row(source_of(ctx, params["Name"]))


@operation("ListEventSources")
def list_event_sources(ctx: Context, params: Params) -> Answer:
    """List the sources offered to this account, by name."""
    prefix, sources = params.get("NamePrefix"), ctx.scope.event_sources
    shown, token = paged(ctx, params, sorted(name for name in sources if name.startswith(prefix or "")), str, prefix)
    return without_nones(EventSources=[_row(sources[name]) for name in shown], NextToken=token)


@operation("ActivateEventSource")
def activate_event_source(ctx: Context, params: Params) -> Answer:
    """Let the events of a deactivated source pass again."""
    source = _with_bus(ctx, params["Name"])
    if source.state != "PENDING":
        raise wrong_state(source, "only a PENDING source that has its bus can be activated")
    match(ctx, source)
    return {}


@operation("DeactivateEventSource")
def deactivate_event_source(ctx: Context, params: Params) -> Answer:
    """Keep the events of a source out; it is PENDING again, and ends after two weeks."""
    source = _with_bus(ctx, params["Name"])
    if source.state != "ACTIVE":
        raise wrong_state(source, "only an ACTIVE source can be deactivated")
    let_wait(ctx, ctx.scope, source)
    return {}


def _with_bus(ctx: Context, name: str) -> EventSource:
    """Return the source of that name, if it has its bus (the words are quoted in a public thread)."""
    source = ctx.scope.event_sources.get(name)
    if source is None or name not in ctx.scope.buses:
        raise not_found(
            f"Event source {name} or event bus {name} does not exist.",
            hint=None if source is None else "the source is there; its bus is made by CreateEventBus with its name",
        )
    return source


# what other operations need


def source_of(ctx: Context, name: str) -> EventSource:
    """Return the source of that name offered to the caller's account."""
    source = ctx.scope.event_sources.get(name)
    if source is None:
        raise _missing(name)
    return source


def match(ctx: Context, source: EventSource) -> None:
    """Let events of a source pass to its bus."""
    ctx.scope.event_sources[source.name] = source._replace(state="ACTIVE", expires=None)


def release(ctx: Context, name: str) -> None:
    """Note that the bus of a source was deleted: the source is PENDING again, and one that has expired is removed."""
    source = ctx.scope.event_sources.get(name)
    if source is None:
        return
    if source.state == "DELETED":
        del ctx.scope.event_sources[name]
    else:
        let_wait(ctx, ctx.scope, source)


def let_wait(ctx: Context, scope: Scope, source: EventSource) -> None:
    """Make a source PENDING, for two weeks from now."""
    expires = ctx.now + PENDING_FOR
    waiting = scope.event_sources[source.name] = source._replace(state="PENDING", expires=expires)

    def expire() -> None:
        with ctx.alone:
            # If the source was changed meanwhile, another record stands here now.
            if scope.event_sources.get(source.name) is waiting:
                scope.event_sources[source.name] = waiting._replace(state="DELETED", expires=None)

    ctx.store.clock.at(expires, expire, "expired")


def wrong_state(source: EventSource, hint: str) -> ServiceError:
    """Return the refusal for a source in another state than the call needs, in the API reference's sentence."""
    return ServiceError(
        "InvalidStateException",
        "The specified state is not a valid state for an event source.",
        hint=f"{hint}; {source.name} is {source.state}",
    )


def _missing(name: str) -> ServiceError:
    return not_found(f"Event source {name} does not exist.")


def _row(source: EventSource) -> Answer:
    return without_nones(
        Arn=source.arn,
        CreatedBy=source.created_by,
        CreationTime=source.created,
        ExpirationTime=source.expires,
        Name=source.name,
        State=source.state,
    )

"""API destinations: create, describe, list, update, delete."""

from __future__ import annotations

from urllib.parse import urlsplit

from eventbridge_local.delivery.http.loopback import is_loopback
from eventbridge_local.delivery.http.requests import with_scheme
from eventbridge_local.errors import ServiceError, already_exists, limit_exceeded, not_found, validation_error
from eventbridge_local.model.rare_records import ApiDestination, Connection
from eventbridge_local.model.records import USABLE
from eventbridge_local.operations.lookup import BAD_TOKEN_OF_DESTINATIONS, paged
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones

_DEFAULT_RATE = 300


@operation("CreateApiDestination")
def create_api_destination(ctx: Context, params: Params) -> Answer:
    """Make a destination, INACTIVE on a connection that is not authorized (captured).

    Source: recorded (facts 10.4); refusals of a taken name and of a rate second-hand.
    """
    name = params["Name"]
    _check_endpoint(params, "create")
    connection = _connection(ctx, params["ConnectionArn"], "create")
    if name in ctx.scope.api_destinations:
        raise already_exists(
            f"Failed to create the api-destination(s). An api-destination with name '{name}' already exists."
        )
    _check_rate(ctx, params, "create")
    if len(ctx.scope.api_destinations) >= ctx.limits.api_destinations:
        raise limit_exceeded()
    now = ctx.now.replace(microsecond=0)
    made = ApiDestination(
        name,
        ctx.scope.arn(f"api-destination/{name}/{ctx.ids.uuid()}"),
        created=now,
        modified=now,
        connection_arn=params["ConnectionArn"],
        endpoint=params["InvocationEndpoint"],
        method=params["HttpMethod"],
        rate=params.get("InvocationRateLimitPerSecond", min(_DEFAULT_RATE, ctx.limits.invocation_rate_per_second)),
        description=params.get("Description") or None,
        active=connection.state in USABLE,
    )
    ctx.scope.api_destinations[name] = made
    return _summary(made)


@operation("DescribeApiDestination")
def describe_api_destination(ctx: Context, params: Params) -> Answer:
    """Describe a destination (recorded)."""
    found = _destination(ctx, params, "describe")
    return _row(found) | without_nones(Description=found.description)


@operation("ListApiDestinations")
def list_api_destinations(ctx: Context, params: Params) -> Answer:
    """List destinations by name, all, those with a name prefix or those of a connection, without descriptions."""
    prefix, connection = params.get("NamePrefix"), params.get("ConnectionArn")
    if prefix is not None and connection is not None:
        raise validation_error(
            "Failed to list the api-destination(s). Request failed because only one filter is supported per request, "
            "either ConnectionArn or NamePrefix."
        )
    found = sorted(
        (
            each
            for each in ctx.scope.api_destinations.values()
            if each.name.startswith(prefix or "") and connection in (None, each.connection_arn)
        ),
        key=_name,
    )
    rows, token = paged(
        ctx,
        params,
        found,
        _name,
        prefix,
        connection,
        malformed=BAD_TOKEN_OF_DESTINATIONS,
        of_another=BAD_TOKEN_OF_DESTINATIONS,
    )
    return {"ApiDestinations": [_row(each) for each in rows], **without_nones(NextToken=token)}


@operation("UpdateApiDestination")
def update_api_destination(ctx: Context, params: Params) -> Answer:
    """Change what is given and keep the rest; the ARN stays."""
    _check_endpoint(params, "update")
    before = _destination(ctx, params, "update")
    arn, active = before.connection_arn, before.active
    if "ConnectionArn" in params:
        arn = params["ConnectionArn"]
        active = _connection(ctx, arn, "update").state in USABLE
    _check_rate(ctx, params, "update")
    changed = before._replace(
        modified=ctx.now.replace(microsecond=0),
        connection_arn=arn,
        endpoint=params.get("InvocationEndpoint", before.endpoint),
        method=params.get("HttpMethod", before.method),
        rate=params.get("InvocationRateLimitPerSecond", before.rate),
        description=params.get("Description", before.description) or None,
        active=active,
    )
    ctx.scope.api_destinations[before.name] = changed
    return _summary(changed)


@operation("DeleteApiDestination")
def delete_api_destination(ctx: Context, params: Params) -> Answer:
    """Delete a destination; targets that name it stay and fail."""
    found = _destination(ctx, params, "delete")
    del ctx.scope.api_destinations[found.name]
    return {}


def _check_endpoint(params: Params, verb: str) -> None:
    """Refuse what is no HTTPS URL, in AWS's words; plain HTTP to a loopback host is taken, which a test can serve.

    A text without a scheme is taken, one with user information or a wildcard in its host is not (captured).
    """
    endpoint = params.get("InvocationEndpoint")
    if endpoint is None:
        return
    url = with_scheme(endpoint)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    wrong_host = not host or "*" in host or "@" in parts.netloc
    if wrong_host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
        raise validation_error(
            f"Failed to {verb} the api-destination(s). Parameter InvocationEndpoint is not valid. "
            f"Reason: Endpoint '{endpoint}' is invalid, please provide a valid HTTPS endpoint URL.",
            hint="eventbridge_local also accepts http:// when the host is loopback, such as http://127.0.0.1:8000/hook",
        )


def _connection(ctx: Context, arn: str, verb: str) -> Connection:
    found = ctx.scope.connection(arn)
    if found is None:
        raise not_found(f"Failed to {verb} the api-destination(s). Connection '{arn}' does not exist.")
    return found


def _check_rate(ctx: Context, params: Params, verb: str) -> None:
    rate, most = params.get("InvocationRateLimitPerSecond"), ctx.limits.invocation_rate_per_second
    if rate is not None and rate > most:
        raise ServiceError(
            "LimitExceededException",
            f"Failed to {verb} the api-destination(s). Invalid Invocation Rate Limit: Rate specified '{rate}' for "
            f"'{params['Name']}' exceeds maximum allowed of '{most}'.",
        )


def _destination(ctx: Context, params: Params, verb: str) -> ApiDestination:
    found = ctx.scope.api_destinations.get(params["Name"])
    if found is None:
        name = params["Name"]
        raise not_found(f"Failed to {verb} the api-destination(s). An api-destination '{name}' does not exist.")
    return found


def _name(destination: ApiDestination) -> str:
    return destination.name


def _summary(destination: ApiDestination) -> Answer:
    return {
        "ApiDestinationArn": destination.arn,
        "ApiDestinationState": "ACTIVE" if destination.active else "INACTIVE",
        "CreationTime": destination.created,
        "LastModifiedTime": destination.modified,
    }


def _row(destination: ApiDestination) -> Answer:
    return {
        **_summary(destination),
        "Name": destination.name,
        "ConnectionArn": destination.connection_arn,
        "InvocationEndpoint": destination.endpoint,
        "HttpMethod": destination.method,
        "InvocationRateLimitPerSecond": destination.rate,
    }

"""Connections: create, describe, list, update, deauthorize, delete.

How states follow each other stands in ``connection_states``, what becomes of the parameters in ``connection_auth``, and
the secret in ``connection_secrets``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from eventbridge_local.errors import ServiceError, already_exists, limit_exceeded, not_found, validation_error
from eventbridge_local.operations import connection_secrets as secrets
from eventbridge_local.operations.connection_auth import checked, merged, shown
from eventbridge_local.operations.connection_states import (
    go_on,
    later,
    private_path,
    state_on_the_way,
    updated_private_path,
    whole_second,
)
from eventbridge_local.operations.context import Context
from eventbridge_local.operations.listing import paged
from eventbridge_local.operations.table import Answer, Params, operation, without_nones
from eventbridge_local.state.connections import AUTH_MEMBERS, USABLE, Connection, secret_document

_DEAUTHORIZED = "The authorization parameters were removed from this connection by a DeauthorizeConnection operation."
_NOTHING_TO_UPDATE = (
    "Failed to update the connection(s). At least one of the following is required: Description, KmsKeyIdentifier, "
    "AuthorizationType with BasicAuthParameters, ApiKeyAuthParameters, or OAuthParameters."
)

# CreateConnection and UpdateConnection may call whoever stands in for an authorization endpoint, and that one may call
# anything: hence ``delivers``.


@operation("CreateConnection", delivers=True)
def create_connection(ctx: Context, params: Params) -> Answer:
    """Make a connection and its secret. Source: recorded; the texts of refusals partly not."""
    with ctx.alone:
        made = _made(ctx, params)
    go_on(ctx, made)
    return _summary(made, "ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime")


def _made(ctx: Context, params: Params) -> Connection:
    name, kind = params["Name"], params["AuthorizationType"]
    auth = checked("create", kind, params["AuthParameters"])
    if name in ctx.place.connections:
        raise already_exists(f"Connection '{name}' already exists.")
    if len(ctx.place.connections) >= ctx.limits.connections:
        raise limit_exceeded()
    now = whole_second(ctx)
    made = Connection(
        name,
        ctx.place.arn(f"connection/{name}/{ctx.ids.uuid()}"),
        created=now,
        modified=now,
        authorized=now,
        state="",
        authorization_type=kind,
        auth=auth,
        description=params.get("Description") or None,
        kms_key=params.get("KmsKeyIdentifier") or None,
        private=private_path(ctx, params.get("InvocationConnectivityParameters")),
        oauth_private=private_path(ctx, params["AuthParameters"].get("ConnectivityParameters")),
    )
    made = replace(
        made,
        state=state_on_the_way(made, "CREATING"),
        secret_arn=secrets.make(ctx, name, secret_document(made), made.kms_key),
    )
    ctx.place.connections[name] = made
    return made


@operation("DescribeConnection")
def describe_connection(ctx: Context, params: Params) -> Answer:
    """Describe a connection without its secrets (recorded)."""
    found = _connection(ctx, params, "describe")
    auth = shown(found.auth)
    if found.oauth_private is not None:
        auth["ConnectivityParameters"] = {"ResourceParameters": dict(found.oauth_private)}
    private = None if found.private is None else {"ResourceParameters": dict(found.private)}
    return _row(found) | without_nones(
        Description=found.description,
        SecretArn=found.secret_arn,
        KmsKeyIdentifier=found.kms_key,
        AuthParameters=auth or None,
        InvocationConnectivityParameters=private,
    )


@operation("ListConnections")
def list_connections(ctx: Context, params: Params) -> Answer:
    """List connections by name, a page at a time."""
    prefix, state = params.get("NamePrefix"), params.get("ConnectionState")
    found = sorted(
        (
            each
            for each in ctx.place.connections.values()
            if each.name.startswith(prefix or "") and state in (None, each.state)
        ),
        key=_name,
    )
    rows, token = paged(ctx, params, found, _name, prefix, state)
    return {"Connections": [_row(each) for each in rows], **without_nones(NextToken=token)}


@operation("UpdateConnection", delivers=True)
def update_connection(ctx: Context, params: Params) -> Answer:
    """Change what is given and keep the rest; new authorization parameters are authorized anew."""
    given = params.get("AuthParameters", {})
    kind = params.get("AuthorizationType")
    reauthorize = kind is not None and bool(given)
    if not reauthorize and not params.keys() & {"Description", "KmsKeyIdentifier", "InvocationConnectivityParameters"}:
        raise validation_error(_NOTHING_TO_UPDATE)
    if given and kind is None:
        raise validation_error("Failed to update the connection(s). Parameter(s) AuthorizationType must be specified.")
    with ctx.alone:
        before, changed = _changed(ctx, params, reauthorize)
    if changed.state != before.state or reauthorize:
        go_on(ctx, changed)
    return _summary(changed)


def _changed(ctx: Context, params: Params, reauthorize: bool) -> tuple[Connection, Connection]:
    """The connection before an update and after it."""
    before = _connection(ctx, params, "update")
    _refuse_passing(before, "update")
    changed = replace(
        before,
        modified=whole_second(ctx),
        description=params.get("Description", before.description) or None,
        kms_key=params.get("KmsKeyIdentifier", before.kms_key) or None,
        private=updated_private_path(ctx, before.private, params.get("InvocationConnectivityParameters")),
    )
    if reauthorize or params.get("AuthorizationType", before.authorization_type) != before.authorization_type:
        changed = _with_new_auth(ctx, changed, params["AuthorizationType"], params.get("AuthParameters", {}))
    elif changed.private != before.private and before.state in USABLE:
        changed = replace(changed, state="UPDATING" if changed.private else "AUTHORIZED")
    changed = replace(changed, secret_arn=_kept_secret(ctx, before, changed))
    ctx.place.connections[before.name] = changed
    return before, changed


def _with_new_auth(ctx: Context, connection: Connection, kind: str, given: Mapping[str, Any]) -> Connection:
    """The connection with its parameters merged, those of another type dropped."""
    kept, kept_path = {**connection.auth}, connection.oauth_private
    if kind != connection.authorization_type:
        kept.pop(AUTH_MEMBERS[connection.authorization_type], None)
        kept_path = None
    auth = checked("update", kind, merged(kept, given))
    oauth_private = updated_private_path(ctx, kept_path, given.get("ConnectivityParameters"))
    changed = replace(
        connection,
        authorization_type=kind,
        auth=auth,
        oauth_private=oauth_private,
        reason=None,
        authorized=whole_second(ctx),
    )
    return replace(changed, state=state_on_the_way(changed, "UPDATING"))


def _kept_secret(ctx: Context, before: Connection, changed: Connection) -> str | None:
    """Keep the secret in step with the parameters; a connection that was deauthorized gets a new one."""
    if changed.auth is before.auth and changed.kms_key == before.kms_key:
        return before.secret_arn
    document = secret_document(changed)
    if before.secret_arn is None:
        return secrets.make(ctx, changed.name, document, changed.kms_key) if changed.auth else None
    secrets.replace(ctx, before.secret_arn, document, changed.kms_key)
    return before.secret_arn


@operation("DeauthorizeConnection")
def deauthorize_connection(ctx: Context, params: Params) -> Answer:
    """Take the authorization parameters and the secret away; without any there is nothing to do."""
    before = _connection(ctx, params, "deauthorize")
    _refuse_passing(before, "deauthorize")
    if not before.auth:
        return _summary(before)
    secrets.drop(ctx, before.secret_arn)
    changed = replace(
        before, state="DEAUTHORIZING", auth={}, secret_arn=None, oauth_private=None, modified=whole_second(ctx)
    )
    ctx.place.connections[before.name] = changed
    later(ctx, changed, lambda current: replace(current, state="DEAUTHORIZED", reason=_DEAUTHORIZED))
    return _summary(changed)


@operation("DeleteConnection")
def delete_connection(ctx: Context, params: Params) -> Answer:
    """Delete a connection and its secret (recorded). Destinations that use it become INACTIVE."""
    before = _connection(ctx, params, "delete")
    if before.state == "DELETING":
        return _summary(before)
    secrets.drop(ctx, before.secret_arn)
    changed = replace(before, state="DELETING", modified=whole_second(ctx))
    ctx.place.connections[before.name] = changed
    later(ctx, changed, lambda current: None)
    return _summary(changed)


def _refuse_passing(connection: Connection, verb: str) -> None:
    if connection.state == "DELETING":
        raise ServiceError(
            "ConcurrentModificationException",
            f"Failed to {verb} the connection(s). Connection '{connection.name}' is being deleted.",
        )


# answers


def _connection(ctx: Context, params: Params, verb: str) -> Connection:
    found = ctx.place.connections.get(params["Name"])
    if found is None:
        name = params["Name"]
        raise not_found(f"Failed to {verb} the connection(s). Connection '{name}' does not exist.")
    return found


def _name(connection: Connection) -> str:
    return connection.name


def _row(connection: Connection) -> Answer:
    return without_nones(
        ConnectionArn=connection.arn,
        Name=connection.name,
        ConnectionState=connection.state,
        StateReason=connection.reason,
        AuthorizationType=connection.authorization_type,
        CreationTime=connection.created,
        LastModifiedTime=connection.modified,
        LastAuthorizedTime=connection.authorized,
    )


_SUMMARY = ("ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime", "LastAuthorizedTime")


def _summary(connection: Connection, *members: str) -> Answer:
    row = _row(connection)
    return {name: row[name] for name in members or _SUMMARY}

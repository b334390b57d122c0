"""Connections: create, describe, list, update, deauthorize, delete.

Strategy: what AWS takes time for (fetching a token, setting up private connectivity, deauthorizing, deleting) is a
record in a passing state, and a change that makes the next record, at once or on the clock (``Clock.later``). So the
answer of a call shows the passing state, as recorded, and a test that does not look for it never sees it again.

In this order: the operations, the states, the private paths, the authorization parameters, the secret, the answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Literal

from eventbridge_local import moto_insides
from eventbridge_local.delivery.forward import Services, ask
from eventbridge_local.delivery.pending import AttemptFailed
from eventbridge_local.errors import ServiceError, already_exists, limit_exceeded, not_found, validation_error
from eventbridge_local.model.arn import key_arn, partition_of
from eventbridge_local.model.rare_records import AUTH_MEMBERS, Connection, secret_document
from eventbridge_local.model.records import LEAVING, USABLE
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.operations.lookup import BAD_TOKEN_OF_DESTINATIONS, paged
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones

_DEAUTHORIZED = "The authorization parameters were removed from this connection by a DeauthorizeConnection operation."
_NOTHING_TO_UPDATE = (
    "Failed to update the connection(s). At least one of the following is required: Description, KmsKeyIdentifier, "
    "AuthorizationType with BasicAuthParameters, ApiKeyAuthParameters, or OAuthParameters."
)

#: When an OAuth connection was authorized that never got a token (captured).
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

#: How long AWS takes for a change of state is not recorded; long enough for a test to look in between.
_CHANGE_TAKES = timedelta(seconds=1)
_CONFIGURATION = "ResourceConfigurationArn"

Tree = Mapping[str, Any]

# CreateConnection and UpdateConnection may call whoever stands in for an authorization endpoint, and that one may call
# anything: hence ``delivers``.


@operation("CreateConnection", delivers=True)
def create_connection(ctx: Context, params: Params) -> Answer:
    """Create a connection and its secret. Source: recorded; the texts of refusals partly not."""
    with ctx.alone:
        made = _enter(ctx, params)
    _start_transition(ctx, made)
    return _summary(made, "ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime")


def _enter(ctx: Context, params: Params) -> Connection:
    name, kind = params["Name"], params["AuthorizationType"]
    auth = _checked("create", kind, params["AuthParameters"])
    if name in ctx.scope.connections:
        raise already_exists(f"Connection '{name}' already exists.")
    if len(ctx.scope.connections) >= ctx.limits.connections:
        raise limit_exceeded()
    now = _whole_second(ctx.now)
    made = Connection(
        name,
        ctx.scope.arn(f"connection/{name}/{ctx.ids.uuid()}"),
        created=now,
        modified=now,
        authorized=_NEVER if kind == "OAUTH_CLIENT_CREDENTIALS" else now,
        state="",
        authorization_type=kind,
        auth=auth,
        description=params.get("Description") or None,
        kms_key=_checked_key(ctx, params, "create"),
        private=_private_path(ctx, params.get("InvocationConnectivityParameters")),
        oauth_private=_private_path(ctx, params["AuthParameters"].get("ConnectivityParameters")),
    )
    made = made._replace(
        state=_passing_state(made, "CREATING"),
        secret_arn=_make_secret(ctx, name, secret_document(made), made.kms_key),
    )
    ctx.scope.put_connection(made, now)
    return made


@operation("DescribeConnection")
def describe_connection(ctx: Context, params: Params) -> Answer:
    """Describe a connection without its secrets (recorded, facts 10.2)."""
    if moto_insides.moto_is_active():
        make_missing_secrets(ctx.store, ctx.services)  # moto may have started since
    found = _connection(ctx, params, "describe")
    auth = _without_secrets(found.auth)
    if found.oauth_private is not None:
        auth["ConnectivityParameters"] = {"ResourceParameters": dict(found.oauth_private)}
    private = None if found.private is None else {"ResourceParameters": dict(found.private)}
    return _row(found) | without_nones(
        Description=found.description,
        SecretArn=found.secret_arn,
        KmsKeyIdentifier=found.kms_key,
        AuthParameters=auth,  # empty in and after a deauthorization (captured)
        InvocationConnectivityParameters=private,
    )


@operation("ListConnections")
def list_connections(ctx: Context, params: Params) -> Answer:
    """List connections by name, a page at a time."""
    prefix, state = params.get("NamePrefix"), params.get("ConnectionState")
    found = sorted(
        (
            each
            for each in ctx.scope.connections.values()
            if each.name.startswith(prefix or "") and state in (None, each.state)
        ),
        key=_name,
    )
    rows, token = paged(
        ctx,
        params,
        found,
        _name,
        prefix,
        state,
        malformed=BAD_TOKEN_OF_DESTINATIONS,
        of_another=BAD_TOKEN_OF_DESTINATIONS,
    )
    return {"Connections": [_row(each) for each in rows], **without_nones(NextToken=token)}


@operation("UpdateConnection", delivers=True)
def update_connection(ctx: Context, params: Params) -> Answer:
    """Change the given members and keep the rest; new authorization parameters are authorized anew."""
    given = params.get("AuthParameters", {})
    kind = params.get("AuthorizationType")
    reauthorize = kind is not None and bool(given)
    if not reauthorize and not params.keys() & {"Description", "KmsKeyIdentifier", "InvocationConnectivityParameters"}:
        raise validation_error(_NOTHING_TO_UPDATE)
    if given and kind is None:
        raise validation_error("Failed to update the connection(s). Parameter(s) AuthorizationType must be specified.")
    with ctx.alone:
        before, changed = _update(ctx, params, reauthorize)
    if changed.state != before.state or reauthorize:
        _start_transition(ctx, changed)
    return _as_answered(before, changed) if reauthorize else _summary(changed)


def _update(ctx: Context, params: Params, reauthorize: bool) -> tuple[Connection, Connection]:
    """Carry out an update. Return the connection before it and after it."""
    before = _connection(ctx, params, "update")
    _refuse_passing(before, "update")
    given_key = _checked_key(ctx, params, "update")
    changed = before._replace(
        modified=_whole_second(ctx.now),
        description=params.get("Description", before.description) or None,
        kms_key=given_key if "KmsKeyIdentifier" in params else before.kms_key,
        private=_updated_private_path(ctx, before.private, params.get("InvocationConnectivityParameters")),
    )
    if reauthorize or params.get("AuthorizationType", before.authorization_type) != before.authorization_type:
        changed = _with_new_auth(ctx, changed, params["AuthorizationType"], params.get("AuthParameters", {}))
    elif changed.private != before.private and before.state in USABLE:
        changed = changed._replace(state="UPDATING" if changed.private else "AUTHORIZED")
    changed = changed._replace(secret_arn=_updated_secret(ctx, before, changed))
    ctx.scope.put_connection(changed, ctx.now)
    return before, changed


def _with_new_auth(ctx: Context, connection: Connection, kind: str, given: Mapping[str, Any]) -> Connection:
    """Return the connection with its parameters merged, those of another type dropped."""
    kept, kept_path = {**connection.auth}, connection.oauth_private
    if kind != connection.authorization_type:
        kept.pop(AUTH_MEMBERS[connection.authorization_type], None)
        kept_path = None
    auth = _checked("update", kind, _merged(kept, given))
    oauth_private = _updated_private_path(ctx, kept_path, given.get("ConnectivityParameters"))
    changed = connection._replace(
        authorization_type=kind,
        auth=auth,
        oauth_private=oauth_private,
        reason=None,
        authorized=connection.authorized if kind == "OAUTH_CLIENT_CREDENTIALS" else _whole_second(ctx.now),
    )
    return changed._replace(state=_passing_state(changed, "UPDATING"))


def _updated_secret(ctx: Context, before: Connection, changed: Connection) -> str | None:
    """Update the secret with the parameters, and return its ARN; a connection that was deauthorized gets a new one."""
    if changed.auth is before.auth and changed.kms_key == before.kms_key:
        return before.secret_arn
    document = secret_document(changed)
    if before.secret_arn is None or not before.auth:
        return _make_secret(ctx, changed.name, document, changed.kms_key) if changed.auth else None
    _replace_secret(ctx, before.secret_arn, document, changed.kms_key)
    return before.secret_arn


@operation("DeauthorizeConnection")
def deauthorize_connection(ctx: Context, params: Params) -> Answer:
    """Remove the authorization parameters and the secret.

    SecretArn is shown until the connection is DEAUTHORIZED, the reason from then on. A connection without parameters
    is modified and DEAUTHORIZING again (both captured, facts 10.4).
    """
    before = _connection(ctx, params, "deauthorize")
    _refuse_passing(before, "deauthorize")
    if before.auth:
        _delete_secret(ctx, before.secret_arn)
    changed = before._replace(state="DEAUTHORIZING", auth={}, oauth_private=None, modified=_whole_second(ctx.now))
    ctx.scope.put_connection(changed, ctx.now)
    _change_later(
        ctx,
        changed,
        lambda current: current._replace(state="DEAUTHORIZED", reason=_DEAUTHORIZED, secret_arn=None),
    )
    return _as_answered(before, changed)


@operation("DeleteConnection")
def delete_connection(ctx: Context, params: Params) -> Answer:
    """Delete a connection and its secret (recorded, facts 10.3). Destinations that use it become INACTIVE."""
    before = _connection(ctx, params, "delete")
    if before.state == "DELETING":
        return _summary(before)
    _delete_secret(ctx, before.secret_arn)
    changed = before._replace(state="DELETING", modified=_whole_second(ctx.now))
    ctx.scope.put_connection(changed, ctx.now)
    _change_later(ctx, changed, lambda current: None)
    return _as_answered(before, changed)


def _refuse_passing(connection: Connection, verb: str) -> None:
    if connection.state == "DELETING":
        raise ServiceError(
            "ConcurrentModificationException",
            f"Failed to {verb} the connection(s). Connection '{connection.name}' was modified concurrently.",
            hint=f"connection {connection.name!r} is being deleted",
        )


# states


def _whole_second(instant: datetime) -> datetime:
    """Return an instant as connections show it: whole seconds (facts 1.8)."""
    return instant.replace(microsecond=0)


def _passing_state(connection: Connection, private: Literal["CREATING", "UPDATING"]) -> str:
    """Return the state a call leaves a connection in when its credentials or its network path are new."""
    if connection.authorization_type == "OAUTH_CLIENT_CREDENTIALS":
        return "AUTHORIZING"
    return "AUTHORIZED" if connection.private is None else private


def _start_transition(ctx: Context, connection: Connection) -> None:
    """Let a connection go from a passing state to the next one (User Guide, "Connection states")."""
    if connection.state == "AUTHORIZING":
        _change_later(ctx, connection, _Authorization(ctx))
    elif connection.state not in USABLE:
        _change_later(ctx, connection, lambda current: current._replace(state="ACTIVE"))


@dataclass(frozen=True, slots=True)
class _Authorization:
    """Fetch a token, which decides whether a connection is authorized."""

    ctx: Context

    def __call__(self, connection: Connection) -> Connection:
        try:
            self.ctx.invocations().authorize(connection)
        except AttemptFailed as failed:
            return connection._replace(state="DEAUTHORIZED", reason=failed.reason[:512])
        state = "AUTHORIZED" if connection.private is None else "ACTIVE"
        return connection._replace(state=state, authorized=_whole_second(self.ctx.store.clock.now))


def _change_later(ctx: Context, connection: Connection, change: Callable[[Connection], Connection | None]) -> None:
    """Let ``change`` make the next record (None removes it), unless the connection has changed meanwhile."""
    connections = ctx.scope.connections

    def complete() -> None:
        current = connections.get(connection.name)
        if current is None or (current.arn, current.state) != (connection.arn, connection.state):
            return
        if current.auth is not connection.auth:
            return
        changed = change(current)
        with ctx.alone:
            if connections.get(connection.name) is not current:
                return  # a handler that stands in for the authorization endpoint has changed the connection
            now = ctx.store.clock.now
            if changed is not None:
                ctx.scope.put_connection(changed, now)
            else:
                ctx.scope.remove_connection(current, now)

    ctx.store.clock.later(_CHANGE_TAKES, complete)


# private paths


def _private_path(ctx: Context, params: Params | None) -> Mapping[str, str] | None:
    """Return the resource parameters as DescribeConnection shows them: with the association AWS makes."""
    configuration = None if params is None else params["ResourceParameters"][_CONFIGURATION]
    if not configuration:  # an empty text takes the path away
        return None
    scope = ctx.scope
    prefix = f"arn:{partition_of(scope.region)}:vpc-lattice:{scope.region}:{scope.account}"
    number = ctx.ids.uuid().replace("-", "")[:17]
    association = f"{prefix}:servicenetworkresourceassociation/snra-{number}"
    return {_CONFIGURATION: configuration, "ResourceAssociationArn": association}


def _updated_private_path(
    ctx: Context, before: Mapping[str, str] | None, params: Params | None
) -> Mapping[str, str] | None:
    """Return the path after an update: as before when the request says nothing, or the same."""
    if params is None:
        return before
    if before is not None and params["ResourceParameters"][_CONFIGURATION] == before[_CONFIGURATION]:
        return before
    return _private_path(ctx, params)


# the authorization parameters: what is missing, what merges, and what may be shown

#: What a connection of each type needs, as paths into AuthParameters.
_NEEDED = {
    "BASIC": ("BasicAuthParameters.Username", "BasicAuthParameters.Password"),
    "API_KEY": ("ApiKeyAuthParameters.ApiKeyName", "ApiKeyAuthParameters.ApiKeyValue"),
    "OAUTH_CLIENT_CREDENTIALS": (
        "OAuthParameters.ClientParameters.ClientID",
        "OAuthParameters.ClientParameters.ClientSecret",
        "OAuthParameters.AuthorizationEndpoint",
        "OAuthParameters.HttpMethod",
    ),
}

#: What no answer shows. ``ConnectivityParameters`` are shown with more than the request had, and kept elsewhere.
_SECRETS = frozenset(("Password", "ApiKeyValue", "ClientSecret"))

_MASK = "***"

_LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


def _checked(verb: str, kind: str, auth: Tree) -> dict[str, Any]:
    """Return the parameters of a connection of that type, with IsValueSecret filled in.

    Raises:
        ServiceError: some are missing, or belong to another type. The API reference asks for "only authorization
            parameters for the AuthorizationType you specify"; the words are not AWS's.
    """
    for other, member in AUTH_MEMBERS.items():
        if other != kind and member in auth:
            raise validation_error(
                f"Failed to {verb} the connection(s). Parameter AuthParameters is not valid. "
                f"Reason: {member} must not be specified for AuthorizationType {kind}."
            )
    missing = [path for path in _NEEDED[kind] if _at(auth, path) is None]
    if missing:
        named = AUTH_MEMBERS[kind] if AUTH_MEMBERS[kind] not in auth else f"{', '.join(missing)}"
        raise validation_error(f"Failed to {verb} the connection(s). Parameter(s) {named} must be specified.")
    return {name: _filled_in(value) for name, value in auth.items() if name != "ConnectivityParameters"}


def _at(tree: Any, path: str) -> Any:
    for step in path.split("."):
        tree = tree.get(step) if tree else None
    return tree


def _filled_in(value: Any, name: str = "") -> Any:
    """Fill in IsValueSecret: HTTP parameters that do not say it are not secret (recorded, facts 10.2)."""
    if isinstance(value, Mapping):
        return {key: _filled_in(inner, key) for key, inner in value.items()}
    if name in _LISTS:
        return [{**one, "IsValueSecret": one.get("IsValueSecret", False)} for one in value]
    return value


def _merged(kept: Tree, given: Tree) -> dict[str, Any]:
    """Return ``kept`` with the given members: structures merge member by member, lists and values are replaced."""
    both = dict(kept)
    for name, value in given.items():
        before = kept.get(name)
        both[name] = _merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return both


def _without_secrets(auth: Tree) -> dict[str, Any]:
    """Return the parameters without anything secret (recorded, facts 10.2)."""
    answer: dict[str, Any] = {}
    for name, value in auth.items():
        if name in _LISTS:
            answer[name] = [_parameter(one) for one in value]
        elif isinstance(value, Mapping):
            answer[name] = _without_secrets(value)
        elif name not in _SECRETS:
            answer[name] = value
    return answer


def _parameter(one: Tree) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "Value" or not one.get("IsValueSecret")}


class Sealed(dict[str, Any]):
    """The params of a request that print without their secrets, since the journal keeps every request."""

    def __repr__(self) -> str:
        return repr(_masked(dict(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Sealed, (_masked(dict(self)),)  # what leaves the process is masked

    def __deepcopy__(self, memo: Any) -> Sealed:
        return Sealed(deepcopy(dict(self), memo))


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    secret = _SECRETS | ({"Value"} if value.get("IsValueSecret") else set())
    return {name: _MASK if name in secret else _masked(inner) for name, inner in value.items()}


# the secret of a connection: in Secrets Manager where moto or a local endpoint serves it, else only in the record
#
# What Secrets Manager refuses is raised as it is, and the connection stays as it was: a test that runs one wants to
# know. With ``forward="never"`` no secret leaves the mock.

_OWNER = {"Key": "aws:secretsmanager:owningService", "Value": "events"}


def _make_secret(ctx: Context, name: str, document: Mapping[str, Any], kms_key: str | None) -> str:
    """Make the secret of the connection ``name`` and return its ARN (form recorded)."""
    scope = ctx.scope
    secret = f"events!connection/{name}/{ctx.ids.uuid()}"
    made = ask(
        _client(ctx), "create_secret", Name=secret, SecretString=_written(document), Tags=[_OWNER], **_key(kms_key)
    )
    if made is not None:
        return str(made["ARN"])
    suffix = ctx.ids.uuid()[:6]
    return f"arn:{partition_of(scope.region)}:secretsmanager:{scope.region}:{scope.account}:secret:{secret}-{suffix}"


def _replace_secret(ctx: Context, arn: str, document: Mapping[str, Any], kms_key: str | None) -> None:
    """Give the secret a new version, unless it was made while nothing served Secrets Manager."""
    ask(_client(ctx), "update_secret", SecretId=arn, SecretString=_written(document), **_key(kms_key))


def _delete_secret(ctx: Context, arn: str | None) -> None:
    """Delete the secret, if Secrets Manager has it."""
    if arn is not None:
        ask(_client(ctx), "delete_secret", SecretId=arn, ForceDeleteWithoutRecovery=True)


_making = Lock()


def make_missing_secrets(store: Store, services: Services) -> None:
    """Make the secrets of connections that are older than the Secrets Manager which is here now.

    The ARN that DescribeConnection answered stays where moto can be told it, else the connection gets the new one.
    """
    if not _making.acquire(blocking=False):
        return  # a call of ours that makes one has come here, by its ``before-call``
    try:
        for scope in store.scopes:
            for connection in tuple(scope.connections.values()):
                _make_missing(services, scope, connection)
    finally:
        _making.release()


def _make_missing(services: Services, scope: Scope, connection: Connection) -> None:
    known = connection.secret_arn
    client = services.client("secretsmanager", scope.account, scope.region)
    if client is None or known is None or connection.state in LEAVING:
        return  # the call that put the connection into this state took the secret, as on AWS
    if ask(client, "describe_secret", SecretId=known) is not None:
        return
    made = ask(
        client,
        "create_secret",
        Name=known.partition(":secret:")[2][: -len("-abcdef")],
        SecretString=_written(secret_document(connection)),
        Tags=[_OWNER],
        **_key(connection.kms_key),
    )
    if made is not None and not moto_insides.call_secret(made["ARN"], known, scope.account, scope.region):
        scope.connections[connection.name] = connection._replace(secret_arn=made["ARN"])


def _client(ctx: Context) -> Any | None:
    return ctx.services.client("secretsmanager", ctx.scope.account, ctx.scope.region)


def _written(document: Mapping[str, Any]) -> str:
    """Return the text of a secret: JSON without blanks (captured)."""
    return json.dumps(document, separators=(",", ":"))


def _key(kms_key: str | None) -> dict[str, str]:
    return {"KmsKeyId": kms_key} if kms_key else {}


# answers


def _connection(ctx: Context, params: Params, verb: str) -> Connection:
    found = ctx.scope.connections.get(params["Name"])
    if found is None:
        name = params["Name"]
        raise not_found(f"Failed to {verb} the connection(s). Connection '{name}' does not exist.")
    return found


def _checked_key(ctx: Context, params: Params, verb: str) -> str | None:
    """Return the key of a request, as it was given. Raises ServiceError for a text that is no key (judgement)."""
    key: str | None = params.get("KmsKeyIdentifier") or None
    if key is not None and key_arn(key, ctx.scope.account, ctx.scope.region) is None:
        raise validation_error(
            f"Failed to {verb} the connection(s). Parameter {key} is not valid. "
            "Reason: Provided Arn is not in correct format."
        )
    return key


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


def _as_answered(before: Connection, changed: Connection) -> Answer:
    """Return the answer of a call that changes the secret: LastModifiedTime is that of before (captured)."""
    return _summary(changed._replace(modified=before.modified))

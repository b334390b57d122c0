"""The authorization parameters of connections: what is missing, what merges, and what may be shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.errors import validation_error
from eventbridge_local.state.connections import AUTH_MEMBERS

Tree = Mapping[str, Any]

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


def checked(verb: str, kind: str, auth: Tree) -> dict[str, Any]:
    """The parameters of a connection of that type, with IsValueSecret filled in.

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
    """HTTP parameters that do not say whether they are secret are not (recorded)."""
    if isinstance(value, Mapping):
        return {key: _filled_in(inner, key) for key, inner in value.items()}
    if name in _LISTS:
        return [{**one, "IsValueSecret": one.get("IsValueSecret", False)} for one in value]
    return value


def merged(kept: Tree, given: Tree) -> dict[str, Any]:
    """``kept`` with what was given: structures merge member by member, lists and values are replaced."""
    both = dict(kept)
    for name, value in given.items():
        before = kept.get(name)
        both[name] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return both


def shown(auth: Tree) -> dict[str, Any]:
    """The parameters without anything secret (recorded)."""
    answer: dict[str, Any] = {}
    for name, value in auth.items():
        if name in _LISTS:
            answer[name] = [_parameter(one) for one in value]
        elif isinstance(value, Mapping):
            answer[name] = shown(value)
        elif name not in _SECRETS:
            answer[name] = value
    return answer


def _parameter(one: Tree) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "Value" or not one.get("IsValueSecret")}


class Sealed(dict[str, Any]):
    """A request's params that print without their secrets, since the journal keeps every request."""

    def __repr__(self) -> str:
        return repr(_masked(dict(self)))


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    secret = _SECRETS | ({"Value"} if value.get("IsValueSecret") else set())
    return {name: _MASK if name in secret else _masked(inner) for name, inner in value.items()}

"""Targets that get an HTTP request: API Gateway, API destinations, and AppSync.

The first two depend on connections and HttpParameters, and are written where HTTP requests are written. AppSync's
needs the target alone, so it is written here.
"""

from __future__ import annotations

import json
from typing import Any

from eventbridge_local.delivery.kinds.base import Parameters, TargetKind, last_name
from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest, PendingDelivery
from eventbridge_local.json_text import decoded
from eventbridge_local.model.arn import domain_of


def graphql_request(pending: PendingDelivery) -> HttpRequest:
    """Return the GraphQL operation of an AppSync target, with the payload as its variables (facts 6.11).

    Raises:
        AttemptFailed: the payload is no object.
    """
    try:
        variables: Any = decoded(pending.payload)
    except (ValueError, RecursionError):
        variables = None
    if not isinstance(variables, dict):
        raise AttemptFailed("INVALID_PARAMETER", "The variables of a GraphQL operation must be a JSON object.")
    query = pending.params["AppSyncParameters"]["GraphQLOperation"]
    body = json.dumps({"query": query, "variables": variables}, separators=(",", ":"))
    host = f"{last_name(pending.arn)}.appsync-api.{pending.arn.region}.{domain_of(pending.arn.partition)}"
    return HttpRequest("POST", f"https://{host}/graphql", {"Content-Type": "application/json"}, body)


API_GATEWAY = TargetKind(
    name="API Gateway API",
    service="execute-api",
    resource=r"[^/]+/[^/]+/[^/]+(/.*)?",
    way="http",
    role="optional",
    parameters=Parameters("HttpParameters"),
    other_accounts=True,
)

API_DESTINATION = TargetKind(
    name="API destination",
    service="events",
    resource=r"api-destination/[^:/]+/[^:/]+",
    way="http",
    parameters=Parameters("HttpParameters"),
)

GRAPHQL_API = TargetKind(
    name="AppSync GraphQL API",
    service="appsync",
    resource=r"endpoints/graphql-api/[^:/]+",
    request=graphql_request,
    way="http",
    admission="input",
    parameters=Parameters("AppSyncParameters", required=True, needs=("GraphQLOperation",)),
)

"""Targets that get an HTTP request: API Gateway, API destinations, and AppSync.

The first two depend on connections and HttpParameters, and are written where HTTP requests are written. AppSync's
needs the target alone, so it is written here.
"""

from __future__ import annotations

import json
from typing import Any

from eventbridge_local.delivery.kinds.base import Kind, Parameters, last_name
from eventbridge_local.delivery.pending import AttemptFailed, Handover, HttpRequest


def graphql_request(handover: Handover) -> HttpRequest:
    """The GraphQL operation of an AppSync target, with the payload as its variables (User Guide target-appsync).

    Raises:
        AttemptFailed: the payload is no object.
    """
    try:
        variables: Any = json.loads(handover.payload)
    except (ValueError, RecursionError):
        variables = None
    if not isinstance(variables, dict):
        raise AttemptFailed("INVALID_PARAMETER", "The variables of a GraphQL operation must be a JSON object.")
    query = handover.params["AppSyncParameters"]["GraphQLOperation"]
    body = json.dumps({"query": query, "variables": variables}, separators=(",", ":"))
    host = f"{last_name(handover.arn)}.appsync-api.{handover.arn.region}.amazonaws.com"
    return HttpRequest("POST", f"https://{host}/graphql", {"Content-Type": "application/json"}, body)


API_GATEWAY = Kind(
    name="API Gateway API",
    service="execute-api",
    resource=r"[^/]+/[^/]+/[^/]+(/.*)?",
    way="http",
    role="optional",
    parameters=Parameters("HttpParameters"),
    other_accounts=True,
)

API_DESTINATION = Kind(
    name="API destination",
    service="events",
    resource=r"api-destination/[^:/]+/[^:/]+",
    way="http",
    parameters=Parameters("HttpParameters"),
)

GRAPHQL_API = Kind(
    name="AppSync GraphQL API",
    service="appsync",
    resource=r"endpoints/graphql-api/[^:/]+",
    way="http",
    parameters=Parameters("AppSyncParameters", required=True, needs=("GraphQLOperation",)),
)

"""Every quota and size limit of the service, each named after what AWS calls it."""

from __future__ import annotations

from eventbridge_local.frozen import frozen


@frozen
class Limits:
    """Quotas that a test may change, such as ``Limits(rules_per_event_bus=1_000)``.

    Source: facts 1.9: User Guide, page "EventBridge quotas", and the API model of botocore.

    Args:
        put_events_request_size: bytes of all entries of a request. The default (256 KB) is the figure of the API
            reference; AWS takes 1,048,576 (1 MB) in most Regions since January 2026.
        event_nesting_levels: how deep objects and arrays of a detail may be nested. The API reference of PutEvents says
            1,000; that of before 2025 said 1,100. The parser that AWS quotes in its messages ends at 1,000.
        event_buses: custom buses of an account and Region.
        rules_per_event_bus: rules of a bus.
        targets_per_rule: targets of a rule.
        tags_per_resource: tags of a bus or rule.
        default_page_size: items on a page of a list when the request does not say how many.
        event_bus_policy_size: bytes of the policy document of a bus.
        archives: archives of an account and Region.
        active_replays: replays of an account and Region that run at the same time.
        connections: connections of an account and Region.
        api_destinations: API destinations of an account and Region.
        endpoints: global endpoints of an account and Region.
        invocation_rate_per_second: the highest rate that an API destination may ask for, and its default.
    """

    put_events_request_size: int = 262_144
    event_nesting_levels: int = 1_000
    event_buses: int = 100
    rules_per_event_bus: int = 300
    targets_per_rule: int = 5
    tags_per_resource: int = 50
    default_page_size: int = 100
    event_bus_policy_size: int = 10_240
    archives: int = 100
    active_replays: int = 10
    connections: int = 3_000
    api_destinations: int = 3_000
    endpoints: int = 100
    invocation_rate_per_second: int = 300

"""Every quota and size limit of the service, each named after what AWS calls it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes are bytes unless the name says otherwise.

    Source: User Guide, page "EventBridge quotas", and the API model of botocore. ``put_events_request_size`` is the
    figure of the API reference; AWS raised it to 1,048,576 in most Regions in January 2026.
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

"""A service on a bench: an EventBridge of its own, without a hook in botocore, for the command line and the server.

The rules come from a template, through the same reading and the same operations as everywhere else. Here is no test
that could make what a template takes for granted, so a bus that it names and does not declare is made beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.delivery.forward import Services
from eventbridge_local.handle import EventBridge
from eventbridge_local.iac import LoadReport, TemplateSource, load
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Ids
from eventbridge_local.operations.service import Service
from eventbridge_local.operations.table import EventCheck
from eventbridge_local.options import Options

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Bench:
    """A service and its handle."""

    service: Service
    eb: EventBridge

    def perform(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Carry out an operation in the bench's own account and Region.

        Raises:
            ServiceError: what AWS would refuse.
        """
        return perform(self.service, operation, params, self.eb.account, self.eb.region)

    def load(self, template: TemplateSource) -> LoadReport:
        """Put the rules of a template. Buses that it uses and does not declare are created, and the report names them.

        Raises:
            UsageError: the template cannot be read.
            PlanRefused: AWS would refuse it.
        """
        plan = template.plan(self.eb.account, self.eb.region)
        return load(self.service, self.perform, plan, assume_buses=True)


def bench(options: Options) -> Bench:
    """An empty bench. A Region that the options leave open is us-east-1."""
    services = Services(options.forward, options.allow_hosts)
    service = Service(
        Clock(options.start()),
        Ids(options.seed),
        options.limits,
        services,
        options.seed,
        options.keep_records,
        options.organization,
        _event_check(options),
    )
    return Bench(service, EventBridge(service, options.account, options.region or DEFAULT_REGION))


def _event_check(options: Options) -> EventCheck | None:
    if options.contracts is None:
        return None
    from eventbridge_local.contracts.collection import check_put  # jsonschema, which most do without

    return partial(check_put, options.contracts)

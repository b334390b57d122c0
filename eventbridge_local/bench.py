"""A service on a bench: an EventBridge of its own, without a hook in botocore, for the command line and the server.

The rules come from a template, through the same reading and the same operations as everywhere else. Here is no test
that could make what a template takes for granted, so a bus that it names and does not declare is made beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from eventbridge_local.botocore_hooks.compiled import perform
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.plane import EventCheck
from eventbridge_local.errors import ServiceError
from eventbridge_local.handle import EventBridge
from eventbridge_local.iac import LoadReport, Plan, read, run
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Ids
from eventbridge_local.operations.service import Service
from eventbridge_local.options import Options

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Template:
    """A template and what it is read with; the arguments are those of ``iac.read``."""

    source: str
    parameters: Mapping[str, str]
    stack: str | None = None
    resources: Mapping[str, str] | None = None

    def plan(self, account: str, region: str) -> Plan:
        """Its plan.

        Raises:
            UsageError: it cannot be read; a broken file is named with line and column.
        """
        return read(
            self.source,
            parameters=self.parameters,
            stack=self.stack,
            resources=self.resources,
            account=account,
            region=region,
        )


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

    def load(self, template: Template) -> tuple[LoadReport, tuple[str, ...]]:
        """Put the rules of a template; returns the report, and the buses that had to be taken for granted.

        Raises:
            UsageError: the template cannot be read.
            PlanRefused: AWS would refuse it.
        """
        plan = template.plan(self.eb.account, self.eb.region)
        assumed = tuple(self._assume(plan))
        return run(plan, self.perform), assumed

    def _assume(self, plan: Plan) -> Iterator[str]:
        for name in undeclared_buses(plan):
            try:
                self.perform("CreateEventBus", {"Name": name})
            except ServiceError:
                continue  # the step that uses it is refused in its turn, and says where it stands
            yield name


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


def undeclared_buses(plan: Plan) -> tuple[str, ...]:
    """The names of buses that rules of a plan are on and that it does not make, ``default`` aside."""
    made = {"default", *(step.params.get("Name") for step in plan.steps if step.operation == "CreateEventBus")}
    used = [step.params.get("EventBusName", "default") for step in plan.steps if step.operation == "PutRule"]
    names = (name for name in used if isinstance(name, str) and parse_arn(name) is None)
    return tuple(dict.fromkeys(name for name in names if name not in made))

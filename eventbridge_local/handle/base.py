"""What every part of the handle stands on."""

from __future__ import annotations

from typing import Any, TypeVar

from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.delivery.journal import Call
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope
from eventbridge_local.operations.service import Service
from eventbridge_local.report import journal_text

T = TypeVar("T")


class Base:
    """One mock, seen from one account and Region.

    Attributes:
        account: twelve digits; where ``rule``, ``put`` and the like act.
        region: the Region in which they do.
    """

    def __init__(self, service: Service, account: str, region: str) -> None:
        self._service = service
        self.account = account
        self.region = region

    @property
    def _place(self) -> Scope:
        return self._service.store.scope(self.account, self.region)

    def _arn(self, target: T) -> T | str:
        """The ARN of what a loaded template calls by a name of its own; anything else as it is."""
        return self._service.names.get(target, target) if isinstance(target, str) else target

    def _rule_name(self, rule: T) -> T | str:
        """The name of a rule that a loaded template calls by a logical id; anything else as it is."""
        return self._service.rule_names.get(rule, rule) if isinstance(rule, str) else rule

    def _rules(self) -> list[Rule]:
        scopes = self._service.store.scopes
        return [rule for scope in scopes for bus in scope.buses.values() for rule in bus.rules.values()]

    def _perform(self, operation: str, **params: Any) -> dict[str, Any]:
        try:
            return perform(self._service, operation, params, self.account, self.region)
        except ServiceError as refused:
            hint = refused.hint or journal_text.hint_of(self._service.journal.of(Call)[-1])
            if hint:
                refused.add_note(f"eventbridge_local: {hint}")
            raise

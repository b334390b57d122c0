"""What a source says about who may do what: the policies of its queues, topics, functions, log groups and roles.

Every format fills a ``PermissionsBuilder``. It is done when somebody asks, not while a source is loaded: only ``lint``
and the check ``assert_targets_permitted`` do. Where a policy belongs to, or what is in it, may be known only after a
deployment. Then ``UNREAD`` stands in for the statement, or for one in every policy that it may belong to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eventbridge_local.iac.values import Unknown
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.policies.access import Permissions, RolePolicies, resource_of, statements_in
from eventbridge_local.policies.conditions import UNREAD, Guess


@dataclass(slots=True)
class PermissionsBuilder:
    """Collects policies: resources and roles first, then what is attached to them.

    Args:
        passing: ARNs of task definitions whose tasks have roles.
        references: what the source writes in place of an ARN.
    """

    passing: set[str] = field(default_factory=set)
    references: dict[str, Any] = field(default_factory=dict)
    _resources: dict[str, list[Any]] = field(default_factory=dict)
    _roles: dict[str, RolePolicies] = field(default_factory=dict)
    _statements_of_roles: dict[str, list[Any]] = field(default_factory=dict)
    _arns: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    _by_name: dict[tuple[str, str], str] = field(default_factory=dict)
    _elsewhere: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    _doubts: set[str] = field(default_factory=set)

    def name(self, arn: str, *, named: bool, made_up: bool = False) -> None:
        """Note the ARN of any resource of the source; ``named`` and ``made_up`` as in ``Guess``."""
        self._arns[arn] = (named, made_up)

    def declare(self, arn: str, statements: Iterable[Any] = ()) -> None:
        """Note a queue, topic, function or log group, and the statements that it has itself."""
        base = resource_of(arn)
        self._resources[base] = list(statements)
        self._by_name[_service(base), _name(base)] = base

    def declare_role(self, arn: str, trust: Iterable[Any], statements: Iterable[Any]) -> None:
        """Note a role with its trust policy, and the statements that it has itself."""
        trust = list(trust)
        # A role without a policy that says who may assume it is not written out: SAM makes it.
        self._statements_of_roles[arn] = found = [*statements, *(each for each in trust if each is UNREAD)]
        self._roles[arn] = RolePolicies(trust, found)
        self._by_name["iam", _name(arn)] = arn

    def attach(self, service: str, to: Any, document: Any) -> None:
        """Attach a policy to resources of a service.

        Args:
            service: as ARNs spell it; ``iam`` for roles.
            to: names, ARNs or URLs, one or several. One that is not known may be each of them.
            document: the policy: a mapping, its JSON, or an ``Unknown``.
        """
        statements = statements_in(readable(document))
        for each in to if isinstance(to, list) else [to]:
            if isinstance(each, str):
                self._policy(service, each).extend(statements)
            else:
                self.doubt(service)

    def attach_everywhere(self, service: str, document: Any) -> None:
        """Attach a policy to every resource of a service: those of CloudWatch Logs name their log groups themselves."""
        statements = statements_in(readable(document))
        for arn, policy in self._resources.items():
            if _service(arn) == service:
                policy.extend(statements)
        self._doubts.add(service)

    def permit(self, function: Any, *, principal: Any, action: Any, qualifier: Any = None, **given: Any) -> None:
        """Attach the permission of a Lambda function.

        Args:
            function: its name or ARN, perhaps with a version or alias behind it.
            principal, action, qualifier: of the permission.
            given: ``source_arn``, ``source_account`` and ``organization``, None where they are not given.
        """
        if not isinstance(function, str):
            self.doubt("lambda")
            return
        base = self._by_name.get(("lambda", _name(function)), f"arn:*:lambda:*:*:function:{_name(function)}")
        behind = _qualifier(function) or qualifier
        resource = base if behind is None else f"{base}:{behind}" if isinstance(behind, str) else UNREAD
        conditions = {
            operator: {key: readable(given[name])}
            for name, (operator, key) in _PERMISSION_CONDITIONS.items()
            if given.get(name) is not None
        }
        statement = {
            "Effect": "Allow",
            "Principal": _principal(principal),
            "Action": readable(action),
            "Resource": resource,
            "Condition": conditions,
        }
        self._policy("lambda", function).append(statement)

    def doubt(self, *services: str) -> None:
        """Note that every resource of these services, of all without any, may have a statement that is not known."""
        self._doubts.update(services or [""])
        for arn, statements in self._resources.items():
            if not services or _service(arn) in services:
                statements.append(UNREAD)
        for statements in self._statements_of_roles.values() if not services or "iam" in services else ():
            statements.append(UNREAD)

    def permissions(self) -> Permissions:
        """Return what was collected."""
        others = frozenset(self._arns)
        return Permissions(
            self._resources,
            self._roles,
            frozenset(self.passing),
            {
                resource_of(arn): Guess(arn, named=named, made_up=made_up, others=others)
                for arn, (named, made_up) in self._arns.items()
            },
            self.references,
            self._elsewhere,
            frozenset(self._doubts),
        )

    def _policy(self, service: str, name: str) -> list[Any]:
        """Return the statements of a resource or role by any of its names, also of one that is not of this source."""
        arn = self._by_name.get((service, _name(name)))
        if arn is None:
            return self._elsewhere.setdefault((service, _name(name)), [])
        return self._statements_of_roles[arn] if service == "iam" else self._resources[arn]


_PERMISSION_CONDITIONS: Mapping[str, tuple[str, str]] = {
    "source_arn": ("ArnLike", "aws:SourceArn"),
    "source_account": ("StringEquals", "aws:SourceAccount"),
    "organization": ("StringEqualsIgnoreCase", "aws:PrincipalOrgID"),
}


def readable(value: Any) -> Any:
    """Return a value with ``UNREAD`` for every part of it that is not known."""
    if isinstance(value, Unknown):
        return UNREAD
    if isinstance(value, dict):
        return {name: readable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [readable(inner) for inner in value]
    return value


def _principal(named: Any) -> Any:
    """Return the principal of a Lambda permission as a policy has it."""
    if not isinstance(named, str):
        return UNREAD
    if named == "*":
        return named
    return {"Service" if "amazonaws.com" in named else "AWS": named}


def _service(arn: str) -> str:
    parsed = parse_arn(arn)
    return "" if parsed is None else parsed.service


def _name(text: str) -> str:
    """Return the bare name in an ARN, in the URL of a queue, or in the forms in which Lambda takes a function."""
    parsed = parse_arn(text)
    if parsed is None and "://" in text:
        return text.rpartition("/")[2]
    parts = (text if parsed is None else parsed.resource).split(":")
    if "function" in parts[:-1][:2]:  # function:NAME, ACCOUNT:function:NAME
        return parts[parts.index("function") + 1]
    if parts[0] == "log-group":
        return parts[-1] if len(parts) == 1 else parts[1]
    return parts[0].rpartition("/")[2] if parsed is not None and parsed.service == "iam" else parts[0]


def _qualifier(function: str) -> str | None:
    parsed = parse_arn(function)
    parts = (function if parsed is None else parsed.resource).split(":")
    if "function" in parts[:-1][:2]:
        parts = parts[parts.index("function") + 1 :]
    return parts[1] if len(parts) > 1 else None

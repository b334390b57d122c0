"""The policy of an event bus as a text of PutPermission: what AWS refuses about it, and how AWS answers it.

Strategy: three passes, in AWS's order as far as it was captured. The text must be JSON and a policy at all. Then each
statement is read, which is where AWS names a line and a column. Then come the members that a policy of a bus must or
must not have, its resources and its principals.

Source: captured in September 2026 (stackd, ``permissions.json``). What was not captured has the words that IAM and S3
use for the same mistake in their policies; the fidelity page says which. Nothing here looks anything up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from eventbridge_local.errors import ServiceError, validation_error
from eventbridge_local.model.arn import Arn, parse_arn
from eventbridge_local.model.hash_order import in_hash_order
from eventbridge_local.policies.conditions import known_operator, like
from eventbridge_local.policies.statements import NO_ACCOUNT, Document, root_arn, several, statements_of

#: The actions that the policy of a bus may name; AWS refuses every other of the service (captured, one by one).
ACTIONS = tuple(
    f"events:{name}"
    for name in (
        "DeleteRule",
        "DescribeEventBus",
        "DescribeRule",
        "DisableRule",
        "EnableRule",
        "ListRuleNamesByTarget",
        "ListRules",
        "ListTagsForResource",
        "ListTargetsByRule",
        "PutEvents",
        "PutRule",
        "PutTargets",
        "RemoveTargets",
        "TagResource",
        "UntagResource",
    )
)
_VERSIONS = ("2012-10-17", "2008-10-17")
_MEMBERS = ("Version", "Id", "Statement")
_PROHIBITED = ("NotAction", "NotResource", "NotPrincipal")
_ELEMENTS = ("Sid", "Effect", "Principal", "Action", "Resource", "Condition")
_REQUIRED = ("Sid", "Effect", "Principal", "Action", "Resource")
_ACCOUNT = re.compile(r"[0-9]{12}")
_BLANKS = re.compile(r"[ \t\n\r]*")
_NEWLINE = "\n"
_DECODER = json.JSONDecoder()


class PolicyBus(NamedTuple):
    """The bus that a policy is for."""

    name: str
    arn: Arn


def read_policy(text: str, bus: PolicyBus) -> Document:
    """Return a policy as AWS answers it: its statements in a list, account ids as ARNs.

    Raises:
        ServiceError: ValidationException in AWS's words.
    """
    policy = _policy_of(text)
    statements, sids = statements_of(policy), set[str]()
    for statement, place in zip(statements, _places(text), strict=True):
        _check_statement(statement, place)
        if statement.get("Sid") in sids:
            raise _invalid(place, "The Statement Ids in the policy are not unique")
        sids.add(statement.get("Sid", ""))
    for statement in statements:
        _check_elements(statement)
    for statement in statements:
        for resource in several(statement["Resource"]):
            _check_resource(resource, bus)
        _check_principal(statement["Principal"], bus)
    answered = [_answered(statement, bus) for statement in statements]
    return {name: answered if name == "Statement" else policy[name] for name in _MEMBERS if name in policy}


# the text


def _policy_of(text: str) -> dict[str, Any]:
    """Return the policy of a text that is one, with at least one statement."""
    try:
        policy = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise validation_error("This policy contains invalid Json") from None
    if not isinstance(policy, dict):
        raise validation_error("This text appears not to be a policy", hint="a policy is a JSON object")
    _check_known(policy, _MEMBERS)
    _check_present(policy, "Version")
    if policy["Version"] not in _VERSIONS:
        raise validation_error("The policy must contain a valid version string", hint=f"one of {', '.join(_VERSIONS)}")
    _check_present(policy, "Statement")
    if not isinstance(policy["Statement"], list | dict):
        raise _syntax('"Statement" is an object or a list of objects')
    if not policy["Statement"]:
        raise validation_error("Could not parse the policy: Statement is empty!")
    if not isinstance(policy.get("Id", ""), str):
        raise _syntax('"Id" is a string')
    return policy


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _places(text: str) -> Iterator[str]:
    """Yield where AWS says that the statements are, such as ``line 1 column 38``: just behind what comes before each.

    That is the ``[`` before the first one, and the ``}`` of the one before any other (captured for both).
    """
    at = _value_of(text, "Statement")
    if text[at] != "[":
        yield _line_and_column(text, at)
        return
    behind, begins = at + 1, _skip(text, at + 1)
    while True:
        yield _line_and_column(text, behind)
        behind = _DECODER.raw_decode(text, begins)[1]
        comma = _skip(text, behind)
        if text[comma] == "]":
            return
        begins = _skip(text, comma + 1)


def _value_of(text: str, name: str) -> int:
    """Return where the value of a member of a JSON object begins; that of the last one, if it is repeated."""
    found, at = 0, _skip(text, 0)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, _skip(text, at + 1))
        at = _skip(text, _skip(text, at) + 1)
        found = at if key == name else found
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
    return found


def _skip(text: str, at: int) -> int:
    """Return where the next token begins."""
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()


def _line_and_column(text: str, at: int) -> str:
    return f"line {text.count(_NEWLINE, 0, at) + 1} column {at - text.rfind(_NEWLINE, 0, at)}"


# the statements


def _check_statement(statement: Any, place: str) -> None:
    """Refuse what AWS refuses while it reads a statement: its form, and the names of its actions."""
    if not isinstance(statement, Mapping):
        raise _syntax("a statement is an object")
    _check_known(statement, (*_ELEMENTS, *_PROHIBITED))
    if not isinstance(statement.get("Sid", ""), str):
        raise _syntax('"Sid" is a string')
    if "Effect" in statement and statement["Effect"] not in ("Allow", "Deny"):
        raise validation_error(f"Invalid effect: {statement['Effect']}", hint='"Allow" or "Deny"')
    for element in ("Action", "Resource"):
        if not _is_texts(statement.get(element, ())):
            raise _syntax(f'"{element}" is a string or a list of strings')
    _check_actions(list(several(statement.get("Action", ()))), place)
    _check_condition(statement.get("Condition", {}))


def _check_actions(actions: list[str], place: str) -> None:
    """Refuse actions of other services, and those that no policy of a bus may name, all of a statement in one text."""
    if any(action != "*" and not action.lower().startswith("events:") for action in actions):
        raise _invalid(place, "Action field includes AWS services that are inconsistent with specified vendor")
    wrong = [action for action in actions if not any(like(action.lower(), known.lower()) for known in ACTIONS)]
    if wrong:
        names = ", ".join(f'"{name}"' for name in in_hash_order(wrong))
        raise _invalid(place, f"The following action names are invalid: {names}")


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, Mapping) or not all(isinstance(keys, Mapping) for keys in condition.values()):
        raise _syntax('"Condition" names operators, and each of them names keys')
    for operator in condition:
        if not known_operator(operator):
            raise _syntax(f"IAM has no operator {operator!r} for conditions")


# what a policy of a bus must and must not have


def _check_elements(statement: Mapping[str, Any]) -> None:
    for element in _PROHIBITED:
        if element in statement:
            raise validation_error(f"Has prohibited field {element}")
    for element in _REQUIRED:
        _check_present(statement, element)


def _check_present(thing: Mapping[str, Any], member: str) -> None:
    """Refuse a member that is missing, or that names nothing."""
    if thing.get(member, "") in ("", []) and not (member == "Statement" and member in thing):
        raise validation_error(f"Missing required field {member}")


def _check_known(thing: Mapping[str, Any], members: tuple[str, ...]) -> None:
    for name in thing:
        if name not in members:
            raise validation_error(f"Unknown field {name}", hint=f"known are {', '.join(members)}")


def _check_resource(resource: str, bus: PolicyBus) -> None:
    """Refuse a resource that is neither the bus nor its rules; Region and partition may have wildcards (captured)."""
    arn = parse_arn(resource)
    if resource == "*":
        return
    if arn is None:
        raise validation_error(f'Resource {resource} must be in ARN format or "*".')
    if arn.account != bus.arn.account:
        raise validation_error(f'The namespace "{arn.account}" is invalid for ARN "{resource}"')
    rules = "rule/" if bus.name == "default" else f"rule/{bus.name}/"
    is_rule = arn.resource.startswith(rules) and arn.resource != rules
    here = arn.service == "events" and like(arn.partition, bus.arn.partition) and like(arn.region, bus.arn.region)
    if not here or not (is_rule or arn.resource == f"event-bus/{bus.name}"):
        raise validation_error(f'The relative-id "{arn.resource}" is invalid for ARN "{resource}"')


def _check_principal(principal: Any, bus: PolicyBus) -> None:
    """Refuse a principal that is not everyone, or accounts, users and roles by id or ARN, or services by name."""
    if principal == "*":
        return
    valid = isinstance(principal, Mapping) and bool(principal) and all(map(_is_texts, principal.values()))
    if not valid or not all(_is_aws_principal(each, bus) for each in several(principal.get("AWS", ()))):
        raise validation_error("Policy contains an invalid principal")


def _is_aws_principal(text: str, bus: PolicyBus) -> bool:
    arn = parse_arn(text)
    account = text if arn is None or arn.service not in ("iam", "sts") else arn.account
    unknown = account == NO_ACCOUNT != bus.arn.account
    return text == "*" or (_ACCOUNT.fullmatch(account) is not None and not unknown)


def _is_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(each, str) for each in value))


# how AWS answers it


def _answered(statement: Mapping[str, Any], bus: PolicyBus) -> Document:
    """Return a statement with account ids as ARNs, its elements in the order of the grammar."""
    principal = statement["Principal"]
    if isinstance(principal, Mapping) and "AWS" in principal:
        named = principal["AWS"]
        roots = _root(named, bus) if isinstance(named, str) else [_root(each, bus) for each in named]
        principal = {**principal, "AWS": roots}
    return {name: {**statement, "Principal": principal}[name] for name in _ELEMENTS if name in statement}


def _root(principal: str, bus: PolicyBus) -> str:
    if _ACCOUNT.fullmatch(principal) is None:
        return principal
    return root_arn(principal, bus.arn.region)


def _invalid(place: str, words: str) -> ServiceError:
    return validation_error(f"Invalid statement at {place}: {words}")


def _syntax(hint: str) -> ServiceError:
    return validation_error("Syntax errors in policy.", hint=hint)

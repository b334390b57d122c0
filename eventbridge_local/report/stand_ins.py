"""Stand-ins for nothing: names that a test gave to ``connect`` or ``fail_target`` and that are no target of any rule.

A handler is found by every name of a target: its ARN, the name of the resource, the URL that an API destination calls.
A name that none of them has is most likely misspelt, and the handler is never called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from eventbridge_local.advice import did_you_mean, suggest
from eventbridge_local.delivery.handlers import TargetSpy
from eventbridge_local.delivery.pending import dead_letter_queue
from eventbridge_local.errors import CheckFailed
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.model.records import Target
from eventbridge_local.report.hints import Seen, about_delivery, users_rules

if TYPE_CHECKING:
    from eventbridge_local.operations.service import Service

_MOST = 10
_TO_ALLOW = "To allow this: assert_all_connected_used=False"


class StandIn(NamedTuple):
    """What a test put in the place of a target.

    Attributes:
        name: the ARN, name, URL or target id that it is found by.
        text: what the test did.
        is_failure: whether it is a failure, which is also found by the id of a target.
    """

    name: str
    text: str
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class _Receivers:
    """What events of a mock can go to.

    Attributes:
        arns: of targets, dead-letter queues, and connections that fetch tokens.
        ids: the ids of targets.
        urls: endpoints of API destinations and token endpoints; ``*`` stands for a part of the path.
        gateways: the beginnings of the URLs that targets without a destination have.
    """

    arns: tuple[str, ...]
    ids: frozenset[str]
    urls: tuple[str, ...]
    gateways: tuple[str, ...]

    @property
    def names(self) -> set[str]:
        """Return every name that something among the ARNs has."""
        return {name for arn in self.arns for name in names_of(arn)}


def unused_stand_ins(seen: Seen, service: Service) -> Iterator[Exception]:
    """Yield the handlers and the failures of targets whose name is no target of any rule now."""
    receivers = _receivers(service, seen)
    found = [(each, _unknown(receivers, each.name)) for each in _unused(service, receivers)]
    taken = [each.name for each in _stand_ins(service)]
    for each, no_target in found[:_MOST]:
        yield CheckFailed(f"{each.text}, but {no_target}{_meant(receivers, each.name, taken)}\n{_TO_ALLOW}")
    if len(found) > _MOST:
        names = ", ".join(repr(each.name) for each, _ in found[_MOST : 2 * _MOST])
        more = ", ..." * (len(found) > 2 * _MOST)
        yield CheckFailed(f"and {len(found) - _MOST} more stand for no target: {names}{more}\n{_TO_ALLOW}")


def misspelt(seen: Seen, service: Service, told: str = "") -> Iterator[str]:
    """Yield the names given to ``connect`` and ``fail_target`` that are no target, if one has a similar one.

    A target with a handler or a failure of its own is not what another name was meant for.

    Args:
        told: what the test was told already; it is not told again.
    """
    if not (service.handlers.spies or service.faults.arranged):
        return
    receivers = _receivers(service, seen)
    taken = [each.name for each in _stand_ins(service)]
    for each in _unused(service, receivers):
        no_target, meant = _unknown(receivers, each.name), _near(receivers, each.name, taken)
        if meant and no_target not in told:
            yield f"{each.text}, but {no_target}{meant}"


def about_silence(spy: TargetSpy, seen: Seen, service: Service) -> Iterator[str]:
    """Yield why a connected handler was never called."""
    name = next((name for name, each in service.handlers.spies.items() if each is spy), None)
    if name is None:
        if spy.target in service.handlers.spies:
            yield f"another handler was connected to {spy.target!r} after this one, and took its place"
        return
    receivers = _receivers(service, seen)
    if not _is_known(receivers, name):
        taken = [each.name for each in _stand_ins(service)]
        yield f"{_unknown(receivers, name)}{_meant(receivers, name, taken)}"
    elif any(name in names_of(target.arn) for rule in seen.rules for target in rule.targets):
        yield from about_delivery(seen, None, name)


def _stand_ins(service: Service) -> list[StandIn]:
    """Return what stands for targets, each once. A handler that a template brought is nobody's mistake."""
    handlers = [
        StandIn(name, f"a handler is connected to {spy.target!r}")
        for name, spy in service.handlers.spies.items()
        if not spy.is_of_template
    ]
    failing = [
        StandIn(name, f"fail_target was called for {name!r}", is_failure=True)
        for name in dict.fromkeys(fault.target for fault in service.faults.arranged)
    ]
    return handlers + failing


def _unused(service: Service, receivers: _Receivers) -> list[StandIn]:
    """Return the stand-ins for what is no target now, and has not been one of a delivery that was made."""
    called = {name for name, spy in service.handlers.spies.items() if len(spy)}
    found = [
        each
        for each in _stand_ins(service)
        if each.name not in called
        and not (each.is_failure and each.name in receivers.ids)
        and not _is_known(receivers, each.name)
    ]
    if found:  # a rule may be gone by now
        reached = _reached(service)
        found = [each for each in found if each.name not in reached]
    return found


def _reached(service: Service) -> set[str]:
    """Return the names and ids of the targets that events went to, and of their dead-letter queues."""
    targets = [delivery.target for delivery in service.journal.deliveries]
    arns = {*(target.arn for target in targets), *(letter.queue for letter in service.journal.dead_letters)}
    return {*(target.id for target in targets), *(name for arn in arns for name in names_of(arn))}


def _receivers(service: Service, seen: Seen) -> _Receivers:
    targets = [target for rule in seen.rules for target in rule.targets]
    used = {target.arn for target in targets}
    urls: list[str] = []
    connections: list[str] = []
    for scope in service.store.scopes:
        urls += [each.endpoint for each in scope.api_destinations.values() if each.arn in used]
        for connection in scope.connections.values():
            if oauth := connection.auth.get("OAuthParameters"):
                connections.append(connection.arn)
                urls.append(str(oauth.get("AuthorizationEndpoint", "")))
    queues = filter(None, map(dead_letter_queue, targets))
    own = [target.arn for rule in users_rules(seen.rules) for target in rule.targets]
    arns = tuple(dict.fromkeys([*own, *queues, *connections, *sorted(used)]))
    gateways = tuple(filter(None, map(_gateway, targets)))
    return _Receivers(arns, frozenset(target.id for target in targets), tuple(map(_with_scheme, urls)), gateways)


def _gateway(target: Target) -> str:
    """Return how the URL of a target begins that needs no API destination: a REST API or a GraphQL API; else ""."""
    arn = parse_arn(target.arn)
    if arn is not None and arn.service == "execute-api":
        return f"https://{arn.resource.partition('/')[0]}.execute-api."
    return "https://" if arn is not None and arn.service == "appsync" else ""


def _with_scheme(endpoint: str) -> str:
    return endpoint if "://" in endpoint else f"https://{endpoint}"


def _is_known(receivers: _Receivers, name: str) -> bool:
    """Return whether something answers to a name."""
    if "://" not in name:
        return name in receivers.names
    calls: Callable[[str], bool] = lambda url: _matches(url, name)  # noqa: E731
    return any(map(calls, receivers.urls)) or any(map(name.startswith, receivers.gateways))


def _matches(endpoint: str, url: str) -> bool:
    """Return whether a URL that a handler is connected to is called for an endpoint: whole, or scheme and host of it.

    Path parameters stand for ``*`` and the query is extended, so only the rest must be equal.
    """
    path = endpoint.partition("?")[0]
    pattern = ".*".join(map(re.escape, path.split("*")))
    return re.fullmatch(pattern, url.partition("?")[0]) is not None or url == _origin(endpoint)


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?]', rest, maxsplit=1)[0]}"


def _unknown(receivers: _Receivers, name: str) -> str:
    return f"no rule has a destination with the URL {name!r}" if "://" in name else f"no rule has a target {name!r}"


def _meant(receivers: _Receivers, name: str, taken: Iterable[str]) -> str:
    """Return the target that was probably meant, or else those there are."""
    if near := _near(receivers, name, taken):
        return near
    return suggest(name, receivers.urls if "://" in name else _last_names(receivers.arns, ()), 10)


def _near(receivers: _Receivers, name: str, taken: Iterable[str]) -> str:
    """Return the target that was probably meant, or "" where none is like it.

    ARNs are compared by their last names, because all of them begin alike.
    """
    if "://" in name:
        return did_you_mean(name, (*receivers.urls, *map(_origin, receivers.urls)))
    free = _last_names(receivers.arns, taken)
    last = names_of(name)[-1]
    return f"; did you mean {free[last]!r}?" if last in free and free[last] != name else did_you_mean(last, free)


def _last_names(arns: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return ARNs by their last names, without those that have a stand-in of their own."""
    taken = set(taken)
    return {names_of(arn)[-1]: arn for arn in arns if not taken.intersection(names_of(arn))}

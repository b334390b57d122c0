"""Rules with a schedule: each armed on the clock for its next instant, and fired at it.

A scheduled event is a real event on the default bus: other rules may match it (facts 8.4). Its time is the instant it
was due. Changing a rule in anything but its schedule keeps its rhythm; that and "the first time is one interval after
the rule was put" are our choice where AWS documents nothing.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from eventbridge_local.delivery.engine import Engine
from eventbridge_local.delivery.route import Arrival
from eventbridge_local.model.clock import Clock, Timer
from eventbridge_local.model.event import Ids, new_event
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope

if TYPE_CHECKING:  # few tests have a schedule
    from eventbridge_local.schedules import Schedule

_Key = tuple[str, str, str]
#: Firings that take some seconds.
_WORTH_SAYING = 100_000


@dataclass(slots=True, eq=False, repr=False)
class _Rhythm:
    """The schedule a rule has, since when, and the timer of its next firing while the rule is enabled."""

    text: str
    schedule: Schedule
    since: datetime
    timer: Timer | None = None


class Scheduler:
    """Keeps one timer for each enabled rule with a schedule."""

    def __init__(self, engine: Engine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._rhythms: dict[_Key, _Rhythm] = {}
        clock.announce = self._announce

    def follow(self, scope: Scope, rule: Rule) -> None:
        """Arm, re-arm or disarm a rule after it was put, enabled or disabled."""
        if rule.schedule is None and not self._rhythms:  # as in most tests
            return
        key = _key(scope, rule)
        rhythm = self._rhythms.get(key)
        if rhythm is not None and rhythm.timer is not None:
            if rule.enabled and rule.schedule_text == rhythm.text:
                return
            rhythm.timer.cancel()
            rhythm.timer = None
        if rule.schedule_text is None or rule.schedule is None:
            self._rhythms.pop(key, None)
            return
        if rhythm is None or rhythm.text != rule.schedule_text:
            rhythm = self._rhythms[key] = _Rhythm(rule.schedule_text, rule.schedule, self._clock.now)
        if rule.enabled:
            self._arm(scope, rule, rhythm, self._clock.now)

    def forget(self, scope: Scope, rule: Rule) -> None:
        """Disarm a rule that was deleted."""
        rhythm = self._rhythms.pop(_key(scope, rule), None)
        if rhythm is not None and rhythm.timer is not None:
            rhythm.timer.cancel()

    def _arm(self, scope: Scope, rule: Rule, rhythm: _Rhythm, after: datetime) -> None:
        """Set the timer of the first firing. Its instant is found when the clock moves: most tests never move it."""
        schedule = rule.schedule
        assert schedule is not None
        timer = rhythm.timer = self._clock.at_next(
            lambda: schedule.next_after(after, created=rhythm.since),
            lambda: self._fire(scope, rule, rhythm, timer.due),
            "fired",
        )

    def _announce(self, until: datetime) -> None:
        """Say on standard error how often schedules will fire until then, if somebody will wait for it."""
        counts = {key: self._count(rhythm, until) for key, rhythm in self._rhythms.items()}
        total = sum(counts.values())
        if total < _WORTH_SAYING:
            return
        (_, _, name), most = max(counts.items(), key=lambda item: item[1])
        text = self._rhythms[max(counts, key=lambda key: counts[key])].text
        print(
            f"eventbridge_local: schedules will fire about {total:,} times until {until.isoformat()}, of which rule "
            f"{name!r} ({text}) {most:,} times. Ctrl-C stops it; disable the rule or advance by less to save the time",
            file=sys.stderr,
        )

    def _count(self, rhythm: _Rhythm, until: datetime) -> int:
        """Return about how often a schedule will fire until then."""
        if rhythm.timer is None:
            return 0
        first = rhythm.schedule.next_after(self._clock.now, created=rhythm.since)
        return 0 if first is None or first > until else rhythm.schedule.count(first, until)

    def _fire(self, scope: Scope, rule: Rule, rhythm: _Rhythm, due: datetime) -> None:
        # The next timer is set first: a target may disable or replace the rule that calls it. It counts from the
        # instant that was due, which a real clock that jumped has left behind: what it jumped over fires too.
        assert rule.schedule is not None
        following = rule.schedule.next_after(due, created=rhythm.since)
        rhythm.timer = (
            None
            if following is None
            else self._clock.at(following, lambda: self._fire(scope, rule, rhythm, following), "fired")
        )
        event = new_event(
            id=self._ids.uuid(),
            detail_type="Scheduled Event",
            source="aws.events",
            account=scope.account,
            time=due,
            region=scope.region,
            resources=(rule.arn,),
            detail_text="{}",
            tree={},
        )
        self._engine.accept([Arrival(scope, rule.bus, event, fired=rule.name)])


def _key(scope: Scope, rule: Rule) -> _Key:
    return scope.account, scope.region, rule.name

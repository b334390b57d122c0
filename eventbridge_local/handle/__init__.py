"""The handle: what ``with mock_eventbridge() as eb:`` gives. It arranges, puts, asks and asserts."""

from __future__ import annotations

from eventbridge_local import session
from eventbridge_local.handle.acting import Acting
from eventbridge_local.handle.arranging import Arranging
from eventbridge_local.handle.asserting import Asserting
from eventbridge_local.handle.explaining import Explaining
from eventbridge_local.handle.failing import Failing
from eventbridge_local.handle.looking import JournalView

__all__ = ["EventBridge", "JournalView"]


class EventBridge(Arranging, Failing, Acting, Explaining, Asserting):
    """The mock from the test's side. For annotations; ``mock_eventbridge()`` makes it."""

    def reset(self) -> None:
        """Forget buses, rules, connected handlers, arranged failures and the journal; clock and options stay."""
        session.tell("forgets", self)
        self._service.reset()

    def __repr__(self) -> str:
        return f"<EventBridge of {self.account} in {self.region}, {len(self.events)} entries>"

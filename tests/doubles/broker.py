"""A broker of events that does what a test wants: takes, refuses, or is away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from conversations.events.resting import RestingTransport
from conversations.events.transports.base import BrokerUnavailable, Event, Refusal


@dataclass(kw_only=True)
class BrokerDouble:
    """A Transport that keeps what it was sent, in order, and each call's number of events."""

    taken: list[Event] = field(default_factory=list)
    refused: list[Event] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    is_away: bool = False
    reason_to_refuse: Callable[[Event], str | None] = lambda _event: None
    before_answering: Callable[[], None] = lambda: None

    def publish(self, events: Sequence[Event]) -> list[Refusal | None]:
        """Take or refuse each event."""
        self.calls.append(len(events))
        if self.is_away:
            raise BrokerUnavailable("away")
        answers = [self._answer(event) for event in events]
        self.before_answering()
        return answers

    def _answer(self, event: Event) -> Refusal | None:
        reason = self.reason_to_refuse(event)
        if reason is None:
            self.taken.append(event)
            return None
        self.refused.append(event)
        return Refusal(reason=reason)

    def close(self) -> None:
        """Nothing is open."""

    def of(self, user_id: str) -> list[Event]:
        """Return what was taken of a user's events."""
        return [event for event in self.taken if event["user_id"] == user_id]

    def rested(self) -> RestingTransport:
        """Return the transport of a process that knows of no failure yet."""
        return RestingTransport(build=lambda: self)

"""What the publisher of events needs of a message broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Event = Mapping[str, Any]
"""An event as docs/events.md describes it, ready for JSON."""


class BrokerUnavailable(Exception):
    """The broker is away, too slow or unwell: which events it has taken is not known.

    All of them are to be sent again. The message names the kind of failure, no address.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The broker is well and will not take this event; `reason` says why, without its content."""

    reason: str


class Transport(Protocol):
    """A way to a broker that keeps events until consumers have them. One thread uses it."""

    def publish(self, events: Sequence[Event]) -> list[Refusal | None]:
        """Send events; return for each whether the broker confirmed it (None) or refused it.

        The events of one call belong to different conversations: they are sent in their order,
        but one refused does not hold up those after it. Raises BrokerUnavailable.
        """

    def close(self) -> None:
        """Close the connections."""

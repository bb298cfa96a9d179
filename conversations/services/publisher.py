"""Sending rows of the log in order; what the broker refuses is parked, with what follows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from conversations.events.resting import RestingTransport
from conversations.events.transports.base import BrokerUnavailable, Refusal
from conversations.events.waves import Row, stream_of, waves
from conversations.metrics import EVENTS_PARKED, EVENTS_PUBLISHED, EVENTS_RETRIED
from conversations.repository import parked
from conversations.services.lease import Clock, Lease


@dataclass(kw_only=True)
class Publisher:
    """Sends rows of a partition that this worker holds.

    Each call sends in waves, and raises BrokerUnavailable, or LeaseLost before the next of them.
    """

    transport: RestingTransport
    clock: Clock
    lease: Lease
    _held_back: dict[str, str] = field(default_factory=dict, init=False)

    def hold_back(self, rows: Iterable[Row]) -> None:
        """Let nothing of the conversations of these rows be sent: they are parked."""
        for row in rows:
            self._held_back.setdefault(stream_of(row), row["event_id"])

    def send(self, rows: Sequence[Row]) -> bool:
        """Send rows, given in order; returns whether some of them are parked now."""
        number = 0
        for wave in waves(rows):
            self.hold_back(row for row in wave if "parked" in row)
            free, behind = self._divide(wave)
            for row in behind:
                self._park_behind(row)
            number += len(wave) - len(self._send_wave(free))
        return number > 0

    def resend(self, rows: Sequence[Row]) -> int:
        """Send parked rows, given in order; returns how many are parked no more."""
        number = 0
        for wave in waves(rows):
            free, _ = self._divide(wave)
            taken = self._send_wave(free)
            for row in taken:
                parked.unpark(row)
            number += len(taken)
        return number

    def _divide(self, wave: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        free = [row for row in wave if stream_of(row) not in self._held_back]
        behind = [row for row in wave if stream_of(row) in self._held_back]
        return free, behind

    def _send_wave(self, wave: Sequence[Row]) -> list[Row]:
        """Send rows of different conversations; returns those that the broker has taken."""
        answers = self._publish(wave) if wave else []
        taken = []
        for row, answer in zip(wave, answers, strict=True):
            if answer is None:
                taken.append(row)
            else:
                self._park(row, reason=answer.reason)
                self.hold_back([row])
        return taken

    def _publish(self, rows: Sequence[Row]) -> list[Refusal | None]:
        self.lease.keep()
        try:
            answers = self.transport.publish([row["event"] for row in rows])
        except BrokerUnavailable:
            EVENTS_RETRIED.inc(len(rows))
            raise
        EVENTS_PUBLISHED.inc(answers.count(None))
        return answers

    def _park_behind(self, row: Row) -> None:
        # One that is parked already: by a worker that died before the checkpoint passed it.
        if "parked" not in row:
            self._park(row, reason=f"behind event {self._held_back[stream_of(row)]}")

    def _park(self, row: Row, *, reason: str) -> None:
        parked.park(row=row, reason=reason, now=self.clock())
        if "parked" not in row:
            EVENTS_PARKED.inc()

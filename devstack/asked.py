import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Asked:
    """Counts how often this process was asked to end, from its creation on."""

    def __init__(self) -> None:
        self.times = 0
        for signum in SIGNALS:
            signal.signal(signum, self._count)

    def _count(self, _signum: int, _frame: FrameType | None) -> None:
        self.times += 1

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

NAME_WIDTH = 12


class Progress:
    """Says what is being prepared: a spinner where there is a terminal, a line for each step."""

    def __init__(self, *, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, name: str, *, since: float | None = None) -> Iterator[Callable[[str], None]]:
        """Show `name` while the block runs, then its line with the seconds from `since` or now.

        The block gets a function to call with a few words for that line.
        """
        started = time.monotonic() if since is None else since
        notes: list[str] = []
        with self._console.status(f"{name} …"):
            yield notes.append
        note = " ".join(notes)
        seconds = time.monotonic() - started
        self.line(f"{name:<{NAME_WIDTH}} {note:<44} {seconds:5.1f} s")

    def line(self, text: str) -> None:
        """Print one line as it is."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

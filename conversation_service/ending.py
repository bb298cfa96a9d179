"""Word of the end of a process, beside whoever handles its signals."""

import signal
import socket
import threading
from collections.abc import Callable

ENDING = frozenset({signal.SIGINT, signal.SIGTERM})


def when_asked_to_end(call: Callable[[], object]) -> None:
    """Call something, in a thread of its own, at each SIGINT or SIGTERM.

    To be called in the main thread. A web server sets its handlers after it has loaded the
    application; the number of a signal is written here whatever handler there is
    (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).
    """
    told, tells = socket.socketpair()
    tells.setblocking(False)
    signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)

    def listen() -> None:
        with told, tells:
            while True:
                if ENDING.intersection(told.recv(64)):
                    call()

    threading.Thread(target=listen, name="ending", daemon=True).start()

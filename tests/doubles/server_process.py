"""A real server that a test takes away in every way a server can go."""

import signal
import subprocess


class ServerProcess:
    """The process of a server; whoever inherits starts it, as `_process`."""

    _process: "subprocess.Popen[bytes] | None" = None

    def hang(self) -> None:
        """Stop answering, with all connections open, until `resume`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on answering."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End at once; what it has not written is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

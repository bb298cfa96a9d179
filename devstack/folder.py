import fcntl
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import StackError

SOCKET_PATH_BYTES = 100  # sun_path holds 104 bytes on macOS and 108 on Linux, unix(7)
PREDECESSOR_SECONDS = 15.0  # above what the guardian of a killed supervisor may take


@dataclass(frozen=True, kw_only=True)
class Folder:
    """DATA_DIR as the stack uses it. `run` holds what only a running stack needs."""

    root: Path

    @property
    def run(self) -> Path:
        """Sockets, rendered configuration, temporary files."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.root / "logs"

    @property
    def env_file(self) -> Path:
        """Names the running servers for commands started outside the supervisor."""
        return self.run / "stack.env"


def open_folder(root: Path) -> Folder:
    """Create what is missing below `root`; StackError where it cannot be written."""
    folder = Folder(root=root.absolute())
    try:
        for path in (folder.run, folder.logs):
            path.mkdir(parents=True, exist_ok=True)
        folder.run.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder.root):
            pass
    except OSError as error:
        raise StackError(
            f"the data folder {folder.root} cannot be used: {error.strerror}"
        ) from None
    return folder


def lock(folder: Folder) -> int:
    """Take the folder for this supervisor; the descriptor returned holds it until closed.

    Raises StackError when another supervisor has it. One that was killed may still have its
    guardian at work; that is waited for.
    """
    descriptor = os.open(folder.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    while not _try_lock(descriptor):
        owner = os.pread(descriptor, 20, 0).decode()
        if _is_running(owner) or time.monotonic() > deadline:
            os.close(descriptor)
            raise StackError(
                f"the data folder {folder.root} is in use by another run (process {owner})"
            )
        time.sleep(0.1)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def socket_path(folder: Folder, *, scratch: Path) -> Path:
    """Return a free path for the web server's socket: in `run`, or in `scratch` where too long."""
    path = folder.run / "web.sock"
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
        return scratch / path.name
    path.unlink(missing_ok=True)  # a web server that was killed leaves it
    return path


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_running(pid: str) -> bool:
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

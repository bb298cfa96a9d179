"""SecantusDB, once its data folder is rid of what a kill left half made.

It makes a table with the first collection that belongs there, in steps. Killed between them (6 of
200 kills amid first writes), it refuses to start again: "cannot be used until all column groups
are created". Such a table was never written to, so it is dropped, and made again when needed.
"""

import os
import sys
from pathlib import Path

import wiredtiger

# As the server opens its own; without the log there is no recovery.
WITH_LOG = "log=(enabled=true,file_max=10MB,prealloc=false)"


def main(argv: list[str]) -> None:
    """Become the server `argv`, whose data folder follows `--storage-path`."""
    folder = Path(argv[argv.index("--storage-path") + 1])
    if (folder / "WiredTiger.turtle").exists():
        drop_half_made(folder)
    os.execv(argv[0], argv)  # noqa: S606  # the words are the stack's own


def drop_half_made(folder: Path) -> None:
    """Drop the tables without a column group; a folder that cannot be opened stays as it is.

    The server itself then says what is wrong with it.
    """
    try:
        connection = wiredtiger.wiredtiger_open(str(folder), WITH_LOG)
        try:
            session = connection.open_session()
            for name in _half_made({key for key, _ in session.open_cursor("metadata:")}):
                session.drop(f"table:{name}", "force=true")
        finally:
            connection.close()
    except wiredtiger.WiredTigerError as error:
        print(f"the data folder was not looked through: {error}", file=sys.stderr)


def _half_made(metadata: set[str]) -> list[str]:
    tables = {key.removeprefix("table:") for key in metadata if key.startswith("table:")}
    return sorted(name for name in tables if f"colgroup:{name}" not in metadata)


if __name__ == "__main__":
    main(sys.argv[1:])

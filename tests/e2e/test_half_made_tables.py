"""The embedded database starts on what a kill left of a table that was being made."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest

from devstack.child import ROOT
from devstack.ports import accepts, free_port
from tests.doubles.supervised import eventually

wiredtiger = pytest.importorskip("wiredtiger")

START_SECONDS = 60
# It spreads collections over 16 tables by their names: these are in all of them.
COLLECTIONS = [f"collection_{number}" for number in range(100)]


def test_a_half_made_table_is_dropped_and_all_else_is_kept(tmp_path: Path) -> None:
    """The server alone refuses such a folder; by the stack's way it starts, and has the rest."""
    with running(tmp_path) as client:
        client.kept.first.insert_one({"_id": 1})
    break_a_table(tmp_path, but=tables_of(tmp_path))
    with running(tmp_path) as client:
        assert list(client.kept.first.find()) == [{"_id": 1}]
        for name in COLLECTIONS:
            client.spread[name].insert_one({"_id": 1})
    with running(tmp_path) as client:
        assert all(client.spread[name].count_documents({}) == 1 for name in COLLECTIONS)


def test_a_folder_that_is_no_database_is_left_to_the_server_to_name(tmp_path: Path) -> None:
    """What cannot be opened is not touched, and the server's own words are the last."""
    (tmp_path / "WiredTiger.turtle").write_text("nonsense")
    server = subprocess.run(
        argv(tmp_path, port=free_port()), check=False, cwd=ROOT, capture_output=True
    )
    assert server.returncode == 1
    assert b"WiredTigerError" in server.stderr.splitlines()[-1]
    assert (tmp_path / "WiredTiger.turtle").read_text() == "nonsense"


def argv(folder: Path, *, port: int) -> list[str]:
    program = Path(sys.executable).parent / "secantusd-py"
    return [
        *(sys.executable, "-m", "devstack.secantus", str(program), "--storage-path", str(folder)),
        *("--host", "127.0.0.1", "--port", str(port), "--sync-on-commit"),
    ]


@contextmanager
def running(folder: Path) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
    """Run the server on `folder`, and end it as the stack does."""
    port = free_port()
    with subprocess.Popen(argv(folder, port=port), cwd=ROOT) as server:
        try:
            assert eventually(lambda: server.poll() is not None or accepts(port), START_SECONDS)
            assert server.poll() is None
            with pymongo.MongoClient[dict[str, Any]](
                f"mongodb://127.0.0.1:{port}/?directConnection=true"
            ) as client:
                yield client
        finally:
            server.send_signal(signal.SIGTERM)


def tables_of(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("secantus_documents_sh*.wt")}


def break_a_table(folder: Path, *, but: set[str]) -> None:
    """Make a table of the database's as a kill in the middle leaves it: without a column group."""
    name = next(
        name for number in range(16) if (name := f"secantus_documents_sh{number}") not in but
    )
    connection = wiredtiger.wiredtiger_open(str(folder), "log=(enabled=true)")
    session = connection.open_session()
    session.create(f"table:{name}", "key_format=SSq,value_format=u")
    session.drop(f"colgroup:{name}")
    connection.close()

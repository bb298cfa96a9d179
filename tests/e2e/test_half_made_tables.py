"""The embedded database starts on what a kill left of a table that was being made."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest

from bench.processes import running
from conversation_service.config import Config
from devstack.child import ROOT, Service
from devstack.folder import open_folder
from devstack.servers import embedded

wiredtiger = pytest.importorskip("wiredtiger")

FOLDER = "mongo-py"  # of the data folder
# It spreads collections over 16 tables by their names: these are in all of them.
COLLECTIONS = [f"collection_{number}" for number in range(100)]


def test_a_half_made_table_is_dropped_and_all_else_is_kept(tmp_path: Path) -> None:
    """The server alone refuses such a folder; by the stack's way it starts, and has the rest."""
    with serving(tmp_path) as client:
        client.kept.first.insert_one({"_id": 1})
    break_a_table(tmp_path / FOLDER)
    with serving(tmp_path) as client:
        assert list(client.kept.first.find()) == [{"_id": 1}]
        for name in COLLECTIONS:
            client.spread[name].insert_one({"_id": 1})
    with serving(tmp_path) as client:
        assert all(client.spread[name].count_documents({}) == 1 for name in COLLECTIONS)


def test_a_folder_that_is_no_database_is_left_to_the_server_to_name(tmp_path: Path) -> None:
    """What cannot be opened is not touched, and the server's own words are the last."""
    turtle = tmp_path / FOLDER / "WiredTiger.turtle"
    turtle.parent.mkdir()
    turtle.write_text("nonsense")
    server = subprocess.run(database(tmp_path).argv, check=False, cwd=ROOT, capture_output=True)
    assert server.returncode == 1
    assert b"WiredTigerError" in server.stderr.splitlines()[-1]
    assert turtle.read_text() == "nonsense"


def database(root: Path) -> Service:
    """Return the database as `make run` starts it on `root`."""
    # Whatever servers the environment names.
    servers = embedded(Config.model_construct(data_dir=root), folder=open_folder(root))
    (service,) = [each.service for each in servers if each.service.name == "database"]
    if "devstack.secantus" not in service.argv:
        pytest.skip("another database is at hand")
    return service


@contextmanager
def serving(root: Path) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
    """Run the database, and end it as the stack does."""
    service = database(root)
    port = service.argv[service.argv.index("--port") + 1]
    with (
        running(
            command=service.argv,
            is_ready=service.is_ready,
            log=root / "database.log",
            cwd=ROOT,
            seconds=service.ready_within,
        ),
        pymongo.MongoClient[dict[str, Any]](
            f"mongodb://127.0.0.1:{port}/?directConnection=true"
        ) as client,
    ):
        yield client


def break_a_table(folder: Path) -> None:
    """Make a table of the database's as a kill in the middle leaves it: without a column group."""
    names = [f"secantus_documents_sh{number}" for number in range(16)]
    name = next(name for name in names if not (folder / f"{name}.wt").exists())
    connection = wiredtiger.wiredtiger_open(str(folder), "log=(enabled=true)")
    session = connection.open_session()
    session.create(f"table:{name}", "key_format=SSq,value_format=u")
    session.drop(f"colgroup:{name}")
    connection.close()

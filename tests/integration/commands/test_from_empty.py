"""The commands of a first start, as processes, on a database of their own."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from pymongo.database import Database

SECONDS = 120  # far more than any command takes


@pytest.fixture
def empty(servers: None) -> Iterator[Database[dict[str, Any]]]:
    """Name a database that does not exist yet, and drop it afterwards."""
    with pymongo.MongoClient[dict[str, Any]](os.environ["MONGODB_URL"]) as client:
        name = f"first_start_{uuid.uuid4().hex[:8]}"
        yield client[name]
        client.drop_database(name)


def manage(
    database: Database[dict[str, Any]], *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        env={**os.environ, "MONGODB_DATABASE": database.name, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def contents(database: Database[dict[str, Any]]) -> dict[str, list[Any]]:
    return {
        name: sorted(document["_id"] for document in database[name].find({}, {"_id": 1}))
        for name in database.list_collection_names()
    }


def test_it_starts_from_nothing(empty: Database[dict[str, Any]]) -> None:
    """Each step does its work; afterwards all is as declared, and more demo data is not made."""
    for words in (("migrate", "--noinput"), ("setup_indexes",), ("seed_demo",)):
        done = manage(empty, *words)
        assert done.returncode == 0, done.stderr
    stored = contents(empty)
    assert len(stored["conversations"]) == 12
    assert len(stored["auth_user"]) == 1
    for words in (("makemigrations", "--check"), ("setup_indexes", "--check"), ("seed_demo",)):
        done = manage(empty, *words)
        assert done.returncode == 0, done.stderr
    assert contents(empty) == stored


def test_it_migrates_a_database_that_has_conversations(empty: Database[dict[str, Any]]) -> None:
    """Indexes or documents may have brought the collection about before."""
    empty["conversations"].insert_one({"_id": 1})
    done = manage(empty, "migrate", "--noinput")
    assert done.returncode == 0, done.stderr
    done = manage(empty, "migrate", "conversations", "zero")
    assert done.returncode == 0, done.stderr
    assert empty["conversations"].count_documents({}) == 1


def test_it_says_in_one_line_that_the_database_is_away(empty: Database[dict[str, Any]]) -> None:
    """No traceback, and no credentials."""
    away = "mongodb://user:hush@127.0.0.1:1/"
    done = manage(empty, "setup_indexes", MONGODB_URL=away)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "database" in done.stderr
    assert "hush" not in done.stderr

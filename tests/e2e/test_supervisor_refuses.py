"""What `make run` does not start on, and the one line that says why."""

import socket
from pathlib import Path

import pytest

from tests.doubles.supervised import supervised


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """One line that names the port, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with supervised(data_dir=tmp_path / "var", port=port) as stack:
            assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert f"port {port}" in line
    assert not list((tmp_path / "var" / "logs").iterdir())


@pytest.mark.parametrize("data_dir", ["/proc/nowhere", "{tmp_path}/a-file", "{tmp_path}/a-file/x"])
def test_a_data_folder_that_cannot_be_used_is_named(tmp_path: Path, data_dir: str) -> None:
    """One line that names the folder."""
    (tmp_path / "a-file").touch()
    folder = Path(data_dir.format(tmp_path=tmp_path))
    with supervised(data_dir=folder) as stack:
        assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert str(folder) in line


def test_a_broken_database_folder_is_told_in_one_line(tmp_path: Path) -> None:
    """A database that cannot open its files is named, and nothing is left running."""
    for kind in ("py", "rs", "mongod"):
        data = tmp_path / "var" / f"mongo-{kind}"
        data.mkdir(parents=True)
        (data / "WiredTiger").write_text("no database")
        (data / "WiredTiger.turtle").write_text("no database either")
    with supervised(data_dir=tmp_path / "var") as stack:
        assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert line.startswith("stopped: database ")


def test_production_refuses_embedded_servers(tmp_path: Path) -> None:
    """Production has servers of its own: one line names the first variable that is missing."""
    secret = "x" * 64
    with supervised(
        data_dir=tmp_path / "var", ENVIRONMENT="production", JWT_SECRET_KEY=secret
    ) as stack:
        assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert "MONGODB_URL must be set in production" in line
    assert secret not in line

"""Brokers of their own for the tests of the transports: real ones, that can be taken away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from conversations.events.transports.base import Transport
from conversations.events.transports.rabbitmq import RabbitMQ
from conversations.events.transports.redis_stream import RedisStream
from tests.doubles.rabbitmq import RABBITMQ_BINARY, RabbitMQNode
from tests.doubles.valkey import Valkey

Broker = Valkey | RabbitMQNode


@pytest.fixture(scope="session")
def rabbitmq_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQNode]:
    """Return a node that runs; to start one takes seconds."""
    if RABBITMQ_BINARY is None:
        pytest.skip("no rabbitmq-server on this machine (Debian: apt-get install rabbitmq-server)")
    node = RabbitMQNode(folder=tmp_path_factory.mktemp("rabbitmq"))
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture
def rabbitmq(rabbitmq_node: RabbitMQNode) -> RabbitMQNode:
    """Return the node, without queues or exchanges that another test has left."""
    rabbitmq_node.empty()
    return rabbitmq_node


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(folder=tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["valkey", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Return each broker in turn."""
    found: Broker = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def transport(broker: Broker) -> Iterator[Transport]:
    """Return a transport to the broker."""
    made = (
        RabbitMQ(url=broker.url)
        if isinstance(broker, RabbitMQNode)
        else RedisStream(url=broker.url, retention=timedelta(hours=1))
    )
    yield made
    made.close()

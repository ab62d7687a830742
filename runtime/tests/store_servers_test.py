"""The tests of stores, over connectors that need a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import proxystore.connectors.redis
import pytest
from servers import Servers, free_port, on_each_server
from store_test import (  # noqa: F401  # collected here
    test_arrays_can_be_changed_in_place,
    test_configuration,
    test_evict_once_resolved,
    test_owners_evict,
    test_pickles_can_be_refused,
    test_proxies,
    test_threads,
)

from proxyrt import Store
from proxyrt.connectors.redis import RedisConnector

# The connector of ProxyStore's extensions leaves contexts of ZeroMQ to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Unclosed context:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <function Context:pytest.PytestUnraisableExceptionWarning"
    ),
]


def zmq(_: Servers) -> Any:
    from proxystore_ex.connectors.dim.zmq import ZeroMQConnector

    return ZeroMQConnector(free_port(), address="127.0.0.1", timeout=0.5)


CONNECTORS: dict[str, Callable[[Servers], Any]] = {
    **on_each_server(
        {
            "redis": lambda server: RedisConnector("127.0.0.1", server.port),
            "proxystore-redis": lambda server: proxystore.connectors.redis.RedisConnector(
                "127.0.0.1", server.port
            ),
        }
    ),
    "proxystore-zmq": zmq,
}


@pytest.fixture(params=CONNECTORS)
def store(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Store[Any]]:
    connector = CONNECTORS[request.param](servers)
    with Store(f"servers-{request.param}", connector, register=True, cache_size=0) as made:
        yield made

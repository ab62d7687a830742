"""The implementations: {proxyrt, ProxyStore} times {the class itself, a subclass of it}."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import proxystore.proxy
import pytest
from servers import RedisServer, redis_server

import proxyrt.proxy

T = TypeVar("T")


class RuntimeSubclass(proxyrt.proxy.Proxy[T]):
    __slots__ = ()


class StoreSubclass(proxystore.proxy.Proxy[T]):
    __slots__ = ()


@dataclass(frozen=True)
class Implementation:
    """A proxy class with the functions that belong to it."""

    module: Any
    Proxy: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def of(self, value: Any) -> Any:
        """Make an unresolved proxy of a value."""
        return self.Proxy(lambda: value)


PROXYRT = {
    "proxyrt": Implementation(proxyrt.proxy, proxyrt.proxy.Proxy),
    "proxyrt-subclass": Implementation(proxyrt.proxy, RuntimeSubclass),
}
PROXYSTORE = {
    "proxystore": Implementation(proxystore.proxy, proxystore.proxy.Proxy),
    "proxystore-subclass": Implementation(proxystore.proxy, StoreSubclass),
}


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for tests that leave it as it is."""
    with redis_server(tmp_path_factory.mktemp("redis"), appendonly="no") as server:
        yield server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--operations",
        type=int,
        default=20_000,
        help="operations a leak test performs (a full run: 1000000)",
    )
    parser.addoption(
        "--soak",
        type=float,
        default=8,
        help="seconds that threads and processes use stores (a full run: 3600)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `impl` on all implementations, one that takes `runtime` on ours."""
    for fixture, implementations in (("impl", PROXYRT | PROXYSTORE), ("runtime", PROXYRT)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, implementations.values(), ids=implementations.keys())

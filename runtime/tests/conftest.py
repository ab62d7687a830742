"""The implementations: {proxyrt, ProxyStore} times {the class itself, a subclass of it}."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import proxystore.proxy
import pytest
from servers import KNOWN, PROGRAMS, OwnServer, RedisServer, Servers, redis_server

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
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers for tests that leave them as they are, started when they are first asked for."""
    with ExitStack() as stack:

        @functools.cache
        def start(program: str) -> RedisServer:
            folder = tmp_path_factory.mktemp(program)
            return stack.enter_context(redis_server(program, folder, appendonly="no"))

        yield start


@pytest.fixture(scope="session", params=PROGRAMS)
def redis(request: pytest.FixtureRequest, servers: Servers) -> RedisServer:
    """A server for tests that leave it as it is."""
    return servers(request.param)


@pytest.fixture(params=PROGRAMS)
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> OwnServer:
    """Runs a server, with options, for a test that does to it what it likes."""
    return functools.partial(redis_server, request.param, tmp_path / "redis")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell which servers the tests were not run with."""
    for program in KNOWN:
        if program not in PROGRAMS:
            terminalreporter.write_line(f"no test was run with {program}, which is missing")


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
        help="seconds that threads and processes use stores (a full run: 1200)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `impl` on all implementations, one that takes `runtime` on ours."""
    for fixture, implementations in (("impl", PROXYRT | PROXYSTORE), ("runtime", PROXYRT)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, implementations.values(), ids=implementations.keys())

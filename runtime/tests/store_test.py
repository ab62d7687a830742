"""Stores over all connectors, and what proxies of stored objects carry."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import proxystore.connectors.file
import proxystore.connectors.local
import pytest

from proxyrt import Proxy, Store, inspect, is_resolved
from proxyrt.connectors.file import FileConnector
from proxyrt.connectors.local import LocalConnector
from proxyrt.connectors.shm import SharedMemoryConnector
from proxyrt.proxy import ProxyResolveError
from proxyrt.serialize import SerializationError
from proxyrt.store import StoreConfig, get_store, store_registration
from proxyrt.store.exceptions import ProxyResolveMissingKeyError
from proxyrt.store.factory import PollingStoreFactory
from proxyrt.store.ref import borrow
from proxyrt.store.utils import get_key

CONNECTORS = {
    "local": lambda _: LocalConnector(),
    "file": lambda path: FileConnector(str(path / "store"), checksum=True),
    "shm": lambda path: SharedMemoryConnector("x", directory=str(path / "shm")),
    "proxystore-local": lambda _: proxystore.connectors.local.LocalConnector(),
    "proxystore-file": lambda path: proxystore.connectors.file.FileConnector(str(path / "store")),
}


@pytest.fixture(params=CONNECTORS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store[Any]]:
    connector = CONNECTORS[request.param](tmp_path)
    with Store(f"test-{request.param}", connector, register=True, cache_size=0) as made:
        yield made


@pytest.mark.parametrize("size", [3, 100_000])
def test_arrays_can_be_changed_in_place(store: Store[Any], size: int) -> None:
    key = store.put({"a": numpy.zeros(size)})
    store.get(key)["a"][:] = 7
    assert (store.get(key)["a"] == 0).all()


def test_proxies(store: Store[Any]) -> None:
    for populate in (False, True):
        proxy = store.proxy(numpy.arange(10_000), populate_target=populate)
        assert is_resolved(proxy) == populate
        copy = pickle.loads(pickle.dumps(proxy))
        assert not is_resolved(copy)
        assert (copy == numpy.arange(10_000)).all()
    assert inspect(proxy).store == store.name
    assert get_store(proxy) is store


def test_evict_once_resolved(store: Store[Any]) -> None:
    proxy = store.proxy([1], evict=True, populate_target=False)
    copy = pickle.loads(pickle.dumps(proxy))
    assert copy == [1]
    assert not store.exists(get_key(proxy))
    with pytest.raises(ProxyResolveError) as error:
        len(proxy)
    assert isinstance(error.value.cause, ProxyResolveMissingKeyError)


def test_owners_evict(store: Store[Any]) -> None:
    owner = store.owned_proxy([1])
    key = get_key(owner)
    assert borrow(owner) == [1]
    del owner
    assert not store.exists(key)


def test_futures(store: Store[Any]) -> None:
    future = store.future(polling_interval=0.001, polling_timeout=10)
    proxy = pickle.loads(pickle.dumps(future.proxy()))
    assert not future.done()
    threading.Timer(0.02, future.set_result, ([5],)).start()
    assert proxy == [5]
    assert future.result() == [5]


def test_factories_keep_their_options_in_pickles(store: Store[Any]) -> None:
    factory: Any = PollingStoreFactory(
        store.connector.new_key(), store.config(), evict=True, polling_timeout=0.5
    )
    copy = pickle.loads(pickle.dumps(factory))
    assert type(copy) is PollingStoreFactory
    assert (copy.key, copy.evict, vars(copy)) == (factory.key, True, vars(factory))
    plain = inspect(store.proxy([1], evict=True, deserializer=pickle.loads)).factory
    again: Any = pickle.loads(pickle.dumps(plain))
    assert again.evict
    assert again.deserializer is pickle.loads


def test_configuration(store: Store[Any]) -> None:
    config = store.config()
    assert pickle.loads(pickle.dumps(config)) == config
    assert StoreConfig.model_validate(config.model_dump()) == config
    with pytest.raises(ValueError, match="unknown"):
        StoreConfig.model_validate({**config.model_dump(), "unknown": 1})


def test_threads(store: Store[Any]) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(30):
                proxy = store.proxy([number, turn], populate_target=False, evict=True)
                assert pickle.loads(pickle.dumps(proxy)) == [number, turn]
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_pickles_can_be_refused(store: Store[Any]) -> None:
    careful = Store("careful", store.connector, allow_pickle=False)
    assert careful.get(store.put(numpy.arange(3)))[2] == 2
    with pytest.raises(SerializationError, match="not allowed"):
        careful.get(store.put({"a": 1}))


def test_an_evicted_object_does_not_come_back_from_the_cache() -> None:
    store: Store[LocalConnector] = Store("cache", LocalConnector())
    key = store.put([1])

    def read(data: Any) -> list[int]:
        store.evict(key)  # as another thread might
        return [1]

    assert store.get(key, deserializer=read) == [1]
    assert not store.exists(key)


def double(proxy: Any) -> Any:
    result = get_store(proxy).proxy(proxy * 2)
    return result


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_the_default_needs_no_server(method: str) -> None:
    context = multiprocessing.get_context(method)
    with Store(f"default-{method}") as store, store_registration(store):
        proxy = store.proxy(numpy.arange(100_000), populate_target=False)
        assert len(pickle.dumps(proxy)) < 160
        with context.Pool(1) as pool:
            result = pool.apply(double, (proxy,))
            assert type(result) is Proxy
            assert (result == 2 * numpy.arange(100_000)).all()


def test_a_script_leaves_nothing_behind() -> None:
    script = "from proxyrt import Store; s = Store('left'); s.put(1); print(s.connector._path)"
    path = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert path.endswith("left")
    assert not Path(path).exists()


def test_metrics_are_refused() -> None:
    with pytest.raises(NotImplementedError):
        Store("metrics", LocalConnector(), metrics=True)

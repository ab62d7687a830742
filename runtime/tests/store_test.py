"""Stores over all connectors, and what proxies of stored objects carry."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
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
from proxyrt.store.metrics import TimeStats
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


def test_operations_are_measured_if_asked(tmp_path: Path) -> None:
    connector = FileConnector(str(tmp_path / "store"))
    with Store("measured", connector, metrics=True, register=True) as store:
        assert store.metrics is not None
        proxy = store.proxy([1], populate_target=False)
        assert proxy == [1]
        copy = pickle.loads(pickle.dumps(proxy))
        assert copy == [1]
        measured = store.metrics.get_metrics(proxy)
        assert measured is not None
        assert measured.counters == {"store.get.cache_misses": 1, "store.get.cache_hits": 1}
        sizes = measured.attributes
        assert sizes["store.put.object_size"] == sizes["store.get.object_size"] > 0
        counts = {name: times.count for name, times in measured.times.items()}
        assert counts == {
            "store.put": 1,
            "store.put.serialize": 1,
            "store.put.connector": 1,
            "store.proxy": 1,
            "store.get": 2,
            "store.get.connector": 1,
            "store.get.deserialize": 1,
            "factory.resolve": 2,
            "factory.call": 2,
        }
        put = measured.times["store.put"]
        parts = measured.times["store.put.serialize"], measured.times["store.put.connector"]
        assert put.last_time_ms >= sum(part.last_time_ms for part in parts)

        proxies = store.proxy_batch([[1], [2]])
        batch = store.metrics.get_metrics(proxies)
        assert batch is not None
        assert batch.times["store.proxy_batch"].count == 1
        store.exists(get_key(proxy))
        store.evict(get_key(proxy))
        assert store.metrics.aggregate_times()["store.evict"].count == 1
        assert store.metrics.get_metrics(store.connector.new_key()) is None
        future = store.future()
        future.set_result([3])
        last = store.metrics.get_metrics(future.proxy())
        assert last is not None
        assert set(last.as_dict()["times"]) >= {"store.future", "store.set", "store.set.serialize"}


def test_operations_are_logged(store: Store[Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "proxyrt.store"):
        key = store.put([1])
        store.get(key)
        store.evict(key)
        store.get(key)
        store.future().set_result([2])
    records = [(r.operation, r.store, r.size is None) for r in caplog.records]  # type: ignore[attr-defined]
    operations = [("put", False), ("get", False), ("evict", True), ("get", True), ("set", False)]
    assert records == [(name, store.name, empty) for name, empty in operations]
    first: Any = caplog.records[0]
    assert first.key == key
    assert first.milliseconds >= 0
    assert first.getMessage().startswith(f'store "{store.name}": put {tuple(key)} (')
    caplog.clear()
    store.put([1])
    assert not caplog.records


def test_metrics_add_up() -> None:
    first, second = TimeStats(), TimeStats()
    for milliseconds in (1.0, 3.0):
        first.add_time(milliseconds)
    second.add_time(8)
    total = first + second
    assert (total.count, total.avg_time_ms) == (3, 4)
    assert (total.min_time_ms, total.max_time_ms, total.last_time_ms) == (1, 8, 8)
    assert TimeStats() + TimeStats() == TimeStats()


@dataclass
class Comparable:
    """Has no hash, and a class that no table knows."""

    x: int


TARGETS = ["text", 5, -7, 2**40, b"", [1], {"a": 1}, (1, 2), {1}, numpy.arange(3), Comparable(1)]


@pytest.mark.parametrize("obj", TARGETS, ids=lambda obj: type(obj).__name__)
@pytest.mark.parametrize("evict", [False, True])
def test_pickles_keep_what_is_known_of_the_target(store: Store[Any], obj: Any, evict: bool) -> None:
    proxy = store.proxy(obj, evict=evict)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        copy = pickle.loads(pickle.dumps(proxy, protocol))
        told, known = inspect(proxy), inspect(copy)
        assert known.state == "unresolved"
        assert (known.store, known.key, known.cached_class) == (store.name, told.key, type(obj))
        assert type(known.key) is type(told.key)
        assert repr(known.cached_hash) == repr(told.cached_hash)
        assert isinstance(copy, type(obj))
        factory: Any = known.factory
        assert factory.evict is evict
        assert factory.store_config == store.config()
        assert not is_resolved(copy)


def test_what_a_pickled_proxy_weighs(tmp_path: Path) -> None:
    with Store("example") as store:
        assert len(pickle.dumps(store.proxy([1], populate_target=False))) < 60
        assert len(pickle.dumps(store.proxy([1]))) < 60
        assert len(pickle.dumps(store.proxy("text"))) < 70
        many = [store.proxy([1]) for _ in range(100)]
        assert len(pickle.dumps(many)) < 100 * 30
    for folder in (tmp_path / "Objects", tmp_path / "objects"):
        file = Store("example", FileConnector(str(folder)))
        plain = len(pickle.dumps(file.proxy([1], populate_target=False)))
        assert plain < 60 + len(str(folder))
    # Small letters are packed.
    assert plain < 60 + 0.7 * len(str(folder))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"register": True},
        {"cache_size": 3},
        {"metrics": True, "allow_pickle": False},
        {"serializer": pickle.dumps, "deserializer": pickle.loads},
    ],
)
@pytest.mark.parametrize(
    "name", ["x", "", "a-name.of_2", "Aa", "a/b", "with\0zero", "\N{SNOWMAN}", "\udcff"]
)
def test_every_configuration_survives(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    connectors = [
        LocalConnector(),
        LocalConnector(include_data_in_config=True),
        FileConnector(str(tmp_path / "a")),
        FileConnector(str(tmp_path / "b"), durable=True),
        SharedMemoryConnector("x", directory=str(tmp_path / "shm")),
        SharedMemoryConnector("other"),
        SharedMemoryConnector(name),
        proxystore.connectors.local.LocalConnector(),
    ]
    for connector in connectors:
        with Store(name, connector, **options) as store:
            factory: Any = inspect(store.proxy([1])).factory
            copy = pickle.loads(pickle.dumps(factory))
            assert copy.store_config == store.config()
            assert copy.key == factory.key


def test_pickled_factories_can_be_changed_alone() -> None:
    with Store("example") as store:
        first, second = (inspect(store.proxy([1])).factory for _ in range(2))
        changed: Any = pickle.loads(pickle.dumps(first))
        changed.key = ("other",)
        changed.store_config = StoreConfig("elsewhere", store.config().connector)
        again: Any = pickle.loads(pickle.dumps(changed))
        assert (again.key, again.store_config.name) == (("other",), "elsewhere")
        untouched: Any = pickle.loads(pickle.dumps(second))
        assert untouched.store_config == store.config()
        store.config().connector.options.clear()
        assert store.config().connector.options


def test_damaged_pickles_of_proxies_are_errors() -> None:
    from proxyrt import _factory, _p

    with Store("name", LocalConnector()) as store:
        factory: Any = inspect(store.proxy([1])).factory
    _, (local, token) = factory.__reduce__()
    assert (len(local), len(token)) == (3, 12)
    assert inspect(_p(local, token)).store == "name"
    key = b"\1\0" + token
    assert inspect(_p(local, key)).key == factory.key
    for config, item in [
        (b"", key),
        (b"", token),
        (b"\x08", key),
        (b"\xf9name", key),
        (b"\xf9name", token),
        (b"\0" + pickle.dumps(("name", "kind", {})), token),
        (local, b""),
        (local, b"\1"),
        (local, key[:-1]),
        (local, key + b"x"),
        (local, b"\xf1\0" + token),
        (local, b"\x0f\0" + token),
        (local, b"\1\xff" + token),
        (local, b"\0\0"),
    ]:
        for restore in (_p, _factory):
            with pytest.raises(ValueError):
                restore(config, item)
    for arguments in [(), (local,), ("name", key), (local, "x"), (None, None)]:
        with pytest.raises(TypeError):
            _p(*arguments)


def test_a_subclass_puts_its_own_way() -> None:
    class Counting(Store[LocalConnector]):
        puts = gets = 0

        def put(self, obj: Any, **kwargs: Any) -> Any:
            self.puts += 1
            return super().put(obj, **kwargs)

        def get(self, key: Any, **kwargs: Any) -> Any:
            self.gets += 1
            return super().get(key, **kwargs)

    with Counting("counting", LocalConnector(), register=True) as store:
        proxy = store.proxy([1], populate_target=False)
        assert proxy == [1]
        assert (store.puts, store.gets) == (1, 1)


@pytest.mark.parametrize("given_away", [False, True])
def test_an_owner_that_outlives_its_store_evicts_and_registers_nothing(
    tmp_path: Path, given_away: bool
) -> None:
    folder = tmp_path / "store"
    with Store("outlived", FileConnector(str(folder), clear=False), register=True) as store:
        owner: Any = store.owned_proxy([1])
        if given_away:
            owner = pickle.loads(pickle.dumps(owner))
        other = store.put([2])
    assert len(os.listdir(folder)) == 2
    del owner
    gc.collect()
    assert os.listdir(folder) == [other.filename]
    # The name is free, and the next owner finds its store again.
    with Store("outlived", FileConnector(str(folder)), register=True) as store:
        assert store.get(other) == [2]
        owner = store.owned_proxy([3])
        assert get_store("outlived") is store
        del owner
        gc.collect()
        assert os.listdir(folder) == [other.filename]


def test_an_owner_that_outlives_its_store_leaves_no_namespace(tmp_path: Path) -> None:
    connector = SharedMemoryConnector("x", directory=str(tmp_path))
    with Store("outlived", connector, register=True) as store:
        owner = store.owned_proxy([1])
    assert os.listdir(tmp_path) == []
    del owner
    gc.collect()
    assert os.listdir(tmp_path) == []
    assert get_store("outlived") is None

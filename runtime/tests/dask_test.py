"""Objects by proxy in tasks of Dask: ``StoreExecutor`` over a client, and the client of our own."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import distributed
import numpy
import pytest

from proxyrt import Proxy, Store, is_resolved
from proxyrt.connectors.file import FileConnector
from proxyrt.ex.plugins.distributed import Client
from proxyrt.store import get_store
from proxyrt.store.executor import ProxyAlways, ProxySize, ProxyType, StoreExecutor
from proxyrt.store.ref import (
    MutableBorrowError,
    OwnedProxy,
    ReferenceInvalidError,
    RefMutProxy,
    borrow,
    mut_borrow,
    update,
)
from proxyrt.store.utils import get_key

LARGE = numpy.arange(10_000.0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store[Any]]:
    # Each of its own name: workers keep the stores that they have opened.
    connector = FileConnector(str(tmp_path / "store"))
    with Store(f"dask-{tmp_path.name}", connector, register=True, cache_size=0) as made:
        yield made


@pytest.fixture
def plain(cluster: distributed.LocalCluster) -> Iterator[distributed.Client]:
    with distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def executor(plain: distributed.Client, store: Store[Any]) -> StoreExecutor:
    return StoreExecutor(plain, store, ProxySize(1000))  # type: ignore[arg-type]


@pytest.fixture
def client(cluster: distributed.LocalCluster, store: Store[Any]) -> Iterator[Client]:
    with Client(cluster, ps_store=store, ps_threshold=1000) as made:
        yield made


@pytest.fixture(params=["executor", "client"])
def submitter(request: pytest.FixtureRequest) -> Any:
    """Either of the two."""
    return request.getfixturevalue(request.param)


def stored(store: Store[Any]) -> int:
    gc.collect()
    return len(os.listdir(store.connector.store_dir))


def wait_for(store: Store[Any], count: int) -> None:
    deadline = time.monotonic() + 10
    while stored(store) != count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stored(store) == count


def double(x: Any) -> Any:
    return x * 2


def add(x: Any, y: Any = 0) -> Any:
    return x + y


def same(x: Any) -> Any:
    return x


def put_in_list(x: Any) -> Any:
    return [x]


def kinds(*args: Any, **kwargs: Any) -> list[str]:
    return [type(it).__name__ for it in (*args, *kwargs.values())]


def total(items: Any) -> Any:
    return sum(items)


def total_of_first(items: Any) -> Any:
    return sum(items[0])


def slow_sum(x: Any) -> float:
    time.sleep(0.5)
    return float(x.sum())


def append(x: Any) -> None:
    x.append(4)
    update(x)


def fail(x: Any) -> Any:
    raise ValueError(f"sum {x.sum()}")


async def double_later(x: Any) -> Any:
    await asyncio.sleep(0)
    return x * 2


class Counter:
    def __init__(self, start: Any) -> None:
        self.count = len(start)

    def increment(self) -> int:
        self.count += 1
        return self.count


def test_arguments(submitter: Any, store: Store[Any]) -> None:
    future = submitter.submit(kinds, LARGE, 1, [1], x=LARGE)
    assert isinstance(future, distributed.Future)
    assert future.result() == ["Proxy", "int", "list", "Proxy"]
    wait_for(store, 0)


def test_an_executor_owns_its_results(executor: StoreExecutor, store: Store[Any]) -> None:
    future = executor.submit(double, LARGE)
    result = future.result()
    assert type(result) is OwnedProxy
    assert future.result() is result
    assert not is_resolved(result)
    assert (result == 2 * LARGE).all()
    wait_for(store, 1)
    del future
    assert stored(store) == 1
    del result
    assert stored(store) == 0


def test_a_client_keeps_results(client: Client, store: Store[Any]) -> None:
    future = client.submit(double, LARGE)
    first, second = future.result(), client.gather([future])[0]
    assert type(first) is type(second) is Proxy
    assert (first == 2 * LARGE).all()
    del future, first
    wait_for(store, 1)
    assert (second == 2 * LARGE).all()
    del second
    wait_for(store, 0)


def test_a_future_that_is_dropped_leaves_nothing(submitter: Any, store: Store[Any]) -> None:
    futures = [submitter.submit(double, LARGE + n) for n in range(4)]
    del futures
    time.sleep(0.2)
    wait_for(store, 0)


def test_results_as_arguments(submitter: Any, store: Store[Any]) -> None:
    # The inner future is dropped as soon as the outer task is submitted.
    future = submitter.submit(slow_sum, submitter.submit(double, LARGE))
    assert future.result() == 2 * LARGE.sum()
    nested = submitter.submit(
        kinds, *[submitter.submit(double, LARGE + n) for n in range(2)], x=LARGE
    )
    assert nested.result() == ["Proxy"] * 3
    total_of = submitter.submit(total, [submitter.submit(double, LARGE + n) for n in range(2)])
    assert total_of.result()[0] == 2
    # The value of a future, not the future itself.
    value = submitter.submit(slow_sum, submitter.submit(double, LARGE).result())
    assert value.result() == 2 * LARGE.sum()
    del nested, total_of, value, future
    wait_for(store, 0)


@pytest.mark.parametrize("function", [same, put_in_list])
def test_a_result_may_contain_arguments(
    submitter: Any, store: Store[Any], function: Callable[[Any], Any]
) -> None:
    future = submitter.submit(function, LARGE)
    result = future.result()
    wait_for(store, 1 if function is same else 0)
    assert (result == LARGE).all() if function is same else (result[0] == LARGE).all()


def test_failed_tasks_leave_nothing(submitter: Any, store: Store[Any]) -> None:
    with pytest.raises(ValueError, match="sum 49995000"):
        submitter.submit(fail, LARGE).result()
    wait_for(store, 0)


def test_equal_calls_are_one_task(submitter: Any, store: Store[Any]) -> None:
    futures = [submitter.submit(double, LARGE.copy()) for _ in range(2)]
    assert futures[0].key == futures[1].key
    assert futures[0].key.startswith("double-")
    results = [future.result() for future in futures]
    del futures
    wait_for(store, 1)
    assert (results.pop() == 2 * LARGE).all()
    assert (results.pop() == 2 * LARGE).all()
    wait_for(store, 0)
    other = [submitter.submit(double, LARGE, pure=False) for _ in range(2)]
    assert other[0].key != other[1].key


def test_options_go_to_dask(submitter: Any, store: Store[Any]) -> None:
    if isinstance(submitter, StoreExecutor):
        submitter.should_proxy = ProxyAlways()
    future = submitter.submit(double, LARGE, key="a name", priority=1, retries=2)
    assert future.key == "a name"
    assert (future.result() == 2 * LARGE).all()


def test_map(submitter: Any, store: Store[Any]) -> None:
    def results(function: Callable[..., Any], *items: Any, **options: Any) -> list[Any]:
        mapped = submitter.map(function, *items, **options)
        return [it.result() if isinstance(it, distributed.Future) else it for it in mapped]

    arrays = [LARGE, LARGE + 1, 3]
    assert results(kinds, arrays) == [["Proxy"], ["Proxy"], ["int"]]
    assert results(kinds, iter(arrays), range(9)) == [
        ["Proxy", "int"],
        ["Proxy", "int"],
        ["int", "int"],
    ]
    wait_for(store, 0)
    assert results(kinds, arrays, x=LARGE) == [["Proxy", "Proxy"], ["Proxy"] * 2, ["int", "Proxy"]]
    wait_for(store, 0)
    found = results(add, [LARGE] * 4, range(4), batch_size=2, pure=False)
    assert [float(it[0]) for it in found] == [0, 1, 2, 3]
    assert [float(it[0]) for it in results(add, [LARGE, LARGE], [1, 1])] == [1, 1]
    assert results(add, [1, 2], key=["one", "two"]) == [1, 2]
    assert results(add, [1, 2], key="prefix") == [1, 2]
    assert results(add, []) == []
    with pytest.raises(ValueError, match="1 keys for 2 tasks"):
        results(add, [1, 2], key=["one"])
    del found
    wait_for(store, 0)


def test_map_that_is_not_exhausted_leaves_nothing(
    executor: StoreExecutor, store: Store[Any]
) -> None:
    results = executor.map(slow_sum, [LARGE + n for n in range(4)])
    assert next(results) == LARGE.sum()
    del results
    wait_for(store, 0)


def test_proxies_of_the_caller_are_left_alone(submitter: Any, store: Store[Any]) -> None:
    proxy = store.proxy(LARGE, populate_target=False)
    for _ in range(2):
        assert submitter.submit(slow_sum, proxy, pure=False).result() == LARGE.sum()
    # Dask looks into arguments, also of lists.
    assert submitter.submit(put_in_list, [proxy]).done is not None
    assert not is_resolved(proxy)
    time.sleep(0.1)
    assert store.exists(get_key(proxy))
    once = store.proxy(LARGE, populate_target=False, evict=True)
    assert submitter.submit(slow_sum, once).result() == LARGE.sum()
    assert not store.exists(get_key(once))


def test_references(submitter: Any, store: Store[Any]) -> None:
    owner = store.owned_proxy([1, 2, 3])
    future = submitter.submit(kinds, borrow(owner), [borrow(owner)])
    assert future.result() == ["RefProxy", "list"]
    mut = mut_borrow_when_free(owner)
    assert submitter.submit(append, mut).result() is None
    assert type(mut) is RefMutProxy
    del mut
    assert borrow_when_free(owner, populate_target=False) == [1, 2, 3, 4]
    futures = []
    for length in (5, 6):
        # Such a task is not pure: it is called each time.
        futures.append(submitter.submit(append, mut_borrow_when_free(owner)))
        assert futures[-1].result() is None
        found = borrow_when_free(owner, populate_target=False)
        assert len(found) == length
        del found
    key = get_key(owner)
    assert submitter.submit(total, owner).result() == 18
    deadline = time.monotonic() + 10
    while store.exists(key) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not store.exists(key)
    with pytest.raises(ReferenceInvalidError):
        submitter.submit(total, owner)


def mut_borrow_when_free(owner: Any) -> Any:
    """The borrows of a task end when its callbacks have run."""
    return when_free(lambda: mut_borrow(owner))


def borrow_when_free(owner: Any, **options: Any) -> Any:
    return when_free(lambda: borrow(owner, **options))


def when_free(take: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while True:
        try:
            return take()
        except MutableBorrowError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def make_owner(name: str, in_list: bool) -> Any:
    store = get_store(name)
    assert store is not None
    owner = store.owned_proxy([1, 2, 3])
    return [owner] if in_list else owner


@pytest.mark.parametrize("in_list", [False, True])
def test_a_task_may_return_an_owner(submitter: Any, store: Store[Any], in_list: bool) -> None:
    opener = store.proxy([0])  # opens the store in the worker
    workers = sorted(distributed.get_client().scheduler_info()["workers"])[:1]
    assert submitter.submit(list, opener, workers=workers).result() == [0]
    store.evict(get_key(opener))
    future = submitter.submit(make_owner, store.name, in_list, workers=workers)
    for _ in range(2):
        result = future.result()
        owner = result[0] if in_list else result
        assert type(owner) is (OwnedProxy if isinstance(submitter, StoreExecutor) else Proxy)
        assert owner == [1, 2, 3]
        del result, owner
    del future
    wait_for(store, 0)


def test_owners_that_nobody_asks_for_are_evicted(submitter: Any, store: Store[Any]) -> None:
    opener = store.proxy([0])
    workers = sorted(distributed.get_client().scheduler_info()["workers"])[:1]
    assert submitter.submit(list, opener, workers=workers).result() == [0]
    store.evict(get_key(opener))
    future = submitter.submit(make_owner, store.name, True, workers=workers)
    assert submitter.submit(kinds, future, future).result() == ["list", "list"]
    assert submitter.submit(total_of_first, future).result() == 6
    wait_for(store, 1)
    del future
    wait_for(store, 0)


def test_actors(submitter: Any) -> None:
    actor = submitter.submit(Counter, list(range(1000)), actor=True).result()
    assert actor.increment().result() == 1001
    if isinstance(submitter, Client):
        actors = [it.result() for it in submitter.map(Counter, [[], [1]], actors=True)]
        assert [it.increment().result() for it in actors] == [1, 2]


def test_coroutines(submitter: Any, store: Store[Any]) -> None:
    assert (submitter.submit(double_later, LARGE).result() == 2 * LARGE).all()
    wait_for(store, 0)


def test_many_futures_in_a_list(submitter: Any) -> None:
    if isinstance(submitter, StoreExecutor):
        submitter.should_proxy = ProxyType(list)
    futures = [submitter.submit(add, n) for n in range(200)]
    assert submitter.submit(total, futures).result() == sum(range(200))


def test_collections_of_dask_are_not_proxied(executor: StoreExecutor, store: Store[Any]) -> None:
    executor.should_proxy = ProxyAlways()
    assert executor.submit(kinds, [dask.delayed(add)(1)]).result() == ["list"]
    wait_for(store, 0)


def test_what_comes_of_a_client_without_a_store(cluster: distributed.LocalCluster) -> None:
    with Client(cluster) as client:
        assert client.submit(kinds, LARGE).result() == ["ndarray"]
        assert client.gather(client.map(add, [1, 2])) == [1, 2]
    store: Store[Any] = Store("unregistered")
    with store, pytest.warns(UserWarning, match="is not registered"):
        Client(cluster, ps_store=store).close()


def test_proxying_can_be_turned_off(client: Client, store: Store[Any]) -> None:
    assert client.submit(kinds, LARGE, proxy_args=False).result() == ["ndarray"]
    assert type(client.submit(double, LARGE, proxy_result=False).result()) is numpy.ndarray
    assert client.gather(client.map(kinds, [LARGE], proxy_args=False)) == [["ndarray"]]


def test_workers_hold_no_targets(executor: StoreExecutor, plain: distributed.Client) -> None:
    future = executor.submit(double, LARGE)
    distributed.wait(future)

    def look(dask_worker: Any) -> Any:
        data = dask_worker.data.get(future_key)
        return None if data is None else is_resolved(data)

    future_key = future.key
    found = [it for it in plain.run(look).values() if it is not None]
    assert found == [False]


def test_a_lost_worker_is_no_loss(store: Store[Any]) -> None:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as plain,
    ):
        executor = StoreExecutor(plain, store, ProxySize(1000))  # type: ignore[arg-type]
        futures = [executor.submit(double, store.proxy(LARGE + n)) for n in range(4)]
        distributed.wait(futures)
        assert [float(future.result()[0]) for future in futures] == [0, 2, 4, 6]
        plain.restart_workers(list(plain.scheduler_info()["workers"])[:1])
        assert [float(future.result()[0]) for future in futures] == [0, 2, 4, 6]


def test_results_outlive_the_executor(cluster: distributed.LocalCluster, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    store = Store("outlive", FileConnector(str(folder)), register=True)
    plain: Any = distributed.Client(cluster)
    with StoreExecutor(plain, store, ProxySize(1000)) as executor:
        result = executor.submit(double, LARGE).result()
        executor.submit(slow_sum, LARGE)
    assert plain.status == "closed"
    assert len(os.listdir(folder)) == 1
    assert (result == 2 * LARGE).all()
    del result
    gc.collect()
    assert not folder.exists()


def test_threads_submit_at_the_same_time(submitter: Any, store: Store[Any]) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                result = submitter.submit(add, LARGE, number * 100 + turn).result()
                assert result[0] == number * 100 + turn
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    wait_for(store, 0)


def test_both_names_of_the_module_are_there() -> None:
    import proxyrt_ex.plugins.distributed

    assert proxyrt_ex.plugins.distributed.Client is Client


def test_a_client_that_is_closed_leaves_no_arguments(
    cluster: distributed.LocalCluster, store: Store[Any]
) -> None:
    client = Client(cluster, ps_store=store, ps_threshold=1000)
    futures = client.map(slow_sum, [LARGE + n for n in range(10)])
    assert stored(store) > 0
    client.close()
    wait_for(store, 0)
    assert {future.status for future in futures} <= {"cancelled", "finished"}


def test_asynchronous_clients(cluster: distributed.LocalCluster, store: Store[Any]) -> None:
    async def use() -> None:
        address = cluster.scheduler_address
        async with Client(address, asynchronous=True, ps_store=store, ps_threshold=1000) as client:
            result = await client.submit(double, LARGE)
            assert type(result) is Proxy
            assert (result == 2 * LARGE).all()
            assert len(await client.gather(client.map(double, [LARGE, LARGE + 1]))) == 2
        plain: Any = await distributed.Client(address, asynchronous=True)
        executor = StoreExecutor(plain, store, ProxySize(1000), close_store=False)
        owner: Any = await executor.submit(double, LARGE)  # type: ignore[misc]
        assert type(owner) is OwnedProxy
        executor.shutdown()
        while plain.status != "closed":
            await asyncio.sleep(0.01)

    asyncio.run(use())
    wait_for(store, 0)

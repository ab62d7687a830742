"""Executors that pass by proxy: those of the standard library, Parsl's, and the policies."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    TimeoutError,  # not the builtin one in Python 3.10
    as_completed,
)
from pathlib import Path
from typing import Any

import cloudpickle
import loky
import numpy
import pytest

from proxyrt import Proxy, Store, is_resolved
from proxyrt.connectors.file import FileConnector
from proxyrt.store.executor import ProxyAlways, ProxyNever, ProxySize, ProxyType, StoreExecutor
from proxyrt.store.ref import OwnedProxy

LARGE = numpy.arange(10_000.0)


def double(x: Any) -> Any:
    return x * 2


def same(x: Any) -> Any:
    return x


class Box:
    def __init__(self, content: Any) -> None:
        self.content = content


def put_in_box(x: Any) -> Any:
    return Box(x)


def put_in_list(x: Any) -> Any:
    return [x]


def kinds(*args: Any, **kwargs: Any) -> list[str]:
    return [type(it).__name__ for it in (*args, *kwargs.values())]


def fail(x: Any) -> Any:
    raise ValueError(f"sum {x.sum()}")


def pause(x: Any) -> Any:
    time.sleep(0.1)
    return x


def spawned() -> Executor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


POOLS: dict[str, Callable[[], Executor]] = {
    "threads": lambda: ThreadPoolExecutor(2),
    "processes": spawned,
    "loky": lambda: loky.get_reusable_executor(2),
}


@pytest.fixture(params=POOLS)
def pool(request: pytest.FixtureRequest) -> Iterator[Executor]:
    made = POOLS[request.param]()
    yield made
    made.shutdown()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store[Any]]:
    connector = FileConnector(str(tmp_path / "store"))
    with Store(f"executor-{tmp_path.name}", connector, register=True, cache_size=0) as made:
        yield made


def stored(store: Store[Any]) -> int:
    gc.collect()
    return len(os.listdir(store.connector.store_dir))


def wait_until_empty(store: Store[Any]) -> None:
    deadline = time.monotonic() + 10
    while stored(store) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stored(store) == 0


def by_size(pool: Executor, store: Store[Any], **options: Any) -> StoreExecutor:
    return StoreExecutor(pool, store, ProxySize(1000), **options)


class LazyFuture(Future[Any]):
    """A future that is not done before somebody asks for its result, like those of TaskVine."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            if timeout == 0:
                raise TimeoutError
            try:
                self.set_result(self._call())
            except Exception as error:
                self.set_exception(error)
        return super().result(timeout)


class LazyExecutor(Executor):
    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> LazyFuture:
        sent = cloudpickle.dumps((function, args, kwargs))

        def call() -> Any:
            function, args, kwargs = cloudpickle.loads(sent)
            return cloudpickle.loads(cloudpickle.dumps(function(*args, **kwargs)))

        return LazyFuture(call)


def test_futures_that_have_to_be_asked(store: Store[Any]) -> None:
    with by_size(LazyExecutor(), store, close_store=False) as executor:
        future = executor.submit(double, LARGE)
        with pytest.raises(TimeoutError):
            future.result(timeout=0)
        assert not future.done()
        result: Any = future.result(timeout=10)
        assert type(result) is OwnedProxy
        assert result.sum() == 2 * LARGE.sum()
        assert [r.sum() for r in executor.map(double, [LARGE] * 3)] == [2 * LARGE.sum()] * 3
        failing = executor.submit(fail, LARGE)
        assert isinstance(failing.exception(), ValueError)
        with pytest.raises(ValueError, match="sum"):
            failing.result()
    del future, result, failing
    assert stored(store) == 0


def test_policies() -> None:
    assert ProxyAlways()(None)
    assert not ProxyNever()(LARGE)
    assert ProxyType(list, str)("x")
    assert not ProxyType(list, str)((1,))
    for large in (LARGE, b"x" * 1000, "x" * 1000, [LARGE], list(range(10_000))):
        assert ProxySize(1000)(large)
    for small in (1, LARGE[:3], b"x", None, threading.Lock()):
        assert not ProxySize(1000)(small)


def test_by_default_nothing_is_proxied(pool: Executor, store: Store[Any]) -> None:
    executor = StoreExecutor(pool, store)
    assert executor.submit(kinds, LARGE, x=[1]).result() == ["ndarray", "list"]
    assert stored(store) == 0


def test_arguments_and_results(pool: Executor, store: Store[Any]) -> None:
    executor = by_size(pool, store)
    assert executor.submit(kinds, LARGE, 1, x=LARGE, y=2).result() == [
        "Proxy",
        "int",
        "Proxy",
        "int",
    ]
    assert stored(store) == 0
    future = executor.submit(double, LARGE)
    result = future.result()
    assert type(result) is OwnedProxy
    assert future.result() is result
    assert (result == 2 * LARGE).all()
    assert stored(store) == 1
    del future, result
    assert stored(store) == 0


def test_without_ownership_the_caller_evicts(pool: Executor, store: Store[Any]) -> None:
    executor = by_size(pool, store, ownership=False)
    result = executor.submit(double, LARGE).result()
    assert type(result) is Proxy
    assert (result == 2 * LARGE).all()
    del result
    assert stored(store) == 1


def test_constants_are_never_proxied(pool: Executor, store: Store[Any]) -> None:
    executor = StoreExecutor(pool, store, ProxyAlways())
    assert executor.submit(same, None).result() is None
    assert executor.submit(same, True).result() is True
    assert executor.submit(kinds, False).result() == ["bool"]


@pytest.mark.parametrize("function", [same, put_in_list, put_in_box])
def test_a_result_may_contain_arguments(
    pool: Executor, store: Store[Any], function: Callable[[Any], Any]
) -> None:
    result = by_size(pool, store).submit(function, LARGE).result()
    inner = (
        result.content if function is put_in_box else result[0] if function is not same else result
    )
    assert (inner == LARGE).all()
    del result, inner
    wait_until_empty(store)


def test_a_future_that_is_dropped_leaves_nothing(pool: Executor, store: Store[Any]) -> None:
    by_size(pool, store).submit(pause, LARGE)
    pool.shutdown(wait=True)
    wait_until_empty(store)


def test_failed_tasks_leave_nothing(pool: Executor, store: Store[Any]) -> None:
    executor = by_size(pool, store)
    with pytest.raises(ValueError, match="sum 49995000"):
        executor.submit(fail, LARGE).result()
    wait_until_empty(store)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(double, LARGE)
    assert stored(store) == 0


def test_cancelled_tasks_leave_nothing(store: Store[Any]) -> None:
    with ThreadPoolExecutor(1) as pool:
        executor = by_size(pool, store)
        blocker = threading.Event()
        executor.submit(blocker.wait)
        future = executor.submit(double, LARGE)
        assert not future.running()
        assert future.cancel()
        assert future.cancelled()
        with pytest.raises(CancelledError):
            future.result()
        blocker.set()
    assert stored(store) == 0


def test_futures_are_those_of_the_standard_library(pool: Executor, store: Store[Any]) -> None:
    executor = by_size(pool, store)
    futures = [executor.submit(double, LARGE + n) for n in range(3)]
    assert all(isinstance(future, Future) for future in futures)
    assert {float(future.result()[0]) for future in as_completed(futures)} == {0, 2, 4}
    futures.clear()
    wait_until_empty(store)


def test_arguments_are_gone_once_the_result_is_there(
    store: Store[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    evict = store.evict

    def evict_slowly(key: Any) -> None:
        time.sleep(0.1)
        evict(key)

    monkeypatch.setattr(store, "evict", evict_slowly)
    with by_size(ThreadPoolExecutor(1), store, close_store=False) as executor:
        # Not done before somebody waits for it.
        assert executor.submit(lambda x: time.sleep(0.1), LARGE).result() is None
        assert stored(store) == 0


@pytest.mark.parametrize("chunksize", [1, 2, 10])
def test_map_proxies_items(pool: Executor, store: Store[Any], chunksize: int) -> None:
    executor = by_size(pool, store)
    arrays = [LARGE, LARGE + 1, LARGE[:3]]
    assert list(executor.map(kinds, arrays, iter(range(9)), chunksize=chunksize)) == [
        ["Proxy", "int"],
        ["Proxy", "int"],
        ["ndarray", "int"],
    ]
    assert stored(store) == 0
    results = list(executor.map(double, arrays, chunksize=chunksize))
    assert [type(result) for result in results] == [OwnedProxy, OwnedProxy, numpy.ndarray]
    assert all((result == 2 * array).all() for result, array in zip(results, arrays, strict=True))
    assert stored(store) == 2
    results.clear()
    assert stored(store) == 0


def test_map_that_is_not_exhausted_leaves_nothing(pool: Executor, store: Store[Any]) -> None:
    executor = by_size(pool, store)
    results = executor.map(pause, [LARGE] * 8)
    assert (next(results) == LARGE).all()
    del results
    wait_until_empty(store)


def test_map_refuses_what_it_does_not_know(pool: Executor, store: Store[Any]) -> None:
    executor = by_size(pool, store)
    with pytest.raises(ValueError, match="chunksize"):
        executor.map(double, [1], chunksize=0)
    with pytest.raises(TypeError, match="has no option 'workers'"):
        executor.map(double, [1], workers=3)
    with pytest.raises(TimeoutError):
        list(executor.map(pause, [1, 2, 3], timeout=0.01))


@pytest.mark.parametrize("ownership", [True, False])
def test_results_outlive_the_executor(tmp_path: Path, ownership: bool) -> None:
    folder = tmp_path / "store"
    store = Store("outlive", FileConnector(str(folder)), register=True)
    with by_size(spawned(), store, ownership=ownership) as executor:
        futures = [executor.submit(double, LARGE), executor.submit(double, LARGE + 1)]
    results = [future.result() for future in futures]
    assert not any(is_resolved(result) for result in results)
    assert (results[0] == 2 * LARGE).all()
    assert folder.exists()
    futures.clear()
    results.clear()
    gc.collect()
    assert not folder.exists()


def test_a_store_without_results_is_closed_at_once(tmp_path: Path) -> None:
    store = Store("at-once", FileConnector(str(tmp_path / "store")), register=True)
    with by_size(ThreadPoolExecutor(), store) as executor:
        assert executor.submit(kinds, LARGE).result() == ["Proxy"]
    assert not (tmp_path / "store").exists()
    kept = Store("kept", FileConnector(str(tmp_path / "kept")))
    by_size(ThreadPoolExecutor(), kept, close_store=False).shutdown()
    assert (tmp_path / "kept").exists()
    kept.close()


def test_results_in_use_at_exit_are_evicted(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from proxyrt import Store
        from proxyrt.connectors.file import FileConnector
        from proxyrt.store.executor import ProxyAlways, StoreExecutor

        store = Store("exit", FileConnector(sys.argv[1]), register=True)
        with StoreExecutor(ThreadPoolExecutor(), store, ProxyAlways()) as executor:
            result = executor.submit(sum, [1, 2]).result()
        assert result == 3
        """
    )
    folder = tmp_path / "store"
    run = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert not folder.exists()


def test_shutting_down_what_cannot_be(store: Store[Any]) -> None:
    class Odd:
        def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
            raise NotImplementedError

    odd: Any = Odd()
    with pytest.warns(RuntimeWarning, match="Cannot shutdown Odd"):
        StoreExecutor(odd, store, close_store=False).shutdown()


def test_parsl(tmp_path: Path, store: Store[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    import parsl
    from parsl.concurrent import ParslPoolExecutor
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import LocalProvider

    # Parsl starts its programs by name, and they import this module.
    for name, entry in (
        ("PATH", Path(sys.executable).parent),
        ("PYTHONPATH", Path(__file__).parent),
    ):
        monkeypatch.setenv(name, str(entry), prepend=os.pathsep)
    workers = HighThroughputExecutor(
        label="workers",
        address="127.0.0.1",
        max_workers_per_node=1,
        encrypted=False,
        provider=LocalProvider(init_blocks=1, max_blocks=1, min_blocks=1),
    )
    config = parsl.Config(executors=[workers], run_dir=str(tmp_path / "run"), usage_tracking=0)
    with ParslPoolExecutor(config) as pool:
        executor = by_size(pool, store)
        future = executor.submit(double, LARGE)
        result = future.result()
        assert type(result) is OwnedProxy
        assert (result == 2 * LARGE).all()
        assert stored(store) == 1
        del future, result
        assert list(executor.map(kinds, [LARGE, 1])) == [["Proxy"], ["int"]]
        with pytest.raises(ValueError, match="sum"):
            executor.submit(fail, LARGE).result()
    wait_until_empty(store)


def test_tasks_that_are_not_waited_for_keep_the_store(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = Store("no-wait", FileConnector(str(folder)), register=True, cache_size=0)
    executor = by_size(ThreadPoolExecutor(1), store)
    started = threading.Event()

    def work(x: Any) -> float:
        started.set()
        time.sleep(0.1)
        return float(x.sum())

    future = executor.submit(work, LARGE)
    started.wait()
    executor.shutdown(wait=False)
    assert folder.exists()
    assert future.result() == LARGE.sum()
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not folder.exists()


def test_a_list_may_contain_itself(pool: Executor, store: Store[Any]) -> None:
    items: list[Any] = [1]
    items.append(items)
    assert by_size(pool, store).submit(kinds, items).result() == ["list"]
    assert by_size(pool, store).submit(len, items).result() == 2

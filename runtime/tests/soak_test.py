"""Many threads and processes on one store: nothing is lost, left, mixed up or stuck.

``--soak`` says for how many seconds in all; by default it is a few. The threads do what they can,
which is much more than in an application that does something else, too: an operation a second.
"""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import pickle
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from servers import Servers, on_each_server

from proxyrt import Store
from proxyrt.connectors.file import FileConnector
from proxyrt.connectors.multi import MultiConnector, Policy
from proxyrt.connectors.redis import RedisConnector
from proxyrt.connectors.shm import SharedMemoryConnector
from proxyrt.proxy import ProxyResolveError, extract
from proxyrt.store import StoreConfig, get_or_create_store
from proxyrt.store.exceptions import ProxyResolveMissingKeyError
from proxyrt.store.lifetimes import ContextLifetime
from proxyrt.store.ref import MutableBorrowError, borrow, clone, mut_borrow, update
from proxyrt.store.utils import get_key

THREADS = 64
PROCESSES = 8
THREADS_OF_A_PROCESS = 4
# The operations of an hour on one store, an operation a second by each thread.
HOUR = 3600 * (THREADS + PROCESSES * THREADS_OF_A_PROCESS)


def make(chance: random.Random) -> Any:
    """Return an object that carries the hash of its own content."""
    size = chance.choice([10, 1000, 20_000, 100_000])
    content = chance.randbytes(size)
    array = numpy.frombuffer(content, "uint8").copy()
    return {"content": array, "hash": hashlib.blake2b(content).digest()}


def check(obj: Any) -> None:
    """Fail unless an object is whole."""
    assert hashlib.blake2b(obj["content"].tobytes()).digest() == obj["hash"]


class Worker:
    """Does random things with a store, and leaves nothing behind.

    Args:
        store: The store.
        seed: Of the random choices.
        inbox: Pickled proxies, of which whoever takes one evicts the object.
    """

    def __init__(self, store: Store[Any], seed: int, inbox: Any) -> None:
        self.store = store
        self.chance = random.Random(seed)
        self.inbox = inbox
        self.operations = 0
        self.kept: list[Any] = []

    def run(self, end: float) -> None:
        """Work until a time."""
        actions = [self.keys, self.batch, self.proxy, self.own, self.future, self.lifetime]
        actions += [self.give, self.take, self.take]
        while time.monotonic() < end:
            self.chance.choice(actions)()
            self.operations += 1

    def keys(self) -> None:
        """Keep objects for a while."""
        if len(self.kept) < 5:
            self.kept.append(self.store.put(make(self.chance)))
        else:
            key = self.kept.pop(self.chance.randrange(5))
            assert self.store.exists(key)
            check(self.store.get(key))
            self.store.evict(key)
            assert self.store.get(key) is None
            assert not self.store.exists(key)

    def batch(self) -> None:
        """Put several objects at once."""
        keys = self.store.put_batch([make(self.chance) for _ in range(3)])
        for key in keys:
            check(self.store.get(key))
            self.store.evict(key)

    def proxy(self) -> None:
        """Resolve a copy of a proxy, which evicts the object."""
        proxy = self.store.proxy(make(self.chance), evict=True, populate_target=False)
        copy = pickle.loads(pickle.dumps(proxy))
        check(copy)
        try:
            extract(proxy)
        except ProxyResolveError as error:
            assert isinstance(error.cause, ProxyResolveMissingKeyError)
        else:
            raise AssertionError("the object should be gone")

    def own(self) -> None:
        """Borrow, change and clone an object."""
        owner = self.store.owned_proxy(make(self.chance), populate_target=False)
        check(borrow(owner))
        reference = borrow(owner)
        try:
            mut_borrow(owner)
        except MutableBorrowError:
            pass
        else:
            raise AssertionError("two borrows that exclude each other")
        del reference
        mutable: Any = mut_borrow(owner)
        mutable["content"] = numpy.zeros(7, "uint8")
        mutable["hash"] = hashlib.blake2b(bytes(7)).digest()
        update(mutable)
        del mutable
        again = clone(owner)
        check(again)
        del owner
        check(self.store.get(get_key(again)))

    def future(self) -> None:
        """Set an object for which another thread waits."""
        future = self.store.future(polling_interval=0.001, polling_timeout=60, evict=True)
        proxy = pickle.loads(pickle.dumps(future.proxy()))
        found: list[Any] = []
        waiting = threading.Thread(target=lambda: found.append(extract(proxy)))
        waiting.start()
        future.set_result(make(self.chance))
        waiting.join()
        check(found[0])

    def lifetime(self) -> None:
        """Let a lifetime evict objects."""
        with ContextLifetime(self.store) as lifetime:
            proxies = [self.store.proxy(make(self.chance), lifetime=lifetime) for _ in range(2)]
            check(pickle.loads(pickle.dumps(proxies[1])))
        assert not self.store.exists(get_key(proxies[0]))

    def give(self) -> None:
        """Send a proxy to whoever takes it."""
        proxy = self.store.proxy(make(self.chance), evict=True, populate_target=False)
        try:
            self.inbox.put_nowait(pickle.dumps(proxy))
        except queue.Full:
            extract(proxy)

    def take(self) -> None:
        """Use a proxy that another process may have sent."""
        try:
            data = self.inbox.get_nowait()
        except queue.Empty:
            return
        check(pickle.loads(data))

    def finish(self) -> None:
        """Evict what has been kept."""
        for key in self.kept:
            check(self.store.get(key))
            self.store.evict(key)


def run_threads(
    store: Store[Any], count: int, seed: int, inbox: Any, end: float
) -> tuple[int, list[str]]:
    """Run workers; return how much they did and what went wrong."""
    workers = [Worker(store, seed * 1000 + number, inbox) for number in range(count)]
    failures: list[str] = []

    def run(worker: Worker) -> None:
        try:
            worker.run(end)
            worker.finish()
        except BaseException as error:
            failures.append(repr(error))
            raise

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(worker.operations for worker in workers), failures


def run_process(config: StoreConfig, seed: int, inbox: Any, seconds: float, results: Any) -> None:
    """Run workers in a process of their own."""
    store: Store[Any] = get_or_create_store(config)
    end = time.monotonic() + seconds
    results.put(run_threads(store, THREADS_OF_A_PROCESS, seed, inbox, end))


def mixed(path: Path) -> MultiConnector:
    shm = SharedMemoryConnector("soak", directory=str(path / "shm"))
    small = Policy(priority=1, max_size_bytes=9999)
    return MultiConnector(
        {"small": (shm, small), "large": (FileConnector(str(path / "files")), Policy())}
    )


LOCAL: dict[str, Callable[[Path], Any]] = {
    "shm": lambda path: SharedMemoryConnector("soak", directory=str(path / "shm")),
    "file": lambda path: FileConnector(str(path / "files"), checksum=True),
    "multi": mixed,
}
WITH_SERVER: dict[str, Callable[[Servers], Any]] = on_each_server(
    {"redis": lambda server: RedisConnector("127.0.0.1", server.port, prefix="soak:")}
)
CONNECTORS = (*LOCAL, *WITH_SERVER)


@pytest.fixture(params=CONNECTORS)
def store(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Iterator[Store[Any]]:
    if request.param in WITH_SERVER:
        connector = WITH_SERVER[request.param](servers)
    else:
        connector = LOCAL[request.param](tmp_path)
    with Store(f"soak-{request.param}", connector, register=True, cache_size=8) as made:
        yield made


def count_objects(store: Store[Any], path: Path) -> int:
    if isinstance(store.connector, RedisConnector):
        return sum(1 for _ in store.connector._client.scan_iter("soak:*"))
    return sum(not name.startswith(".") for _, _, names in os.walk(path) for name in names)


def open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.timeout(0)
def test_threads_and_processes(
    store: Store[Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seconds = float(request.config.getoption("soak")) / len(CONNECTORS)
    context = multiprocessing.get_context("spawn")
    inbox: Any = context.Queue(100)
    results: Any = context.Queue()
    processes = [
        context.Process(
            target=run_process, args=(store.config(), number + 1, inbox, seconds, results)
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    before = open_files()
    operations, failures = run_threads(store, THREADS, 0, inbox, time.monotonic() + seconds)
    # Neither the processes nor the threads may be stuck.
    for _ in processes:
        done, failed = results.get(timeout=120)
        operations += done
        failures += failed
    for process in processes:
        process.join(60)
    assert not failures
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    while True:
        try:
            check(pickle.loads(inbox.get(timeout=1)))
        except queue.Empty:
            break
    assert operations > THREADS + PROCESSES * THREADS_OF_A_PROCESS
    assert count_objects(store, tmp_path) == 0
    # A connection to a server for each thread, also those that wait, is kept, and nothing else.
    kept = 2 * THREADS if isinstance(store.connector, RedisConnector) else 0
    assert open_files() <= before + kept + 4
    print(f"{operations} operations in {seconds:.0f} s: {operations / HOUR:.2f} of an hour's worth")

"""Time stores and serialization beside ProxyStore, pickle and memcpy, shuffled in one process.

Three tables: the life of a proxy of a stored object, serialization of objects of several types,
and round trips between two processes (put, send the proxy, get, touch the data, reply). Each
round times all contenders in random order; a ratio is the median of the ratios of the rounds.
What happens in one process is measured in time of the processor, round trips by the clock.

The allocator decides how long large objects take: fresh pages cost several times a copy. So the
script runs itself again with glibc's malloc in a fixed state: ``warm`` keeps freed memory for the
next object, ``fresh`` returns it, ``default`` lets malloc adapt.

    python bench/stores.py [--allocator warm] [--rounds 21] [--only NAME] [--output DIR] [--check]
"""

from __future__ import annotations

import argparse
import json
import mmap
import multiprocessing
import os
import pickle
import platform
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import proxystore.connectors.file
import proxystore.connectors.local
import proxystore.connectors.redis
import proxystore.proxy
import proxystore.serialize
import proxystore.store
import proxystore.store.utils
import pyarrow

import proxyrt
import proxyrt.serialize
import proxyrt.store.utils
from proxyrt.connectors.file import FileConnector
from proxyrt.connectors.local import LocalConnector
from proxyrt.connectors.shm import SharedMemoryConnector

ALLOCATORS = {
    "warm": {
        "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
        "MALLOC_TOP_PAD_": str(256 << 20),
    },
    "fresh": {"MALLOC_MMAP_THRESHOLD_": str(128 << 10)},
    "default": {},
}
OURS, THEIRS = "proxyrt", "ProxyStore"
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir()

# Only Linux can do without the page faults of the first use.
MAP_POPULATE = getattr(mmap, "MAP_POPULATE", 0)

Timed = Callable[[], float]


@dataclass
class Row:
    """The seconds of one operation: one value a round for each contender."""

    name: str
    goal: float | None
    times: dict[str, list[float]] = field(default_factory=dict)

    def median(self, contender: str) -> float | None:
        """Return the median, or None if the contender does not have the operation."""
        times = self.times.get(contender)
        return statistics.median(times) if times else None

    def ratio(self, contender: str) -> float | None:
        """Return the median over the rounds of our time divided by another's."""
        ours, others = self.times.get(OURS), self.times.get(contender)
        if not ours or not others:
            return None
        return statistics.median(a / b for a, b in zip(ours, others, strict=True))


def measure(row: Row, contenders: dict[str, Timed], rounds: int) -> Row:
    """Time the contenders in turns."""
    for timed in contenders.values():
        timed()
    row.times = {name: [] for name in contenders}
    for _ in range(rounds):
        order = list(contenders)
        random.shuffle(order)
        for name in order:
            row.times[name].append(contenders[name]())
    return row


def repeated(function: Callable[[], object], loops: int) -> Timed:
    """Time a function, in seconds of the processor a call."""

    def timed() -> float:
        turns = range(loops)
        start = time.process_time()
        for _ in turns:
            function()
        return (time.process_time() - start) / loops

    return timed


@contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """Run a server that keeps everything in memory; return its port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder) as server:
        while server.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.01)
        yield port
        server.terminate()


@contextmanager
def stores(kind: str, folder: Path, cache_size: int = 16) -> Iterator[dict[str, Any]]:
    """Make a registered store of each contender over comparable connectors.

    ProxyStore has no shared memory: its files are in the same memory file system instead.
    """
    with ExitStack() as stack:
        if kind == "shm":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY)))
        port = stack.enter_context(redis_server(folder)) if kind == "redis" else 0
        ours, theirs = connectors(kind, folder, port)
        options: dict[str, Any] = {"register": True, "cache_size": cache_size}
        yield {
            OURS: stack.enter_context(proxyrt.Store("bench", ours, **options)),
            THEIRS: stack.enter_context(proxystore.store.Store("bench", theirs, **options)),
        }


def connectors(kind: str, folder: Path, port: int) -> tuple[Any, Any]:
    """Return our connector of a kind, and ProxyStore's."""
    if kind == "redis":
        from proxyrt.connectors.redis import RedisConnector  # noqa: PLC0415  # optional

        theirs: Any = proxystore.connectors.redis.RedisConnector("127.0.0.1", port)
        return RedisConnector("127.0.0.1", port), theirs
    if kind == "local":
        return LocalConnector(), proxystore.connectors.local.LocalConnector()
    theirs = proxystore.connectors.file.FileConnector(str(folder / "theirs"))
    if kind == "shm":
        return SharedMemoryConnector("bench"), theirs
    return FileConnector(str(folder / "ours")), theirs


MODULES: dict[str, Any] = {OURS: proxyrt.store.utils, THEIRS: proxystore.store.utils}


def life(kind: str, store: Any, extract: Callable[[Any], Any], get_key: Any) -> dict[str, Timed]:
    """Return what is timed of the life of a small stored object, by name."""
    small = [1, 2, 3]
    plain = store.proxy(small, populate_target=False)
    data = pickle.dumps(plain)
    key = get_key(plain)
    store.get(key)
    factory = plain.__proxy_factory__ if hasattr(plain, "__proxy_factory__") else None

    def proxy_and_evict() -> float:
        start = time.process_time()
        made = [store.proxy(small) for _ in range(100)]
        seconds = (time.process_time() - start) / 100
        for proxy in made:
            store.evict(get_key(proxy))
        return seconds

    def get_uncached() -> float:
        keys = [store.put(small) for _ in range(100)]
        start = time.process_time()
        for one in keys:
            store.get(one)
        seconds = (time.process_time() - start) / 100
        for one in keys:
            store.evict(one)
        return seconds

    def resolve() -> float:
        store.get(key)
        copies = [type(plain)(factory) for _ in range(200)]
        start = time.process_time()
        for copy in copies:
            extract(copy)
        return (time.process_time() - start) / 200

    return {
        f"{kind}: Store.proxy": proxy_and_evict,
        f"{kind}: get, not cached": get_uncached,
        f"{kind}: resolve, cached": resolve,
        f"{kind}: pickle": repeated(lambda: pickle.dumps(plain), 200),
        f"{kind}: unpickle": repeated(lambda: pickle.loads(data), 200),
    }


LIFE_GOALS = {
    "Store.proxy": 0.2,
    "resolve, cached": 0.2,
    "pickle": 0.13,
    "unpickle": 0.1,
    "bytes of a pickled proxy": 0.1,
}


def time_life(kinds: list[str], rounds: int, folder: Path, only: str) -> list[Row]:
    """Time the lives of proxies over several connectors."""
    rows = []
    for kind in kinds:
        with stores(kind, folder) as pair:
            timed = {
                OURS: life(kind, pair[OURS], proxyrt.extract, proxyrt.store.utils.get_key),
                THEIRS: life(
                    kind,
                    pair[THEIRS],
                    proxystore.proxy.extract,
                    proxystore.store.utils.get_key,
                ),
            }
            for name in timed[OURS]:
                if only in name:
                    row = Row(name, LIFE_GOALS.get(name.partition(": ")[2]))
                    contenders = {contender: timed[contender][name] for contender in timed}
                    rows.append(measure(row, contenders, rounds))
            sizes = {
                contender: [float(len(pickle.dumps(store.proxy([1], populate_target=False))))]
                for contender, store in pair.items()
            }
            name = f"{kind}: bytes of a pickled proxy"
            if only in name:
                rows.append(Row(name, LIFE_GOALS["bytes of a pickled proxy"], sizes))
    return rows


KB, MB = 1_000, 1_000_000


def objects() -> dict[str, tuple[Any, float | None, float | None]]:
    """Return objects with the goals of writing and reading them."""
    floats = numpy.random.default_rng(0).random

    def columns(rows: int) -> dict[str, Any]:
        return {f"c{i}": floats(rows) for i in range(5)}

    strings = ["some text", "more"] * 50_000
    return {
        "array 1 kB": (floats(KB // 8), 0.15, 0.02),
        "array 100 kB": (floats(100 * KB // 8), None, 0.02),
        "array 10 MB": (floats(10 * MB // 8), 0.5, 0.02),
        "array 10 MB, Fortran order": (numpy.asfortranarray(floats((1000, 1250))), 1, 1),
        "bytes 1 kB": (os.urandom(KB), 1, 1),
        "bytes 10 MB": (os.urandom(10 * MB), 1, 1),
        "bytearray 10 MB": (bytearray(10 * MB), 1, 1),
        "str 1 kB": ("x" * KB, 1, 1),
        "str 10 MB": ("x" * 10 * MB, 1, 1),
        "str 10 MB, not ASCII": ("\N{GREEK SMALL LETTER ALPHA}" * 5 * MB, 1, 1),
        "dict of 1000": ({f"key{i}": [i, float(i), str(i)] for i in range(1000)}, 1, 1),
        "list of 3": ([1, 2, 3], 1, 1),
        "int": (12345, 1, 1),
        "dict with array 10 MB": ({"a": floats(10 * MB // 8), "b": 1}, 1, 1),
        "pandas 10 MB": (pandas.DataFrame(columns(MB // 4)), 1, 1),
        "polars 10 MB": (polars.DataFrame(columns(MB // 4)), 1, 1),
        "polars with text": (polars.DataFrame({"s": strings, "n": range(100_000)}), 1, 1),
        "pyarrow 10 MB": (pyarrow.table(columns(MB // 4)), 1, 1),
    }


def time_serialization(rounds: int, only: str) -> list[Row]:
    """Time writing and reading of objects."""
    rows = []
    for name, (obj, goal_write, goal_read) in objects().items():
        if only not in name:
            continue
        size = len(proxyrt.serialize.serialize(obj))
        loops = max(1, min(300, MB // size))
        payload = bytes(size)

        def copy(payload: bytes = payload) -> bytearray:
            return bytearray(payload)

        write: dict[str, Callable[[], Any]] = {
            OURS: lambda obj=obj: proxyrt.serialize.serialize(obj),
            "proxyrt, pieces": lambda obj=obj: proxyrt.serialize.encode(obj),
            THEIRS: lambda obj=obj: proxystore.serialize.serialize(obj),
            "pickle 5": lambda obj=obj: pickle.dumps(obj, 5),
            "memcpy": copy,
        }
        data = {contender: function() for contender, function in write.items()}
        read: dict[str, Callable[[], Any]] = {
            OURS: lambda data=data[OURS]: proxyrt.serialize.deserialize(data),
            "proxyrt, writable": lambda data=data[OURS]: proxyrt.serialize.deserialize(
                data, writable=True
            ),
            THEIRS: lambda data=data[THEIRS]: proxystore.serialize.deserialize(data),
            "pickle 5": lambda data=data["pickle 5"]: pickle.loads(data),
            "memcpy": copy,
        }
        for verb, contenders, goal in (("write", write, goal_write), ("read", read, goal_read)):
            timed = {who: repeated(function, loops) for who, function in contenders.items()}
            rows.append(measure(Row(f"{verb} {name}", goal), timed, rounds))
    return rows


def touch(obj: Any) -> float:
    """Read all the data of an object, as fast as the memory is."""
    numbers = obj if isinstance(obj, numpy.ndarray) else numpy.frombuffer(obj, numpy.uint64)
    return float(numbers.sum())


def shared_memory(file: str) -> mmap.mmap:
    """Map a file that both processes have mapped."""
    with open(file, "r+b") as opened:
        return mmap.mmap(opened.fileno(), 0, flags=mmap.MAP_SHARED | MAP_POPULATE)


def answer(pipe: Any, file: str) -> None:
    """Be the other process: resolve proxies, touch what they stand for, and drop it."""
    memory = shared_memory(file)
    while (message := pipe.recv()) is not None:
        if isinstance(message, tuple):
            pipe.send(touch(numpy.frombuffer(memory, *message)))
        else:
            pipe.send(touch(message.__proxy_wrapped__))


@contextmanager
def partner() -> Iterator[tuple[Any, mmap.mmap]]:
    """Start a process that answers; also return memory that it has mapped."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.NamedTemporaryFile(dir=MEMORY) as file:
        file.truncate(16 * MB)
        memory = shared_memory(file.name)
        process = context.Process(target=answer, args=(theirs, file.name), daemon=True)
        process.start()
        # So that the end of the other process is an error here.
        theirs.close()
        yield ours, memory
        ours.send(None)
        process.join()


TRIPS = {
    "array 1 kB": lambda: numpy.random.default_rng(0).random(KB // 8),
    "array 10 MB": lambda: numpy.random.default_rng(0).random(10 * MB // 8),
    "bytes 10 MB": lambda: os.urandom(10 * MB),
}
TRIP_GOALS = {
    ("file", "array 1 kB"): 0.5,
    ("shm", "array 1 kB"): 0.5,
    ("file", "array 10 MB"): 0.45,
    ("shm", "array 10 MB"): 0.15,
    ("redis", "array 1 kB"): 0.5,
    ("redis", "array 10 MB"): 0.8,
}


def round_trip(store: Any, pipe: Any, obj: Any, get_key: Any, loops: int) -> Timed:
    """Time a round trip; the objects are evicted afterwards."""

    def timed() -> float:
        seconds = 0.0
        for _ in range(loops):
            start = time.perf_counter()
            proxy = store.proxy(obj, populate_target=False)
            pipe.send(proxy)
            pipe.recv()
            seconds += time.perf_counter() - start
            store.evict(get_key(proxy))
        return seconds / loops

    return timed


def bare_trip(memory: mmap.mmap, pipe: Any, obj: Any, loops: int) -> Timed:
    """Time the copy, the messages and the sum alone: what no store gets below."""
    source = numpy.frombuffer(obj, obj.dtype if isinstance(obj, numpy.ndarray) else numpy.uint64)
    target = numpy.frombuffer(memory, source.dtype, len(source))

    def timed() -> float:
        start = time.perf_counter()
        for _ in range(loops):
            numpy.copyto(target, source)
            pipe.send((source.dtype, len(source)))
            pipe.recv()
        return (time.perf_counter() - start) / loops

    return timed


def time_trips(kinds: list[str], rounds: int, folder: Path, only: str) -> list[Row]:
    """Time round trips between two processes, without the caches of the stores."""
    rows = []
    for kind in kinds:
        with stores(kind, folder, cache_size=0) as pair, partner() as (pipe, memory):
            for name, make in TRIPS.items():
                if only not in name:
                    continue
                loops = 50 if "kB" in name else 3
                contenders = {
                    who: round_trip(store, pipe, make(), MODULES[who].get_key, loops)
                    for who, store in pair.items()
                }
                contenders["memcpy"] = bare_trip(memory, pipe, make(), loops)
                row = Row(f"{kind}: {name}", TRIP_GOALS.get((kind, name)))
                rows.append(measure(row, contenders, rounds))
    return rows


def cell(value: float | None, scale: float, digits: int) -> str:
    """Format a number that may be missing."""
    return "-" if value is None else f"{value * scale:.{digits}f}"


def table(title: str, rows: list[Row]) -> str:
    """Return rows as a Markdown table, with each ratio that has a goal marked."""
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row.times))
    lines = [
        f"| {title} (us) | {' | '.join(names)} | / {THEIRS} | goal |",
        "| --- |" + " ---: |" * (len(names) + 2),
    ]
    for row in rows:
        scale, digits = (1.0, 0) if "bytes of" in row.name else (1e6, 2)
        medians = [cell(row.median(name), scale, digits) for name in names]
        ratio = row.ratio(THEIRS)
        goal = "" if row.goal is None else f"{row.goal}"
        if row.goal is not None and ratio is not None and ratio > row.goal:
            goal += " MISSED"
        lines.append(f"| {row.name} | {' | '.join(medians)} | {cell(ratio, 1, 3)} | {goal} |")
    return "\n".join(lines)


def main() -> int:
    """Run the benchmark; with ``--check``, fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--allocator", choices=ALLOCATORS, default="warm")
    parser.add_argument("--tables", nargs="*", default=["life", "serialization", "trips"])
    parser.add_argument("--only", default="", help="the rows whose name contains this")
    parser.add_argument("--directory", type=Path, help="where files are kept")
    parser.add_argument("--output", type=Path, help="a folder for the tables and the numbers")
    parser.add_argument("--check", action="store_true", help="fail if a goal is missed")
    options = parser.parse_args()
    pinned = {"PROXYRT_BENCH": options.allocator, **ALLOCATORS[options.allocator]}
    if os.environ.get("PROXYRT_BENCH") != options.allocator:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **pinned})

    tables = {}
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        folder = Path(name)
        if "life" in options.tables:
            tables["life of a proxy"] = time_life(
                ["local", "file", "shm"], options.rounds, folder, options.only
            )
        if "serialization" in options.tables:
            tables["serialization"] = time_serialization(options.rounds, options.only)
        if "trips" in options.tables:
            kinds = ["file", "shm"] + ["redis"] * (shutil.which("redis-server") is not None)
            tables["round trip of two processes"] = time_trips(
                kinds, options.rounds, folder, options.only
            )
    packages = ["proxystore", "numpy", "pandas", "polars", "pyarrow"]
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    report = "\n\n".join(
        [
            f"CPython {platform.python_version()}, {platform.machine()}, "
            f"malloc {options.allocator}, proxyrt {proxyrt.__version__}, {versions}",
            "Ratios are proxyrt's time divided by ProxyStore's: the median over the rounds.",
            *(table(title, rows) for title, rows in tables.items()),
        ]
    )
    print(report)
    every = [row for rows in tables.values() for row in rows]
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "stores.md").write_text(report + "\n")
        (options.output / "stores.json").write_text(json.dumps({r.name: r.times for r in every}))
    missed = [
        row
        for row in every
        if row.goal is not None and (ratio := row.ratio(THEIRS)) is not None and ratio > row.goal
    ]
    return int(options.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())

"""Time every forwarded operation of proxyrt beside other proxies, shuffled in one process.

Implementations: no proxy at all, proxyrt, lazy-object-proxy (C), wrapt (C), ProxyStore (Python).
Each round times all of them, in random order, on one CPU; a ratio is the median of the ratios of
the rounds, so that clock drift cancels. The table goes to standard output; with ``--output`` a
table, the raw medians and a plot go to a folder.

    python bench/proxies.py [--rounds 41] [--only NAME] [--output DIR] [--check]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lazy_object_proxy
import numpy
import proxystore.connectors.local
import proxystore.proxy
import proxystore.store
import wrapt

import proxyrt
from proxyrt.connectors.local import LocalConnector

OURS, C_EXTENSION, PYTHON = "proxyrt", "lazy-object-proxy", "ProxyStore"


class Point:
    """The target of the attribute operations."""

    def __init__(self) -> None:
        self.x = 1

    def method(self) -> int:
        """Do next to nothing."""
        return 1

    def __enter__(self) -> Point:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def identity(x: Any = None) -> Any:
    """Return the argument."""
    return x


READY = [1]


def get_ready() -> list[int]:
    """Return a target that is there already: making one is not the proxy's work."""
    return READY


IMPLEMENTATIONS: dict[str, Callable[[Any], Any]] = {
    "no proxy": lambda value: value,
    OURS: lambda value: proxyrt.Proxy(lambda: value),
    C_EXTENSION: lambda value: lazy_object_proxy.Proxy(lambda: value),
    "wrapt": lambda value: wrapt.LazyObjectProxy(lambda: value, interface=type(value)),
    PYTHON: lambda value: proxystore.proxy.Proxy(lambda: value),
}
CLASSES: dict[str, Any] = {
    OURS: proxyrt.Proxy,
    C_EXTENSION: lazy_object_proxy.Proxy,
    PYTHON: proxystore.proxy.Proxy,
}
STORES: dict[str, Any] = {
    OURS: proxyrt.Store("bench", LocalConnector()),
    PYTHON: proxystore.store.Store("bench", proxystore.connectors.local.LocalConnector()),
}


@dataclass(frozen=True)
class Operation:
    """A statement on ``p``, a resolved proxy of what ``target`` evaluates to."""

    name: str
    target: str
    statement: str
    loops: int = 2000


FORWARDED = [
    Operation("attribute", "Point()", "p.x"),
    Operation("method call", "Point()", "p.method()"),
    Operation("builtin method", "[1]", "p.count"),
    Operation("set attribute", "Point()", "p.x = 2"),
    Operation("int + 1", "1000", "p + 1"),
    Operation("1 + int", "1000", "1 + p"),
    Operation("proxy + proxy", "1000", "p + p"),
    Operation("int += 1", "1000", "q = p; q += 1"),
    Operation("list[0]", "[1, 2]", "p[0]"),
    Operation("dict[key]", "{'k': 1}", "p['k']"),
    Operation("set item", "[1, 2]", "p[0] = 3"),
    Operation("len", "[1, 2]", "len(p)"),
    Operation("iter", "[1, 2]", "iter(p)"),
    Operation("list of 10", "list(range(10))", "list(p)"),
    Operation("for of 10", "list(range(10))", "for _ in p: pass"),
    Operation("int == 1", "1000", "p == 1"),
    Operation("int < 1", "1000", "p < 1"),
    Operation("hash", "'text'", "hash(p)"),
    Operation("isinstance", "Point()", "isinstance(p, Point)"),
    Operation("call(1)", "identity", "p(1)"),
    Operation("call(x=1)", "identity", "p(x=1)"),
    Operation("bool", "[1]", "bool(p)"),
    Operation("if", "[1]", "if p: pass"),
    Operation("str", "'text'", "str(p)"),
    Operation("in", "[1, 2, 3]", "3 in p"),
    Operation("int()", "1000", "int(p)"),
    Operation("as an index", "1", "items[p]"),
    Operation("with", "Point()", "with p: pass"),
    Operation("numpy.sum", "numpy.arange(10.0)", "numpy.sum(p)", 100),
    Operation("numpy.asarray", "numpy.arange(10.0)", "numpy.asarray(p)", 300),
    Operation("numpy.add", "numpy.arange(10.0)", "numpy.add(p, p)", 100),
    Operation("array + proxy", "numpy.arange(10.0)", "array + p", 100),
    Operation("proxy + 1.0", "numpy.arange(10.0)", "p + 1.0", 300),
    Operation("numpy.concatenate", "numpy.arange(10.0)", "numpy.concatenate([p, p])", 100),
]

# `P` is the class, `p` an unresolved proxy that knows its class and hash, `r` a resolved one,
# `u` one of an object in a store, `data` its pickle.
LIFE = [
    Operation("construct", "", "P(get_ready)"),
    Operation("construct and resolve", "", "len(P(get_ready))", 500),
    Operation("isinstance, unresolved", "", "isinstance(p, str)"),
    Operation("hash, unresolved", "", "hash(p)"),
    Operation("is_resolved", "", "is_resolved(p)"),
    Operation("extract", "", "extract(r)"),
    Operation("pickle", "", "dumps(u)", 500),
    Operation("unpickle", "", "loads(data)", 500),
]


UNROLLED = 10


def compile_loop(statement: str, names: dict[str, Any]) -> Callable[[int], float]:
    """Make a function that times ``statement`` a number of times; the names are its locals."""
    source = (
        f"def loop(count, {', '.join(f'{name}={name}' for name in names)}):\n"
        f"    rounds = range(count // {UNROLLED})\n"
        "    start = clock()\n"
        "    for _i in rounds:\n"
        + f"        {statement}\n" * UNROLLED
        + "    return clock() - start\n"
    )
    scope: dict[str, Any] = {**names, "clock": time.perf_counter}
    exec(source, scope)
    loop: Callable[[int], float] = scope["loop"]
    return loop


def forwarded_loop(operation: Operation, implementation: str) -> Callable[[int], float]:
    """Make the loop of a forwarded operation."""
    value = eval(operation.target)
    proxy = IMPLEMENTATIONS[implementation](value)
    if implementation != "no proxy":
        bool(numpy.any(proxy.__class__ is None))  # resolves
    names = {
        "p": proxy,
        "items": [1, 2, 3],
        "Point": Point,
        "numpy": numpy,
        "array": numpy.arange(10.0),
    }
    return compile_loop(operation.statement, names)


def life_loop(operation: Operation, implementation: str) -> Callable[[int], float] | None:
    """Make the loop of an operation of a proxy's life, or None where there is no such thing."""
    if implementation not in CLASSES:
        return None
    kind = CLASSES[implementation]
    module: Any = {OURS: proxyrt, PYTHON: proxystore.proxy}.get(implementation)
    if module is None:
        if not operation.name.startswith("construct"):
            return None
        return compile_loop(operation.statement, {"P": kind, "get_ready": get_ready})
    unresolved = kind(lambda: "text", cache_defaults=True, target="text")
    del unresolved.__proxy_wrapped__
    resolved = kind(get_ready)
    module.resolve(resolved)
    stored = STORES[implementation].proxy(READY, populate_target=False)
    names = {
        "P": kind,
        "p": unresolved,
        "r": resolved,
        "u": stored,
        "data": pickle.dumps(stored),
        "get_ready": get_ready,
        "is_resolved": module.is_resolved,
        "extract": module.extract,
        "dumps": pickle.dumps,
        "loads": pickle.loads,
    }
    return compile_loop(operation.statement, names)


@dataclass
class Row:
    """The nanoseconds of one operation: one value a round for each implementation."""

    operation: Operation
    times: dict[str, list[float]] = field(default_factory=dict)

    def median(self, implementation: str) -> float | None:
        """Return the median, or None if the operation was not timed."""
        times = self.times.get(implementation)
        return statistics.median(times) if times else None

    def ratio(self, implementation: str) -> float | None:
        """Return the median over the rounds of our time divided by another's."""
        ours, theirs = self.times.get(OURS), self.times.get(implementation)
        if not ours or not theirs:
            return None
        return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def measure(
    operations: list[Operation],
    make: Callable[[Operation, str], Callable[[int], float] | None],
    rounds: int,
) -> list[Row]:
    """Time the operations."""
    rows = []
    for operation in operations:
        loops = {name: make(operation, name) for name in IMPLEMENTATIONS}
        active = {name: loop for name, loop in loops.items() if loop is not None}
        row = Row(operation, {name: [] for name in active})
        for loop in active.values():
            loop(operation.loops // 10)
        for _ in range(rounds):
            order = list(active)
            random.shuffle(order)
            for name in order:
                seconds = active[name](operation.loops)
                row.times[name].append(seconds / operation.loops * 1e9)
        rows.append(row)
    return rows


def geometric_mean(values: list[float]) -> float:
    """Return the geometric mean."""
    return math.exp(statistics.fmean(map(math.log, values)))


def cell(value: float | None, digits: int = 1) -> str:
    """Format a number that may be missing."""
    return "-" if value is None else f"{value:.{digits}f}"


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    names = list(IMPLEMENTATIONS)
    lines = [
        f"| operation (ns) | {' | '.join(names)} | / {C_EXTENSION} | / wrapt | / {PYTHON} |",
        "| --- |" + " ---: |" * (len(names) + 3),
    ]
    for row in rows:
        medians = [cell(row.median(name)) for name in names]
        ratios = [cell(row.ratio(name), 3) for name in (C_EXTENSION, "wrapt", PYTHON)]
        lines.append(f"| {row.operation.name} | {' | '.join(medians + ratios)} |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Goal:
    """Something that should be at most a bound."""

    what: str
    value: float
    bound: float

    def __str__(self) -> str:
        verdict = "met" if self.value <= self.bound else "MISSED"
        return f"| {self.what} | {self.value:.3f} | {self.bound} | {verdict} |"


def goals(forwarded: list[Row], life: list[Row]) -> list[Goal]:
    """Compare the results with what the project wants to reach."""

    def ratios(implementation: str, rows: list[Row]) -> list[float]:
        return [ratio for row in rows if (ratio := row.ratio(implementation)) is not None]

    by_name = {row.operation.name: row for row in forwarded + life}

    def one(name: str, implementation: str) -> list[float]:
        return ratios(implementation, [by_name[name]]) if name in by_name else []

    worst = max(
        ((row.ratio(C_EXTENSION) or 0, row.operation.name) for row in forwarded), default=(0, "")
    )
    wanted = [
        ("all operations / " + C_EXTENSION, ratios(C_EXTENSION, forwarded), 0.62),
        ("all operations / " + PYTHON, ratios(PYTHON, forwarded), 0.13),
        ("attribute / " + C_EXTENSION, one("attribute", C_EXTENSION), 0.1),
        ("method call / " + C_EXTENSION, one("method call", C_EXTENSION), 0.1),
        ("builtin method / " + C_EXTENSION, one("builtin method", C_EXTENSION), 0.1),
        (f"worst operation ({worst[1]}) / {C_EXTENSION}", [worst[0]] if worst[0] else [], 1.1),
        ("construct / " + PYTHON, one("construct", PYTHON), 0.1),
        ("construct and resolve / " + PYTHON, one("construct and resolve", PYTHON), 0.06),
        ("pickle / " + PYTHON, one("pickle", PYTHON), 0.13),
        ("unpickle / " + PYTHON, one("unpickle", PYTHON), 0.1),
    ]
    return [Goal(what, geometric_mean(values), bound) for what, values, bound in wanted if values]


def plot(rows: list[Row], path: Path) -> None:
    """Draw the medians, one line of points an implementation."""
    import matplotlib  # noqa: PLC0415  # only needed with --output

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(8, 0.28 * len(rows) + 1.5))
    markers = dict(zip(IMPLEMENTATIONS, "|o^sd", strict=True))
    for name, marker in markers.items():
        points = [(m, -i) for i, row in enumerate(rows) if (m := row.median(name)) is not None]
        axes.plot(*zip(*points, strict=True), marker, label=name, markersize=6)
    axes.set_xscale("log")
    axes.set_xlabel("median time of one operation (ns)")
    axes.set_yticks([-i for i in range(len(rows))], [row.operation.name for row in rows])
    axes.grid(axis="both", alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.06), ncols=5, frameon=False)
    figure.savefig(path, bbox_inches="tight")
    pyplot.close(figure)


def heading() -> str:
    """Say what was measured on what."""
    packages = ["lazy-object-proxy", "wrapt", "proxystore", "numpy"]
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"CPython {platform.python_version()}, {platform.machine()}, "
        f"proxyrt {proxyrt.__version__}, {versions}"
    )


def main() -> int:
    """Run the benchmark; with ``--check``, fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--only", help="the operations whose name contains this")
    parser.add_argument("--output", type=Path, help="a folder for table, numbers and plot")
    parser.add_argument("--check", action="store_true", help="fail if a goal is missed")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    def chosen(operations: list[Operation]) -> list[Operation]:
        return [op for op in operations if options.only is None or options.only in op.name]

    forwarded = measure(chosen(FORWARDED), forwarded_loop, options.rounds)
    life = measure(chosen(LIFE), life_loop, options.rounds)
    reached = goals(forwarded, life)
    report = "\n\n".join(
        [
            heading(),
            "Ratios are proxyrt's time divided by the other's: the median over the rounds.",
            table(forwarded),
            table(life),
            "\n".join(["| goal | ratio | at most | |", "| --- | ---: | ---: | --- |"])
            + "\n"
            + "\n".join(map(str, reached)),
        ]
    )
    print(report)
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "proxies.md").write_text(report + "\n")
        numbers = {row.operation.name: row.times for row in forwarded + life}
        (options.output / "proxies.json").write_text(json.dumps(numbers))
        plot(forwarded + life, options.output / "proxies.svg")
    missed = any(goal.value > goal.bound for goal in reached)
    return int(options.check and missed)


if __name__ == "__main__":
    sys.exit(main())

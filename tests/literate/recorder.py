"""What instrumented code calls: it checks claims where they are made and writes down the outcome.

The outcome goes to a file, one JSON object a line, so that Dask workers and child processes can add to it.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from page import Marker

_T = TypeVar("_T")
_Watched = tuple[str, int, str, Any]

#: Attribute of an exception that a page claims. It travels with the exception between processes.
_EXPECTED = "_proof_expected"

#: Seconds that operations of other processes may take to show up after the statement that caused them.
_SETTLING = 2.0

#: Connectors whose operations are counted.
_CONNECTORS = (
    ("proxystore.connectors.local", "LocalConnector"),
    ("proxystore.connectors.file", "FileConnector"),
)


class Log:
    """An append-only file of events.

    Args:
        path: The file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, event: str, line: int, **details: object) -> None:
        """Appends an event that happened at a line of the page."""
        record = json.dumps({"event": event, "line": line, **details}) + "\n"
        # One `write` in append mode is not torn by those of other processes.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, record.encode())
        finally:
            os.close(descriptor)

    def read(self, start: int = 0) -> list[dict[str, Any]]:
        """The events from number `start` on."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines[start:]]


class Recorder:
    """Checks the claims of one program.

    Args:
        log: Where outcomes are written.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self._ops_start = 0
        self._ops_line = 0

    def observed(self, line: int, expected: str, value: _T) -> _T:
        """Compares a value with the `repr` that the page states, and hands it on."""
        found = repr(value)
        if found == expected:
            self.log.write("proved", line, kind="observed")
        else:
            self.log.write(
                "failed",
                line,
                kind="observed",
                reason=f"expected {expected}, got {found}",
            )
        return value

    @contextmanager
    def watch(self, claims: Sequence[_Watched]) -> Iterator[None]:
        """Checks what a statement raises and resolves."""
        for kind, line, _, _ in claims:
            self.log.write("reached", line, kind=kind)
        resolves = [
            (line, text, subject, _state(subject))
            for kind, line, text, subject in claims
            if kind == "resolves"
        ]
        raises = [
            Marker("raises", text, line) for kind, line, text, _ in claims if kind == "raises"
        ]
        try:
            yield
        except BaseException as error:
            for marker in raises:
                self._check_raised(marker, error)
            raise
        finally:
            for line, text, subject, state in resolves:
                if state != "unresolved":
                    reason = f"`{text}` is {state} before this line"
                elif _state(subject) == "unresolved":
                    reason = f"this line does not resolve `{text}`"
                else:
                    self.log.write("proved", line, kind="resolves")
                    continue
                self.log.write("unmet", line, kind="resolves", reason=reason)

    def _check_raised(self, marker: Marker, error: BaseException) -> None:
        name, text = marker.raised()
        qualified = f"{type(error).__module__}.{type(error).__qualname__}"
        if name in {type(error).__name__, qualified} and text in str(error):
            self.log.write("proved", marker.line, kind="raises")
        else:
            reason = f"expected {marker.text}, got {_describe(error)}"
            self.log.write("failed", marker.line, kind="raises", reason=reason)
        # A wrong claim is reported once; the rest of the page is still worth running.
        setattr(error, _EXPECTED, True)

    @contextmanager
    def statement(self, line: int) -> Iterator[None]:
        """Ends a module-level statement whose exception is claimed, so that the page goes on."""
        self.log.write("statement", line)
        try:
            yield
        except BaseException as error:
            if not getattr(error, _EXPECTED, False):
                raise

    def ops(self, line: int, expected: dict[str, int]) -> None:
        """Compares what connectors did since the previous call with what the page states."""
        gc.collect()
        deadline = time.monotonic() + _SETTLING
        while True:
            events = self.log.read(self._ops_start)
            counts = _count(events)
            wrong = [
                f"{name}={number}" for name, number in expected.items() if counts[name] != number
            ]
            if not wrong or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        if wrong:
            got = " ".join(f"{name}={counts[name]}" for name in expected)
            self.log.write(
                "failed",
                line,
                kind="ops",
                reason=f"expected {' '.join(wrong)}, got {got}",
            )
        self.log.write("counted", line, since=self._ops_line, right=not wrong)
        self._ops_start += len(events)
        self._ops_line = line


def count_connector_operations(log: Log) -> None:
    """Makes the connectors of this process write down what they do."""
    for module, name in _CONNECTORS:
        connector = getattr(importlib.import_module(module), name)
        for method, (operation, describe) in _OPERATIONS.items():
            _count_method(log, connector, method, operation, describe)


def _size(data: Any) -> int:
    try:
        return memoryview(data).nbytes
    except TypeError:  # A frame of proxyrt's knows its length only.
        return len(data)


def _count_method(
    log: Log,
    connector: type,
    method: str,
    operation: str,
    describe: Callable[[Any, Any], Pairs],
) -> None:
    original = getattr(connector, method)

    @functools.wraps(original)
    def counted(self: object, *args: Any) -> Any:
        # A batch or a `put` may be made of other operations; the outermost one counts.
        if getattr(_outermost, "taken", False):
            return original(self, *args)
        _outermost.taken = True
        try:
            result = original(self, *args)
        finally:
            _outermost.taken = False
        for key, data in describe(args, result):
            log.write(
                "operation",
                0,
                name=operation,
                key=repr(key),
                bytes=_size(data),
            )
        return result

    setattr(connector, method, counted)


_outermost = threading.local()

Pairs: TypeAlias = Iterable[tuple[object, bytes]]

#: Method of a connector, the counter it adds to, and from its arguments and result the keys and data.
_OPERATIONS: dict[str, tuple[str, Callable[[Any, Any], Pairs]]] = {
    "put": ("put", lambda args, key: [(key, args[0])]),
    "put_batch": ("put", lambda args, keys: zip(keys, args[0], strict=True)),
    "set": ("put", lambda args, _: [(args[0], args[1])]),
    "get": ("get", lambda args, _: [(args[0], b"")]),
    "get_batch": ("get", lambda args, _: [(key, b"") for key in args[0]]),
    "evict": ("evict", lambda args, _: [(args[0], b"")]),
}


def _count(events: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts = {"put": 0, "get": 0, "evict": 0, "leaked": 0, "bytes": 0}
    alive: set[str] = set()
    for it in events:
        if it["event"] != "operation":
            continue
        counts[it["name"]] += 1
        counts["bytes"] += it["bytes"]
        if it["name"] == "put":
            alive.add(it["key"])
        elif it["name"] == "evict":
            alive.discard(it["key"])
    counts["leaked"] = len(alive)
    return counts


def _state(subject: object) -> str:
    # Imported late: another package may stand in for ProxyStore.
    from proxystore.proxy import Proxy, is_resolved

    if not isinstance(subject, Proxy):
        return "no proxy"
    return "resolved" if is_resolved(subject) else "unresolved"


def _describe(error: BaseException) -> str:
    text = str(error).split("\n", 1)[0]
    return f'{type(error).__name__} "{text}"' if text else type(error).__name__

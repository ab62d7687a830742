"""What goes wrong around stores: killed writers, full devices, damaged objects."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from servers import PROGRAMS, Servers

from proxyrt import Proxy, Store
from proxyrt.connectors.file import FileConnector, FileKey
from proxyrt.connectors.redis import RedisConnector
from proxyrt.connectors.shm import SharedMemoryConnector, SharedMemoryKey
from proxyrt.proxy import ProxyResolveError
from proxyrt.serialize import SerializationError, serialize
from proxyrt.store.exceptions import ProxyResolveMissingKeyError

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="ptrace, tmpfs")

WRITER = """
import ctypes, os, signal, sys
from proxyrt.connectors.file import FileConnector, FileKey
from proxyrt.connectors.shm import SharedMemoryConnector, SharedMemoryKey
from proxyrt.serialize import encode
import array

kind, folder = sys.argv[1:]
if kind == "shm":
    connector, key = SharedMemoryConnector("x", directory=folder), SharedMemoryKey("object")
else:
    durable = kind == "durable"
    connector, key = FileConnector(folder, clear=False, durable=durable), FileKey("object")
frame = encode([b"a" * 100_000, b"b" * 200_000])
ctypes.CDLL(None).ptrace(0, 0, 0, 0)  # PTRACE_TRACEME
os.kill(os.getpid(), signal.SIGSTOP)
connector.set(key, frame)
os.kill(os.getpid(), signal.SIGSTOP)
"""

PTRACE_SYSCALL, PTRACE_SETOPTIONS, PTRACE_O_TRACESYSGOOD = 24, 0x4200, 1
SYSCALL_STOP = signal.SIGTRAP | 0x80


def ptrace(request: int, pid: int, data: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, pid, None, data or None) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def write_and_kill(kind: str, folder: Path, after: int) -> bool:
    """Write an object and kill the writer at a system call; tell whether it was that far.

    What others see of a process changes with system calls only. Each of them stops the writer
    twice, before and after.
    """
    command = [sys.executable, "-c", WRITER, kind, str(folder)]
    with subprocess.Popen(command) as writer:
        _, status = os.waitpid(writer.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        ptrace(PTRACE_SETOPTIONS, writer.pid, PTRACE_O_TRACESYSGOOD)
        stops = 0
        while stops < after:
            ptrace(PTRACE_SYSCALL, writer.pid)
            _, status = os.waitpid(writer.pid, 0)
            assert os.WIFSTOPPED(status)
            if os.WSTOPSIG(status) == SYSCALL_STOP:
                stops += 1
            elif os.WSTOPSIG(status) == signal.SIGSTOP:
                break
        writer.kill()
        os.waitpid(writer.pid, 0)
        writer.returncode = -signal.SIGKILL
    return stops == after


@LINUX
@pytest.mark.parametrize("kind", ["file", "durable", "shm"])
def test_a_writer_killed_anywhere_leaves_no_half_object(tmp_path: Path, kind: str) -> None:
    whole = serialize([b"a" * 100_000, b"b" * 200_000])
    connector: Any
    if kind == "shm":
        connector = SharedMemoryConnector("x", directory=str(tmp_path))
        key: Any = SharedMemoryKey("object")
    else:
        connector, key = FileConnector(str(tmp_path)), FileKey("object")
    found = []
    for after in range(200):
        try:
            goes_on = write_and_kill(kind, tmp_path, after)
        except PermissionError:
            pytest.skip("ptrace is not permitted")
        data = connector.get(key)
        assert data is None or bytes(data) == whole
        found.append(data is not None)
        connector.evict(key)
        if not goes_on:
            break
    assert not goes_on
    # Nothing, nothing, …, the whole object: once it is there it stays.
    assert found == sorted(found)
    assert found.count(False) > 5
    assert found[-1]
    connector.close()


@pytest.fixture
def small_device(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@LINUX
@pytest.mark.parametrize("kind", ["file", "shm"])
def test_a_full_device(small_device: Path, kind: str) -> None:
    connector: Any
    if kind == "file":
        connector = FileConnector(str(small_device / "store"))
    else:
        connector = SharedMemoryConnector("x", directory=str(small_device))
    with Store(f"full-{kind}", connector, cache_size=0) as store:
        first = numpy.arange(50_000)  # 400 kB
        key = store.put(first)
        for make in (store.put, store.proxy, store.owned_proxy):
            with pytest.raises(OSError) as error:
                make(numpy.zeros(100_000))
            assert error.value.errno == errno.ENOSPC
            assert error.value.filename.startswith(str(small_device))
        assert (store.get(key) == first).all()
        for _ in range(50):
            # Nothing is left of what failed, so that there is room again.
            again = store.put(first)
            store.evict(again)
        with pytest.raises(OSError):
            store.put_batch([first, first, first])
        assert (store.get(key) == first).all()


def test_objects_evicted_while_they_are_read(tmp_path: Path) -> None:
    with Store("evicted", FileConnector(str(tmp_path / "store")), register=True) as store:
        array = numpy.arange(1_000_000)
        proxy: Proxy[Any] = store.proxy(array, populate_target=False)
        view = store.get(store.proxy(array).__proxy_factory__.key)
        for name in os.listdir(store.connector.store_dir):
            os.remove(os.path.join(store.connector.store_dir, name))
        assert (view == array).all()
        with pytest.raises(ProxyResolveError) as error:
            len(proxy)
        assert isinstance(error.value.cause, ProxyResolveMissingKeyError)
        assert "evicted" in str(error.value.cause)


OBJECTS: list[Any] = [
    {"a": [1, 2.5, "text", None], "b": (True, b"bytes")},
    numpy.arange(300.0),
    [numpy.arange(20_000), numpy.zeros(3, "int8")],
    "text" * 30_000,
    b"bytes" * 30_000,
]
DATA = [serialize(obj, checksum=True) for obj in OBJECTS]


def damage(data: bytes, position: int, change: str, value: int) -> bytes:
    position %= len(data)
    if change == "flip":
        return data[:position] + bytes([data[position] ^ (value or 1)]) + data[position + 1 :]
    if change == "cut":
        return data[:position]
    if change == "drop":
        return data[:position] + data[position + 1 + value :]
    if change == "insert":
        return data[:position] + bytes([value]) + data[position:]
    return data[:position] + data[: len(data) - position]


def places() -> st.SearchStrategy[int]:
    # Most of what can go wrong is at the beginning.
    return st.one_of(st.integers(0, 200), st.integers(0, 1 << 20))


@pytest.fixture(scope="module", params=["file", "shm", *PROGRAMS])
def keep(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, servers: Servers
) -> Iterator[tuple[Store[Any], Callable[[bytes], Any]]]:
    """A store, and a function that puts bytes into it as they are."""
    folder = tmp_path_factory.mktemp("damaged")
    connector: Any
    if request.param == "file":
        connector = FileConnector(str(folder / "store"), checksum=True)
    elif request.param == "shm":
        connector = SharedMemoryConnector("x", directory=str(folder / "shm"))
    else:
        connector = RedisConnector("127.0.0.1", servers(request.param).port)
    with Store(f"damaged-{request.param}", connector, cache_size=0) as store:
        yield store, connector.put


def same(first: Any, second: Any) -> bool:
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, numpy.ndarray):
        return bool(first.dtype == second.dtype and numpy.array_equal(first, second))
    return bool(first == second)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.integers(0, len(DATA) - 1),
    places(),
    st.sampled_from(["flip", "cut", "drop", "insert", "repeat"]),
    st.integers(0, 255),
)
@example(0, 0, "cut", 0)
@example(0, 4, "flip", 1)
@example(1, 4, "flip", 255)
def test_damaged_objects(
    keep: tuple[Store[Any], Callable[[bytes], Any]],
    number: int,
    position: int,
    change: str,
    value: int,
) -> None:
    store, put = keep
    data = damage(DATA[number], position, change, value)
    key = put(data)
    try:
        result = store.get(key)
    except SerializationError as error:
        assert str(error)
    else:
        assert same(OBJECTS[number], result), "damage that is not noticed changes nothing"
    finally:
        store.evict(key)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=300))
def test_hostile_bytes(keep: tuple[Store[Any], Callable[[bytes], Any]], data: bytes) -> None:
    store, put = keep
    careful = Store("careful", store.connector, cache_size=0, allow_pickle=False)
    for prefix in (b"", DATA[1][:16], DATA[2][:40], b"NP\n", b"US\n", b"PD\n"):
        key = put(prefix + data)
        try:
            careful.get(key)
        except SerializationError as error:
            assert str(error)
        finally:
            careful.evict(key)

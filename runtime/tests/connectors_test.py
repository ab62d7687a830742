"""One suite for all connectors, ours and ProxyStore's, and what each of ours promises besides."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import proxystore.connectors.file
import proxystore.connectors.local
import proxystore.connectors.multi
import proxystore.connectors.protocols
import proxystore.connectors.redis
import pytest
from servers import Servers, on_each_server

from proxyrt.connectors.file import FileConnector, FileKey
from proxyrt.connectors.local import LocalConnector
from proxyrt.connectors.multi import MultiConnector, Policy
from proxyrt.connectors.protocols import Connector, DeferrableConnector
from proxyrt.connectors.redis import RedisConnector
from proxyrt.connectors.shm import SharedMemoryConnector, SharedMemoryKey, reclaim
from proxyrt.serialize import deserialize, encode, serialize

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="file locks")


def multi(path: Path) -> Any:
    """Connectors of three kinds, of which one takes no frames."""
    return MultiConnector(
        {
            "small": (LocalConnector(include_data_in_config=True), Policy(max_size_bytes=999)),
            "large": (FileConnector(str(path / "store")), Policy(min_size_bytes=100_000)),
            "other": (SharedMemoryConnector("multi", directory=str(path / "shm")), Policy(-1)),
        }
    )


def proxystore_multi(_: Path) -> Any:
    local = proxystore.connectors.local.LocalConnector(include_data_in_config=True)
    policy = proxystore.connectors.multi.Policy(priority=0)
    return proxystore.connectors.multi.MultiConnector({"local": (local, policy)})


OURS: dict[str, Callable[[Path], Any]] = {
    "local": lambda _: LocalConnector(include_data_in_config=True),
    "file": lambda path: FileConnector(str(path / "store")),
    "durable": lambda path: FileConnector(str(path / "store"), durable=True, checksum=True),
    "shm": lambda path: SharedMemoryConnector("test", directory=str(path / "shm")),
    "multi": multi,
}
THEIRS: dict[str, Callable[[Path], Any]] = {
    "proxystore-local": lambda _: proxystore.connectors.local.LocalConnector(
        include_data_in_config=True
    ),
    "proxystore-file": lambda path: proxystore.connectors.file.FileConnector(str(path / "store")),
    "proxystore-multi": proxystore_multi,
}
WITH_SERVER: dict[str, Callable[[Servers], Any]] = on_each_server(
    {
        "redis": lambda server: RedisConnector("127.0.0.1", server.port),
        "proxystore-redis": lambda server: proxystore.connectors.redis.RedisConnector(
            "127.0.0.1", server.port
        ),
    }
)


@pytest.fixture(params=[*OURS, *THEIRS, *WITH_SERVER])
def connector(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Iterator[Any]:
    if request.param in WITH_SERVER:
        made = WITH_SERVER[request.param](servers)
    else:
        made = (OURS | THEIRS)[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["file", "durable", "shm", "multi"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    made = OURS[request.param](tmp_path)
    yield made
    made.close()


def test_protocols(connector: Any) -> None:
    assert isinstance(connector, Connector)
    assert isinstance(connector, proxystore.connectors.protocols.Connector)
    deferrable = proxystore.connectors.protocols.DeferrableConnector
    assert isinstance(connector, DeferrableConnector) == isinstance(connector, deferrable)
    theirs = isinstance(connector, proxystore.connectors.multi.MultiConnector)
    assert isinstance(connector, DeferrableConnector) or theirs
    assert isinstance(repr(connector), str)


@pytest.mark.parametrize("size", [0, 1, 1000, 65_535, 65_536, 300_000])
def test_put_get_evict(connector: Any, size: int) -> None:
    data = os.urandom(size)
    key = connector.put(data)
    assert connector.exists(key)
    assert connector.get(key) == data
    assert len(connector.get(key)) == size
    connector.evict(key)
    connector.evict(key)
    assert not connector.exists(key)
    assert connector.get(key) is None
    assert connector.get_batch([key]) == [None]


def test_kinds_of_bytes(connector: Any) -> None:
    for data in (b"abc", bytearray(b"abc"), memoryview(b"abc")):
        assert connector.get(connector.put(data)) == b"abc"


def test_batches(connector: Any) -> None:
    keys = connector.put_batch([b"a", b"b", b"c"])
    assert connector.get_batch(keys) == [b"a", b"b", b"c"]
    connector.evict(keys[1])
    assert connector.get_batch(keys) == [b"a", None, b"c"]
    # Theirs asks the server to set nothing, which is an error.
    if not isinstance(connector, proxystore.connectors.redis.RedisConnector):
        assert connector.put_batch([]) == []
        assert connector.get_batch([]) == []


def test_keys(connector: Any) -> None:
    keys = [connector.put(b"x") for _ in range(100)]
    assert len(set(keys)) == 100
    copies = pickle.loads(pickle.dumps(keys))
    assert copies == keys
    assert type(copies[0]) is type(keys[0])


def test_deferred(connector: Any) -> None:
    if not isinstance(connector, DeferrableConnector):
        return
    key = connector.new_key(b"first")
    assert not connector.exists(key)
    assert connector.get(key) is None
    connector.set(key, b"first")
    assert connector.get(key) == b"first"
    connector.set(key, b"second")
    assert connector.get(key) == b"second"
    connector.evict(key)


def test_configuration(connector: Any) -> None:
    key = connector.put(b"data")
    other = type(connector).from_config(pickle.loads(pickle.dumps(connector.config())))
    assert other.get(key) == b"data"
    assert other.config() == connector.config()


def test_closing_twice(connector: Any) -> None:
    connector.close()
    connector.close()


def test_threads(connector: Any) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(30):
                data = bytes([number]) * (turn * 100)
                key = connector.put(data)
                assert connector.get(key) == data
                connector.evict(key)
                assert not connector.exists(key)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_frames(shared: Any) -> None:
    assert shared.accepts_frames
    array = numpy.arange(100_000.0)
    objects = [array, [array, array[:3]], "text", b"", {"a": 1}]
    keys = shared.put_batch([encode(obj) for obj in objects])
    for key, obj in zip(keys, objects, strict=True):
        assert bytes(shared.get(key)) == serialize(obj)


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_views_are_private_and_outlive_the_object(shared: Any, size: int) -> None:
    if isinstance(shared, MultiConnector):
        size = max(size, 20_000)  # what is smaller is kept by a connector without views
    key = shared.put(encode(numpy.zeros(size)))
    first, second = deserialize(shared.get(key)), deserialize(shared.get(key))
    first[:] = 7
    shared.evict(key)
    assert (first == 7).all()
    assert (second == 0).all()


def test_nothing_is_left_when_writing_fails(shared: Any) -> None:
    if isinstance(shared, MultiConnector):
        shared = shared.connectors["large"].connector
    directory = shared._store_dir if hasattr(shared, "_store_dir") else shared.store_dir
    before = sorted(os.listdir(directory))
    key = shared.new_key()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        for data in (bytes(200_000), encode(numpy.zeros(100_000))):
            with pytest.raises(OSError, match="too large"):
                shared.set(key, data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not shared.exists(key)
    assert sorted(os.listdir(directory)) == before


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    connector = FileConnector(str(tmp_path / "store"))
    connector.close()
    with pytest.raises(FileNotFoundError):
        connector.put(b"x")
    assert connector.get(FileKey("x")) is None


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "", "."])
def test_keys_do_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    connector = FileConnector(str(tmp_path / "store"))
    for use in (connector.get, lambda key: connector.set(key, b"x")):
        with pytest.raises(ValueError, match="no name of a file"):
            use(FileKey(name))


WRITER = """
import sys
from proxyrt.connectors.file import FileConnector, FileKey
connector = FileConnector(sys.argv[1], clear=False)
data = b"x" * 3_000_000
print("ready", flush=True)
while True:
    connector.set(FileKey("object"), data)
"""


def test_a_killed_writer_leaves_no_half_object(tmp_path: Path) -> None:
    connector = FileConnector(str(tmp_path / "store"))
    for turn in range(10):
        command = [sys.executable, "-c", WRITER, connector.store_dir]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.003 * turn)
            writer.kill()
        data = connector.get(FileKey("object"))
        assert data is None or data == b"x" * 3_000_000
        connector.evict(FileKey("object"))


def put_in_child(directory: str, pipe: Any) -> None:
    connector = SharedMemoryConnector("test", directory=directory)
    pipe.send(connector.put(encode(numpy.arange(100_000))))
    pipe.recv()


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_another_process_maps_the_object(tmp_path: Path, method: str) -> None:
    context = multiprocessing.get_context(method)
    connector = SharedMemoryConnector("test", directory=str(tmp_path / "shm"))
    ours, theirs = context.Pipe()
    child = context.Process(target=put_in_child, args=(connector.directory, theirs))
    child.start()
    key = ours.recv()
    assert (deserialize(connector.get(key)) == numpy.arange(100_000)).all()
    ours.send(None)
    child.join()
    # The child has left; the object stays, because we use the namespace.
    assert connector.exists(key)
    connector.close()
    assert os.listdir(tmp_path / "shm") == []


HOLDER = """
import sys
from proxyrt.connectors.shm import SharedMemoryConnector
connector = SharedMemoryConnector(sys.argv[2], directory=sys.argv[1])
print(connector.put(b"data").name, flush=True)
sys.stdin.read()
"""


def hold(directory: Path, namespace: str) -> tuple[subprocess.Popen[str], SharedMemoryKey]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory), namespace],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, SharedMemoryKey(process.stdout.readline().strip())


def test_the_objects_of_dead_processes_are_reclaimed(tmp_path: Path) -> None:
    with hold(tmp_path, "dead")[0] as dead, hold(tmp_path, "alive")[0] as alive:
        assert reclaim(tmp_path) == []
        dead.kill()
        dead.wait()
        assert sorted(os.listdir(tmp_path)) == ["alive", "dead"]
        # Making any connector clears up.
        SharedMemoryConnector("other", directory=str(tmp_path)).close()
        assert os.listdir(tmp_path) == ["alive"]
        alive.communicate()
    assert os.listdir(tmp_path) == []
    assert reclaim(tmp_path / "missing") == []


def test_objects_stay_while_one_process_uses_the_namespace(tmp_path: Path) -> None:
    process, key = hold(tmp_path, "space")
    with process:
        connector = SharedMemoryConnector("space", directory=str(tmp_path))
        process.kill()
        process.wait()
        assert reclaim(tmp_path) == []
        assert connector.get(key) == b"data"
    second = SharedMemoryConnector("space", directory=str(tmp_path))
    connector.close()
    assert second.get(key) == b"data"
    second.close(clear=True)
    assert os.listdir(tmp_path) == []


def test_a_dropped_connector_keeps_its_objects(tmp_path: Path) -> None:
    key = SharedMemoryConnector("space", directory=str(tmp_path)).put(b"x")
    assert SharedMemoryConnector("space", directory=str(tmp_path)).get(key) == b"x"


def test_processes_that_come_and_go_lose_nothing(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def churn() -> None:
        try:
            for _ in range(100):
                connector = SharedMemoryConnector("space", directory=str(tmp_path))
                key = connector.put(b"x")
                reclaim(tmp_path)
                assert connector.get(key) == b"x"
                connector.close()
        except BaseException as failure:
            failures.append(failure)

    script = (
        "import sys\n"
        "from proxyrt.connectors.shm import SharedMemoryConnector, reclaim\n"
        "for _ in range(300):\n"
        "    connector = SharedMemoryConnector('space', directory=sys.argv[1])\n"
        "    key = connector.put(b'x')\n"
        "    assert connector.get(key) == b'x'\n"
        "    connector.close()\n"
    )
    commands = [[sys.executable, "-c", script, str(tmp_path)]] * 2
    processes = [subprocess.Popen(command) for command in commands]
    threads = [threading.Thread(target=churn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(30) for process in processes] == [0, 0]
    assert not failures
    assert os.listdir(tmp_path) == []


MEGABYTE = 1 << 20
linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is used again on Linux only")


@pytest.fixture
def shm(tmp_path: Path) -> Iterator[SharedMemoryConnector]:
    connector = SharedMemoryConnector("test", directory=str(tmp_path / "shm"))
    yield connector
    connector.close()
    assert os.listdir(tmp_path / "shm") == []


def inode(connector: SharedMemoryConnector, key: SharedMemoryKey) -> int:
    return os.stat(os.path.join(connector._store_dir, key.name)).st_ino


def pattern(number: int, size: int = 2 * MEGABYTE) -> numpy.ndarray[Any, Any]:
    return numpy.full(size // 8, number, numpy.int64)


@linux
@pytest.mark.parametrize("second", [MEGABYTE, 2 * MEGABYTE - 13, 2 * MEGABYTE, 3 * MEGABYTE])
def test_the_memory_of_an_evicted_object_is_used_again(
    shm: SharedMemoryConnector, second: int
) -> None:
    for turn in range(4):
        size = 2 * MEGABYTE if turn % 2 == 0 else second
        key = shm.put(bytes([turn + 1]) * size)
        if turn == 0:
            first = inode(shm, key)
        assert inode(shm, key) == first
        assert shm.get(key) == bytes([turn + 1]) * size
        shm.evict(key)
        assert not shm.exists(key)
    array = numpy.arange(MEGABYTE)
    frame = encode([array[:200_000], array[200_000:]])
    key = shm.put(frame)
    assert bytes(shm.get(key) or b"") == bytes(frame)


@linux
@pytest.mark.parametrize("count", [1, 3, 300])
def test_memory_that_is_mapped_is_left_alone(shm: SharedMemoryConnector, count: int) -> None:
    size = MEGABYTE
    views = []
    for number in range(count):
        key = shm.put(pattern(number, size))
        views.append(deserialize_pattern(shm, key))
        shm.evict(key)
    others = [shm.put(pattern(-1, size)) for _ in range(10)]
    for number, view in enumerate(views):
        assert (view == number).all()
    views.clear()
    for key in others:
        assert (deserialize_pattern(shm, key) == -1).all()
        shm.evict(key)
    assert len(os.listdir(os.path.join(shm._store_dir, ".spare"))) <= 8


def deserialize_pattern(
    connector: SharedMemoryConnector, key: SharedMemoryKey
) -> numpy.ndarray[Any, Any]:
    data = connector.get(key)
    assert data is not None
    return numpy.frombuffer(data, numpy.int64)


@linux
def test_memory_that_is_read_again_needs_no_page_faults() -> None:
    faults = []
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as folder,
        SharedMemoryConnector("faults", directory=folder) as connector,
    ):
        for number in range(6):
            key = connector.put(pattern(number, 16 * MEGABYTE))
            before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
            total = int(deserialize_pattern(connector, key).sum())
            faults.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)
            assert total == number * 2 * MEGABYTE
            connector.evict(key)
    if faults[0] < 200:
        pytest.skip("the system has large pages here")
    assert max(faults[1:]) < 100


@linux
@pytest.mark.parametrize("place", [0, 1000, -1])
def test_what_a_reader_has_changed_does_not_come_back(
    shm: SharedMemoryConnector, place: int
) -> None:
    inodes = set()
    for number in range(4):
        key = shm.put(pattern(number))
        inodes.add(inode(shm, key))
        view = deserialize_pattern(shm, key)
        assert (view == number).all()
        if number != 1:
            view[place] = -1
        assert (deserialize_pattern(shm, key) == number).all()
        del view
        shm.evict(key)
    assert len(inodes) == 1


@linux
def test_small_and_huge_objects_are_not_kept(shm: SharedMemoryConnector) -> None:
    for size in (MEGABYTE - 1, 300 * MEGABYTE):
        shm.evict(shm.put(bytes(size)))
    spares = Path(shm._store_dir, ".spare")
    assert not spares.exists() or os.listdir(spares) == []


@linux
def test_a_forked_child_keeps_its_view(shm: SharedMemoryConnector) -> None:
    context = multiprocessing.get_context("fork")
    key = shm.put(pattern(1))
    views = [deserialize_pattern(shm, key)]
    ours, theirs = context.Pipe()

    def look() -> None:
        theirs.recv()
        theirs.send(bool((views[0] == 1).all()))

    child = context.Process(target=look)
    child.start()
    views.clear()
    shm.evict(key)
    keys = [shm.put(pattern(2)) for _ in range(3)]
    ours.send(None)
    assert ours.recv()
    child.join()
    for key in keys:
        shm.evict(key)
    # Now that the child has gone, so has its lock.
    again = shm.put(pattern(3))
    assert len(os.listdir(os.path.join(shm._store_dir, ".spare"))) == 3
    assert (deserialize_pattern(shm, again) == 3).all()


READER = """
import sys
import numpy
from proxyrt.connectors.shm import SharedMemoryConnector, SharedMemoryKey
connector = SharedMemoryConnector("test", directory=sys.argv[1])
print("ready", flush=True)
found = missing = 0
held = []
for line in sys.stdin:
    name, number = line.split()
    data = connector.get(SharedMemoryKey(name))
    if data is None:
        missing += 1
        continue
    found += 1
    held = [*held[-3:], (int(number), numpy.frombuffer(data, numpy.int64))]
    for number, view in held:
        assert (view == number).all(), number
print(found, missing)
"""


@linux
def test_readers_never_see_another_object(shm: SharedMemoryConnector) -> None:
    command = [sys.executable, "-c", READER, shm.directory]
    readers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for number in range(300):
        key = shm.put(pattern(number))
        for reader in readers:
            assert reader.stdin is not None
            reader.stdin.write(f"{key.name} {number}\n")
            reader.stdin.flush()
        # As if the writer did not wait for its readers.
        if number % 3 == 0:
            time.sleep(0.001)
        shm.evict(key)
    for reader in readers:
        found, missing = map(int, reader.communicate(timeout=30)[0].split())
        assert found + missing == 300
        assert reader.returncode == 0


@linux
def test_threads_that_use_memory_again(shm: SharedMemoryConnector) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(40):
                value = 1000 * number + turn
                key = shm.put(pattern(value))
                view = deserialize_pattern(shm, key)
                if turn % 2:
                    shm.evict(key)
                assert (view == value).all()
                view[:10] = -1
                shm.evict(key)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.fixture
def small_memory(tmp_path: Path) -> Iterator[Path]:
    """A memory file system of 20 MiB, where we may mount one."""
    folder = tmp_path / "memory"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20M,mode=700", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@linux
def test_full_memory(small_memory: Path) -> None:
    connector = SharedMemoryConnector("full", directory=str(small_memory))

    def used() -> int:
        system = os.statvfs(small_memory)
        return round((system.f_blocks - system.f_bfree) * system.f_frsize / MEGABYTE)

    def put(size: int) -> SharedMemoryKey:
        return connector.put(os.urandom(size * MEGABYTE))

    connector.evict(put(9))
    assert used() == 9
    extended = put(12)
    assert used() == 12
    with pytest.raises(OSError, match="No space left") as error:
        put(9)
    assert error.value.errno == errno.ENOSPC
    assert str(small_memory) in error.value.filename
    assert used() == 12
    connector.evict(extended)
    # Too small for the spare, and too large to be beside it.
    small = [put(5), put(5)]
    assert used() == 10
    view = connector.get(small[0])
    for key in small:
        connector.evict(key)
    assert used() == 10
    # Only the spare that nobody maps can be given back.
    with pytest.raises(OSError, match="No space left"):
        put(16)
    assert used() == 5
    del view
    connector.evict(put(19))
    # A mapping that is kept for the next object must not keep the memory of a removed one.
    connector.evict(put(19))
    connector.close()
    assert used() == 0


@linux
def test_an_object_that_is_removed_gives_its_memory_back(small_memory: Path) -> None:
    connector = SharedMemoryConnector("full", directory=str(small_memory))

    def used() -> int:
        system = os.statvfs(small_memory)
        return round((system.f_blocks - system.f_bfree) * system.f_frsize / MEGABYTE)

    large = connector.put(pattern(1, 9 * MEGABYTE))
    for key in [connector.put(bytes(MEGABYTE)) for _ in range(8)]:
        connector.evict(key)
    assert used() == 17
    view = deserialize_pattern(connector, large)
    assert (view == 1).all()
    again = connector.get(large)
    del view, again
    # There is no place among the spares, and mappings of the object are kept.
    connector.evict(large)
    assert used() == 8
    connector.close()


def test_a_closed_connector_refuses_objects(tmp_path: Path) -> None:
    connector = SharedMemoryConnector("x", directory=str(tmp_path))
    key = connector.put(b"x")
    connector.close()
    with pytest.raises(RuntimeError, match="is closed"):
        connector.put(b"x")
    assert connector.get(key) is None


def test_a_folder_that_others_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionError):
        SharedMemoryConnector("x", directory=str(tmp_path))
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(PermissionError):
        SharedMemoryConnector("x", directory=str(link))


@pytest.mark.parametrize("namespace", ["", ".", "..", "a/b", "\N{SNOWMAN}" * 100, ".lock", "\0"])
def test_any_name_is_a_namespace(tmp_path: Path, namespace: str) -> None:
    connector = SharedMemoryConnector(namespace, directory=str(tmp_path))
    assert connector.get(connector.put(b"x")) == b"x"
    assert len(os.listdir(tmp_path)) == 1
    connector.close()
    assert os.listdir(tmp_path) == []

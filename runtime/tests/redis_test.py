"""The connector to Redis: what the suite of all connectors does not ask."""

from __future__ import annotations

import datetime
import inspect
import multiprocessing
import os
import pickle
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import proxystore.connectors.redis
import pytest
import redis as redis_py
from servers import OwnServer, RedisServer, free_port

from proxyrt import Store
from proxyrt.connectors.redis import RedisConnector, RedisKey, _Parser


@pytest.fixture
def connector(redis: RedisServer) -> Iterator[RedisConnector]:
    with RedisConnector("127.0.0.1", redis.port, prefix="test:", clear=True) as made:
        yield made


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
def test_batches_of_any_size(connector: RedisConnector, count: int) -> None:
    objs = [b"%d" % number for number in range(count)]
    assert connector.get_batch(connector.put_batch(objs)) == objs


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_385, 65_520, 65_536, 131_072, 3_000_000])
def test_sizes_around_those_of_buffers(connector: RedisConnector, size: int) -> None:
    data = os.urandom(size)
    keys = connector.put_batch([data, memoryview(data), bytearray(data)])
    assert connector.get_batch(keys) == [data] * 3


def test_what_is_read_can_be_written(connector: RedisConnector) -> None:
    with Store("redis-writable", connector, cache_size=0) as store:
        for size in (3, 100_000):
            array = store.get(store.put(numpy.zeros(size)))
            array[:] = 1
            assert array.sum() == size


def test_proxystore_reads_the_same_keys(redis: RedisServer, connector: RedisConnector) -> None:
    other = proxystore.connectors.redis.RedisConnector("127.0.0.1", redis.port)
    key = connector.put(b"ours")
    assert other.get(proxystore.connectors.redis.RedisKey(key.redis_key)) == b"ours"
    theirs = other.put(b"theirs")
    assert connector.get(RedisKey(theirs.redis_key)) == b"theirs"
    other.evict(theirs)
    other.close()


def test_only_objects_of_the_prefix_are_cleared(redis: RedisServer) -> None:
    plain = RedisConnector("127.0.0.1", redis.port)
    special = RedisConnector("127.0.0.1", redis.port, prefix="[a]*")
    key, other = plain.put(b"x"), plain.put(b"y")
    keys = special.put_batch([b"z"] * 3000)
    special.close(clear=True)
    assert special.get_batch(keys) == [None] * 3000
    assert plain.get(key) == b"x"
    plain.close(clear=True)
    assert not plain.exists(other)


def test_objects_expire(redis: RedisServer) -> None:
    with RedisConnector("127.0.0.1", redis.port, expire=0.05) as connector:
        key = connector.put(b"x")
        assert connector.get(key) == b"x"
        time.sleep(0.1)
        assert connector.get(key) is None


def test_configurations_are_short(redis: RedisServer) -> None:
    connector = RedisConnector("127.0.0.1", redis.port)
    assert connector.config() == {"hostname": "127.0.0.1", "port": redis.port, "clear": False}
    assert RedisConnector("a", 1, db=3, timeout=2.5).config()["timeout"] == 2.5
    for wrong, message in (
        ({"password": "x", "password_variable": "y"}, "both"),
        ({"password_variable": "PROXYRT_UNSET"}, "not set"),
        ({"cluster": True, "db": 1}, "cluster"),
    ):
        with pytest.raises(ValueError, match=message):
            RedisConnector("127.0.0.1", 1, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not encrypted"):
        RedisConnector("/run/redis", ssl=True)


def get_in_child(connector: RedisConnector, key: RedisKey, pipe: Any) -> None:
    pipe.send((connector.get(key), connector.put(b"child")))


def test_a_forked_process_has_connections_of_its_own(connector: RedisConnector) -> None:
    context = multiprocessing.get_context("fork")
    key = connector.put(b"parent")
    ours, theirs = context.Pipe()
    child = context.Process(target=get_in_child, args=(connector, key, theirs))
    assert connector._direct is not None
    with connector._direct._lock:  # as if another thread used the connector
        child.start()
    found, made = ours.recv()
    child.join()
    assert found == b"parent"
    assert connector.get(made) == b"child"


def test_threads_do_not_mix_their_answers(connector: RedisConnector) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(200):
                data = b"%d-%d" % (number, turn) * (1 + turn % 7 * 3000)
                key = connector.put(data)
                assert connector.get_batch([key, RedisKey("missing"), key]) == [data, None, data]
                connector.evict(key)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("kill", [False, True])
def test_a_restart_goes_unnoticed(own_server: OwnServer, kill: bool) -> None:
    with own_server() as server:
        connector = RedisConnector("127.0.0.1", server.port)
        before = connector.put(b"before")
        server.stop(kill=kill)
        timer = threading.Timer(0.3, server.start)
        timer.start()
        # Sent while there is no server.
        after = connector.put(b"after")
        timer.join()
        assert connector.get_batch([before, after]) == [b"before", b"after"]
        server.stop(kill=kill)
        server.start()
        # The connection that it is sent over is closed.
        assert connector.get(before) == b"before"
        connector.close()


def test_a_server_restarted_while_clients_write(own_server: OwnServer) -> None:
    with own_server() as server:
        connector = RedisConnector("127.0.0.1", server.port, retries=8)
        failures: list[BaseException] = []
        stop = threading.Event()
        kept: list[tuple[RedisKey, bytes]] = []

        def work(number: int) -> None:
            try:
                while not stop.is_set():
                    data = bytes([number]) * 200_000
                    key = connector.put(data)
                    assert connector.get(key) == data
                    kept.append((key, data))
                    time.sleep(0.01)
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            time.sleep(0.2)
            server.stop(kill=True)
            server.start()
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(kept) > 20
        for key, data in kept:
            assert connector.get(key) == data
        connector.close()


def test_no_server(own_server: OwnServer) -> None:
    with own_server() as server:
        connector = RedisConnector("127.0.0.1", server.port, retries=2)
        key = connector.put(b"x")
        server.stop()
        with pytest.raises(redis_py.ConnectionError, match="Connection refused"):
            connector.get(key)
        server.start()
        assert connector.get(key) == b"x"
        connector.close()


def test_a_silent_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connector = RedisConnector(*listener.getsockname(), timeout=0.1, retries=1)
        with pytest.raises(redis_py.TimeoutError):
            connector.get(RedisKey("x"))
        connector.close()


def test_full_memory(own_server: OwnServer) -> None:
    options = {"maxmemory": "3mb", "appendonly": "no"}
    with own_server(**options) as server:
        connector = RedisConnector("127.0.0.1", server.port)
        key = connector.put(b"x")
        with pytest.raises(redis_py.ResponseError, match="maxmemory"):
            for _ in range(10):
                connector.put(bytes(1_000_000))
        assert connector.get(key) == b"x"
        connector.close()


def test_passwords(own_server: OwnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with own_server(requirepass="secret") as server:
        start = time.monotonic()
        for options in ({}, {"password": "wrong"}, {"username": "nobody", "password": "secret"}):
            connector = RedisConnector("127.0.0.1", server.port, **options)  # type: ignore[arg-type]
            with pytest.raises(redis_py.AuthenticationError):
                connector.put(b"x")
            connector.close()
        assert time.monotonic() - start < 2, "a wrong password is not tried again"
        with RedisConnector("127.0.0.1", server.port, password="secret") as connector:
            key = connector.put(b"x")
        monkeypatch.setenv("REDIS_PASSWORD", "secret")
        careful = RedisConnector("127.0.0.1", server.port, password_variable="REDIS_PASSWORD")
        assert b"secret" not in pickle.dumps(careful.config())
        with RedisConnector.from_config(careful.config()) as again:
            assert again.get(key) == b"x"


def certificates(folder: Path) -> dict[str, str]:
    """Make an authority, and a certificate for this machine that it signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def save(stem: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        encoding = serialization.Encoding.PEM
        (folder / f"{stem}.crt").write_bytes(certificate.public_bytes(encoding))
        (folder / f"{stem}.key").write_bytes(
            key.private_bytes(
                encoding,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    uses = inspect.signature(x509.KeyUsage).parameters
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    base = x509.CertificateBuilder().not_valid_before(now - day).not_valid_after(now + day)
    authority = (
        base.subject_name(name("authority"))
        .issuer_name(name("authority"))
        .public_key(ca_key.public_key())
        .serial_number(1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        # Python 3.13 asks for the uses of an authority's key, and for identifiers of keys.
        .add_extension(x509.KeyUsage(**dict.fromkeys(uses, False) | {"key_cert_sign": True}), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        base.subject_name(name("localhost"))
        .issuer_name(name("authority"))
        .public_key(key.public_key())
        .serial_number(2)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    save("ca", authority, ca_key)
    save("server", server, key)
    return {stem: str(folder / stem) for stem in ("ca.crt", "server.crt", "server.key")}


def test_encryption(own_server: OwnServer, tmp_path: Path) -> None:
    files = certificates(tmp_path)
    port = str(free_port())
    tls = {
        "port": "0",
        "tls_port": port,
        "tls_cert_file": files["server.crt"],
        "tls_key_file": files["server.key"],
        "tls_ca_cert_file": files["ca.crt"],
        "tls_auth_clients": "no",
    }
    with own_server(**tls):
        options = {"ssl": True, "ssl_ca_certs": files["ca.crt"]}
        with RedisConnector("localhost", int(port), **options) as connector:  # type: ignore[arg-type]
            data = os.urandom(3_000_000)
            assert connector.get_batch(connector.put_batch([data, b"x"])) == [data, b"x"]
            again = RedisConnector.from_config(connector.config())
            assert again.get(again.put(data)) == data
            again.close()
        start = time.monotonic()
        for host, wrong in (("localhost", {"ssl": True}), ("127.0.0.1", options)):
            refused = RedisConnector(host, int(port), **wrong)  # type: ignore[arg-type]
            with refused, pytest.raises(redis_py.ConnectionError, match=r"(?i)certificate"):
                refused.put(b"x")
        assert time.monotonic() - start < 2, "what is not trusted is not tried again"
        plain = RedisConnector("localhost", int(port), retries=0)
        with plain, pytest.raises(redis_py.ConnectionError):
            plain.put(b"x")


def test_unix_sockets(own_server: OwnServer, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with own_server(unixsocket=path), RedisConnector(path) as connector:
        key = connector.put(bytes(1_000_000))
        assert RedisConnector.from_config(connector.config()).get(key) == bytes(1_000_000)


def test_clusters(own_server: OwnServer) -> None:
    # By default the port of the cluster is 10,000 higher than the server's.
    options = {"cluster_enabled": "yes", "cluster_port": str(free_port())}
    with own_server(**options) as server:
        administrator = redis_py.Redis(port=server.port)
        administrator.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        deadline = time.monotonic() + 10
        while "cluster_state:ok" not in str(administrator.execute_command("CLUSTER", "INFO")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        administrator.close()
        with RedisConnector("127.0.0.1", server.port, cluster=True, prefix="p:") as connector:
            objs = [b"%d" % number for number in range(1500)]
            keys = connector.put_batch([*objs, bytes(1_000_000)])
            assert connector.get_batch(keys[:-1]) == objs
            assert connector.get(keys[-1]) == bytes(1_000_000)
            connector.evict(keys[0])
            assert not connector.exists(keys[0])
            assert connector.exists(keys[1])
            again = RedisConnector.from_config(connector.config())
            assert again.get(keys[1]) == b"1"
            again.close(clear=True)
            assert not connector.exists(keys[1])


class Pieces:
    """A socket that gives what it has in pieces of a size."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = data, size

    def recv(self, limit: int) -> bytes:
        size = min(self.size, limit)
        piece, self.data = self.data[:size], self.data[size:]
        return piece

    def recv_into(self, view: memoryview) -> int:
        piece = self.recv(len(view))
        view[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 1000])
def test_answers_in_pieces(size: int) -> None:
    answers: list[tuple[bytes, Any]] = [
        (b"+OK\r\n", b"OK"),
        (b":42\r\n", 42),
        (b"$-1\r\n", None),
        (b"$0\r\n\r\n", b""),
        (b"$8\r\nab\r\n\r\ncd\r\n", b"ab\r\n\r\ncd"),
        (b"*2\r\n$1\r\nx\r\n:1\r\n", [b"x", 1]),
        (b"$20\r\n" + b"z" * 20 + b"\r\n", b"z" * 20),
    ]
    parser: Any = _Parser(65536)
    parser._socket = Pieces(b"".join(text for text, _ in answers) * 2, size)
    parser._read, parser._position = bytearray(), 0
    for _ in range(2):
        for _, value in answers:
            assert parser.read_response() == value
    with pytest.raises(redis_py.ConnectionError, match="closed"):
        parser.read_response()
    parser._socket = Pieces(b"-ERR no\r\n?x\r\n$5\r\nab", size)
    parser._read, parser._position = bytearray(), 0
    assert str(parser.read_response()) == "no"
    with pytest.raises(redis_py.InvalidResponse):
        parser.read_response()
    with pytest.raises(redis_py.ConnectionError, match="closed"):
        parser.read_response()

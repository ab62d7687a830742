"""Objects in a Redis or Valkey server; the same names as in ``proxystore.connectors.redis``.

The client is redis-py, which does the connecting, authenticating and encrypting, and knows
clusters. Objects go past its parser: they are read into the memory that they stay in.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import select
import socket
import ssl as ssl_module
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import redis
from redis._parsers import _RESP2Parser
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry
from typing_extensions import Self

from proxyrt.serialize import BytesLike

T = TypeVar("T")

_BATCH = 1000
"""Commands that are sent before their replies are read."""
_SMALL = 16 * 1024
"""Bytes that are worth copying to be sent in one go."""


class RedisKey(NamedTuple):
    """The key of an object in a :class:`RedisConnector`.

    Attributes:
        redis_key: The key in the server.
    """

    redis_key: str


class RedisConnector:
    """Keeps objects in a Redis or Valkey server, or a cluster of them.

    Commands are sent again when the connection breaks, for instance because the server is
    restarted; all of them may be repeated. Objects larger than the server's
    ``proto-max-bulk-len`` (512 MB, unless it is configured) are refused by the server.

    Every pickled proxy has the connector's arguments in it. Name an environment variable instead
    of passing a password, if that is not to travel with them.

    Args:
        hostname: The name or address of the server, or of one of the servers of a cluster. A name
            that begins with ``/`` is the path of a Unix socket.
        port: The port of the server.
        clear: Whether :meth:`close` removes all objects with this connector's prefix.
        db: The number of the database.
        username: The name of the user.
        password: The password.
        password_variable: The name of the environment variable that has the password.
        ssl: Whether to encrypt the connection.
        ssl_ca_certs: The path of the certificates that the server's must be signed with. Default:
            those of the system.
        ssl_certfile: The path of the client's own certificate.
        ssl_keyfile: The path of the key to it.
        ssl_check_hostname: Whether the server's certificate must be for ``hostname``.
        cluster: Whether the server belongs to a cluster.
        prefix: What the keys of all objects begin with.
        timeout: How many seconds to wait for an answer of the server. None waits for ever.
        retries: How often to send a command again after the connection has broken.
        expire: After how many seconds the server removes an object. None: never.

    Raises:
        ValueError: If arguments contradict each other, or the environment variable is not set.
    """

    def __init__(
        self,
        hostname: str,
        port: int = 6379,
        clear: bool = False,
        *,
        db: int = 0,
        username: str | None = None,
        password: str | None = None,
        password_variable: str | None = None,
        ssl: bool = False,
        ssl_ca_certs: str | None = None,
        ssl_certfile: str | None = None,
        ssl_keyfile: str | None = None,
        ssl_check_hostname: bool = True,
        cluster: bool = False,
        prefix: str = "",
        timeout: float | None = None,
        retries: int = 5,
        expire: float | None = None,
    ) -> None:
        self.hostname = hostname
        self.port = port
        self.clear = clear
        self.prefix = prefix
        self.expire = expire
        # Keyword arguments that have their default are left out of configurations.
        options = {
            "db": (db, 0),
            "username": (username, None),
            "password": (password, None),
            "password_variable": (password_variable, None),
            "ssl": (ssl, False),
            "ssl_ca_certs": (ssl_ca_certs, None),
            "ssl_certfile": (ssl_certfile, None),
            "ssl_keyfile": (ssl_keyfile, None),
            "ssl_check_hostname": (ssl_check_hostname, True),
            "cluster": (cluster, False),
            "prefix": (prefix, ""),
            "timeout": (timeout, None),
            "retries": (retries, 5),
            "expire": (expire, None),
        }
        self._options = {
            name: value for name, (value, default) in options.items() if value != default
        }
        common: dict[str, Any] = {
            "username": username,
            "password": _find_password(password, password_variable),
            "socket_timeout": timeout,
            "protocol": 2,
        }
        if ssl:
            common |= {
                "ssl": True,
                "ssl_ca_certs": ssl_ca_certs,
                "ssl_certfile": ssl_certfile,
                "ssl_keyfile": ssl_keyfile,
                "ssl_check_hostname": ssl_check_hostname,
            }
        self._client: Any
        self._direct: _Direct | None = None
        if cluster:
            if hostname.startswith("/") or db:
                raise ValueError("a cluster has neither a Unix socket nor several databases")
            retry = Retry(ExponentialWithJitterBackoff(cap=1, base=0.05), retries)
            self._client = redis.RedisCluster(host=hostname, port=port, retry=retry, **common)
            return
        where: dict[str, Any] = {"host": hostname, "port": port, "db": db}
        if hostname.startswith("/"):
            if ssl:
                raise ValueError("a Unix socket is not encrypted")
            where = {"unix_socket_path": hostname, "db": db}
        self._client = redis.Redis(**where, retry=Retry(NoBackoff(), 0), **common)
        self._client.connection_pool.connection_kwargs["parser_class"] = _Parser
        self._direct = _Direct(self._client.connection_pool, retries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hostname={self.hostname}, port={self.port})"

    def close(self, clear: bool | None = None) -> None:
        """Close the connections to the server, and remove the objects if that is wanted.

        Args:
            clear: Overrides the argument of the same name of the constructor. Without a prefix
                **all** keys of the database are removed, whoever has put them there.
        """
        if self.clear if clear is None else clear:
            if self.prefix:
                for keys in _groups(self._client.scan_iter(_literal(self.prefix) + "*", 1000)):
                    self._client.delete(*keys)
            else:
                self._client.flushdb()
        if self._direct is not None:
            self._direct.close()
        self._client.close()

    def config(self) -> dict[str, Any]:
        """Return the arguments that make a connector of the same objects."""
        return {
            "hostname": self.hostname,
            "port": self.port,
            "clear": self.clear,
            **self._options,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RedisConnector:
        """Make a connector of what :meth:`config` returned."""
        return cls(**config)

    def _call(self, *commands: Sequence[Any]) -> list[Any]:
        """Return the answers to commands, which may be repeated."""
        if self._direct is not None:
            return self._direct.call(commands)
        if len(commands) == 1:
            return [self._client.execute_command(*commands[0])]
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = pipeline.execute()
        return replies

    def _call_all(self, commands: list[Sequence[Any]]) -> list[Any]:
        replies: list[Any] = []
        for group in _groups(commands):
            replies += self._call(*group)
        return replies

    def _set_command(self, key: RedisKey, obj: BytesLike) -> Sequence[Any]:
        command = ("SET", key.redis_key, memoryview(obj).cast("B"))
        if self.expire is None:
            return command
        return *command, "PX", str(max(1, round(1000 * self.expire)))

    def evict(self, key: RedisKey) -> None:
        """Remove the object of a key, if there is one."""
        # UNLINK frees the memory of large objects in the background.
        self._call(("UNLINK", key.redis_key))

    def exists(self, key: RedisKey) -> bool:
        """Tell whether there is an object of a key."""
        return bool(self._call(("EXISTS", key.redis_key))[0])

    def get(self, key: RedisKey) -> BytesLike | None:
        """Return the bytes of a key, or None if there are none."""
        reply: BytesLike | None = self._call(("GET", key.redis_key))[0]
        return reply

    def get_batch(self, keys: Sequence[RedisKey]) -> list[BytesLike | None]:
        """Return the bytes of each key, or None where there are none."""
        return self._call_all([("GET", key.redis_key) for key in keys])

    def new_key(self, obj: BytesLike | None = None) -> RedisKey:
        """Return a key that has no object yet."""
        return RedisKey(self.prefix + secrets.token_urlsafe(15))

    def put(self, obj: BytesLike) -> RedisKey:
        """Keep bytes and return their key."""
        key = self.new_key()
        self.set(key, obj)
        return key

    def put_batch(self, objs: Sequence[BytesLike]) -> list[RedisKey]:
        """Keep several objects and return their keys in the same order."""
        keys = [self.new_key() for _ in objs]
        self._call_all([self._set_command(key, obj) for key, obj in zip(keys, objs, strict=True)])
        return keys

    def set(self, key: RedisKey, obj: BytesLike) -> None:
        """Keep bytes under a key. Readers see all of them or none."""
        self._call(self._set_command(key, obj))


def _find_password(password: str | None, variable: str | None) -> str | None:
    if variable is None:
        return password
    if password is not None:
        raise ValueError("both `password` and `password_variable` are given")
    if variable not in os.environ:
        raise ValueError(f"the environment variable {variable!r} has the password, but is not set")
    return os.environ[variable]


def _groups(items: Any) -> Iterator[list[Any]]:
    group: list[Any] = []
    for item in items:
        group.append(item)
        if len(group) == _BATCH:
            yield group
            group = []
    if group:
        yield group


def _literal(text: str) -> str:
    """Return a pattern of Redis that matches a text only."""
    return "".join(f"\\{letter}" if letter in "*?[]^-\\" else letter for letter in text)


class _Direct:
    """Sends commands over connections of redis-py without its command layer.

    Args:
        pool: Makes the connections.
        retries: How often to send commands again.
    """

    def __init__(self, pool: Any, retries: int) -> None:
        self._pool = pool
        self._retries = retries
        self._begin()

    def _begin(self) -> None:
        self._idle: list[Any] = []
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def _lock_of_process(self) -> threading.Lock:
        if self._pid != os.getpid():
            # The parent of the fork uses the connections, and a thread of it may have the lock.
            self._begin()
        return self._lock

    def close(self) -> None:
        """Close the idle connections; they are opened again when they are needed."""
        with self._lock_of_process():
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.disconnect()

    def _take(self) -> Any:
        with self._lock_of_process():
            if self._idle:
                return self._idle.pop()
        return self._pool.make_connection()

    def call(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Return the answers to commands.

        Raises:
            redis.RedisError: If the server cannot be reached, or refuses a command.
        """
        packed = _pack(commands)
        connection = self._take()
        try:
            replies = self._exchange_or_retry(connection, packed, len(commands))
        finally:
            with self._lock_of_process():
                self._idle.append(connection)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    def _exchange_or_retry(self, connection: Any, packed: list[Any], count: int) -> list[Any]:
        for attempt in itertools.count():
            try:
                return _exchange(connection, packed, count)
            except (redis.ConnectionError, redis.TimeoutError) as error:
                connection.disconnect()
                if attempt == self._retries or not _is_temporary(error):
                    raise
                # The first time at once: the server may have closed an idle connection.
                time.sleep(random.uniform(0, min(1, 0.1 * 2**attempt)) if attempt else 0)
            except BaseException:
                connection.disconnect()  # there may be answers that nobody has read
                raise
        raise AssertionError


def _is_temporary(error: Exception) -> bool:
    """Tell whether it may help to try again."""
    return not (
        isinstance(error, redis.AuthenticationError | redis.exceptions.AuthorizationError)
        or isinstance(error.__context__, ssl_module.SSLError)
    )


def _exchange(connection: Any, packed: list[Any], count: int) -> list[Any]:
    connection.send_packed_command(packed, check_health=False)
    read: Callable[[], Any] = connection._parser.read_response
    try:
        return [read() for _ in range(count)]
    except TimeoutError:
        raise redis.TimeoutError("the server does not answer in time") from None
    except OSError as error:
        raise redis.ConnectionError(f"the connection to the server broke: {error}") from error


def _pack(commands: Sequence[Sequence[Any]]) -> list[Any]:
    """Return what to send in the protocol of Redis; large arguments are not copied."""
    output: list[Any] = []
    small = bytearray()
    for command in commands:
        small += b"*%d\r\n" % len(command)
        for argument in command:
            data = argument.encode() if isinstance(argument, str) else argument
            small += b"$%d\r\n" % len(data)
            if len(data) > _SMALL:
                output += (small, data)
                small = bytearray()
            else:
                small += data
            small += b"\r\n"
    output.append(small)
    return output


class _Parser(_RESP2Parser):
    """Reads answers into the memory that they stay in."""

    _socket: socket.socket | None = None

    def on_connect(self, connection: Any) -> None:
        """Begin to read from a connection."""
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        self._socket = connection._sock
        self._read = bytearray()
        self._position = 0

    def on_disconnect(self) -> None:
        """Stop reading."""
        super().on_disconnect()  # type: ignore[no-untyped-call]
        self._socket = None

    def can_read(self, timeout: float = 0) -> bool:
        """Tell whether there is something to be read."""
        if self._position < len(self._read):
            return True
        assert self._socket is not None
        return bool(select.select([self._socket], [], [], timeout)[0])

    def read_response(self, disable_decoding: bool = False, timeout: Any = None) -> Any:
        """Return the next answer; an error that the server reports is returned, too."""
        line = self._line()
        kind, value = line[:1], line[1:]
        if kind == b"$":
            return None if value == b"-1" else self._bulk(int(value))
        if kind == b":":
            return int(value)
        if kind == b"+":
            return bytes(value)
        if kind == b"-":
            text = value.decode("utf-8", "replace")
            error = self.parse_error(text)  # type: ignore[no-untyped-call]
            if isinstance(error, redis.ConnectionError):
                raise error
            return error
        if kind == b"*":
            return [self.read_response() for _ in range(int(value))]
        raise redis.InvalidResponse(f"this is no answer of Redis: {bytes(line[:100])!r}")

    def _line(self) -> bytearray:
        while True:
            end = self._read.find(b"\r\n", self._position)
            if end >= 0:
                line = self._read[self._position : end]
                self._position = end + 2
                return line
            self._more()

    def _more(self) -> None:
        assert self._socket is not None
        data = self._socket.recv(65_536)
        if not data:
            raise redis.ConnectionError("the server has closed the connection")
        self._read = self._read[self._position :] + data
        self._position = 0

    def _bulk(self, size: int) -> bytearray:
        """Return bytes of a known size; the end of the line after them is read, too."""
        start, self._position = self._position, self._position + size + 2
        if self._position <= len(self._read):
            return self._read[start : start + size]
        assert self._socket is not None
        result = bytearray(size)
        have = min(len(self._read) - start, size)
        result[:have] = memoryview(self._read)[start : start + have]
        with memoryview(result) as view:
            while have < size:
                got = self._socket.recv_into(view[have:])
                if not got:
                    raise redis.ConnectionError("the server has closed the connection")
                have += got
        # A part of the end of the line may have been read already.
        self._read = self._read[start + size :]
        self._position = 0
        while len(self._read) < 2:
            self._more()
        self._position = 2
        return result

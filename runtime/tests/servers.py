"""Servers that tests start on free ports of this machine, of each program that it has."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

# Redis and its fork speak the same protocol; a machine may have one of them only.
KNOWN = ("redis-server", "valkey-server")
# Without any, the tests are collected all the same and then skipped.
PROGRAMS = tuple(filter(shutil.which, KNOWN)) or KNOWN[:1]


def free_port() -> int:
    """Return a port that nobody listens to now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def require(program: str) -> None:
    """Skip the test if a program is missing, but fail in CI."""
    if shutil.which(program) is None:
        message = f"{program} is missing (on Debian: apt install {program})"
        if "CI" in os.environ:
            pytest.fail(message)
        pytest.skip(message)


class RedisServer:
    """A server of Redis or Valkey that keeps its data when it is restarted.

    Args:
        program: The program, one of `PROGRAMS`.
        folder: Where it keeps its data.
        options: Its settings.
    """

    def __init__(self, program: str, folder: Path, **options: str) -> None:
        self.program = program
        self.folder = folder
        self.port = free_port()
        self.options = {"port": str(self.port)} | {
            name.replace("_", "-"): value for name, value in options.items()
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        require(self.program)
        settings = {
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            **self.options,
        }
        command = [self.program]
        for name, value in settings.items():
            command += [f"--{name}", value]
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        port = int(self.options.get("tls-port", self.port))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.01)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, *, kill: bool = False) -> None:
        """End the server."""
        if self._process is not None:
            if kill:
                self._process.kill()
            else:
                self._process.terminate()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def redis_server(program: str, folder: Path, **options: str) -> Iterator[RedisServer]:
    """Run a server for the time of a context."""
    os.makedirs(folder, exist_ok=True)
    server = RedisServer(program, folder, **options)
    try:
        yield server
    finally:
        server.stop()


# The server of a program that tests share and leave as it is.
Servers = Callable[[str], RedisServer]
# A server of a test's own, started with options.
OwnServer = Callable[..., contextlib.AbstractContextManager[RedisServer]]


def on_each_server(
    makers: dict[str, Callable[[RedisServer], T]],
) -> dict[str, Callable[[Servers], T]]:
    """Tell what is made with a server to make it with one of each program."""

    def on(program: str, make: Callable[[RedisServer], T]) -> Callable[[Servers], T]:
        return lambda servers: make(servers(program))

    return {
        f"{name}@{program}": on(program, make)
        for name, make in makers.items()
        for program in PROGRAMS
    }

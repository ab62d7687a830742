"""Servers that tests start on free ports of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    """Return a port that nobody listens to now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def find_redis() -> str:
    """Return the program; without one, tests of it are skipped except in CI."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        message = "redis-server is missing (on Debian: apt install redis-server)"
        if "CI" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    return program


class RedisServer:
    """A server of Redis or Valkey that keeps its data when it is restarted.

    Args:
        folder: Where it keeps its data.
        options: Its settings.
    """

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.options = {"port": str(self.port)} | {
            name.replace("_", "-"): value for name, value in options.items()
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        program = find_redis()
        settings = {
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            **self.options,
        }
        command = [program]
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
def redis_server(folder: Path, **options: str) -> Iterator[RedisServer]:
    """Run a server for the time of a context."""
    os.makedirs(folder, exist_ok=True)
    server = RedisServer(folder, **options)
    try:
        yield server
    finally:
        server.stop()

"""Clients for tasks that submit tasks."""

from contextlib import AbstractContextManager
from typing import Any

from distributed.client import Client

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...
def worker_client(
    timeout: Any = None, separate_thread: bool = True
) -> AbstractContextManager[Client]: ...
def local_client(*args: Any, **kwargs: Any) -> Any: ...

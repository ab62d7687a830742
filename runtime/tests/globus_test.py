"""Globus Compute's executor, with its own serializer, and a process instead of an endpoint."""

from __future__ import annotations

import gc
import multiprocessing
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import numpy
import pytest
from globus_compute_sdk import Executor
from globus_compute_sdk.serialize import ComputeSerializer

from proxyrt import Store, is_resolved
from proxyrt.connectors.file import FileConnector
from proxyrt.store.executor import ProxySize, StoreExecutor
from proxyrt.store.ref import OwnedProxy

LARGE = numpy.arange(10_000.0)


def double(x: Any) -> Any:
    return x * 2


def fail(x: Any) -> Any:
    raise ValueError(f"sum {x.sum()}")


def run(payload: str) -> str:
    """Do what an endpoint does."""
    serializer = ComputeSerializer()
    function, args, kwargs = serializer.unpack_and_deserialize(payload)
    result: str = serializer.serialize(function(*args, **kwargs))
    return result


class LocalExecutor(Executor):  # type: ignore[misc]
    """Sends what the executor would send to the service to a process."""

    def __init__(self) -> None:
        super().__init__(endpoint_id=uuid.uuid4(), client=mock.Mock())
        self.client.register_function.side_effect = self._register
        self.functions: dict[str, str] = {}
        self._serializer = ComputeSerializer()
        self._endpoint = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def _register(self, function: Any, **_: Any) -> str:
        number = str(uuid.uuid4())
        self.functions[number] = self._serializer.serialize(function)
        return number

    def submit_to_registered_function(
        self, function_id: str, args: Any = (), kwargs: Any = None
    ) -> Future[Any]:
        parts = [self.functions[function_id], *map(self._serializer.serialize, (args, kwargs))]
        future: Future[Any] = Future()

        def finish(done: Future[str]) -> None:
            try:
                future.set_result(self._serializer.deserialize(done.result()))
            except Exception as error:
                future.set_exception(error)

        task = self._endpoint.submit(run, self._serializer.pack_buffers(parts))
        task.add_done_callback(finish)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._endpoint.shutdown(wait, cancel_futures=cancel_futures)
        super().shutdown(wait, cancel_futures=cancel_futures)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store[Any]]:
    connector = FileConnector(str(tmp_path / "store"))
    with Store(f"globus-{tmp_path.name}", connector, register=True, cache_size=0) as made:
        yield made


def test_tasks(store: Store[Any]) -> None:
    globus = LocalExecutor()
    with StoreExecutor(globus, store, ProxySize(1000), close_store=False) as executor:
        futures = [executor.submit(double, LARGE) for _ in range(3)]
        for future in futures:
            result = future.result()
            assert type(result) is OwnedProxy
            assert not is_resolved(result)
            assert (result == 2 * LARGE).all()
        assert [r.sum() for r in executor.map(double, [LARGE, LARGE])] == [2 * LARGE.sum()] * 2
        assert executor.submit(double, 1).result() == 2
        assert len(globus.functions) == 1, "a function is registered once"
        assert executor.submit(lambda x: x.sum(), LARGE).result() == LARGE.sum()
        with pytest.raises(ValueError, match=r"sum 49995000\.0"):
            executor.submit(fail, LARGE).result()
        assert len(globus.functions) == 3
    del future, futures, result
    gc.collect()
    assert os.listdir(store.connector.store_dir) == []

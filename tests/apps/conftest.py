"""A cluster, and a store for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apps  # noqa: F401 - puts the applications on the path before the cluster starts
import pytest
from distributed import Client, LocalCluster
from proxystore.connectors.file import FileConnector
from proxystore.store import Store


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """The folder that holds the objects of the store."""
    return tmp_path / "objects"


@pytest.fixture
def store(objects: Path, request: pytest.FixtureRequest) -> Iterator[Store[Any]]:
    # Workers outlive a test, and remember a store by its name.
    with Store(request.node.nodeid, FileConnector(str(objects)), register=True) as store:
        yield store

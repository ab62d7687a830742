"""Borrows that end with tasks."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from proxyrt import Store
from proxyrt.connectors.file import FileConnector
from proxyrt.store.ref import (
    MutableBorrowError,
    ReferenceInvalidError,
    RefProxy,
    borrow,
    mut_borrow,
    update,
)
from proxyrt.store.scopes import FutureWithCallback, mark_refs_out_of_scope, submit
from proxyrt.store.utils import get_key


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store[Any]]:
    name = f"scopes-{tmp_path.name}"
    with Store(name, FileConnector(str(tmp_path / "store")), register=True) as made:
        yield made


def append(numbers: Any) -> None:
    numbers.append(4)
    update(numbers)


def test_borrows_end(store: Store[Any]) -> None:
    owner = store.owned_proxy([1, 2, 3])
    first, second = borrow(owner), borrow(owner)
    mark_refs_out_of_scope(first)
    with pytest.raises(ReferenceInvalidError):
        len(first)
    with pytest.raises(MutableBorrowError):
        mut_borrow(owner)
    mark_refs_out_of_scope(first, second)
    mutable = mut_borrow(owner)
    mark_refs_out_of_scope(mutable)
    assert borrow(owner) == [1, 2, 3]


def test_a_borrow_that_ended_does_not_keep_its_owner(store: Store[Any]) -> None:
    owner = store.owned_proxy([1])
    key = get_key(owner)
    reference = borrow(owner)
    mark_refs_out_of_scope(reference)
    del owner
    assert not store.exists(key)


def test_a_borrow_without_an_owner(store: Store[Any]) -> None:
    from proxyrt.proxy import get_factory

    owner = store.owned_proxy([1])
    factory: Any = get_factory(owner)
    with pytest.raises(RuntimeError, match="no reference to its owner"):
        mark_refs_out_of_scope(RefProxy(factory))


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_borrows_end_with_their_task(store: Store[Any], kind: str) -> None:
    context = multiprocessing.get_context("spawn")
    owner = store.owned_proxy([1, 2, 3])
    pool: Any = ThreadPoolExecutor() if kind == "threads" else ProcessPoolExecutor(1, context)
    with pool:
        reference = borrow(owner)
        assert submit(pool.submit, args=(sum, reference)).result() == 6
        submit(pool.submit, args=(sum, [1]), kwargs={"start": 1}).result()
    # The borrow has been given away in one case and not in the other; it has ended in both.
    with pytest.raises(ReferenceInvalidError):
        len(reference)
    with ProcessPoolExecutor(1, context) as processes:
        submit(processes.submit, args=(append, mut_borrow(owner))).result()
    assert borrow(owner, populate_target=False) == [1, 2, 3, 4]


def test_borrows_in_other_objects(store: Store[Any]) -> None:
    owner = store.owned_proxy([1])
    inner = borrow(owner)
    future: Future[int] = Future()
    assert isinstance(future, FutureWithCallback)
    submitted = submit(
        lambda *args: future, args=({"key": inner},), register_custom_refs=[inner, "other"]
    )
    assert submitted is future
    with pytest.raises(MutableBorrowError):
        mut_borrow(owner)
    future.set_result(1)
    mut_borrow(owner)

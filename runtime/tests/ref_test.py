"""Ownership and borrowing."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from proxyrt.proxy import Proxy, is_resolved
from proxyrt.store.exceptions import ProxyStoreFactoryError
from proxyrt.store.ref import (
    MutableBorrowError,
    OwnedProxy,
    ReferenceInvalidError,
    ReferenceNotOwnedError,
    RefMutProxy,
    RefProxy,
    borrow,
    clone,
    into_owned,
    mut_borrow,
    update,
)


class Connector(dict):
    def put(self, value):
        key = f"key-{len(self)}"
        self[key] = value
        return key


class Store:
    """The part of a store that references use."""

    def __init__(self):
        self.connector = Connector()
        self.evicted = []

    def config(self):
        return None

    def evict(self, key):
        del self.connector[key]
        self.evicted.append(key)

    def _set(self, key, value, *, serializer=None):
        self.connector[key] = value if serializer is None else serializer(value)


class Factory:
    def __init__(self, key, store_config=None, *, evict=False, deserializer=None):
        self.key = key
        self.evict = evict
        self.deserializer = deserializer

    def __call__(self):
        return STORE.connector[self.key]

    def get_store(self):
        return STORE


STORE = Store()


@pytest.fixture(autouse=True)
def store():
    gc.collect()
    STORE.__init__()
    yield STORE
    gc.collect()


def own(value):
    return OwnedProxy(Factory(STORE.connector.put(value)))


def test_owner_evicts_when_it_goes(store):
    owner = own("value")
    assert owner == "value"
    assert store.evicted == []
    del owner
    assert store.evicted == ["key-0"]


def test_borrows_are_transparent(store):
    owner = own([1])
    first, second = borrow(owner), borrow(owner)
    assert first == [1] == second
    assert type(first) is RefProxy
    assert isinstance(first, list)
    del first, second
    mutable = mut_borrow(owner)
    assert type(mutable) is RefMutProxy
    assert mutable == [1]


def test_borrows_exclude_each_other():
    owner = own(1)
    reference = borrow(owner)
    with pytest.raises(MutableBorrowError, match="already borrowed as immutable"):
        mut_borrow(owner)
    del reference
    mutable = mut_borrow(owner)
    with pytest.raises(MutableBorrowError, match="already borrowed as mutable"):
        mut_borrow(owner)
    with pytest.raises(MutableBorrowError, match="already borrowed as mutable"):
        borrow(owner)
    del mutable
    borrow(owner)


def test_counts_are_visible():
    owner = own(1)
    references = [borrow(owner) for _ in range(3)]
    assert object.__getattribute__(owner, "__proxy_ref_count__") == 3
    references.pop()
    assert object.__getattribute__(owner, "__proxy_ref_count__") == 2
    references.clear()
    mutable = mut_borrow(owner)
    assert object.__getattribute__(owner, "__proxy_ref_mut_count__") == 1
    del mutable
    assert object.__getattribute__(owner, "__proxy_ref_mut_count__") == 0


def test_borrows_can_be_ended_by_hand():
    """As ProxyStore's `mark_refs_out_of_scope` does it."""
    owner = own(1)
    for lend, name in ((borrow, "__proxy_ref_count__"), (mut_borrow, "__proxy_ref_mut_count__")):
        reference = lend(owner)
        object.__setattr__(owner, name, object.__getattribute__(owner, name) - 1)
        object.__setattr__(reference, "__proxy_owner__", None)
        object.__setattr__(reference, "__proxy_valid__", False)
        with pytest.raises(ReferenceInvalidError):
            len(reference)
        del reference
        assert object.__getattribute__(owner, name) == 0
    mut_borrow(owner)


def test_a_borrow_keeps_the_owner_alive(store):
    owner = own("value")
    reference = borrow(owner)
    del owner
    assert store.evicted == []
    assert reference == "value"
    del reference
    assert store.evicted == ["key-0"]


def test_deleting_a_borrowed_owner_raises(store):
    owner = own(1)
    reference = borrow(owner)
    with pytest.raises(RuntimeError, match="still exists 1 RefProxy and 0 RefMutProxy"):
        owner.__del__()
    assert store.evicted == []
    del reference


def test_only_owners_lend():
    owner = own(1)
    reference = borrow(owner)
    for wrong in (reference, Proxy(lambda: 1), 1):
        for function in (borrow, mut_borrow, clone):
            with pytest.raises(ReferenceNotOwnedError):
                function(wrong)
    assert not is_resolved(reference)


def test_populate_target(store):
    owner = own(1)
    assert not is_resolved(borrow(owner))
    assert owner + 0 == 1
    assert is_resolved(borrow(owner))
    assert not is_resolved(borrow(owner, populate_target=False))
    assert not is_resolved(mut_borrow(owner, populate_target=False))


@pytest.mark.parametrize("lend", [None, borrow, mut_borrow])
def test_pickling_gives_the_reference_away(store, lend):
    owner = own("value")
    sent = owner if lend is None else lend(owner)
    assert sent == "value"
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is type(sent)
    assert received == "value"
    for operation in (len, str, hash, lambda p: p.upper, lambda p: p + "x", iter):
        with pytest.raises(ReferenceInvalidError, match="invalidated"):
            operation(sent)
    assert "wrapping 'value'" in repr(sent)
    assert not sent.__proxy_valid__
    del sent
    del owner
    if lend is None:
        assert store.evicted == []
        del received
    assert store.evicted == ["key-0"]


@pytest.mark.parametrize("function", [copy.copy, copy.deepcopy])
def test_copying_is_refused(function):
    with pytest.raises(NotImplementedError, match=r"Use clone\(\) instead"):
        function(own(1))


def test_clone(store):
    owner = own([1])
    unresolved = clone(owner)
    assert not is_resolved(unresolved)
    owner.append(2)
    other = clone(owner)
    assert other == [1, 2]
    other.append(3)
    assert owner == [1, 2]
    del other, unresolved
    assert sorted(store.evicted) == ["key-1", "key-2"]


def test_into_owned(store):
    factory = Factory(store.connector.put([1]), evict=True)
    proxy = Proxy(factory, cache_defaults=True, target=[1])
    owner = into_owned(proxy)
    assert type(owner) is OwnedProxy
    assert factory.evict is False
    assert is_resolved(owner)
    assert not is_resolved(into_owned(Proxy(Factory(store.connector.put(1)))))
    with pytest.raises(ValueError, match="Only a base proxy"):
        into_owned(owner)
    with pytest.raises(ProxyStoreFactoryError, match="function is not supported"):
        into_owned(Proxy(lambda: 1))


def test_update(store):
    owner = own([1])
    update(owner)
    assert store.connector["key-0"] == [1]
    owner += [2]
    reference = borrow(owner)
    with pytest.raises(MutableBorrowError, match="has been borrowed"):
        update(owner)
    with pytest.raises(ReferenceNotOwnedError):
        update(reference)
    del reference
    update(owner)
    assert store.connector["key-0"] == [1, 2]
    mutable = mut_borrow(owner)
    object.__setattr__(mutable, "__proxy_wrapped__", [3])
    update(mutable, serializer=tuple)
    assert store.connector["key-0"] == (3,)


def test_update_needs_a_connector_that_sets(store, monkeypatch):
    def refuse(*args, **kwargs):
        raise NotImplementedError

    owner = own(1)
    owner += 1
    monkeypatch.setattr(store, "_set", refuse)
    with pytest.raises(NotImplementedError, match=r"supports set\(\)"):
        update(owner)


def test_in_place_operator_on_an_invalid_reference():
    owner = own(1)
    data = pickle.dumps(owner)
    with pytest.raises(ReferenceInvalidError):
        owner += 1
    pickle.loads(data)


def test_failed_constructor_leaves_nothing(store):
    for kind in (OwnedProxy, RefProxy, RefMutProxy):
        with pytest.raises(TypeError):
            kind(5)
    gc.collect()
    assert store.evicted == []


def test_collected_in_a_cycle(store):
    """The collector finalizes an owner and its borrow in an order of its own."""
    for owner_first in (True, False):
        owner = own("value")
        reference = borrow(owner)
        cycle = [owner, reference] if owner_first else [reference, owner]
        cycle.append(cycle)
        del owner, reference, cycle
        gc.collect()
    assert store.evicted == ["key-0", "key-0"]
    assert not store.connector


def test_owner_in_its_own_target(store):
    value = []
    owner = OwnedProxy(Factory(store.connector.put(value)), target=value)
    value.append(owner)
    store.connector["key-0"] = None
    del owner, value
    gc.collect()
    assert store.evicted == ["key-0"]


def test_one_of_many_threads_wins_the_mutable_borrow():
    owner = own(1)
    barrier = threading.Barrier(8)
    held = []

    def attempt():
        barrier.wait()
        try:
            held.append(mut_borrow(owner))
        except MutableBorrowError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        wins = list(pool.map(lambda _: attempt(), range(8)))
    assert sum(wins) == 1
    held.clear()


def test_threads_borrow_and_give_back():
    owner = own(1)

    def work():
        for _ in range(500):
            reference = borrow(owner)
            assert reference == 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert object.__getattribute__(owner, "__proxy_ref_count__") == 0


AT_EXIT = """
import sys
from proxyrt.store.ref import OwnedProxy, borrow, mut_borrow

class Store:
    def evict(self, key):
        print("evicted", key)

class Factory:
    evict, deserializer = False, None
    def __init__(self, key):
        self.key = key
    def __call__(self):
        return self.key
    def get_store(self):
        return Store()

first = OwnedProxy(Factory("first"))
reference = borrow(first)
second = OwnedProxy(Factory("second"))
cycle = [second]
cycle.append(cycle)
"""


def test_interpreter_shutdown():
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-c", AT_EXIT], capture_output=True, text=True, check=True
    )
    assert sorted(result.stdout.splitlines()) == ["evicted first", "evicted second"]
    assert result.stderr == ""

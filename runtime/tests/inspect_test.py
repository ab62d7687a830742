"""`inspect` tells without resolving."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import numpy
import pytest

import proxyrt
from proxyrt.store.ref import OwnedProxy


class Factory:
    def __init__(self, value):
        self.value = value
        self.key = "key"
        self.evict = False
        self.deserializer = None
        self.store_config = SimpleNamespace(name="store")

    def __call__(self):
        return self.value

    def get_store(self):
        return SimpleNamespace(evict=lambda key: None)


def test_unresolved(runtime):
    p = runtime.Proxy(Factory("text"), cache_defaults=True, target="text")
    del p.__proxy_wrapped__
    info = proxyrt.inspect(p)
    assert (info.kind, info.state) == (runtime.Proxy.__name__, "unresolved")
    assert (info.store, info.key) == ("store", "key")
    assert (info.cached_class, info.cached_hash) == (str, hash("text"))
    assert (info.target_class, info.target_size) == (None, None)
    assert abs(info.pickled_size - len(pickle.dumps(p))) < 16
    assert not runtime.is_resolved(p)
    assert "cached class: str" in str(info)


def test_resolved(runtime):
    p = runtime.Proxy(lambda: numpy.zeros(100))
    runtime.resolve(p)
    info = proxyrt.inspect(p)
    assert info.state == "resolved"
    assert info.target_class is numpy.ndarray
    assert info.target_size == 800
    assert info.pickled_size is None
    assert info.store is None


def test_other_states(runtime):
    assert proxyrt.inspect(runtime.Proxy.__new__(runtime.Proxy)).state == "uninitialized"
    owner = OwnedProxy(Factory(1))
    assert proxyrt.inspect(owner).state == "unresolved"
    assert proxyrt.inspect(owner).kind == "OwnedProxy"
    data = pickle.dumps(owner)
    assert proxyrt.inspect(owner).state == "invalid"
    assert pickle.loads(data) == 1


def test_nested_target_stays_unresolved(runtime):
    inner = runtime.of([1])
    p = runtime.of(inner)
    runtime.resolve(p)
    assert proxyrt.inspect(p).target_size is None
    assert not runtime.is_resolved(inner)


def test_other_objects():
    with pytest.raises(TypeError, match="not int"):
        proxyrt.inspect(1)

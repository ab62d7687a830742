"""Memory: the collector, weak references, subclasses, and leaks."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import weakref
from contextlib import suppress

import numpy
import pytest

import proxyrt
from proxyrt.connectors.local import LocalConnector
from proxyrt.store.ref import OwnedProxy, borrow


class Target:
    def __init__(self):
        self.x = 1

    def method(self):
        return 1


class Sized:
    def __len__(self):
        return 1

    def __eq__(self, other):
        return True


def test_cycle_through_the_target(runtime):
    target = Target()
    reference = weakref.ref(target)
    target.proxy = runtime.Proxy(Target, target=target)
    del target
    gc.collect()
    assert reference() is None


def test_cycle_through_the_factory(runtime):
    class Factory:
        def __call__(self):
            return 1

    factory = Factory()
    reference = weakref.ref(factory)
    factory.proxy = runtime.Proxy(factory)
    del factory
    gc.collect()
    assert reference() is None


def test_cycle_through_the_proxy_itself(runtime):
    made = []
    p = runtime.Proxy(lambda: made[0])
    made.append(p)
    runtime.extract(p)
    reference = weakref.ref(p)
    made.clear()
    del p
    gc.collect()
    assert reference() is None


def test_subclass_instances_are_freed_with_their_dictionary(runtime):
    class WithDict(runtime.Proxy):
        pass

    p = WithDict(lambda: 1)
    object.__setattr__(p, "note", Target())
    reference = weakref.ref(p.note)
    del p
    assert reference() is None
    kind = weakref.ref(WithDict)
    del WithDict
    gc.collect()
    assert kind() is None


def test_target_dies_with_its_proxy(runtime):
    p = runtime.Proxy(Target)
    reference = weakref.ref(runtime.extract(p))
    assert reference() is not None
    del p
    assert reference() is None


def test_replaced_target_is_freed(runtime):
    p = runtime.Proxy(Target)
    reference = weakref.ref(runtime.extract(p))
    p.__proxy_wrapped__ = 1
    assert reference() is None


def test_bound_methods_that_are_held_stay_what_they_are(runtime):
    p = runtime.Proxy(lambda: [Target(), Target()][0])
    first, second = p.method, p.__init__
    third = p.method
    assert first is not third
    assert first == third
    assert first.__func__ is Target.method
    assert second.__name__ == "__init__"
    reference = weakref.ref(p.method)
    assert reference() is None or reference().__func__ is Target.method
    assert [p.method() for _ in range(3)] == [1, 1, 1]


def test_a_method_may_call_itself_and_rebind_the_proxy(runtime):
    class Tree:
        def count(self, depth):
            return 1 if depth == 0 else 1 + p.count(depth - 1)

        def replace(self):
            p.__proxy_wrapped__ = Target()
            gc.collect()
            return self

    p = runtime.Proxy(Tree)
    assert p.count(50) == 51
    reference = weakref.ref(runtime.extract(p))
    assert isinstance(p.replace(), Tree)
    gc.collect()
    assert reference() is None
    assert p.method() == 1


def test_called_methods_keep_nothing_alive(runtime):
    p = runtime.Proxy(Target)
    assert p.method() == 1
    reference = weakref.ref(runtime.extract(p))
    del p
    assert reference() is None


def test_a_method_that_dies_while_another_takes_its_place():
    class Holder:
        def first(self):
            return 1

        def second(self):
            return 2

    p = proxyrt.Proxy(Holder)
    seen = []
    assert p.first() == 1
    function = weakref.ref(Holder.first)
    weakref.finalize(Holder.first, lambda: seen.append((p.second(), p.second)))
    del Holder.first
    # The proxy still had it, and lets go of it now.
    assert function() is not None
    assert p.second() == 2
    assert function() is None
    assert seen[0][0] == 2
    assert seen[0][1]() == 2


def operations():
    """Pairs of a name and something to do again and again."""
    number, items, thing, call = (
        proxyrt.Proxy(lambda: 1000),
        proxyrt.Proxy(lambda: [1, 2, 3]),
        proxyrt.Proxy(Target),
        proxyrt.Proxy(lambda: lambda *a, **k: None),
    )

    class Sub(proxyrt.Proxy):
        __slots__ = ("__proxy_note__",)

    def failing():
        raise ValueError

    def fail():
        with suppress(proxyrt.ProxyResolveError):
            len(proxyrt.Proxy(failing))

    def missing():
        with suppress(AttributeError):
            number.nope

    def in_place():
        p = proxyrt.Proxy(lambda: 1000)
        p += 5000
        p -= 1

    def own():
        class Factory:
            key, evict, deserializer = 1, False, None

            def __call__(self):
                return 1

            def get_store(self):
                return self

        Factory.evict = lambda self, key: None
        owner = OwnedProxy(Factory())
        return borrow(owner) + 1

    def construct_wrongly():
        with suppress(TypeError):
            proxyrt.Proxy(5)

    def hold_methods():
        held = [thing.method, thing.method]
        return held[0]() + thing.method()

    store = proxyrt.Store("lifecycle", LocalConnector(), register=True)
    stored = store.proxy([1, 2, 3], populate_target=False)
    stored_factory = proxyrt.get_factory(stored)

    def store_and_evict(obj):
        proxy = store.proxy(obj)
        copy = pickle.loads(pickle.dumps(proxy))
        assert len(copy) == len(obj)
        store.evict(proxyrt.get_factory(copy).key)

    def miss():
        with suppress(proxyrt.ProxyResolveError):
            len(store.proxy_from_key(("missing",)))

    factory = Target
    return {
        "construct": lambda: proxyrt.Proxy(factory),
        "construct with defaults": lambda: proxyrt.Proxy(factory, cache_defaults=True, target="x"),
        "construct unhashable": lambda: proxyrt.Proxy(factory, cache_defaults=True, target=[]),
        "construct wrongly": construct_wrongly,
        "resolve": lambda: len(proxyrt.Proxy(list)),
        "fail": fail,
        "attribute": lambda: thing.x,
        "method": lambda: thing.method(),
        "missing attribute": missing,
        "set attribute": lambda: setattr(thing, "x", object()),
        "class": lambda: isinstance(thing, Target),
        "own attributes": lambda: (thing.__proxy_wrapped__, thing.__proxy_factory__),
        "binary": lambda: (number + 5000, 5000 - number, number * number, pow(number, 2, 7)),
        "in place": in_place,
        "compare": lambda: (number < 5, number == number, items == [1]),
        "container": lambda: (items[0], items[1:], len(items), 1 in items, list(items)),
        "store": lambda: items.__setitem__(0, object()),
        "call": lambda: (call(), call(1, a=2), call(*[1], **{"b": 1})),
        "text": lambda: (str(number), repr(number), f"{number:5}", bytes(number)[:0]),
        "pickle": lambda: pickle.loads(pickle.dumps(proxyrt.Proxy(factory))),
        "functions": lambda: (proxyrt.extract(items), proxyrt.is_resolved(items)),
        "weak reference": lambda: weakref.ref(proxyrt.Proxy(factory))(),
        "subclass": lambda: Sub(list) * 2,
        "nested": lambda: len(proxyrt.Proxy(lambda: items)),
        "buffer": lambda: memoryview(proxyrt.Proxy(lambda: b"abc")).tobytes(),
        "inspect": lambda: proxyrt.inspect(number),
        "own": own,
        "held methods": hold_methods,
        "stored list": lambda: store_and_evict([1]),
        "stored text": lambda: store_and_evict("text"),
        "stored array": lambda: store_and_evict(numpy.zeros(3)),
        "stored class": lambda: store_and_evict(Sized()),
        "cached get": lambda: len(proxyrt.Proxy(stored_factory)),
        "miss": miss,
    }


OPERATIONS = operations()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.timeout(600)
def test_memory_stays_flat(request, name):
    operation = OPERATIONS[name]
    count = request.config.getoption("--operations")
    if name in ("own", "inspect", "fail", "miss"):
        count //= 20

    def run(times):
        for _ in range(times):
            operation()
        gc.collect()
        return sys.getallocatedblocks(), sys.getrefcount(None), sys.getrefcount(proxyrt.Proxy)

    run(count // 10)
    before = run(count // 10)
    after = run(count)
    # A leak of one object an operation would be `count`.
    assert all(b - a < count // 10 for a, b in zip(before, after, strict=True)), (
        before,
        after,
    )


def test_development_mode():
    program = """
import gc, pickle, sys, threading, weakref
import proxyrt
from proxyrt.proxy import *
class Sub(Proxy):
    __slots__ = ("__proxy_extra__",)
for kind in (Proxy, Sub):
    p = kind(lambda: [1, 2])
    p.append(p)
    q = kind(lambda: q2)
    q2 = kind(lambda: q)
    extract(q), extract(q2)
    r = kind(lambda: 5)
    r += 1
    assert r == 6
    resolve_async(kind(lambda: 1))
    try:
        kind(lambda: 1 / 0) + 1
    except ProxyResolveError as error:
        del error
    pickle.loads(pickle.dumps(kind(dict)))
    del p, q, q2, r
gc.collect()
"""
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")

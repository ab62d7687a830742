"""One suite for proxyrt and ProxyStore: what it asserts is what "compatible" means."""

from __future__ import annotations

import asyncio
import copy
import decimal
import math
import operator
import os
import pathlib
import pickle
import types
import weakref
from typing import Generic, TypeVar

import pytest


class Point:
    """A point."""

    label: str = "origin"

    def __init__(self, x=1, y=2):
        self.x = x
        self.y = y

    def __eq__(self, other):
        return isinstance(other, Point) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def norm(self, *, scale=1):
        return scale * math.hypot(self.x, self.y)


def make_point():
    return Point(3, 4)


class Failing:
    def __call__(self):
        raise ValueError("no target")


class CountingFactory:
    def __init__(self, value):
        self.value = value
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.value


BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    divmod,
    pow,
    operator.lshift,
    operator.rshift,
    operator.and_,
    operator.xor,
    operator.or_,
    operator.lt,
    operator.le,
    operator.eq,
    operator.ne,
    operator.gt,
    operator.ge,
]
IN_PLACE = [
    operator.iadd,
    operator.isub,
    operator.imul,
    operator.itruediv,
    operator.ifloordiv,
    operator.imod,
    operator.ipow,
    operator.ilshift,
    operator.irshift,
    operator.iand,
    operator.ixor,
    operator.ior,
]


def test_factory_must_be_callable(impl):
    with pytest.raises(TypeError, match=r"Factory must be callable\."):
        impl.Proxy(1)


@pytest.mark.parametrize("arguments", [((), {}), ((len, len), {}), ((len,), {"colour": 1})])
def test_wrong_arguments(impl, arguments):
    args, kwargs = arguments
    with pytest.raises(TypeError):
        impl.Proxy(*args, **kwargs)


def test_factory_by_keyword(impl):
    assert impl.Proxy(factory=lambda: 5) + 1 == 6


def test_resolves_once_and_late(impl):
    factory = CountingFactory([1])
    p = impl.Proxy(factory)
    assert not impl.is_resolved(p)
    assert factory.calls == 0
    assert p == [1]
    assert p[0] == 1
    assert factory.calls == 1
    assert impl.is_resolved(p)


def test_resolve_extract_get_factory(impl):
    value = object()
    factory = CountingFactory(value)
    p = impl.Proxy(factory)
    assert impl.get_factory(p) is factory
    assert not impl.is_resolved(p)
    assert impl.resolve(p) is None
    assert impl.is_resolved(p)
    assert impl.extract(p) is value
    assert factory.calls == 1


@pytest.mark.parametrize("function", ["extract", "resolve", "is_resolved", "get_factory"])
def test_functions_refuse_other_objects(impl, function):
    with pytest.raises(AttributeError):
        getattr(impl, function)(1)


def test_factory_error_is_wrapped(impl):
    p = impl.Proxy(Failing())
    for _ in range(2):
        with pytest.raises(impl.ProxyResolveError) as caught:
            len(p)
        assert isinstance(caught.value.cause, ValueError)
        assert caught.value.__cause__ is caught.value.cause
        assert not impl.is_resolved(p)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_base_exceptions_pass(impl, error):
    answers = [error(), 5]

    def factory():
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    p = impl.Proxy(factory)
    with pytest.raises(error):
        p + 1
    assert not impl.is_resolved(p)
    assert p + 1 == 6


def test_uninitialised(impl):
    p = impl.Proxy.__new__(impl.Proxy)
    with pytest.raises(impl.ProxyResolveError, match="not initialized") as caught:
        p.__proxy_wrapped__
    assert isinstance(caught.value.cause, AttributeError)


def test_initialise_again(impl):
    p = impl.Proxy(lambda: 1)
    p.__init__(lambda: 2)
    assert p == 2


def test_target_of_none_is_no_target(impl):
    p = impl.Proxy(lambda: 1, target=None)
    assert not impl.is_resolved(p)


def test_target_is_used(impl):
    factory = CountingFactory(1)
    p = impl.Proxy(factory, target=7)
    assert impl.is_resolved(p)
    assert p == 7
    assert factory.calls == 0


def test_cached_defaults_do_not_resolve(impl):
    p = impl.Proxy(make_point, cache_defaults=True, target=make_point())
    p = pickle.loads(pickle.dumps(p)) if type(p).__reduce__ is impl.Proxy.__reduce__ else p
    assert not impl.is_resolved(p)
    assert isinstance(p, Point)
    assert hash(p) == hash(make_point())
    assert p.__class__ is Point
    assert not impl.is_resolved(p)
    assert p.x == 3
    assert impl.is_resolved(p)


def test_cached_unhashable(impl):
    p = impl.Proxy(list, cache_defaults=True, target=[])
    del p.__proxy_wrapped__
    with pytest.raises(TypeError, match="unhashable"):
        hash(p)
    assert not impl.is_resolved(p)


def test_cached_hash_error_other_than_type_error_passes(impl):
    class Strange:
        def __hash__(self):
            raise RuntimeError("strange")

    with pytest.raises(RuntimeError, match="strange"):
        impl.Proxy(Strange, cache_defaults=True, target=Strange())


def test_defaults_are_ignored_once_resolved(impl):
    p = impl.Proxy(lambda: "text", cache_defaults=True, target="text")
    object.__setattr__(p, "__proxy_default_class__", int)
    object.__setattr__(p, "__proxy_default_hash__", 1)
    assert p.__class__ is str
    assert hash(p) == hash("text")


@pytest.mark.parametrize("text", ["", "a", "target", "other text"])
def test_long_hashes_are_kept(impl, text):
    p = impl.Proxy(lambda: text, cache_defaults=True, target=text)
    del p.__proxy_wrapped__
    assert hash(p) == hash(text)
    assert not impl.is_resolved(p)


def test_instance_attributes_are_the_targets(impl):
    p = impl.of(Point())
    assert p.__class__ is Point
    assert p.__doc__ == "A point."
    assert p.__module__ == __name__
    assert p.__dict__ == {"x": 1, "y": 2}
    assert vars(p) == {"x": 1, "y": 2}
    assert p.__annotations__ == Point.__annotations__
    assert p.__weakref__ is None
    assert dir(p) == dir(Point())
    assert isinstance(p, Point)
    assert isinstance(p, impl.Proxy)


def test_names_of_class_and_instance_differ(impl):
    p = impl.of(make_point)
    assert impl.module.Proxy.__name__ == "Proxy"
    assert impl.module.Proxy.__module__ == impl.module.__name__
    assert p.__name__ == "make_point"
    assert p.__qualname__ == "make_point"
    assert p.__module__ == __name__
    with pytest.raises(AttributeError):
        impl.of(1).__name__


def test_attributes_are_set_on_the_target(impl):
    target = Point()
    p = impl.of(target)
    p.x = 5
    p.colour = "red"
    assert (target.x, target.colour) == (5, "red")
    del p.colour
    assert not hasattr(target, "colour")
    with pytest.raises(AttributeError):
        del p.colour
    p.__doc__ = "new"
    p.__module__ = "elsewhere"
    assert (target.__doc__, target.__module__) == ("new", "elsewhere")

    class Other(Point):
        pass

    p.__class__ = Other
    assert type(target) is Other


def test_missing_attribute_is_the_targets(impl):
    with pytest.raises(AttributeError, match="'int' object has no attribute 'nope'"):
        impl.of(1).nope
    with pytest.raises(AttributeError):
        impl.of(1).nope = 1


def test_object_setattr_reaches_the_proxy(impl):
    p = impl.of(1)
    object.__setattr__(p, "__proxy_target__", 9)
    assert p == 9
    assert object.__getattribute__(p, "__proxy_target__") == 9
    object.__delattr__(p, "__proxy_target__")
    with pytest.raises(AttributeError):
        object.__getattribute__(p, "__proxy_target__")
    assert p == 1


def test_wrapped_can_be_replaced_and_deleted(impl):
    factory = CountingFactory(1)
    p = impl.Proxy(factory)
    p.__proxy_wrapped__ = 2
    assert p == 2
    assert factory.calls == 0
    del p.__proxy_wrapped__
    assert not p.__proxy_resolved__
    assert p == 1
    with pytest.raises(AttributeError):
        p2 = impl.of(1)
        del p2.__proxy_wrapped__


def test_repr(impl):
    factory = CountingFactory([1])
    p = impl.Proxy(factory)
    name = impl.Proxy.__name__
    assert repr(p) == f"<{name} at 0x{id(p):x} with factory {factory!r}>"
    assert not impl.is_resolved(p)
    impl.resolve(p)
    at = id(impl.extract(p))
    assert repr(p) == f"<{name} at 0x{id(p):x} wrapping [1] at 0x{at:x} with factory {factory!r}>"


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("pair", [(7, 3), (7.5, 2), (2, 0.5)], ids=str)
def test_binary(impl, function, pair):
    left, right = pair
    try:
        expected = function(left, right)
    except TypeError:
        for operands in ((impl.of(left), right), (left, impl.of(right))):
            with pytest.raises(TypeError):
                function(*operands)
        return
    assert function(impl.of(left), right) == expected
    assert function(left, impl.of(right)) == expected
    assert function(impl.of(left), impl.of(right)) == expected
    assert type(function(impl.of(left), right)) is type(expected)


def test_power_of_three(impl):
    assert pow(impl.of(7), 3, 5) == pow(7, 3, 5)


def test_matrix_product(impl):
    class Matrix:
        def __matmul__(self, other):
            return ("matmul", other)

        def __rmatmul__(self, other):
            return ("rmatmul", other)

        def __imatmul__(self, other):
            return ("imatmul", other)

    p = impl.of(Matrix())
    assert p @ 1 == ("matmul", 1)
    assert 1 @ p == ("rmatmul", 1)
    p @= 1
    assert type(p) is impl.Proxy
    assert p == ("imatmul", 1)


@pytest.mark.parametrize("function", IN_PLACE, ids=lambda f: f.__name__)
def test_in_place_rebinds_the_proxy(impl, function):
    p = impl.of(7)
    q = function(p, 3)
    assert q is p
    assert p == function(7, 3)


def test_in_place_mutates_a_mutable_target(impl):
    target = [1]
    p = impl.of(target)
    p += [2]
    assert target == [1, 2]
    assert impl.extract(p) is target


def test_in_place_failure_keeps_the_target(impl):
    p = impl.of(7)
    with pytest.raises(TypeError):
        p += "x"
    assert p == 7


@pytest.mark.parametrize(
    "function",
    [
        operator.neg,
        operator.pos,
        abs,
        operator.invert,
        int,
        float,
        complex,
        bool,
        str,
        hash,
        operator.index,
        round,
        operator.not_,
        hex,
        range,
    ],
    ids=lambda f: f.__name__,
)
def test_unary(impl, function):
    assert function(impl.of(-7 if function is not range else 7)) == function(
        -7 if function is not range else 7
    )


def test_index_of_something_that_converts(impl):
    assert operator.index(impl.of(decimal.Decimal(7))) == 7


def test_containers(impl):
    p = impl.of([3, 1, 2])
    assert len(p) == 3
    assert 1 in p
    assert 9 not in p
    assert p[0] == 3
    assert p[-1] == 2
    assert p[1:] == [1, 2]
    assert list(p) == [3, 1, 2]
    assert list(reversed(p)) == [2, 1, 3]
    assert sorted(p) == [1, 2, 3]
    assert [*p] == [3, 1, 2]
    p[0] = 9
    del p[1]
    assert p == [9, 2]
    a, b = p
    assert (a, b) == (9, 2)
    with pytest.raises(IndexError):
        p[5]
    with pytest.raises(TypeError):
        p["x"]
    d = impl.of({"k": 1})
    assert d["k"] == 1
    assert {**d} == {"k": 1}
    assert dict(d) == {"k": 1}
    with pytest.raises(KeyError):
        d["z"]


@pytest.mark.parametrize("function", [len, iter, next, hash, reversed, operator.neg, callable])
@pytest.mark.parametrize("value", [[1], {}, 5], ids=str)
def test_unsupported_operations_raise_type_errors(impl, function, value):
    try:
        function(value)
    except TypeError:
        with pytest.raises(TypeError):
            function(impl.of(value))


def test_iterators(impl):
    p = impl.of(iter([1, 2]))
    assert iter(p) is impl.extract(p)
    assert next(p) == 1
    assert next(p) == 2
    with pytest.raises(StopIteration):
        next(p)


def test_calls(impl):
    def function(*args, **kwargs):
        return args, kwargs

    p = impl.of(function)
    assert p() == ((), {})
    assert p(1, 2) == ((1, 2), {})
    assert p(1, a=2) == ((1,), {"a": 2})
    assert p(*[1, 2], **{"b": 3}) == ((1, 2), {"b": 3})
    assert callable(p)
    with pytest.raises(TypeError):
        impl.of(1)()


def test_methods(impl):
    p = impl.of(Point(3, 4))
    assert p.norm() == 5
    assert p.norm(scale=2) == 10
    assert impl.of("a,b").split(",") == ["a", "b"]


def test_with(impl):
    class Context:
        def __enter__(self):
            return "entered"

        def __exit__(self, kind, value, traceback):
            self.seen = kind
            return kind is ValueError

    context = Context()
    with impl.of(context) as entered:
        raise ValueError
    assert entered == "entered"
    assert context.seen is ValueError
    with pytest.raises(KeyError), impl.of(context):
        raise KeyError


def test_strings_and_paths(impl):
    assert str(impl.of("text")) == "text"
    assert bytes(impl.of(b"data")) == b"data"
    assert bytes(impl.of(3)) == b"\0\0\0"
    assert os.fspath(impl.of("/a")) == "/a"
    assert os.fspath(impl.of(b"/a")) == b"/a"
    assert os.fspath(impl.of(pathlib.PurePosixPath("/a"))) == "/a"
    with pytest.raises(TypeError):
        os.fspath(impl.of(1))
    assert f"{impl.of('text')}" == "text"


def test_await(impl):
    async def main():
        async def coroutine():
            return 5

        class Awaitable:
            def __await__(self):
                yield from asyncio.sleep(0).__await__()
                return 6

        @types.coroutine
        def generator():
            yield
            return 7

        assert await impl.of(coroutine()) == 5
        assert await impl.of(Awaitable()) == 6
        assert await impl.of(generator()) == 7
        with pytest.raises(TypeError):
            await impl.of(1)

    asyncio.run(main())


def test_async_iteration_and_context(impl):
    class Thing:
        async def __aenter__(self):
            return "in"

        async def __aexit__(self, *exception):
            return True

        def __aiter__(self):
            self.left = 2
            return self

        async def __anext__(self):
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    async def main():
        async with impl.of(Thing()) as entered:
            assert entered == "in"
            raise ValueError
        assert [x async for x in impl.of(Thing())] == [1, 0]
        thing = Thing()
        aiter(thing)
        assert await anext(impl.of(thing)) == 1

    asyncio.run(main())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_has_the_factory_only(impl, protocol):
    p = impl.Proxy(make_point)
    impl.resolve(p)
    data = pickle.dumps(p, protocol)
    assert b"norm" not in data
    q = pickle.loads(data)
    assert not impl.is_resolved(q)
    assert q == make_point()
    assert type(q) is impl.module.Proxy


def test_pickle_keeps_the_defaults(impl):
    p = impl.Proxy(make_point, cache_defaults=True, target=make_point())
    q = pickle.loads(pickle.dumps(p))
    assert isinstance(q, Point)
    assert hash(q) == hash(make_point())
    assert not impl.is_resolved(q)


def test_copy(impl):
    p = impl.Proxy(make_point)
    impl.resolve(p)
    q = copy.copy(p)
    assert type(q) is impl.module.Proxy
    assert not impl.is_resolved(q)
    assert impl.get_factory(q) is make_point


def test_generic(impl):
    alias = impl.Proxy[int]
    assert alias.__origin__ is impl.Proxy
    assert alias.__args__ == (int,)
    T = TypeVar("T")

    class Box(impl.Proxy[T], Generic[T]):
        pass

    assert Box(lambda: 5) + 1 == 6
    assert Box[int].__args__ == (int,)


def test_subclass_with_slots_and_dictionary(impl):
    class Slotted(impl.Proxy):
        __slots__ = ("__proxy_note__",)

        def __init__(self, factory, note):
            object.__setattr__(self, "__proxy_note__", note)
            super().__init__(factory)

        def shout(self):
            return "!" + object.__getattribute__(self, "__proxy_note__")

        def __len__(self):
            return 42

    p = Slotted(lambda: "abc", "note")
    assert p.shout() == "!note"
    assert len(p) == 42
    assert p.upper() == "ABC"
    assert p + "d" == "abcd"


def test_subclass_with_getattr(impl):
    class Hooked(impl.Proxy):
        def __getattr__(self, name):
            if name == "extra":
                return "hooked"
            return super().__getattr__(name)

    p = Hooked(lambda: "abc")
    assert p.extra == "hooked"
    assert p.upper() == "ABC"


def test_subclass_with_getattribute(impl):
    class Logged(impl.Proxy):
        def __getattribute__(self, name):
            if name == "logged":
                return "yes"
            return super().__getattribute__(name)

    p = Logged(lambda: "abc")
    assert p.logged == "yes"
    assert p.upper() == "ABC"


def test_subclass_with_own_wrapped(impl):
    class Guarded(impl.Proxy):
        @property
        def __proxy_wrapped__(self):
            if not allowed:
                raise PermissionError("guarded")
            return super().__proxy_wrapped__

        @__proxy_wrapped__.setter
        def __proxy_wrapped__(self, value):
            object.__setattr__(self, "__proxy_target__", value)

    allowed = True
    p = Guarded(lambda: 5)
    assert p + 1 == 6
    p += 1
    assert p == 6
    allowed = False
    for operation in (lambda: p + 1, lambda: p.real, lambda: len(p), lambda: impl.extract(p)):
        with pytest.raises(PermissionError, match="guarded"):
            operation()


def test_subclass_with_own_class(impl):
    class Honest(impl.Proxy):
        __class__ = object.__dict__["__class__"]

    p = Honest(lambda: 5)
    assert p.__class__ is Honest
    assert not impl.is_resolved(p)


def test_weak_references(impl):
    p = impl.of(Point())
    seen = []
    reference = weakref.ref(p, seen.append)
    assert reference() is p
    del p
    assert reference() is None
    assert seen == [reference]


def test_dictionary_keys_and_sets(impl):
    p = impl.of("key")
    assert {"key": 1}[p] == 1
    assert {p: 1}["key"] == 1
    assert p in {"key"}


def test_nested(impl):
    inner = impl.of([1])
    p = impl.of(inner)
    assert impl.extract(p) is inner
    assert p == [1]
    assert p.__class__ is list
    p.append(2)
    assert inner == [1, 2]
    p += [3]
    assert impl.extract(inner) == [1, 2, 3]


def test_lock(impl):
    p = impl.of(1)
    locker = impl.ProxyLocker(p)
    with pytest.raises(AttributeError, match="Cannot access proxy attribute"):
        locker._proxy
    assert locker.unlock() is p
    assert not impl.is_resolved(p)


def test_proxy_or(impl):
    assert impl.ProxyOr.__name__ == "ProxyOr"
    impl.ProxyOr[int]

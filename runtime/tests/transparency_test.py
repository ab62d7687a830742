"""What proxyrt forwards beyond ProxyStore, and what no proxy can: README.md lists the same."""

from __future__ import annotations

import array
import asyncio
import collections.abc
import ctypes
import dataclasses
import hashlib
import heapq
import io
import json
import math
import operator
import os
import re
import struct
import sys
import types
import zlib
from decimal import Decimal
from pathlib import Path

import numpy
import pytest

from proxyrt import Proxy, extract

SAME = {
    "format": (3.14159, lambda v: f"{v:.2f}"),
    "format of a string": ("ab", lambda v: f"{v:>5}"),
    "percent": (5, lambda v: "%d %s" % (v, v)),  # noqa: UP031
    "round to digits": (3.14159, lambda v: round(v, 2)),
    "trunc": (3.7, math.trunc),
    "floor": (3.7, math.floor),
    "ceil": (3.2, math.ceil),
    "floor of a big int": (10**30 + 1, math.floor),
    "complex": (3, complex),
    "sqrt": (4, math.sqrt),
    "length hint": (iter([1, 2]), operator.length_hint),
    "length hint of nothing": (5, lambda v: operator.length_hint(v, 7)),
    "memoryview": (b"abc", lambda v: memoryview(v).tolist()),
    "join bytes": (b"abc", lambda v: b"-".join([v, v])),
    "bytearray": (b"abc", bytearray),
    "bytesio": (b"abc", lambda v: io.BytesIO(v).read()),
    "write": (b"abc", lambda v: io.BytesIO().write(v)),
    "struct": (struct.pack("<I", 7), lambda v: struct.unpack("<I", v)),
    "zlib": (b"abc", lambda v: zlib.crc32(v)),
    "hashlib": (b"abc", lambda v: hashlib.sha256(v).hexdigest()),
    "decode": (b"abc", lambda v: str(v, "ascii")),
    "array": (b"\1\2", lambda v: array.array("b", v).tolist()),
    "ctypes": (bytearray(4), lambda v: bytes(ctypes.c_uint32.from_buffer(v))),
    "int from bytes": (b"\1\2", lambda v: int.from_bytes(v, "big")),
    "isinstance of a class": (int, lambda v: isinstance(5, v)),
    "issubclass of a class": (int, lambda v: issubclass(bool, v)),
    "subclass": (int, lambda v: subclass_of(v).__mro__[1:]),
    "class attribute": (int, lambda v: v.__name__),
    "sequence protocol": ([1, 2], lambda v: operator.concat(v, [3])),
    "iterate by index": ([1, 2], lambda v: [operator.getitem(v, i) for i in (0, -1)]),
    "mapping": ({"a": 1}, lambda v: keywords(**v)),
    "star arguments": ([1, 2], lambda v: positional(*v)),
    "abc": ([1], lambda v: isinstance(v, collections.abc.Sequence)),
    "decimal": (Decimal("1.5"), lambda v: v + 1),
    "set operators": ({1, 2}, lambda v: (v & {2}, {1, 2} - v)),
    "slice": ([1, 2, 3], lambda v: v[:2]),
    "range": (3, lambda v: list(range(v))),
    "repeat": (3, lambda v: [0] * v),
    "index a list": (1, lambda v: [10, 20, 30][v]),
    "dictionary key": ("k", lambda v: {"k": 1}[v]),
    "chained comparison": (5, lambda v: 1 < v < 10),
    "divmod": (7, lambda v: divmod(v, 2)),
    "print": ("text", lambda v: print(v, file=io.StringIO(), end="")),
    "unpack": ((1, 2), lambda v: add(*v)),
    "match class": ([1], lambda v: match_class(v)),
    "path": ("/tmp", os.path.basename),
    "conjugate": (1 + 2j, lambda v: v.conjugate()),
    "sorting": ([3, 1], sorted),
    "sum": ([1, 2], sum),
    "zip": ([1, 2], lambda v: list(zip(v, v, strict=True))),
    "set": ([1, 1], set),
    "enumerate": ("ab", lambda v: list(enumerate(v))),
}

NUMPY = {
    "asarray": lambda v: numpy.asarray(v),
    "sum": lambda v: numpy.sum(v),
    "add": lambda v: numpy.add(v, 1),
    "array + proxy": lambda v: numpy.arange(3.0) + v,
    "proxy + array": lambda v: v + numpy.arange(3.0),
    "reduce": lambda v: numpy.add.reduce(v),
    "where": lambda v: numpy.add(v, 1, where=v > 0, out=numpy.zeros(3)),
    "concatenate": lambda v: numpy.concatenate([v, v]),
    "stack": lambda v: numpy.stack((v, v)),
    "block": lambda v: numpy.block([[v], [v]]),
    "mean": lambda v: v.mean(),
    "matmul": lambda v: v @ v,
    "index": lambda v: v[v > 0],
    "array of list": lambda v: numpy.array([v, v]),
    "dot keyword": lambda v: numpy.dot(a=v, b=v),
    "frombuffer": lambda v: numpy.frombuffer(v),
}


@dataclasses.dataclass
class Record:
    x: int


DIFFERENT = {
    "type": (5, type, "`type(p)`"),
    "identity": (None, lambda v: v is None, "`p is None`"),
    "join strings": ("a", lambda v: "-".join([v]), '`"-".join([p])`'),
    "startswith": ("a", lambda v: "ab".startswith(v), '`"ab".startswith(p)`'),
    "regular expression": ("a", lambda v: re.match("a", v) is not None, "`re.match(p, …)`"),
    "getattr name": ("real", lambda v: getattr(5, v), "`getattr(o, p)`"),
    "json.dumps": ([1], json.dumps, "`json.dumps(p)`"),
    "json.loads": ("[1]", json.loads, "`json.loads(p)`"),
    "StringIO": ("a", lambda v: io.StringIO(v).read(), "`io.StringIO(p)`"),
    "add to a string": ("a", lambda v: str.__add__("x", v), "unbound methods of builtin types"),
    "unbound method": (numpy.arange(3.0), numpy.ndarray.sum, "unbound methods of builtin types"),
    "raise": (ValueError("x"), lambda v: raise_and_catch(v), "`raise p`"),
    "except": (ValueError, lambda v: catch_with(v), "`except p`"),
    "heapq": ([1], lambda v: heapq.heappush(v, 2), "`heapq.heappush(p, x)`"),
    "exec": ("x = 1", exec, "`exec(p)`"),
    "match sequence": ([1], lambda v: match_sequence(v), "`match p: case [x]: …`"),
    "match mapping": ({"a": 1}, lambda v: match_mapping(v), '`case {"k": x}: …`'),
    "callable": (5, callable, "`callable(p)`"),
    "hasattr of an operator": (5, lambda v: hasattr(v, "__len__"), '`hasattr(p, "__len__")`'),
    "bytearray of a list": ([1], bytearray, "`bytearray(p)`"),
    "asarray of bytes": (
        b"data",
        lambda v: numpy.asarray(v).dtype,
        "`numpy.asarray(p)` of `bytes`",
    ),
    "contains in a string": ("a", lambda v: v in "ab", '`p in "text"`'),
    "percent of a tuple": ((1, 2), lambda v: "%s %s" % v, '`"%s %s" % p`'),  # noqa: UP031
    "set in a set": ({1}, lambda v: v in {frozenset({1})}, "a set in sets"),
    "new_class": (
        int,
        lambda v: types.new_class("X", (v,)).__mro__[1:],
        '`types.new_class("X", (p,))`',
    ),
    "dataclass": (Record(1), dataclasses.asdict, "`dataclasses.asdict`"),
}


def subclass_of(base):
    class Sub(base):
        pass

    return Sub


def add(a, b):
    return a + b


def keywords(**arguments):
    return arguments


def positional(*arguments):
    return arguments


def match_class(value):
    match value:
        case list():
            return "list"
    return None


def match_sequence(value):
    match value:
        case [x]:
            return x
    return None


def match_mapping(value):
    match value:
        case {"a": x}:
            return x
    return None


def raise_and_catch(error):
    try:
        raise error
    except ValueError:
        return "caught"


def catch_with(kind):
    try:
        raise ValueError
    except kind:
        return "caught"


def outcome(operation, value):
    try:
        result = operation(value)
    except Exception as error:
        return type(error)
    return type(result), result


@pytest.mark.parametrize("name", SAME)
def test_same_as_without_a_proxy(runtime, name):
    value, operation = SAME[name]
    # Iterators are used up: each gets its own.
    plain, proxied = (value, value) if iter_free(value) else (iter([1, 2]), iter([1, 2]))
    assert outcome(operation, runtime.of(proxied)) == outcome(operation, plain)


def iter_free(value):
    return not isinstance(value, collections.abc.Iterator)


@pytest.mark.parametrize("name", NUMPY)
def test_numpy_same_as_without_a_proxy(runtime, name):
    value = numpy.array([1.0, -2.0, 3.0])
    expected, found = NUMPY[name](value), NUMPY[name](runtime.of(value))
    assert type(found) is type(expected)
    numpy.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", DIFFERENT)
def test_where_no_proxy_is_transparent(runtime, name):
    value, operation, _ = DIFFERENT[name]
    assert outcome(operation, runtime.of(value)) != outcome(operation, value)


CHECKED = Path(__file__).parents[2] / "data" / "c-functions.toml"
GUIDE = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DIFFERENT)
def test_the_guide_tells(name):
    section = GUIDE.partition("## Where no proxy is transparent")[2].partition("\n## ")[0]
    assert DIFFERENT[name][2] in section


@pytest.mark.skipif(not CHECKED.exists(), reason="the checker's data are not here")
def test_the_guide_names_every_function_that_the_checker_reports():
    if sys.version_info < (3, 11):
        pytest.skip("tomllib")
    import tomllib

    section = GUIDE.partition("## Where no proxy is transparent")[2].partition(
        "\nOther operations"
    )[0]
    functions = tomllib.loads(CHECKED.read_text(encoding="utf-8"))["function"]
    names = {name for f in functions if not f.get("accepts-proxyrt") for name in f["names"]}
    assert len(names) > 50
    unnamed = [name for name in names if not re.search(rf"\b{name.rpartition('.')[2]}\b", section)]
    assert unnamed == []


@pytest.mark.parametrize("value", [5, 2.5, 1j, True, "text"], ids=repr)
def test_numpy_scalars(runtime, value):
    found = numpy.asarray(runtime.of(value))
    assert found.dtype == numpy.asarray(value).dtype
    assert found == numpy.asarray(value)


def test_numpy_does_not_copy(runtime):
    target = numpy.arange(3.0)
    assert numpy.shares_memory(numpy.asarray(runtime.of(target)), target)
    out = runtime.of(numpy.zeros(3))
    numpy.add(target, 1, out=out)
    assert out.tolist() == [1, 2, 3]


def test_numpy_hooks_are_the_targets_on_the_instance(runtime):
    assert not hasattr(runtime.of(5), "__array_ufunc__")
    assert hasattr(runtime.of(numpy.zeros(1)), "__array_ufunc__")
    assert not hasattr(runtime.of([]), "__array__")


def test_buffer_is_the_targets(runtime):
    target = bytearray(b"abc")
    view = memoryview(runtime.of(target))
    view[0] = ord("x")
    assert target == b"xbc"
    with pytest.raises(BufferError):
        target.append(1)
    view.release()
    target.append(1)
    with pytest.raises(TypeError):
        memoryview(runtime.of(5))


def test_asyncio_task_and_gather(runtime):
    async def coroutine(x):
        await asyncio.sleep(0)
        return x

    async def main():
        assert await asyncio.gather(runtime.of(coroutine(1)), runtime.of(coroutine(2))) == [1, 2]
        assert await asyncio.create_task(runtime.of(coroutine(3))) == 3

    asyncio.run(main())


def test_generic_call_does_not_resolve(runtime):
    p = runtime.Proxy[int](lambda: 5)
    assert not runtime.is_resolved(p)


def test_negative_index_from_c_is_adjusted_once(runtime):
    # `PySequence_GetItem` adds the length itself before it asks a proxy for an index.
    get = ctypes.pythonapi.PySequence_GetItem
    get.restype, get.argtypes = ctypes.py_object, [ctypes.py_object, ctypes.c_ssize_t]
    p = runtime.of([10, 20, 30])
    assert get(p, -1) == 30
    with pytest.raises(IndexError):
        get(p, -5)


def test_operation_may_drop_the_target(runtime):
    class Suicidal:
        def __init__(self):
            self.data = "alive" * 100

        def __len__(self):
            del p.__proxy_wrapped__
            return len(self.data)

        def __add__(self, other):
            p.__proxy_wrapped__ = None
            return self.data

    p = runtime.Proxy(Suicidal)
    assert len(p) == 500
    assert p + 1 == "alive" * 100
    assert extract(p) is None


def test_error_of_a_comparison_passes(runtime):
    class Bad:
        def __eq__(self, other):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runtime.of(Bad()) == 1


def test_dataclass_field(runtime):
    @dataclasses.dataclass
    class Holder:
        x: Proxy[int]

    assert Holder(runtime.of(5)) == Holder(5)

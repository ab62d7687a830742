"""Frames: round trips, copies, damage, hostility, and what ProxyStore wrote."""

from __future__ import annotations

import datetime
import pickle
import random
import sys
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import polars
import proxystore.serialize
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyrt.proxy import Proxy, is_resolved
from proxyrt.serialize import (
    SerializationError,
    deserialize,
    encode,
    is_bytes_like,
    register_codec,
    serialize,
)


@dataclass
class Record:
    name: str
    values: Any


class Text(str):
    pass


def equal(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, numpy.ndarray):
        return left.dtype == right.dtype and numpy.array_equal(left, right)
    if isinstance(left, pandas.DataFrame | pandas.Series | polars.DataFrame | polars.Series):
        return left.equals(right)
    return left == right


OBJECTS = [
    None,
    5,
    b"",
    b"binary\n",
    b"\xf1prx",
    "",
    "text \N{SNOWMAN}",
    "\ud800",
    Text("subclass"),
    bytearray(b"abc"),
    [1, {"a": (2.5, None)}],
    Record("r", [1, 2]),
    datetime.date(2024, 2, 29),
    *(numpy.arange(6).astype(code).reshape(2, 3) for code in "?bBhHiIlLqQefdFDgGmMSUVO"),
    numpy.arange(6.0).reshape(2, 3).T,
    numpy.arange(10)[::2],
    numpy.arange(4).astype(">i4"),
    numpy.array(3.5),
    numpy.zeros((0, 4)),
    numpy.zeros((2, 2), [("a", "i4"), ("b", "f8")]),
    numpy.float64(1.5),
    pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"]}),
    pandas.Series([1.0, 2.0], name="s"),
    polars.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}),
    polars.DataFrame({"a": [1, None], "b": ["x", "y"]}),
    polars.DataFrame({"a": [True, False]}),
    polars.DataFrame(),
]


@pytest.mark.parametrize("obj", OBJECTS, ids=lambda obj: type(obj).__name__)
def test_round_trip(obj: Any) -> None:
    for checksum in (False, True):
        data = serialize(obj, checksum=checksum)
        assert type(data) is bytes
        frame = encode(obj, checksum=checksum)
        assert bytes(frame) == data
        assert len(frame) == len(data)
        for buffer in (data, bytearray(data), memoryview(data)):
            for writable in (False, True):
                assert equal(deserialize(buffer, writable=writable), obj)


@pytest.mark.parametrize("rows", [0, 1, 100, 50_000])
@pytest.mark.parametrize("checksum", [False, True])
def test_polars_frames_that_are_more_than_numbers(rows: int, checksum: bool) -> None:
    frame = polars.DataFrame(
        {
            "text": [f"{number:0{number % 40}}" for number in range(rows)],
            "null": [None if number % 3 else number for number in range(rows)],
            "list": [[number] * (number % 3) for number in range(rows)],
            "category": polars.Series([str(number % 7) for number in range(rows)]).cast(
                polars.Categorical
            ),
        },
        schema_overrides={"text": polars.String, "list": polars.List(polars.Int64)},
    )
    whole = serialize(frame, checksum=checksum)
    pieces = bytes(encode(frame, checksum=checksum))
    for data in (whole, pieces):
        for writable in (False, True):
            assert equal(deserialize(data, writable=writable), frame)
        damaged = bytearray(data)
        damaged[-20] ^= 1
        if checksum or len(data) < 64 * 1024:
            with pytest.raises(SerializationError, match="the checksum of the data differs"):
                deserialize(damaged)


@pytest.mark.parametrize("obj", OBJECTS, ids=lambda obj: type(obj).__name__)
def test_reads_what_proxystore_wrote(obj: Any) -> None:
    data = proxystore.serialize.serialize(obj)
    assert equal(deserialize(data), proxystore.serialize.deserialize(data))


@pytest.mark.parametrize(
    "view",
    [
        memoryview(b"abc"),
        memoryview(numpy.arange(6.0).reshape(2, 3)),
        memoryview(numpy.array(7)),
        memoryview(bytearray(100_000)),
    ],
    ids=lambda view: view.format,
)
def test_memory_views_stay_views(view: memoryview) -> None:
    data = serialize(view)
    result = deserialize(data)
    assert type(result) is memoryview
    assert (result.format, result.shape) == (view.format, view.shape)
    assert result.tolist() == view.tolist()
    assert numpy.shares_memory(numpy.asarray(result), numpy.frombuffer(data, "u1"))
    own = deserialize(data, writable=True)
    assert not own.readonly


def test_memory_views_that_are_not_contiguous_become_bytes() -> None:
    for view in (memoryview(numpy.arange(10)[::2]), memoryview(b"")):
        assert deserialize(serialize(view)) == proxystore.serialize.deserialize(
            proxystore.serialize.serialize(view)
        )


def test_functions_are_pickled_by_value() -> None:
    assert deserialize(serialize(lambda: [1, 2]))() == [1, 2]
    assert deserialize(proxystore.serialize.serialize(lambda: 3))() == 3


def test_a_proxy_stays_one() -> None:
    proxy = Proxy(list)
    copy = deserialize(serialize(proxy))
    assert type(copy) is Proxy
    assert not is_resolved(proxy)
    assert not is_resolved(copy)


@pytest.mark.parametrize("nested", [False, True])
def test_reading_an_array_copies_nothing(nested: bool) -> None:
    array = numpy.arange(100_000.0)
    data = bytearray(serialize([array, array] if nested else array))
    read = deserialize(data)
    result = read[0] if nested else read
    assert numpy.shares_memory(result, numpy.frombuffer(data, "u1"))
    assert result.flags.writeable
    assert not (deserialize(bytes(data))[0] if nested else deserialize(bytes(data))).flags.writeable


def test_writable_copies_only_what_is_read_only() -> None:
    data = serialize(numpy.arange(100_000.0))
    own = deserialize(data, writable=True)
    own[0] = 7
    assert deserialize(data)[0] == 0
    mutable = bytearray(data)
    assert numpy.shares_memory(deserialize(mutable, writable=True), numpy.frombuffer(mutable, "u1"))


def test_encoding_borrows_the_buffers() -> None:
    array = numpy.zeros(1_000_000)
    before = sys.getrefcount(array)
    frame = encode(array)
    array[0] = 3
    assert deserialize(bytes(frame))[0] == 3
    del frame
    assert sys.getrefcount(array) == before
    growing = bytearray(100)
    frame = encode(growing)
    with pytest.raises(BufferError):
        growing.extend(b"x" * 1000)
    del frame
    growing.extend(b"x" * 1000)


def test_pandas_shares_its_blocks() -> None:
    frame = pandas.DataFrame({"a": numpy.arange(1000.0)})
    data = bytearray(serialize(frame))
    values = deserialize(data)["a"].to_numpy()
    assert numpy.shares_memory(values, numpy.frombuffer(data, "u1"))


def test_what_cannot_be_pickled() -> None:
    class Unpicklable:
        def __reduce__(self) -> Any:
            raise RuntimeError("no")

    with pytest.raises(SerializationError, match="is not supported") as error:
        serialize(Unpicklable())
    assert isinstance(error.value.__cause__, RuntimeError)


def test_interrupts_pass() -> None:
    class Interrupting:
        def __reduce__(self) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serialize(Interrupting())


@pytest.mark.parametrize("bad", ["text", 5, None, [b"x"]])
def test_only_bytes_can_be_deserialized(bad: Any) -> None:
    assert not is_bytes_like(bad)
    with pytest.raises(ValueError, match="bytes-like"):
        deserialize(bad)


@pytest.mark.parametrize("data", [b"", b"x", b"xxx", b"99\nxxx", b"PK", b"\xf1pr"])
def test_unknown_formats_are_named(data: bytes) -> None:
    with pytest.raises(SerializationError, match="Unknown identifier"):
        deserialize(data)


def test_a_pickle_that_raises_names_the_cause() -> None:
    for write in (serialize, proxystore.serialize.serialize):
        data = write(Exploding())
        with pytest.raises(SerializationError, match="using the pickle serializer") as error:
            deserialize(data)
        assert isinstance(error.value.__cause__, ZeroDivisionError)


def explode() -> None:
    raise ZeroDivisionError


class Exploding:
    def __reduce__(self) -> Any:
        return explode, ()


ALLOWED = [b"x", "x", bytearray(b"x"), numpy.arange(3), polars.DataFrame({"a": [1]})]
PICKLED = [[1], numpy.array([{}]), pandas.DataFrame({"a": [1]}), len]


def test_pickles_can_be_refused() -> None:
    for write in (serialize, proxystore.serialize.serialize):
        for obj in ALLOWED:
            if write is serialize or type(obj) is not bytearray:
                assert equal(deserialize(write(obj), allow_pickle=False), obj)
        for obj in PICKLED:
            with pytest.raises(SerializationError):
                deserialize(write(obj), allow_pickle=False)


def test_a_newer_version_is_named() -> None:
    data = bytearray(serialize(5))
    data[4] = 9
    with pytest.raises(SerializationError, match="version 9"):
        deserialize(data)


def test_every_cut_is_noticed() -> None:
    for obj in (numpy.arange(30), [1, numpy.arange(30)], "text"):
        data = serialize(obj)
        for length in range(len(data)):
            with pytest.raises(SerializationError):
                deserialize(data[:length])
    data = serialize(numpy.arange(1_000_000))
    for length in (64, 4096, len(data) - 1):
        with pytest.raises(SerializationError, match="truncated"):
            deserialize(data[:length])


def test_random_damage_is_noticed() -> None:
    chance = random.Random(5)
    large = numpy.arange(20_000)
    for obj, checksum in (
        ([1, "two", numpy.arange(30)], False),
        (numpy.arange(30), False),
        (polars.DataFrame({"a": [1, 2]}), False),
        ("text", False),
        (large, True),
        ([large, large], True),
    ):
        data = serialize(obj, checksum=checksum)
        for _ in range(1500):
            damaged = bytearray(data)
            for _ in range(chance.randint(1, 4)):
                start = chance.randrange(len(damaged))
                count = chance.choice([1, 1, 1, 8, 64])
                match chance.randrange(3):
                    case 0:
                        damaged[start : start + count] = chance.randbytes(count)
                    case 1:
                        del damaged[start : start + count]
                    case 2:
                        damaged[start] ^= 1 << chance.randrange(8)
            if damaged != data:
                with pytest.raises(SerializationError):
                    deserialize(damaged)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_after_the_magic(rest: bytes) -> None:
    with pytest.raises(SerializationError):
        deserialize(b"\xf1prx" + rest)


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=5))
def test_round_trip_of_any_object(obj: Any) -> None:
    assert deserialize(serialize(obj)) == obj
    assert deserialize(proxystore.serialize.serialize(obj)) == obj


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


class PointCodec:
    name = "test-point"

    def encode(self, obj: Point, /) -> tuple[bytes, list[bytes]]:
        return b"note", [obj.x.to_bytes(8, "little"), b""]

    def decode(self, note: bytes, buffers: list[memoryview], /) -> Point:
        assert note == b"note"
        return Point(int.from_bytes(buffers[0], "little"))


def test_codecs() -> None:
    register_codec(Point, PointCodec())
    data = serialize(Point(70))
    assert deserialize(data, allow_pickle=False).x == 70
    with pytest.raises(ValueError, match="registered already"):
        register_codec(Record, PointCodec())
    with pytest.raises(SerializationError, match="no codec named 'missing-one'"):
        register_codec(Text, MissingCodec())
        text = serialize(Text("x"))
        from proxyrt import _codecs

        del _codecs._BY_NAME["missing-one"], _codecs.CODECS[Text]
        deserialize(text)


class MissingCodec:
    name = "missing-one"

    def encode(self, obj: Text, /) -> tuple[bytes, list[bytes]]:
        return b"", []

    def decode(self, note: bytes, buffers: list[memoryview], /) -> Text:
        raise NotImplementedError


def test_errors_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(SerializationError("message")))
    assert str(error) == "message"

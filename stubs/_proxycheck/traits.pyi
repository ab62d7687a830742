"""What a target can do, to compare targets with: each variable has a type that a rule looks up."""

import collections
import re
from collections.abc import Callable, Mapping as _Mapping, MutableMapping as _MutableMapping
from collections.abc import MutableSequence as _MutableSequence, MutableSet as _MutableSet
from collections.abc import Sequence as _Sequence, Set as _Set
from typing import Any, Protocol

# What the aliases of `typing` stand for.

AbstractSet: _Set[Any]
ChainMap: collections.ChainMap[Any, Any]
Counter: collections.Counter[Any]
DefaultDict: collections.defaultdict[Any, Any]
Deque: collections.deque[Any]
Dict: dict[Any, Any]
FrozenSet: frozenset[Any]
List: list[Any]
Mapping: _Mapping[Any, Any]
Match: re.Match[Any]
MutableMapping: _MutableMapping[Any, Any]
MutableSequence: _MutableSequence[Any]
MutableSet: _MutableSet[Any]
OrderedDict: collections.OrderedDict[Any, Any]
Pattern: re.Pattern[Any]
Sequence: _Sequence[Any]
Set: set[Any]
Text: str | bytes | bytearray
Tuple: tuple[Any, ...]

# The protocol of each operator that proxies forward.

__call__: Callable[..., Any]

class _Abs(Protocol):
    def __abs__(self, *args: Any, **kwargs: Any) -> Any: ...

__abs__: _Abs

class _Add(Protocol):
    def __add__(self, *args: Any, **kwargs: Any) -> Any: ...

__add__: _Add

class _Aenter(Protocol):
    def __aenter__(self, *args: Any, **kwargs: Any) -> Any: ...

__aenter__: _Aenter

class _Aexit(Protocol):
    def __aexit__(self, *args: Any, **kwargs: Any) -> Any: ...

__aexit__: _Aexit

class _Aiter(Protocol):
    def __aiter__(self, *args: Any, **kwargs: Any) -> Any: ...

__aiter__: _Aiter

class _And(Protocol):
    def __and__(self, *args: Any, **kwargs: Any) -> Any: ...

__and__: _And

class _Anext(Protocol):
    def __anext__(self, *args: Any, **kwargs: Any) -> Any: ...

__anext__: _Anext

class _Await(Protocol):
    def __await__(self, *args: Any, **kwargs: Any) -> Any: ...

__await__: _Await

class _Bool(Protocol):
    def __bool__(self, *args: Any, **kwargs: Any) -> Any: ...

__bool__: _Bool

class _Bytes(Protocol):
    def __bytes__(self, *args: Any, **kwargs: Any) -> Any: ...

__bytes__: _Bytes

class _Contains(Protocol):
    def __contains__(self, *args: Any, **kwargs: Any) -> Any: ...

__contains__: _Contains

class _Delitem(Protocol):
    def __delitem__(self, *args: Any, **kwargs: Any) -> Any: ...

__delitem__: _Delitem

class _Divmod(Protocol):
    def __divmod__(self, *args: Any, **kwargs: Any) -> Any: ...

__divmod__: _Divmod

class _Enter(Protocol):
    def __enter__(self, *args: Any, **kwargs: Any) -> Any: ...

__enter__: _Enter

class _Exit(Protocol):
    def __exit__(self, *args: Any, **kwargs: Any) -> Any: ...

__exit__: _Exit

class _Float(Protocol):
    def __float__(self, *args: Any, **kwargs: Any) -> Any: ...

__float__: _Float

class _Floordiv(Protocol):
    def __floordiv__(self, *args: Any, **kwargs: Any) -> Any: ...

__floordiv__: _Floordiv

class _Fspath(Protocol):
    def __fspath__(self, *args: Any, **kwargs: Any) -> Any: ...

__fspath__: _Fspath

class _Getitem(Protocol):
    def __getitem__(self, *args: Any, **kwargs: Any) -> Any: ...

__getitem__: _Getitem

class _Hash(Protocol):
    def __hash__(self, *args: Any, **kwargs: Any) -> Any: ...

__hash__: _Hash

class _Iadd(Protocol):
    def __iadd__(self, *args: Any, **kwargs: Any) -> Any: ...

__iadd__: _Iadd

class _Iand(Protocol):
    def __iand__(self, *args: Any, **kwargs: Any) -> Any: ...

__iand__: _Iand

class _Ifloordiv(Protocol):
    def __ifloordiv__(self, *args: Any, **kwargs: Any) -> Any: ...

__ifloordiv__: _Ifloordiv

class _Ilshift(Protocol):
    def __ilshift__(self, *args: Any, **kwargs: Any) -> Any: ...

__ilshift__: _Ilshift

class _Imatmul(Protocol):
    def __imatmul__(self, *args: Any, **kwargs: Any) -> Any: ...

__imatmul__: _Imatmul

class _Imod(Protocol):
    def __imod__(self, *args: Any, **kwargs: Any) -> Any: ...

__imod__: _Imod

class _Imul(Protocol):
    def __imul__(self, *args: Any, **kwargs: Any) -> Any: ...

__imul__: _Imul

class _Index(Protocol):
    def __index__(self, *args: Any, **kwargs: Any) -> Any: ...

__index__: _Index

class _Int(Protocol):
    def __int__(self, *args: Any, **kwargs: Any) -> Any: ...

__int__: _Int

class _Invert(Protocol):
    def __invert__(self, *args: Any, **kwargs: Any) -> Any: ...

__invert__: _Invert

class _Ior(Protocol):
    def __ior__(self, *args: Any, **kwargs: Any) -> Any: ...

__ior__: _Ior

class _Ipow(Protocol):
    def __ipow__(self, *args: Any, **kwargs: Any) -> Any: ...

__ipow__: _Ipow

class _Irshift(Protocol):
    def __irshift__(self, *args: Any, **kwargs: Any) -> Any: ...

__irshift__: _Irshift

class _Isub(Protocol):
    def __isub__(self, *args: Any, **kwargs: Any) -> Any: ...

__isub__: _Isub

class _Iter(Protocol):
    def __iter__(self, *args: Any, **kwargs: Any) -> Any: ...

__iter__: _Iter

class _Itruediv(Protocol):
    def __itruediv__(self, *args: Any, **kwargs: Any) -> Any: ...

__itruediv__: _Itruediv

class _Ixor(Protocol):
    def __ixor__(self, *args: Any, **kwargs: Any) -> Any: ...

__ixor__: _Ixor

class _Len(Protocol):
    def __len__(self, *args: Any, **kwargs: Any) -> Any: ...

__len__: _Len

class _Lshift(Protocol):
    def __lshift__(self, *args: Any, **kwargs: Any) -> Any: ...

__lshift__: _Lshift

class _Matmul(Protocol):
    def __matmul__(self, *args: Any, **kwargs: Any) -> Any: ...

__matmul__: _Matmul

class _Mod(Protocol):
    def __mod__(self, *args: Any, **kwargs: Any) -> Any: ...

__mod__: _Mod

class _Mul(Protocol):
    def __mul__(self, *args: Any, **kwargs: Any) -> Any: ...

__mul__: _Mul

class _Neg(Protocol):
    def __neg__(self, *args: Any, **kwargs: Any) -> Any: ...

__neg__: _Neg

class _Next(Protocol):
    def __next__(self, *args: Any, **kwargs: Any) -> Any: ...

__next__: _Next

class _Or(Protocol):
    def __or__(self, *args: Any, **kwargs: Any) -> Any: ...

__or__: _Or

class _Pos(Protocol):
    def __pos__(self, *args: Any, **kwargs: Any) -> Any: ...

__pos__: _Pos

class _Pow(Protocol):
    def __pow__(self, *args: Any, **kwargs: Any) -> Any: ...

__pow__: _Pow

class _Radd(Protocol):
    def __radd__(self, *args: Any, **kwargs: Any) -> Any: ...

__radd__: _Radd

class _Rand(Protocol):
    def __rand__(self, *args: Any, **kwargs: Any) -> Any: ...

__rand__: _Rand

class _Rdivmod(Protocol):
    def __rdivmod__(self, *args: Any, **kwargs: Any) -> Any: ...

__rdivmod__: _Rdivmod

class _Reversed(Protocol):
    def __reversed__(self, *args: Any, **kwargs: Any) -> Any: ...

__reversed__: _Reversed

class _Rfloordiv(Protocol):
    def __rfloordiv__(self, *args: Any, **kwargs: Any) -> Any: ...

__rfloordiv__: _Rfloordiv

class _Rlshift(Protocol):
    def __rlshift__(self, *args: Any, **kwargs: Any) -> Any: ...

__rlshift__: _Rlshift

class _Rmatmul(Protocol):
    def __rmatmul__(self, *args: Any, **kwargs: Any) -> Any: ...

__rmatmul__: _Rmatmul

class _Rmod(Protocol):
    def __rmod__(self, *args: Any, **kwargs: Any) -> Any: ...

__rmod__: _Rmod

class _Rmul(Protocol):
    def __rmul__(self, *args: Any, **kwargs: Any) -> Any: ...

__rmul__: _Rmul

class _Ror(Protocol):
    def __ror__(self, *args: Any, **kwargs: Any) -> Any: ...

__ror__: _Ror

class _Round(Protocol):
    def __round__(self, *args: Any, **kwargs: Any) -> Any: ...

__round__: _Round

class _Rpow(Protocol):
    def __rpow__(self, *args: Any, **kwargs: Any) -> Any: ...

__rpow__: _Rpow

class _Rrshift(Protocol):
    def __rrshift__(self, *args: Any, **kwargs: Any) -> Any: ...

__rrshift__: _Rrshift

class _Rshift(Protocol):
    def __rshift__(self, *args: Any, **kwargs: Any) -> Any: ...

__rshift__: _Rshift

class _Rsub(Protocol):
    def __rsub__(self, *args: Any, **kwargs: Any) -> Any: ...

__rsub__: _Rsub

class _Rtruediv(Protocol):
    def __rtruediv__(self, *args: Any, **kwargs: Any) -> Any: ...

__rtruediv__: _Rtruediv

class _Rxor(Protocol):
    def __rxor__(self, *args: Any, **kwargs: Any) -> Any: ...

__rxor__: _Rxor

class _Setitem(Protocol):
    def __setitem__(self, *args: Any, **kwargs: Any) -> Any: ...

__setitem__: _Setitem

class _Sub(Protocol):
    def __sub__(self, *args: Any, **kwargs: Any) -> Any: ...

__sub__: _Sub

class _Truediv(Protocol):
    def __truediv__(self, *args: Any, **kwargs: Any) -> Any: ...

__truediv__: _Truediv

class _Xor(Protocol):
    def __xor__(self, *args: Any, **kwargs: Any) -> Any: ...

__xor__: _Xor

class _Deepcopy(Protocol):
    def __deepcopy__(self, memo: Any, /) -> Any: ...

__deepcopy__: _Deepcopy

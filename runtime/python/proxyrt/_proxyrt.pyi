import os
import types
from collections.abc import Callable
from typing import Any, Generic, Literal, SupportsIndex, TypeVar, final, overload

from typing_extensions import Self, disjoint_base

__all__ = [
    "Block",
    "Borrows",
    "Frame",
    "LRUCache",
    "Proxy",
    "StoreCore",
    "StoreFactory",
    "__version__",
    "_factory",
    "_p",
    "_proxy_trampoline",
    "_reduce",
    "after_fork",
    "codec_head",
    "deserialize",
    "encode",
    "evict_shared",
    "extract",
    "get_factory",
    "is_resolved",
    "is_resolving",
    "is_valid",
    "join_background",
    "new_key",
    "put_file",
    "put_shared",
    "read_file",
    "read_shared",
    "release_mappings",
    "resolve",
    "resolve_async",
    "serialize",
    "set_trace_hook",
    "set_valid",
    "write_file",
    "write_shared",
]

_T = TypeVar("_T")
_KeyT = TypeVar("_KeyT", bound=tuple[Any, ...])
_T_co = TypeVar("_T_co", covariant=True)

__version__: str

@disjoint_base
class Proxy(Generic[_T_co]):
    """A stand-in for an object that a factory makes the first time it is needed."""

    __proxy_factory__: Callable[[], _T_co]
    __proxy_target__: _T_co
    __proxy_wrapped__: _T_co
    __proxy_default_class__: type | None
    __proxy_default_hash__: Exception | int | None
    @property
    def __proxy_resolved__(self) -> bool: ...
    @property
    def __class__(self) -> type[Any]: ...
    @__class__.setter
    def __class__(self, value: type[Any], /) -> None: ...
    def __new__(cls, *args: object, **kwargs: object) -> Self: ...
    def __init__(
        self,
        factory: Callable[[], _T_co],
        *,
        cache_defaults: bool = False,
        target: _T_co | None = None,
    ) -> None: ...
    def __init_subclass__(cls, /, **kwargs: object) -> None: ...
    def __class_getitem__(cls, item: Any, /) -> types.GenericAlias: ...
    def __getattr__(self, name: str, /) -> Any: ...
    def __getattribute__(self, name: str, /) -> Any: ...
    def __setattr__(self, name: str, value: Any, /) -> None: ...
    def __delattr__(self, name: str, /) -> None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]: ...
    def __dir__(self) -> list[str]: ...
    def __bool__(self) -> bool: ...
    def __hash__(self) -> int: ...
    def __len__(self) -> int: ...
    def __length_hint__(self) -> int: ...
    def __bytes__(self) -> bytes: ...
    def __fspath__(self) -> Any: ...
    def __format__(self, spec: str, /) -> str: ...
    def __iter__(self) -> Any: ...
    def __next__(self) -> Any: ...
    def __reversed__(self) -> Any: ...
    def __enter__(self) -> Any: ...
    def __aenter__(self) -> Any: ...
    def __await__(self) -> Any: ...
    def __aiter__(self) -> Any: ...
    def __anext__(self) -> Any: ...
    def __neg__(self) -> Any: ...
    def __pos__(self) -> Any: ...
    def __abs__(self) -> Any: ...
    def __invert__(self) -> Any: ...
    def __trunc__(self) -> Any: ...
    def __floor__(self) -> Any: ...
    def __ceil__(self) -> Any: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __complex__(self) -> complex: ...
    def __index__(self) -> int: ...
    def __round__(self, ndigits: SupportsIndex | None = None, /) -> Any: ...
    def __exit__(self, *args: Any) -> Any: ...
    def __aexit__(self, *args: Any) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    def __setitem__(self, key: Any, value: Any, /) -> None: ...
    def __delitem__(self, key: Any, /) -> None: ...
    def __eq__(self, other: object, /) -> Any: ...
    def __ne__(self, other: object, /) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...
    def __add__(self, other: Any, /) -> Any: ...
    def __radd__(self, other: Any, /) -> Any: ...
    def __iadd__(self, other: Any, /) -> Self: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __rsub__(self, other: Any, /) -> Any: ...
    def __isub__(self, other: Any, /) -> Self: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __rmul__(self, other: Any, /) -> Any: ...
    def __imul__(self, other: Any, /) -> Self: ...
    def __truediv__(self, other: Any, /) -> Any: ...
    def __rtruediv__(self, other: Any, /) -> Any: ...
    def __itruediv__(self, other: Any, /) -> Self: ...
    def __floordiv__(self, other: Any, /) -> Any: ...
    def __rfloordiv__(self, other: Any, /) -> Any: ...
    def __ifloordiv__(self, other: Any, /) -> Self: ...
    def __mod__(self, other: Any, /) -> Any: ...
    def __rmod__(self, other: Any, /) -> Any: ...
    def __imod__(self, other: Any, /) -> Self: ...
    def __divmod__(self, other: Any, /) -> Any: ...
    def __rdivmod__(self, other: Any, /) -> Any: ...
    def __lshift__(self, other: Any, /) -> Any: ...
    def __rlshift__(self, other: Any, /) -> Any: ...
    def __ilshift__(self, other: Any, /) -> Self: ...
    def __rshift__(self, other: Any, /) -> Any: ...
    def __rrshift__(self, other: Any, /) -> Any: ...
    def __irshift__(self, other: Any, /) -> Self: ...
    def __and__(self, other: Any, /) -> Any: ...
    def __rand__(self, other: Any, /) -> Any: ...
    def __iand__(self, other: Any, /) -> Self: ...
    def __xor__(self, other: Any, /) -> Any: ...
    def __rxor__(self, other: Any, /) -> Any: ...
    def __ixor__(self, other: Any, /) -> Self: ...
    def __or__(self, other: Any, /) -> Any: ...
    def __ror__(self, other: Any, /) -> Any: ...
    def __ior__(self, other: Any, /) -> Self: ...
    def __matmul__(self, other: Any, /) -> Any: ...
    def __rmatmul__(self, other: Any, /) -> Any: ...
    def __imatmul__(self, other: Any, /) -> Self: ...
    def __pow__(self, other: Any, modulus: Any = None, /) -> Any: ...
    def __rpow__(self, other: Any, modulus: Any = None, /) -> Any: ...
    def __ipow__(self, other: Any, /) -> Self: ...  # type: ignore[misc]
    def __instancecheck__(self, instance: object, /) -> bool: ...
    def __subclasscheck__(self, subclass: type, /) -> bool: ...
    def __mro_entries__(self, bases: tuple[Any, ...], /) -> tuple[type, ...]: ...
    def __array_ufunc__(self, ufunc: Any, method: str, /, *inputs: Any, **kwargs: Any) -> Any: ...
    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any, /) -> Any: ...

def extract(proxy: Proxy[_T], /) -> _T:
    """Return the target of a proxy, resolving it if need be."""

def resolve(proxy: Proxy[Any], /) -> None:
    """Resolve a proxy now."""

def is_resolved(proxy: Proxy[Any], /) -> bool:
    """Return whether the target of a proxy is known."""

def get_factory(proxy: Proxy[_T], /) -> Callable[[], _T]:
    """Return the factory of a proxy."""

def resolve_async(proxy: Proxy[Any], /) -> None:
    """Resolve a proxy in another thread; a use of it waits once it has begun."""

def is_resolving(proxy: Proxy[Any], /) -> bool: ...
def is_valid(proxy: Proxy[Any], /) -> bool: ...
def set_valid(proxy: Proxy[Any], valid: bool, /) -> None: ...
def set_trace_hook(
    hook: Callable[[Proxy[Any], float, BaseException | None], object] | None, /
) -> None: ...
def join_background() -> None: ...
def after_fork() -> None: ...
def _proxy_trampoline(
    factory: Callable[[], _T],
    default_class: type | None = None,
    default_hash: Exception | int | None = None,
    /,
) -> Proxy[_T]: ...

@final
class Borrows:
    def __new__(cls) -> Self: ...
    def share(self) -> bool: ...
    def lock(self) -> bool: ...
    def release(self) -> bool: ...
    def orphan(self) -> bool: ...
    @property
    def shared(self) -> int: ...
    @shared.setter
    def shared(self, count: int, /) -> None: ...
    @property
    def exclusive(self) -> int: ...
    @exclusive.setter
    def exclusive(self, count: int, /) -> None: ...

@final
class Block:
    """Writable memory: a private mapping of a file, or an allocation."""

    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

@final
class Frame:
    """A serialized object whose large buffers still lie where they were."""

    def __len__(self) -> int: ...
    def __bytes__(self) -> bytes: ...

def encode(obj: Any, /, *, checksum: bool = False) -> Frame:
    """Serialize an object without copying its large buffers."""

def serialize(obj: Any, /, *, checksum: bool = False) -> bytes:
    """Serialize an object to ``bytes``.

    Args:
        obj: Any object that pickle or cloudpickle can pickle.
        checksum: Also protect large buffers by a checksum; it is compared when the object is read.

    Raises:
        SerializationError: If the object cannot be pickled.
    """

def deserialize(
    buffer: bytes | bytearray | memoryview,
    /,
    *,
    allow_pickle: bool = True,
    writable: bool = False,
) -> Any:
    """Make the object of its serialized form.

    Args:
        buffer: What ``serialize`` returned, or ProxyStore's.
        allow_pickle: Whether to read objects that were pickled. Reading a pickle runs code that
            its writer chose.
        writable: Whether arrays must be writable even if ``buffer`` is not; costs a copy then.
            Otherwise arrays are views of ``buffer``, which costs none.

    Raises:
        ValueError: If ``buffer`` is no bytes-like object.
        SerializationError: If the bytes are truncated, corrupt, of an unknown format, or refused.
    """

def codec_head(name: str, part: bytes | memoryview, checksum: bool, /) -> bytes:
    """Make the head of a frame of one part, with the zeros before it."""

def write_file(
    directory: str | os.PathLike[str],
    name: str,
    data: Frame | bytes | bytearray | memoryview,
    /,
    *,
    durable: bool = False,
) -> None:
    """Write a file that other processes see whole or not at all."""

def put_file(
    directory: str | os.PathLike[str],
    data: Frame | bytes | bytearray | memoryview,
    class_: type[_KeyT],
    durable: bool,
    /,
) -> _KeyT:
    """Write a file of a new name and return its key."""

def read_file(directory: str | os.PathLike[str], name: str, /) -> memoryview | None:
    """Return a writable private view of a file, or None if there is none."""

def write_shared(
    directory: str | os.PathLike[str],
    name: str,
    data: Frame | bytes | bytearray | memoryview,
    /,
) -> None:
    """Write an object of shared memory that other processes see whole or not at all."""

def put_shared(
    directory: str | os.PathLike[str],
    data: Frame | bytes | bytearray | memoryview,
    class_: type[_KeyT],
    /,
) -> _KeyT:
    """Write an object of a new name to shared memory and return its key."""

def read_shared(directory: str | os.PathLike[str], name: str, /) -> memoryview | None:
    """Return a writable private view of an object of shared memory, or None if there is none."""

def release_mappings() -> None:
    """Let go of the memory that is kept for the next shared objects."""

def evict_shared(directory: str | os.PathLike[str], name: str, /) -> None:
    """Remove an object of shared memory, if there is one."""

_ValueT = TypeVar("_ValueT")
_ConnectorT = TypeVar("_ConnectorT")

def new_key(class_: type[_KeyT], /) -> _KeyT:
    """Make a new key of a `NamedTuple` with one field, the name of an object."""

def _reduce(proxy: Proxy[Any], /) -> tuple[Any, ...]: ...

@final
class _p:
    def __new__(  # type: ignore[misc]  # a class because the pickler finds it faster
        cls, config: bytes, item: bytes, class_: Any = None, key: Any = None, hash: Any = None, /
    ) -> Proxy[Any]: ...

@final
class _factory:
    def __new__(  # type: ignore[misc]
        cls, config: bytes, item: bytes, class_: Any = None, key: Any = None, hash: Any = None, /
    ) -> StoreFactory[Any, Any]: ...

@final
class LRUCache(Generic[_KeyT, _ValueT]):
    """Keeps the values used last. Threads may share it."""

    def __new__(cls, maxsize: int = 16) -> Self: ...
    def __class_getitem__(cls, item: Any) -> types.GenericAlias: ...
    @property
    def maxsize(self) -> int:
        """How many values are kept at most."""

    @property
    def hits(self) -> int:
        """How often `get` found a value."""

    @property
    def misses(self) -> int:
        """How often it did not."""

    @property
    def evictions(self) -> int:
        """How often `evict` has been called."""

    def evict(self, key: _KeyT) -> None:
        """Forget the value of a key."""

    def exists(self, key: _KeyT) -> bool:
        """Tell whether there is a value of a key."""

    def get(self, key: _KeyT, default: Any = None) -> Any:
        """Return the value of a key, or `default`."""

    def set(self, key: _KeyT, value: _ValueT, *, evictions: int | None = None) -> None:
        """Remember the value of a key, unless `evictions` has changed since it was read."""

_T1 = TypeVar("_T1", bool, None)

@disjoint_base
class StoreCore:
    """The operations of a store that every object goes through."""

    connector: Any
    metrics: Any
    cache: LRUCache[Any, Any]
    def __new__(cls, *args: object, **kwargs: object) -> Self: ...
    @property
    def name(self) -> str:
        """The name."""

    @property
    def _config(self) -> Any: ...
    @property
    def _serializer(self) -> Callable[[Any], Any] | None: ...
    @property
    def _deserializer(self) -> Callable[[Any], Any] | None: ...
    @property
    def _populate_target(self) -> bool: ...
    def _setup(
        self,
        *,
        name: str,
        connector: Any,
        cache: LRUCache[Any, Any],
        serializer: Callable[[Any], Any] | None,
        deserializer: Callable[[Any], Any] | None,
        metrics: Any,
        lock: Any,
        config: Any,
        packed_config: bytes | None,
        populate_target: bool,
        allow_pickle: bool,
    ) -> None: ...
    def _encode(self, obj: Any, serializer: Callable[[Any], Any] | None, /) -> Any: ...
    def _deserialize(self, data: Any, /) -> Any: ...
    def _make(
        self,
        key: Any,
        obj: Any,
        evict: bool,
        deserializer: Callable[[Any], Any] | None,
        populate_target: bool | None,
        /,
    ) -> Proxy[Any]: ...
    def put(
        self,
        obj: Any,
        *,
        lifetime: Any = None,
        serializer: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Keep an object and return its key; further arguments are the connector's."""

    def get(
        self,
        key: tuple[Any, ...],
        *,
        deserializer: Callable[[Any], Any] | None = None,
        default: object = None,
    ) -> Any:
        """Return the object of a key, or `default` if there is none."""

    def evict(self, key: tuple[Any, ...]) -> None:
        """Remove the object of a key, if there is one."""

    def exists(self, key: tuple[Any, ...]) -> bool:
        """Tell whether there is an object of a key."""

    def is_cached(self, key: tuple[Any, ...]) -> bool:
        """Tell whether the object of a key is at hand."""

    @overload
    def proxy(
        self,
        obj: _T1,
        *,
        evict: bool = False,
        lifetime: Any = None,
        serializer: Callable[[Any], Any] | None = None,
        deserializer: Callable[[Any], Any] | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: Literal[True],
        **kwargs: Any,
    ) -> _T1: ...
    @overload
    def proxy(
        self,
        obj: _T,
        *,
        evict: bool = False,
        lifetime: Any = None,
        serializer: Callable[[Any], Any] | None = None,
        deserializer: Callable[[Any], Any] | None = None,
        populate_target: bool | None = None,
        skip_nonproxiable: bool = False,
        **kwargs: Any,
    ) -> Proxy[_T]:
        """Keep an object and return a proxy of it."""

@disjoint_base
class StoreFactory(Generic[_ConnectorT, _T]):
    """Gets an object from its store, which is opened if need be."""

    key: tuple[Any, ...]
    store_config: Any
    evict: bool
    deserializer: Callable[[Any], Any] | None
    _obj_future: Any
    def __new__(
        cls,
        key: Any,
        store_config: Any,
        *,
        evict: bool = False,
        deserializer: Callable[[Any], Any] | None = None,
    ) -> Self: ...
    def __class_getitem__(cls, item: Any) -> types.GenericAlias: ...
    def __call__(self) -> _T: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def get_store(self) -> Any:
        """Return the store, opening it if need be."""

    def resolve(self) -> _T:
        """Return the object.

        Raises:
            ProxyResolveMissingKeyError: If the store does not have the object.
        """

    def resolve_async(self) -> None:
        """Start to get the object in another thread; the next call of the factory waits."""

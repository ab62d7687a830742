"""Exceptions of stores."""

from __future__ import annotations

from typing import Any


class StoreError(Exception):
    """Base class of the errors of stores."""


class StoreExistsError(StoreError):
    """A store of the same name is registered already."""


class ProxyStoreFactoryError(StoreError):
    """A proxy was expected to come from a store, and does not."""


class ProxyResolveMissingKeyError(Exception):
    """The object that a proxy stands for is not in its store (any more).

    Args:
        key: The key of the object.
        store_type: The type of the store.
        store_name: The name of the store.
    """

    def __init__(self, key: Any, store_type: type[Any], store_name: str) -> None:
        self.key = key
        self.store_type = store_type
        self.store_name = store_name
        super().__init__(
            f"Cannot resolve target object with key='{key}' from "
            f"{store_type.__name__}(name='{store_name}') because there is no object associated "
            "with the key. This can often occur when the target object is evicted from the store "
            "while proxies of the target still exist."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key, self.store_type, self.store_name)


class NonProxiableTypeError(Exception):
    """An object was to be proxied whose type does not allow it."""

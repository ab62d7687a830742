"""Factories of objects at hand; the same names as in ``proxystore.factory``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Factory(Generic[T]):
    """Base class of factories: define :meth:`resolve`."""

    def __init__(self) -> None:
        raise NotImplementedError

    def __call__(self) -> T:
        """Return the object."""
        return self.resolve()

    def resolve(self) -> T:
        """Return the object."""
        raise NotImplementedError


class SimpleFactory(Factory[T]):
    """Returns an object that it holds.

    Args:
        obj: The object; it is part of the factory's pickle.
    """

    def __init__(self, obj: T) -> None:
        self._obj = obj

    def resolve(self) -> T:
        """Return the object."""
        return self._obj


class LambdaFactory(Factory[T]):
    """Calls a function.

    Args:
        target: The function.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
    """

    def __init__(self, target: Callable[..., T], *args: Any, **kwargs: Any) -> None:
        self._target = target
        self._args = args
        self._kwargs = kwargs

    def resolve(self) -> T:
        """Return what the function returns."""
        return self._target(*self._args, **self._kwargs)

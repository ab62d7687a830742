"""Exceptions of stores."""

from __future__ import annotations


class StoreError(Exception):
    """Base class of the errors of stores."""


class ProxyStoreFactoryError(StoreError):
    """A proxy was expected to come from a store, and does not."""

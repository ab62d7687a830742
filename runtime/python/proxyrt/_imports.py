"""Objects by their names."""

from __future__ import annotations

import importlib
from typing import Any


def get_object_path(obj: Any) -> str:
    """Return the name by which :func:`import_from_path` finds a class or a function."""
    return f"{obj.__module__}.{obj.__qualname__}"


def import_from_path(path: str) -> Any:
    """Import an object by the name of its module and its own.

    Raises:
        ImportError: If there is no such object.
    """
    module, _, name = path.rpartition(".")
    if not module:
        raise ImportError(f"Object path must contain at least one module. Got {path}")
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError as error:
        raise ImportError(f"there is no '{name}' in '{module}'") from error

"""What stores tell the logger ``proxyrt.store``."""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger("proxyrt.store")


def log_operation(
    store: str, operation: str, key: Any, size: int | None, milliseconds: float
) -> None:
    """Log an operation at the level DEBUG; the parts of the message are attributes of the record.

    Args:
        store: The name of the store.
        operation: ``put``, ``get``, ``evict`` or ``set``.
        key: The key of the object.
        size: The bytes of the serialized object, or None if there is none.
        milliseconds: How long it took.
    """
    parts = {
        "store": store,
        "operation": operation,
        "key": key,
        "size": size,
        "milliseconds": milliseconds,
    }
    logger.debug(
        'store "%s": %s %s (%s bytes) in %.3f ms',
        store,
        operation,
        tuple(key),
        "no" if size is None else size,
        milliseconds,
        extra=parts,
    )

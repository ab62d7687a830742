"""Filters of streams; the same names as in ``proxystore.stream.filters``."""

from __future__ import annotations

import random
from typing import Any


class NullFilter:
    """Drops nothing."""

    def __call__(self, metadata: dict[str, Any]) -> bool:
        """Return False."""
        return False


class SamplingFilter:
    """Drops objects at random.

    Args:
        p: The probability that an object is dropped.

    Raises:
        ValueError: If ``p`` is no probability.
    """

    def __init__(self, p: float) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Filter probability p must be in [0, 1]. Got p={p}.")
        self._p = p

    def __call__(self, metadata: dict[str, Any]) -> bool:
        """Tell whether to drop an object."""
        # `random` is below 1 and may be 0.
        return random.random() < self._p

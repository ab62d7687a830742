"""Exceptions of streams."""

from __future__ import annotations


class TopicClosedError(Exception):
    """An object was sent to a topic that has been closed."""

"""Messages by Python's queues; the same names as in ``proxystore.stream.shims.queue``."""

from __future__ import annotations

import multiprocessing.queues
import queue
from collections.abc import Mapping
from typing import Any

from typing_extensions import Self


class QueuePublisher:
    """Puts messages into queues.

    Args:
        queues: The queue of each topic.
        block: Whether to wait while a queue is full.
        timeout: How many seconds to wait at most. None waits for ever.
    """

    def __init__(
        self,
        queues: Mapping[str, multiprocessing.queues.Queue[bytes] | queue.Queue[bytes]],
        *,
        block: bool = True,
        timeout: float | None = None,
    ) -> None:
        self._queues = queues
        self._block = block
        self._timeout = timeout

    def close(self) -> None:
        """Close queues between processes: this process puts nothing into them any more."""
        for item in self._queues.values():
            if isinstance(item, multiprocessing.queues.Queue):
                item.close()

    def send_message(self, topic: str, message: bytes) -> None:
        """Publish a message.

        Args:
            topic: The topic.
            message: The message.

        Raises:
            ValueError: If there is no queue of the topic.
            queue.Full: If the queue is full for too long.
        """
        if topic not in self._queues:
            raise ValueError(f'Unknown topic "{topic}".')
        self._queues[topic].put(message, block=self._block, timeout=self._timeout)


class QueueSubscriber:
    """Takes messages from a queue. Of several subscribers, one gets each message.

    Args:
        queue: The queue.
        block: Whether to wait while the queue is empty.
        timeout: How many seconds to wait at most. None waits for ever.
    """

    def __init__(
        self,
        queue: multiprocessing.queues.Queue[bytes] | queue.Queue[bytes],
        *,
        block: bool = True,
        timeout: float | None = None,
    ) -> None:
        self._queue: Any = queue
        self._block = block
        self._timeout = timeout

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return self.next_message()

    def next_message(self) -> bytes:
        """Wait for a message and return it.

        Raises:
            StopIteration: If the queue has been closed.
            queue.Empty: If the queue is empty for too long.
        """
        try:
            message: bytes = self._queue.get(block=self._block, timeout=self._timeout)
        except ValueError:
            raise StopIteration from None
        return message

    def close(self) -> None:
        """Do nothing: the queue may have other users."""

import multiprocessing
import queue
from collections.abc import Mapping

from typing_extensions import Self

class QueuePublisher:
    def __init__(
        self,
        queues: Mapping[str, multiprocessing.Queue[bytes] | queue.Queue[bytes]],
        *,
        block: bool = True,
        timeout: float | None = None,
    ) -> None: ...
    def close(self) -> None: ...
    def send_message(self, topic: str, message: bytes) -> None: ...

class QueueSubscriber:
    def __init__(
        self,
        queue: multiprocessing.Queue[bytes] | queue.Queue[bytes],
        *,
        block: bool = True,
        timeout: float | None = None,
    ) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> bytes: ...
    def next_message(self) -> bytes: ...
    def close(self) -> None: ...

"""Messages by ZeroMQ; the same names as in ``proxystore.stream.shims.zmq``.

Subscribers connect to the publisher. What is published before a subscriber has connected does not
reach it.
"""

from __future__ import annotations

import zmq
from typing_extensions import Self


class ZeroMQPublisher:
    """Publishes messages to all who are connected.

    Args:
        address: The address to listen on.
        port: The port to listen on.
    """

    def __init__(self, address: str, port: int) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        # The default drops messages silently when there are more than 1000 on the way.
        self._socket.set_hwm(0)
        self._socket.bind(f"tcp://{address}:{port}")

    def close(self) -> None:
        """Stop, once what has been published is sent."""
        self._context.destroy()

    def send_message(self, topic: str, message: bytes) -> None:
        """Publish a message.

        Args:
            topic: The topic.
            message: The message.
        """
        self._socket.send_multipart((topic.encode(), message))


class ZeroMQSubscriber:
    """Receives the messages of a topic.

    Args:
        address: The address of the publisher.
        port: The port of the publisher.
        topic: The topic; with the empty one, those of all topics.
    """

    def __init__(self, address: str, port: int, *, topic: str = "") -> None:
        self._topic = topic.encode()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.set_hwm(0)
        self._socket.connect(f"tcp://{address}:{port}")
        self._socket.setsockopt(zmq.SUBSCRIBE, self._topic)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return self.next_message()

    def next_message(self) -> bytes:
        """Wait for a message and return it.

        Raises:
            StopIteration: If the subscriber has been closed.
        """
        while not self._socket.closed:
            topic, message = self._socket.recv_multipart()
            # ZeroMQ looks at how a topic begins.
            if topic == self._topic or not self._topic:
                return message
        raise StopIteration

    def close(self) -> None:
        """Stop."""
        self._context.destroy()

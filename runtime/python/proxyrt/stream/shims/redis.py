"""Messages by Redis or Valkey; the same names as in ``proxystore.stream.shims.redis``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
from typing_extensions import Self


class RedisPublisher:
    """Publishes messages to all who are subscribed at that moment.

    Args:
        hostname: The name or address of the server.
        port: The port of the server.
        kwargs: For ``redis.Redis``.
    """

    def __init__(self, hostname: str, port: int, **kwargs: Any) -> None:
        self._redis_client: Any = redis.StrictRedis(host=hostname, port=port, **kwargs)

    def close(self) -> None:
        """Close the connection."""
        self._redis_client.close()

    def send_message(self, topic: str, message: bytes) -> None:
        """Publish a message; it is lost if nobody is subscribed.

        Args:
            topic: The topic.
            message: The message.
        """
        self._redis_client.publish(topic, message)


class RedisSubscriber:
    """Receives the messages of topics that are published after it has been made.

    Args:
        hostname: The name or address of the server.
        port: The port of the server.
        topic: The topic, or several.
        kwargs: For ``redis.Redis``.
    """

    def __init__(self, hostname: str, port: int, topic: str | Sequence[str], **kwargs: Any) -> None:
        client: Any = redis.StrictRedis(host=hostname, port=port, **kwargs)
        self._redis_client = client
        self._topics = [topic] if isinstance(topic, str) else list(topic)
        self._pubsub_client = client.pubsub()
        self._pubsub_client.subscribe(*self._topics)
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return self.next_message()

    def next_message(self) -> bytes:
        """Wait for a message and return it.

        Raises:
            StopIteration: If the subscriber has been closed, also by another thread.
        """
        while not self._closed:
            try:
                # Not for ever, to see that the subscriber has been closed.
                message = self._pubsub_client.get_message(
                    ignore_subscribe_messages=True, timeout=0.5
                )
            except (redis.ConnectionError, OSError, ValueError):
                if self._closed:
                    break
                raise
            if message is not None and message["type"] in {"message", "pmessage", "smessage"}:
                data: bytes = message["data"]
                return data
        raise StopIteration

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        self._pubsub_client.unsubscribe()
        self._pubsub_client.close()
        self._redis_client.close()


class RedisQueuePublisher:
    """Keeps messages in the server until a subscriber takes them.

    Args:
        hostname: The name or address of the server.
        port: The port of the server.
        kwargs: For ``redis.Redis``.
    """

    def __init__(self, hostname: str, port: int, **kwargs: Any) -> None:
        self._redis_client: Any = redis.StrictRedis(host=hostname, port=port, **kwargs)

    def close(self) -> None:
        """Close the connection."""
        self._redis_client.close()

    def send_message(self, topic: str, message: bytes) -> None:
        """Publish a message.

        Args:
            topic: The topic, which is the key of a list in the server.
            message: The message.
        """
        self._redis_client.rpush(topic, message)


class RedisQueueSubscriber:
    """Takes messages of a topic. Of several subscribers, one gets each message.

    Args:
        hostname: The name or address of the server.
        port: The port of the server.
        topic: The topic, which is the key of a list in the server.
        timeout: How many seconds to wait for a message. None waits for ever.
        kwargs: For ``redis.Redis``.
    """

    def __init__(
        self,
        hostname: str,
        port: int,
        topic: str,
        *,
        timeout: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._redis_client: Any = redis.StrictRedis(host=hostname, port=port, **kwargs)
        self._topic = topic
        self._timeout = timeout
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return self.next_message()

    def next_message(self) -> bytes:
        """Wait for a message and return it.

        Raises:
            StopIteration: If the subscriber has been closed, also by another thread.
            TimeoutError: If there is none in time.
        """
        while not self._closed:
            timeout = 1 if self._timeout is None else self._timeout
            output = self._redis_client.blpop(self._topic, timeout=timeout)
            if output is not None:
                message: bytes = output[1]
                return message
            if self._timeout is not None:
                raise TimeoutError(f"Timeout waiting on Redis queue with key {self._topic}.")
        raise StopIteration

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        self._redis_client.close()

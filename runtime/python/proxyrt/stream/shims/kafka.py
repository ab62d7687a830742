"""Messages by Kafka; the same names as in ``proxystore.stream.shims.kafka``."""

from __future__ import annotations

from typing import Any

import confluent_kafka
from typing_extensions import Self


class KafkaPublisher:
    """Publishes messages.

    Args:
        client: A ``confluent_kafka.Producer``.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def close(self) -> None:
        """Send what has been published."""
        self.client.flush()

    def send_message(self, topic: str, message: bytes) -> None:
        """Publish a message and wait until it is sent.

        Args:
            topic: The topic.
            message: The message.
        """
        self.client.produce(topic, message)
        self.client.flush()


class KafkaSubscriber:
    """Receives messages.

    Args:
        client: A ``confluent_kafka.Consumer`` that is subscribed to topics.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return self.next_message()

    def next_message(self) -> bytes:
        """Wait for a message and return it.

        Raises:
            confluent_kafka.KafkaException: If the client reports an error.
        """
        message = None
        while message is None:
            message = self.client.poll()
        if message.error() is not None:
            raise confluent_kafka.KafkaException(message.error())
        data: bytes = message.value()
        return data

    def close(self) -> None:
        """Close the client."""
        self.client.close()

"""Streams of objects by proxy; the same names as in ``proxystore.stream``.

A producer keeps objects in a store and publishes events, which are small, by a message broker. A
consumer makes proxies of the events, so only who uses an object fetches it.

::

    with StreamProducer(RedisQueuePublisher("localhost", 6379), default_store=store) as producer:
        producer.send("frames", array)
        producer.close_topics("frames")

    with StreamConsumer(RedisQueueSubscriber("localhost", 6379, "frames")) as consumer:
        for proxy in consumer:
            ...

Events are pickles: take messages only from brokers that you trust.
"""

from __future__ import annotations

from proxyrt.stream._consumer import StreamConsumer
from proxyrt.stream._producer import StreamProducer

__all__ = ["StreamConsumer", "StreamProducer"]

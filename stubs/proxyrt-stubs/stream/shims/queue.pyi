from proxystore.stream.shims.queue import (
    QueuePublisher as QueuePublisher,
    QueueSubscriber as QueueSubscriber,
)

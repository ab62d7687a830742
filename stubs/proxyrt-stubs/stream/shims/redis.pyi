from proxystore.stream.shims.redis import (
    RedisPublisher as RedisPublisher,
    RedisQueuePublisher as RedisQueuePublisher,
    RedisQueueSubscriber as RedisQueueSubscriber,
    RedisSubscriber as RedisSubscriber,
)

from proxystore.connectors.redis import (
    BytesLike as BytesLike,
    RedisConnector as RedisConnector,
    RedisKey as RedisKey,
)

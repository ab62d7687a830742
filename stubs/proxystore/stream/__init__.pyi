from proxystore.stream._consumer import StreamConsumer as StreamConsumer
from proxystore.stream._producer import StreamProducer as StreamProducer

__all__ = ["StreamConsumer", "StreamProducer"]

from proxystore.stream import StreamConsumer as StreamConsumer, StreamProducer as StreamProducer

__all__ = ["StreamConsumer", "StreamProducer"]

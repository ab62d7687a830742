from proxystore.stream.shims.zmq import (
    ZeroMQPublisher as ZeroMQPublisher,
    ZeroMQSubscriber as ZeroMQSubscriber,
)

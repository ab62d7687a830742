"""Publishers and subscribers of message brokers; the names of ``proxystore.stream.shims``.

* :mod:`proxyrt.stream.shims.queue`: queues of this process or between processes.
* :mod:`proxyrt.stream.shims.redis`: Redis and Valkey, to all subscribers or to one of them.
* :mod:`proxyrt.stream.shims.zmq`: ZeroMQ, without a broker.
* :mod:`proxyrt.stream.shims.kafka`: Kafka.
"""

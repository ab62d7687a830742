"""Streams over all brokers, and what producers and consumers promise."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import confluent_kafka
import numpy
import pytest
import zmq
from servers import OwnServer, RedisServer, Servers, free_port, on_each_server

from proxyrt import Proxy, Store, is_resolved
from proxyrt.connectors.file import FileConnector
from proxyrt.connectors.local import LocalConnector
from proxyrt.serialize import SerializationError, serialize
from proxyrt.store import get_store
from proxyrt.store.config import ConnectorConfig, StoreConfig
from proxyrt.stream import StreamConsumer, StreamProducer
from proxyrt.stream.events import (
    EndOfStreamEvent,
    EventBatch,
    NewObjectEvent,
    NewObjectKeyEvent,
    bytes_to_event,
    dict_to_event,
    event_to_bytes,
    event_to_dict,
)
from proxyrt.stream.exceptions import TopicClosedError
from proxyrt.stream.filters import NullFilter, SamplingFilter
from proxyrt.stream.protocols import (
    EventPublisher,
    EventSubscriber,
    MessagePublisher,
    MessageSubscriber,
)
from proxyrt.stream.shims.kafka import KafkaPublisher, KafkaSubscriber
from proxyrt.stream.shims.queue import QueuePublisher, QueueSubscriber
from proxyrt.stream.shims.redis import (
    RedisPublisher,
    RedisQueuePublisher,
    RedisQueueSubscriber,
    RedisSubscriber,
)
from proxyrt.stream.shims.zmq import ZeroMQPublisher, ZeroMQSubscriber


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store[Any]]:
    name = f"stream-{tmp_path.name}"
    connector = FileConnector(str(tmp_path / "store"))
    with Store(name, connector, register=True, cache_size=0) as made:
        yield made


def stored(store: Store[Any]) -> int:
    return len(os.listdir(store.connector.store_dir))


def by_queue() -> tuple[Any, Any]:
    topic: queue.Queue[bytes] = queue.Queue()
    return QueuePublisher({"t": topic}), QueueSubscriber(topic, timeout=10)


class EventQueue:
    """A publisher and subscriber of events."""

    def __init__(self) -> None:
        self.events: queue.Queue[EventBatch] = queue.Queue()

    def __iter__(self) -> EventQueue:
        return self

    def __next__(self) -> EventBatch:
        return self.next_events()

    def close(self) -> None:
        pass

    def next_events(self) -> EventBatch:
        return self.events.get(timeout=10)

    def send_events(self, events: EventBatch) -> None:
        self.events.put(events)


def by_events(_: Servers) -> tuple[Any, Any]:
    both = EventQueue()
    assert isinstance(both, EventPublisher)
    assert isinstance(both, EventSubscriber)
    return both, both


def by_processes(_: Servers) -> tuple[Any, Any]:
    topic = multiprocessing.get_context("spawn").Queue()
    return QueuePublisher({"t": topic}), QueueSubscriber(topic, timeout=10)


def by_redis(server: RedisServer) -> tuple[Any, Any]:
    subscriber = RedisSubscriber("127.0.0.1", server.port, ["t", "u"])
    return RedisPublisher("127.0.0.1", server.port), subscriber


def by_redis_queue(server: RedisServer) -> tuple[Any, Any]:
    subscriber = RedisQueueSubscriber("127.0.0.1", server.port, "t", timeout=10)
    return RedisQueuePublisher("127.0.0.1", server.port), subscriber


def by_zmq(_: object) -> tuple[Any, Any]:
    port = free_port()
    publisher = ZeroMQPublisher("127.0.0.1", port)
    subscriber = ZeroMQSubscriber("127.0.0.1", port, topic="t")
    # Subscribing takes a while; what is published before is lost.
    subscriber._socket.setsockopt(zmq.RCVTIMEO, 20)
    deadline = time.monotonic() + 10
    while True:
        publisher.send_message("t", b"hello")
        with contextlib.suppress(zmq.Again):
            assert subscriber.next_message() == b"hello"
            break
        assert time.monotonic() < deadline
    with contextlib.suppress(zmq.Again):
        while True:
            subscriber.next_message()
    subscriber._socket.setsockopt(zmq.RCVTIMEO, 10_000)
    return publisher, subscriber


class FakeKafka:
    """What producers and consumers of Kafka have in common with a queue."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Any] = queue.Queue()
        self.asked = 0

    def produce(self, topic: str, message: bytes) -> None:
        self.messages.put(message)

    def flush(self) -> None:
        pass

    def poll(self) -> Any:
        self.asked += 1
        if self.asked % 2:
            return None

        class Message:
            content = self.messages.get(timeout=10)

            def error(self) -> Any:
                return None if isinstance(self.content, bytes) else self.content

            def value(self) -> Any:
                return self.content

        return Message()

    def close(self) -> None:
        pass


def by_kafka(_: Servers) -> tuple[Any, Any]:
    fake = FakeKafka()
    return KafkaPublisher(fake), KafkaSubscriber(fake)


BROKERS: dict[str, Callable[[Servers], tuple[Any, Any]]] = {
    "queue": lambda _: by_queue(),
    "events": by_events,
    "processes": by_processes,
    **on_each_server({"redis": by_redis, "redis-queue": by_redis_queue}),
    "zmq": by_zmq,
    "kafka": by_kafka,
}


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, servers: Servers) -> tuple[Any, Any]:
    return BROKERS[request.param](servers)


@pytest.mark.parametrize("with_store", [True, False])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_stream(
    broker: tuple[Any, Any], store: Store[Any], with_store: bool, batch_size: int
) -> None:
    publisher, subscriber = broker
    if not isinstance(publisher, EventQueue):
        assert isinstance(publisher, MessagePublisher)
        assert isinstance(subscriber, MessageSubscriber)
    producer: StreamProducer[Any] = StreamProducer(
        publisher, default_store=store if with_store else None, batch_size=batch_size
    )
    consumer: StreamConsumer[Any] = StreamConsumer(subscriber)
    arrays = [numpy.full(1000, number) for number in range(10)]
    for number, array in enumerate(arrays):
        producer.send("t", array, metadata={"number": number})
    producer.close_topics("t")
    with producer, consumer:
        for number, array in enumerate(arrays):
            metadata, received = consumer.next_with_metadata()
            assert metadata == {"number": number}
            assert (type(received) is Proxy) == with_store
            assert not with_store or not is_resolved(received)  # type: ignore[arg-type]
            assert (received == array).all()
        with pytest.raises(StopIteration):
            next(consumer)
    assert stored(store) == 0


def test_what_ends_with_a_context(store: Store[Any]) -> None:
    publisher, subscriber = by_queue()
    with StreamProducer[int](publisher, default_store=store, batch_size=10) as producer:
        producer.send("t", 1)
        assert publisher._queues["t"].empty()
    # Nothing of an incomplete batch is lost.
    assert StreamConsumer[int](subscriber).next_object() == 1
    assert stored(store) == 0


def test_iterators(store: Store[Any]) -> None:
    publisher, subscriber = by_queue()
    producer = StreamProducer[int](publisher, stores={"t": store})
    consumer = StreamConsumer[int](subscriber)
    for iterate, plain in (
        (lambda: iter(consumer), lambda item: item),
        (consumer.iter_with_metadata, lambda item: item[1]),
        (consumer.iter_objects, lambda item: item),
        (consumer.iter_objects_with_metadata, lambda item: item[1]),
    ):
        producer = StreamProducer[int](publisher, stores={"t": store})
        for number in range(3):
            producer.send("t", number, metadata={"number": number})
        producer.close_topics("t")
        assert [plain(item) + 0 for item in iterate()] == [0, 1, 2]
    assert stored(store) == 0


def test_closed_topics(store: Store[Any]) -> None:
    publisher, subscriber = by_queue()
    producer = StreamProducer[int](publisher, default_store=store)
    producer.close_topics("t")
    producer.close_topics("t")
    producer.flush()
    with pytest.raises(TopicClosedError, match='"t"'):
        producer.send("t", 1)
    consumer = StreamConsumer[int](subscriber)
    with pytest.raises(StopIteration):
        consumer.next()
    assert publisher._queues["t"].empty(), "the end is sent once"
    with pytest.raises(ValueError, match="batch size"):
        StreamProducer[int](publisher, batch_size=0)


def test_several_consumers_of_one_object(store: Store[Any]) -> None:
    publisher, subscriber = by_queue()
    producer = StreamProducer[Any](publisher, default_store=store)
    producer.send("t", [1], evict=False)
    proxy: Any = StreamConsumer[Any](subscriber).next()
    assert [pickle.loads(pickle.dumps(proxy)) for _ in range(2)] == [[1], [1]]
    assert stored(store) == 1


def test_none_is_an_object(store: Store[Any]) -> None:
    publisher, subscriber = by_queue()
    producer = StreamProducer[Any](publisher, default_store=store)
    producer.send("t", None)
    consumer = StreamConsumer[Any](subscriber)
    assert consumer.next_object() is None
    producer.send("t", 1)
    for name in os.listdir(store.connector.store_dir):
        os.remove(os.path.join(store.connector.store_dir, name))
    with pytest.raises(ValueError, match="evicted"):
        consumer.next_object()


@pytest.mark.parametrize("side", ["producer", "consumer"])
def test_filters(store: Store[Any], side: str) -> None:
    def odd(metadata: dict[str, Any]) -> bool:
        return bool(metadata["number"] % 2)

    publisher, subscriber = by_queue()
    filters = {side: odd}
    producer = StreamProducer[int](publisher, default_store=store, filter_=filters.get("producer"))
    consumer = StreamConsumer[int](subscriber, filter_=filters.get("consumer"))
    for number in range(6):
        producer.send("t", number, metadata={"number": number})
    producer.close_topics("t")
    assert list(consumer.iter_objects()) == [0, 2, 4]
    assert stored(store) == 0


def test_sampling() -> None:
    random.seed(0)
    sample = SamplingFilter(0.3)
    assert 200 < sum(sample({}) for _ in range(1000)) < 400
    assert not any(SamplingFilter(0)({}) for _ in range(1000))
    assert all(SamplingFilter(1)({}) for _ in range(1000))
    assert not NullFilter()({})
    with pytest.raises(ValueError, match=r"p=1\.5"):
        SamplingFilter(1.5)


@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_aggregation(store: Store[Any], batch_size: int) -> None:
    publisher, subscriber = by_queue()
    producer = StreamProducer[int](
        publisher, default_store=store, aggregator=sum, batch_size=batch_size
    )
    for number in range(6):
        producer.send("t", number, metadata={number: number})
    producer.close_topics("t")
    found = list(StreamConsumer[int](subscriber).iter_objects_with_metadata())
    assert sum(value for _, value in found) == 15
    assert len(found) == 6 // batch_size
    assert [len(metadata) for metadata, _ in found] == [batch_size] * len(found)


def test_producers_with_different_stores_of_one_topic(store: Store[Any], tmp_path: Path) -> None:
    publisher, subscriber = by_queue()
    other: Store[Any] = Store("stream-other", FileConnector(str(tmp_path / "other")))
    for number, used in enumerate((store, other, None)):
        StreamProducer[int](publisher, stores={"t": used}).send("t", number)
    consumer = StreamConsumer[int](subscriber)
    assert [consumer.next_object() for _ in range(3)] == [0, 1, 2]
    assert get_store("stream-other") is not None
    consumer.close(stores=True)
    assert get_store("stream-other") is None
    other.close()


def test_what_cannot_be_published_is_kept(store: Store[Any]) -> None:
    full: queue.Queue[bytes] = queue.Queue(maxsize=1)
    producer = StreamProducer[int](
        QueuePublisher({"t": full}, block=False), default_store=store, batch_size=2
    )
    producer.send("t", 1)
    producer.send("t", 2)
    producer.send("t", 3)
    with pytest.raises(queue.Full):
        producer.send("t", 4)
    assert stored(store) == 2
    consumer = StreamConsumer[int](QueueSubscriber(full, block=False))
    assert [consumer.next_object() for _ in range(2)] == [1, 2]
    producer.close_topics("t")
    assert list(consumer.iter_objects()) == [3, 4]
    with pytest.raises(ValueError, match='"u"'):
        for _ in range(2):
            producer.send("u", 1)
    with pytest.raises(queue.Empty):
        consumer.next()


def test_threads_share_a_stream(store: Store[Any]) -> None:
    publisher, subscriber = by_queue()
    producer = StreamProducer[int](publisher, default_store=store, batch_size=7)
    consumer = StreamConsumer[int](subscriber)
    received: list[int] = []

    def send(start: int) -> None:
        for number in range(100):
            producer.send("t", start + number)

    def receive() -> None:
        for _ in range(100):
            received.append(consumer.next_object())

    threads = [threading.Thread(target=send, args=(100 * number,)) for number in range(4)]
    threads += [threading.Thread(target=receive) for _ in range(4)]
    for thread in threads[:4]:
        thread.start()
    for thread in threads[:4]:
        thread.join()
    producer.flush()
    for thread in threads[4:]:
        thread.start()
    for thread in threads[4:]:
        thread.join()
    assert sorted(received) == list(range(400))
    assert stored(store) == 0


CONFIG = StoreConfig("name", ConnectorConfig("local", {}))


@pytest.mark.parametrize(
    "event",
    [
        EndOfStreamEvent("t"),
        NewObjectEvent("t", [1], {"a": 1}),
        NewObjectKeyEvent("t", "builtins.tuple", ["x", 1], True, {}, CONFIG),
        EventBatch("t", [NewObjectEvent("t", None, {}), EndOfStreamEvent("t")]),
    ],
)
def test_events(event: Any) -> None:
    assert bytes_to_event(event_to_bytes(event)) == event
    data = event_to_dict(event)
    copy = dict(data)
    assert dict_to_event(data) == event
    assert data == copy


def test_keys_in_events() -> None:
    connector = LocalConnector()
    key = connector.new_key()
    event = NewObjectKeyEvent.from_key(key, evict=True, metadata={}, store_config=CONFIG, topic="t")
    again = bytes_to_event(event_to_bytes(event))
    assert isinstance(again, NewObjectKeyEvent)
    assert again.get_key() == key
    assert type(again.get_key()) is type(key)
    plain = NewObjectKeyEvent("t", "builtins.tuple", ["x", 1], True, {}, CONFIG)
    assert plain.get_key() == ("x", 1)


def test_messages_that_are_no_events() -> None:
    publisher, subscriber = by_queue()
    consumer = StreamConsumer[Any](subscriber)
    for message, error, text in (
        (b"nonsense", SerializationError, "no"),
        (serialize([1]), ValueError, "list"),
        (serialize({"event_type": "NEW"}), ValueError, "no event of type 'NEW'"),
        (serialize({"event_type": "END_OF_STREAM", "x": 1}), ValueError, r"\['x'\]"),
        (event_to_bytes(EndOfStreamEvent("t")), ValueError, "no batch"),
    ):
        publisher.send_message("t", message)
        with pytest.raises(error, match=text):
            consumer.next()
    odd: Any = object()
    with pytest.raises(TypeError, match="no publisher"):
        StreamProducer[int](odd).send("t", 1)
    with pytest.raises(TypeError, match="no subscriber"):
        StreamConsumer[int](odd).next()


def consume(port: int, results: Any) -> None:
    subscriber = RedisQueueSubscriber("127.0.0.1", port, "between", timeout=20)
    with StreamConsumer[Any](subscriber) as consumer:
        for proxy in consumer:
            results.put(float(proxy.sum()))
    results.put(None)


def test_processes_share_a_stream(store: Store[Any], redis: RedisServer) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    consumers = [context.Process(target=consume, args=(redis.port, results)) for _ in range(2)]
    for process in consumers:
        process.start()
    publisher = RedisQueuePublisher("127.0.0.1", redis.port)
    producer = StreamProducer[Any](publisher, default_store=store)
    for number in range(20):
        producer.send("between", numpy.full(10_000, number))
    producer.close_topics("between")
    # One end for each consumer.
    StreamProducer[Any](publisher).close_topics("between")
    found = [results.get(timeout=30) for _ in range(22)]
    for process in consumers:
        process.join()
    assert sorted(it for it in found if it is not None) == [n * 10_000 for n in range(20)]
    producer.close()
    assert stored(store) == 0


def test_a_restarted_server_keeps_a_queue(own_server: OwnServer) -> None:
    with own_server() as server:
        publisher = RedisQueuePublisher("127.0.0.1", server.port)
        subscriber = RedisQueueSubscriber("127.0.0.1", server.port, "t")
        publisher.send_message("t", b"1")
        server.stop(kill=True)
        server.start()
        publisher.send_message("t", b"2")
        assert [subscriber.next_message() for _ in range(2)] == [b"1", b"2"]
        publisher.close()
        subscriber.close()
        with pytest.raises(StopIteration):
            subscriber.next_message()


def test_waiting_too_long(redis: RedisServer) -> None:
    subscriber = RedisQueueSubscriber("127.0.0.1", redis.port, "empty", timeout=1)
    with pytest.raises(TimeoutError, match="empty"):
        next(subscriber)
    subscriber.close()


def test_a_subscriber_closed_by_another_thread(redis: RedisServer) -> None:
    subscriber = RedisSubscriber("127.0.0.1", redis.port, "silent")
    timer = threading.Timer(0.1, subscriber.close)
    timer.start()
    assert list(subscriber) == []
    timer.join()


def test_topics_of_zeromq_are_whole() -> None:
    publisher, subscriber = by_zmq(None)
    publisher.send_message("text", b"other")
    publisher.send_message("t", b"mine")
    assert subscriber.next_message() == b"mine"
    for number in range(5000):
        publisher.send_message("t", b"%d" % number)
    assert [subscriber.next_message() for _ in range(5000)] == [b"%d" % n for n in range(5000)]
    publisher.close()
    subscriber.close()
    with pytest.raises(StopIteration):
        subscriber.next_message()


def test_errors_of_kafka() -> None:
    fake = FakeKafka()
    fake.messages.put(confluent_kafka.KafkaError(1))
    with pytest.raises(confluent_kafka.KafkaException):
        KafkaSubscriber(fake).next_message()

from proxystore.stream.protocols import (
    EventBatch as EventBatch,
    EventPublisher as EventPublisher,
    EventSubscriber as EventSubscriber,
    Filter as Filter,
    MessagePublisher as MessagePublisher,
    MessageSubscriber as MessageSubscriber,
    Publisher as Publisher,
    Subscriber as Subscriber,
    T as T,
)

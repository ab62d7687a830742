from proxystore.stream.shims.kafka import (
    KafkaPublisher as KafkaPublisher,
    KafkaSubscriber as KafkaSubscriber,
)

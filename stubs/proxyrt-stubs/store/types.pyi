from proxystore.store.types import (
    BytesLike as BytesLike,
    Connector as Connector,
    ConnectorKeyT as ConnectorKeyT,
    ConnectorT as ConnectorT,
    DeserializerT as DeserializerT,
    SerializerT as SerializerT,
)

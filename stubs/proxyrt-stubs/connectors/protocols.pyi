from proxystore.connectors.protocols import (
    BytesLike as BytesLike,
    Connector as Connector,
    DeferrableConnector as DeferrableConnector,
    KeyT as KeyT,
)

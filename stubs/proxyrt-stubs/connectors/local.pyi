from proxystore.connectors.local import (
    BytesLike as BytesLike,
    LocalConnector as LocalConnector,
    LocalKey as LocalKey,
    logger as logger,
)

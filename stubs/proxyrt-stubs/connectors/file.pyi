from proxystore.connectors.file import (
    BytesLike as BytesLike,
    FileConnector as FileConnector,
    FileKey as FileKey,
    logger as logger,
)

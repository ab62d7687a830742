from proxystore.utils.data import (
    bytes_to_readable as bytes_to_readable,
    chunk_bytes as chunk_bytes,
    readable_to_bytes as readable_to_bytes,
)

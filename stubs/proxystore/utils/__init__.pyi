from proxystore.utils.data import (
    bytes_to_readable as bytes_to_readable,
    chunk_bytes as chunk_bytes,
    readable_to_bytes as readable_to_bytes,
)
from proxystore.utils.environment import home_dir as home_dir, hostname as hostname
from proxystore.utils.imports import (
    get_object_path as get_object_path,
    import_from_path as import_from_path,
)

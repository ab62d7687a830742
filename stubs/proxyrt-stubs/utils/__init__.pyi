from proxystore.utils import (
    bytes_to_readable as bytes_to_readable,
    chunk_bytes as chunk_bytes,
    get_object_path as get_object_path,
    home_dir as home_dir,
    hostname as hostname,
    import_from_path as import_from_path,
    readable_to_bytes as readable_to_bytes,
)

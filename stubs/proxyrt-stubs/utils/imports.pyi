from proxystore.utils.imports import (
    get_object_path as get_object_path,
    import_from_path as import_from_path,
)

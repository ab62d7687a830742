from proxystore.store.config import (
    Connector as Connector,
    ConnectorConfig as ConnectorConfig,
    DeserializerT as DeserializerT,
    SerializerT as SerializerT,
    StoreConfig as StoreConfig,
    dump as dump,
    import_from_path as import_from_path,
    load as load,
)

from proxystore.serialize import (
    BytesLike as BytesLike,
    SerializationError as SerializationError,
    Sized as Sized,
    deserialize as deserialize,
    is_bytes_like as is_bytes_like,
    serialize as serialize,
)

import enum
from collections.abc import Generator

CHUNK_HEADER_LENGTH: int
CHUNK_HEADER_FORMAT: str

class ChunkDType(enum.Enum):
    BYTES = 1
    STRING = 2

class Chunk:
    stream_id: int
    seq_id: int
    seq_len: int
    data: bytes | str
    dtype: ChunkDType | None
    def __init__(
        self,
        stream_id: int,
        seq_id: int,
        seq_len: int,
        data: bytes | str,
        dtype: ChunkDType | None = None,
    ) -> None: ...
    def __bytes__(self) -> bytes: ...
    @classmethod
    def from_bytes(cls, chunk: bytes) -> Chunk: ...

def chunkify(data: bytes | str, size: int, stream_id: int) -> Generator[Chunk]: ...
def reconstruct(chunks: list[Chunk]) -> bytes | str: ...

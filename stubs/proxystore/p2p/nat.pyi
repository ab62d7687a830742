import asyncio
import enum
from logging import Logger
from typing import NamedTuple

logger: Logger
Address = tuple[str, int]

class NatMapping(enum.Enum):
    NoNat = "No NAT"
    EndpointIndependent = "Endpoint-independent mapping"
    AddressDependent = "Address-dependent mapping"

class Result(NamedTuple):
    mapping: NatMapping
    external_ip: str
    external_port: int
    hole_punching_likely: bool

class _StunProtocol(asyncio.DatagramProtocol):
    expected: int
    responses: dict[bytes, Address]
    complete: asyncio.Event
    def __init__(self, expected: int) -> None: ...
    def datagram_received(self, data: bytes, addr: Address) -> None: ...

async def check_nat(
    source_ip: str = "0.0.0.0", source_port: int = 0, timeout: float = 2.0
) -> Result: ...
async def check_nat_and_log(
    source_ip: str = "0.0.0.0", source_port: int = 0, timeout: float = 2.0
) -> None: ...

from proxystore.connectors.redis import (
    BytesLike as BytesLike,
    RedisConnector as _RedisConnector,
    RedisKey as RedisKey,
)

class RedisConnector(_RedisConnector):
    prefix: str
    expire: float | None
    def __init__(
        self,
        hostname: str,
        port: int = 6379,
        clear: bool = False,
        *,
        db: int = 0,
        username: str | None = None,
        password: str | None = None,
        password_variable: str | None = None,
        ssl: bool = False,
        ssl_ca_certs: str | None = None,
        ssl_certfile: str | None = None,
        ssl_keyfile: str | None = None,
        ssl_check_hostname: bool = True,
        cluster: bool = False,
        prefix: str = "",
        timeout: float | None = None,
        retries: int = 5,
        expire: float | None = None,
    ) -> None: ...

from proxystore.factory import (
    Callable as Callable,
    Factory as Factory,
    LambdaFactory as LambdaFactory,
    SimpleFactory as SimpleFactory,
    T as T,
)

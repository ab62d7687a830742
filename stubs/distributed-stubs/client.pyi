"""The client of a Dask cluster, and futures of what its tasks return."""

import builtins
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
)
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Generic, Literal, NamedTuple, TypeVar, final, overload

from typing_extensions import Self

from dask.delayed import Delayed
from distributed.actor import Actor
from proxystore.proxy import Proxy

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_K = TypeVar("_K", bound=Hashable)

@final
class _Nothing: ...

# Only a dynamic type solves it. The overload that it belongs to comes first, because otherwise an
# argument of unknown type would match several overloads, and the result would be unknown, too.
_Dynamic = TypeVar("_Dynamic", bound=_Nothing)

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...

ALL_COMPLETED: str
FIRST_COMPLETED: str

class Future(Generic[_T_co]):
    """What a task will return."""

    key: Any
    def __init__(
        self, key: Any, client: Client | None = None, state: Any = None, _id: Any = None
    ) -> None: ...
    @property
    def client(self) -> Client: ...
    def bind_client(self, client: Client) -> None: ...
    @property
    def executor(self) -> Client: ...
    @property
    def status(self) -> Literal["pending", "cancelled", "finished", "lost", "error"] | None: ...
    def done(self) -> bool: ...
    def result(self, timeout: Any = None) -> _T_co: ...
    def exception(self, timeout: Any = None, **kwargs: Any) -> Any: ...
    def add_done_callback(self, fn: Callable[[Self], Any]) -> None: ...
    def cancel(self, reason: Any = None, msg: Any = None, **kwargs: Any) -> Any: ...
    def retry(self, **kwargs: Any) -> Any: ...
    def cancelled(self) -> bool: ...
    def traceback(self, timeout: Any = None, **kwargs: Any) -> Any: ...
    @property
    def type(self) -> builtins.type[Any] | str | None: ...
    def release(self) -> None: ...
    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    def __dask_tokenize__(self) -> Any: ...

class Client:
    """Submits tasks to a scheduler."""

    def __init__(
        self,
        address: Any = None,
        loop: Any = None,
        timeout: Any = ...,
        set_as_default: bool = True,
        scheduler_file: Any = None,
        security: Any = None,
        asynchronous: bool = False,
        name: Any = None,
        heartbeat_interval: Any = None,
        serializers: Any = None,
        deserializers: Any = None,
        extensions: Any = ...,
        direct_to_workers: Any = None,
        connection_limit: int = 512,
        **kwargs: Any,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def __await__(self) -> Generator[Any, Any, _AsyncClient]: ...
    async def __aenter__(self) -> _AsyncClient: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    asynchronous: Any
    def sync(
        self,
        func: Any,
        *args: Any,
        asynchronous: Any = None,
        callback_timeout: Any = None,
        **kwargs: Any,
    ) -> Any: ...
    @property
    def loop(self) -> Any: ...
    def as_current(self) -> AbstractContextManager[None]: ...
    @classmethod
    def current(cls, allow_global: bool = True) -> Client: ...
    def get_executor(self, **kwargs: Any) -> Executor: ...
    def close(self, timeout: Any = ...) -> Any: ...
    def shutdown(self) -> Any: ...
    @overload
    def submit(
        self,
        func: _Dynamic,
        *args: Any,
        key: Any = None,
        workers: Any = None,
        resources: Any = None,
        retries: Any = None,
        priority: Any = 0,
        fifo_timeout: Any = "100 ms",
        allow_other_workers: bool = False,
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        **kwargs: Any,
    ) -> Future[Any]: ...
    @overload
    def submit(
        self,
        func: Callable[..., Coroutine[Any, Any, _T]],
        *args: Any,
        key: Any = None,
        workers: Any = None,
        resources: Any = None,
        retries: Any = None,
        priority: Any = 0,
        fifo_timeout: Any = "100 ms",
        allow_other_workers: bool = False,
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        **kwargs: Any,
    ) -> Future[_T]: ...
    @overload
    def submit(
        self,
        func: Callable[..., _T],
        *args: Any,
        key: Any = None,
        workers: Any = None,
        resources: Any = None,
        retries: Any = None,
        priority: Any = 0,
        fifo_timeout: Any = "100 ms",
        allow_other_workers: bool = False,
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        **kwargs: Any,
    ) -> Future[_T]: ...
    @overload
    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        key: Any = None,
        workers: Any = None,
        resources: Any = None,
        retries: Any = None,
        priority: Any = 0,
        fifo_timeout: Any = "100 ms",
        allow_other_workers: bool = False,
        actor: Literal[True],
        actors: bool = False,
        pure: bool = True,
        **kwargs: Any,
    ) -> Future[Actor]: ...
    @overload
    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        key: Any = None,
        workers: Any = None,
        resources: Any = None,
        retries: Any = None,
        priority: Any = 0,
        fifo_timeout: Any = "100 ms",
        allow_other_workers: bool = False,
        actor: bool,
        actors: bool = False,
        pure: bool = True,
        **kwargs: Any,
    ) -> Future[Any]: ...
    @overload
    def map(
        self,
        func: _Dynamic,
        *iterables: Iterable[Any],
        key: Any = None,
        workers: Any = None,
        retries: Any = None,
        resources: Any = None,
        priority: Any = 0,
        allow_other_workers: bool = False,
        fifo_timeout: Any = "100 ms",
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        batch_size: Any = None,
        **kwargs: Any,
    ) -> list[Future[Any]]: ...
    @overload
    def map(
        self,
        func: Callable[..., Coroutine[Any, Any, _T]],
        *iterables: Iterable[Any],
        key: Any = None,
        workers: Any = None,
        retries: Any = None,
        resources: Any = None,
        priority: Any = 0,
        allow_other_workers: bool = False,
        fifo_timeout: Any = "100 ms",
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        batch_size: Any = None,
        **kwargs: Any,
    ) -> list[Future[_T]]: ...
    @overload
    def map(
        self,
        func: Callable[..., _T],
        *iterables: Iterable[Any],
        key: Any = None,
        workers: Any = None,
        retries: Any = None,
        resources: Any = None,
        priority: Any = 0,
        allow_other_workers: bool = False,
        fifo_timeout: Any = "100 ms",
        actor: Literal[False] = False,
        actors: Literal[False] = False,
        pure: bool = True,
        batch_size: Any = None,
        **kwargs: Any,
    ) -> list[Future[_T]]: ...
    @overload
    def map(
        self,
        func: Callable[..., Any],
        *iterables: Iterable[Any],
        key: Any = None,
        workers: Any = None,
        retries: Any = None,
        resources: Any = None,
        priority: Any = 0,
        allow_other_workers: bool = False,
        fifo_timeout: Any = "100 ms",
        actor: Literal[True],
        actors: bool = False,
        pure: bool = True,
        batch_size: Any = None,
        **kwargs: Any,
    ) -> list[Future[Actor]]: ...
    @overload
    def map(
        self,
        func: Callable[..., Any],
        *iterables: Iterable[Any],
        key: Any = None,
        workers: Any = None,
        retries: Any = None,
        resources: Any = None,
        priority: Any = 0,
        allow_other_workers: bool = False,
        fifo_timeout: Any = "100 ms",
        actor: bool,
        actors: bool = False,
        pure: bool = True,
        batch_size: Any = None,
        **kwargs: Any,
    ) -> list[Future[Any]]: ...
    @overload
    def gather(
        self, futures: _Dynamic, errors: Any = "raise", direct: Any = None, asynchronous: Any = None
    ) -> Any: ...
    @overload
    def gather(
        self,
        futures: Future[_T],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> _T: ...
    @overload
    def gather(
        self,
        futures: list[Future[_T]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> list[_T]: ...
    @overload
    def gather(
        self,
        futures: tuple[Future[_T], ...],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> tuple[_T, ...]: ...
    @overload
    def gather(
        self,
        futures: set[Future[_T]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> set[_T]: ...
    @overload
    def gather(
        self,
        futures: dict[_K, Future[_T]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> dict[_K, _T]: ...
    @overload
    def gather(
        self,
        futures: dict[_K, list[Future[_T]]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> dict[_K, list[_T]]: ...
    @overload
    def gather(
        self,
        futures: list[list[Future[_T]]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> list[list[_T]]: ...
    @overload
    def gather(
        self,
        futures: Iterator[Future[_T]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> Iterator[_T]: ...
    @overload
    def gather(
        self, futures: Any, errors: Any = "raise", direct: Any = None, asynchronous: Any = None
    ) -> Any: ...
    @overload
    def scatter(
        self,
        data: _Dynamic,
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> Any: ...
    # It takes a proxy for an iterator, and fails.
    @overload
    def scatter(
        self,
        data: Proxy[Any],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> Any: ...
    @overload
    def scatter(
        self,
        data: list[_T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> list[Future[_T]]: ...
    @overload
    def scatter(
        self,
        data: tuple[_T, ...],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> tuple[Future[_T], ...]: ...
    @overload
    def scatter(
        self,
        data: set[_T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> set[Future[_T]]: ...
    @overload
    def scatter(
        self,
        data: frozenset[_T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> frozenset[Future[_T]]: ...
    @overload
    def scatter(
        self,
        data: dict[_K, _T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> dict[_K, Future[_T]]: ...
    @overload
    def scatter(
        self,
        data: range,
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> list[Future[int]]: ...
    @overload
    def scatter(
        self,
        data: _T,
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> Future[_T]: ...
    def cancel(
        self,
        futures: Any,
        asynchronous: Any = None,
        force: bool = False,
        reason: Any = None,
        msg: Any = None,
    ) -> Any: ...
    @overload
    def compute(
        self,
        collections: _Dynamic,
        sync: bool = False,
        optimize_graph: bool = True,
        workers: Any = None,
        allow_other_workers: bool = False,
        resources: Any = None,
        retries: Any = 0,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        traverse: bool = True,
        **kwargs: Any,
    ) -> Any: ...
    @overload
    def compute(
        self,
        collections: Delayed[_T],
        sync: Literal[False] = False,
        optimize_graph: bool = True,
        workers: Any = None,
        allow_other_workers: bool = False,
        resources: Any = None,
        retries: Any = 0,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        traverse: bool = True,
        **kwargs: Any,
    ) -> Future[_T]: ...
    @overload
    def compute(
        self,
        collections: Delayed[_T],
        sync: Literal[True],
        optimize_graph: bool = True,
        workers: Any = None,
        allow_other_workers: bool = False,
        resources: Any = None,
        retries: Any = 0,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        traverse: bool = True,
        **kwargs: Any,
    ) -> _T: ...
    @overload
    def compute(
        self,
        collections: list[Delayed[_T]],
        sync: Literal[False] = False,
        optimize_graph: bool = True,
        workers: Any = None,
        allow_other_workers: bool = False,
        resources: Any = None,
        retries: Any = 0,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        traverse: bool = True,
        **kwargs: Any,
    ) -> list[Future[_T]]: ...
    @overload
    def compute(
        self,
        collections: list[Delayed[_T]],
        sync: Literal[True],
        optimize_graph: bool = True,
        workers: Any = None,
        allow_other_workers: bool = False,
        resources: Any = None,
        retries: Any = 0,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        traverse: bool = True,
        **kwargs: Any,
    ) -> list[_T]: ...
    @overload
    def compute(
        self,
        collections: Any,
        sync: bool = False,
        optimize_graph: bool = True,
        workers: Any = None,
        allow_other_workers: bool = False,
        resources: Any = None,
        retries: Any = 0,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        traverse: bool = True,
        **kwargs: Any,
    ) -> Any: ...
    def persist(
        self,
        collections: _T,
        optimize_graph: bool = True,
        workers: Any = None,
        allow_other_workers: Any = None,
        resources: Any = None,
        retries: Any = None,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        **kwargs: Any,
    ) -> _T: ...
    def publish_dataset(
        self, *args: Any, name: Any = None, override: bool = False, **kwargs: Any
    ) -> Any: ...
    def futures_of(self, futures: Any) -> list[Future[Any]]: ...
    preloads: Any
    futures: Any
    refcount: Any
    id: Any
    generation: Any
    status: Any
    extensions: Any
    scheduler_file: Any
    cluster: Any
    scheduler: Any
    datasets: Any
    direct_to_workers: Any
    scheduler_comm: Any
    security: Any
    connection_args: Any
    rpc: Any
    @property
    def dashboard_link(self) -> Any: ...
    def start(self, **kwargs: Any) -> Any: ...
    def wait_for_workers(self, n_workers: Any, timeout: Any = None) -> Any: ...
    def retry(self, futures: Any, asynchronous: Any = None) -> Any: ...
    def unpublish_dataset(self, name: Any, **kwargs: Any) -> Any: ...
    def list_datasets(self, **kwargs: Any) -> Any: ...
    def get_dataset(self, name: Any, default: Any = ..., **kwargs: Any) -> Any: ...
    def run_on_scheduler(self, function: Any, *args: Any, **kwargs: Any) -> Any: ...
    def run(
        self,
        function: Any,
        *args: Any,
        workers: Any = None,
        wait: Any = True,
        nanny: Any = False,
        on_error: Any = "raise",
        **kwargs: Any,
    ) -> Any: ...
    def get(
        self,
        dsk: Any,
        keys: Any,
        workers: Any = None,
        allow_other_workers: Any = None,
        resources: Any = None,
        sync: Any = True,
        asynchronous: Any = None,
        direct: Any = None,
        retries: Any = None,
        priority: Any = 0,
        fifo_timeout: Any = "60s",
        actors: Any = None,
        **kwargs: Any,
    ) -> Any: ...
    def normalize_collection(self, collection: Any) -> Any: ...
    def restart(self, timeout: Any = ..., wait_for_workers: Any = True) -> Any: ...
    def restart_workers(
        self, workers: Any, timeout: Any = ..., raise_for_error: Any = True
    ) -> Any: ...
    def upload_file(self, filename: Any, load: Any = True) -> Any: ...
    def rebalance(self, futures: Any = None, workers: Any = None, **kwargs: Any) -> Any: ...
    def replicate(
        self,
        futures: Any,
        n: Any = None,
        workers: Any = None,
        branching_factor: Any = 2,
        **kwargs: Any,
    ) -> Any: ...
    def nthreads(self, workers: Any = None, **kwargs: Any) -> Any: ...
    ncores = nthreads
    def who_has(self, futures: Any = None, **kwargs: Any) -> Any: ...
    def has_what(self, workers: Any = None, **kwargs: Any) -> Any: ...
    def processing(self, workers: Any = None) -> Any: ...
    def nbytes(self, keys: Any = None, summary: Any = True, **kwargs: Any) -> Any: ...
    def call_stack(self, futures: Any = None, keys: Any = None) -> Any: ...
    def profile(
        self,
        key: Any = None,
        start: Any = None,
        stop: Any = None,
        workers: Any = None,
        merge_workers: Any = True,
        plot: Any = False,
        filename: Any = None,
        server: Any = False,
        scheduler: Any = False,
    ) -> Any: ...
    def scheduler_info(self, n_workers: Any = -1, **kwargs: Any) -> Any: ...
    def dump_cluster_state(
        self,
        filename: Any = "dask-cluster-dump",
        write_from_scheduler: Any = None,
        exclude: Any = (),
        format: Any = "msgpack",
        **storage_options: Any,
    ) -> Any: ...
    def write_scheduler_file(self, scheduler_file: Any) -> Any: ...
    def get_metadata(self, keys: Any, default: Any = ...) -> Any: ...
    def get_scheduler_logs(self, n: Any = None) -> Any: ...
    def get_worker_logs(self, n: Any = None, workers: Any = None, nanny: Any = False) -> Any: ...
    def benchmark_hardware(self) -> Any: ...
    def log_event(self, topic: Any, msg: Any) -> Any: ...
    def get_events(self, topic: Any = None) -> Any: ...
    def subscribe_topic(self, topic: Any, handler: Any) -> Any: ...
    def unsubscribe_topic(self, topic: Any) -> Any: ...
    def retire_workers(
        self, workers: Any = None, close_workers: Any = True, **kwargs: Any
    ) -> Any: ...
    def set_metadata(self, key: Any, value: Any) -> Any: ...
    def get_versions(self, check: Any = False, packages: Any = None) -> Any: ...
    def story(self, *keys_or_stimuli: Any, on_error: Any = "raise") -> Any: ...
    def get_task_stream(
        self,
        start: Any = None,
        stop: Any = None,
        count: Any = None,
        plot: Any = False,
        filename: Any = "task-stream.html",
        bokeh_resources: Any = None,
    ) -> Any: ...
    def register_plugin(self, plugin: Any, name: Any = None) -> Any: ...
    def unregister_scheduler_plugin(self, name: Any) -> Any: ...
    def register_worker_callbacks(self, setup: Any = None) -> Any: ...
    def unregister_worker_plugin(self, name: Any, nanny: Any = None) -> Any: ...
    @property
    def amm(self) -> Any: ...
    def forward_logging(self, logger_name: Any = None, level: Any = ...) -> Any: ...
    def unforward_logging(self, logger_name: Any = None) -> Any: ...

# What `async with Client(…)` binds: the same client, whose methods are to be awaited.
class _AsyncClient(Client):
    @overload
    async def gather(
        self, futures: _Dynamic, errors: Any = "raise", direct: Any = None, asynchronous: Any = None
    ) -> Any: ...
    @overload
    async def gather(
        self,
        futures: Future[_T],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> _T: ...
    @overload
    async def gather(
        self,
        futures: list[Future[_T]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> list[_T]: ...
    @overload
    async def gather(
        self,
        futures: tuple[Future[_T], ...],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> tuple[_T, ...]: ...
    @overload
    async def gather(
        self,
        futures: set[Future[_T]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> set[_T]: ...
    @overload
    async def gather(
        self,
        futures: dict[_K, Future[_T]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> dict[_K, _T]: ...
    @overload
    async def gather(
        self,
        futures: dict[_K, list[Future[_T]]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> dict[_K, list[_T]]: ...
    @overload
    async def gather(
        self,
        futures: list[list[Future[_T]]],
        errors: Any = "raise",
        direct: Any = None,
        asynchronous: Any = None,
    ) -> list[list[_T]]: ...
    @overload
    async def gather(
        self, futures: Any, errors: Any = "raise", direct: Any = None, asynchronous: Any = None
    ) -> Any: ...
    @overload
    async def scatter(
        self,
        data: _Dynamic,
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> Any: ...
    # It takes a proxy for an iterator, and fails.
    @overload
    async def scatter(
        self,
        data: Proxy[Any],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> Any: ...
    @overload
    async def scatter(
        self,
        data: list[_T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> list[Future[_T]]: ...
    @overload
    async def scatter(
        self,
        data: tuple[_T, ...],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> tuple[Future[_T], ...]: ...
    @overload
    async def scatter(
        self,
        data: set[_T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> set[Future[_T]]: ...
    @overload
    async def scatter(
        self,
        data: frozenset[_T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> frozenset[Future[_T]]: ...
    @overload
    async def scatter(
        self,
        data: dict[_K, _T],
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> dict[_K, Future[_T]]: ...
    @overload
    async def scatter(
        self,
        data: range,
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> list[Future[int]]: ...
    @overload
    async def scatter(
        self,
        data: _T,
        workers: Any = None,
        broadcast: Any = False,
        direct: Any = None,
        hash: bool = True,
        timeout: Any = ...,
        asynchronous: Any = None,
    ) -> Future[_T]: ...

class as_completed(Generic[_T_co]):
    """Iterates over futures in the order in which they finish."""

    futures: Any
    queue: Any
    lock: Any
    loop: Any
    thread_condition: Any
    with_results: bool
    raise_errors: bool
    @overload
    def __init__(
        self: as_completed[Future[_T]],
        futures: Iterable[Future[_T]] | None = None,
        loop: Any = None,
        with_results: Literal[False] = False,
        raise_errors: bool = True,
        *,
        timeout: Any = None,
    ) -> None: ...
    @overload
    def __init__(
        self: as_completed[tuple[Future[_T], _T]],
        futures: Iterable[Future[_T]] | None = None,
        loop: Any = None,
        *,
        with_results: Literal[True],
        raise_errors: bool = True,
        timeout: Any = None,
    ) -> None: ...
    @overload
    def __init__(
        self: as_completed[Any],
        futures: Iterable[Future[Any]] | None = None,
        loop: Any = None,
        with_results: bool = False,
        raise_errors: bool = True,
        *,
        timeout: Any = None,
    ) -> None: ...
    @property
    def condition(self) -> Any: ...
    def update(self, futures: Iterable[Any]) -> None: ...
    def add(self, future: Future[Any]) -> None: ...
    def is_empty(self) -> bool: ...
    def has_ready(self) -> bool: ...
    def count(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __aiter__(self) -> AsyncIterator[_T_co]: ...
    def __next__(self) -> _T_co: ...
    async def __anext__(self) -> _T_co: ...
    def next(self) -> _T_co: ...
    def next_batch(self, block: bool = True) -> list[_T_co]: ...
    def batches(self) -> Iterator[list[_T_co]]: ...
    def clear(self) -> None: ...

class _DoneAndNotDone(NamedTuple, Generic[_T]):
    done: set[Future[_T]]
    not_done: set[Future[_T]]

@overload
def wait(
    fs: Future[_T] | Iterable[Future[_T]], timeout: Any = None, return_when: str = "ALL_COMPLETED"
) -> _DoneAndNotDone[_T]: ...
@overload
def wait(
    fs: Any, timeout: Any = None, return_when: str = "ALL_COMPLETED"
) -> _DoneAndNotDone[Any]: ...
def default_client(c: Client | None = None) -> Client: ...
def get_client(
    address: Any = None, timeout: Any = None, resolve_address: bool = True
) -> Client: ...
def futures_of(o: Any, client: Client | None = None) -> list[Future[Any]]: ...
def fire_and_forget(obj: Any) -> None: ...

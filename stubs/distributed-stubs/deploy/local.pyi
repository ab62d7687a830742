"""A cluster on this machine."""

from typing import Any

from distributed.deploy.spec import SpecCluster

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...

class LocalCluster(SpecCluster):
    """Workers in processes or threads of this machine."""

    processes: Any
    def __init__(
        self,
        name: Any = None,
        n_workers: Any = None,
        threads_per_worker: Any = None,
        processes: Any = None,
        loop: Any = None,
        start: Any = None,
        host: Any = None,
        ip: Any = None,
        scheduler_port: Any = 0,
        silence_logs: Any = ...,
        dashboard_address: Any = ":8787",
        worker_dashboard_address: Any = None,
        services: Any = None,
        worker_services: Any = None,
        service_kwargs: Any = None,
        asynchronous: Any = False,
        security: Any = None,
        protocol: Any = None,
        blocked_handlers: Any = None,
        interface: Any = None,
        worker_class: Any = None,
        scheduler_kwargs: Any = None,
        scheduler_sync_interval: Any = 1,
        **worker_kwargs: Any,
    ) -> None: ...
    def start_worker(self, *args: Any, **kwargs: Any) -> Any: ...

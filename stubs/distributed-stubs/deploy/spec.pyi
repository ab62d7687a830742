"""Clusters that are made of what a specification names."""

from typing import Any

from distributed.deploy.cluster import Cluster

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...

class SpecCluster(Cluster):
    """A cluster whose workers are specified one by one."""

    scheduler_spec: Any
    worker_spec: Any
    new_spec: Any
    scheduler: Any
    workers: Any
    security: Any
    shutdown_on_close: Any
    shutdown_scheduler: Any
    def __init__(
        self,
        workers: Any = None,
        scheduler: Any = None,
        worker: Any = None,
        asynchronous: bool = False,
        loop: Any = None,
        security: Any = None,
        silence_logs: Any = False,
        name: Any = None,
        shutdown_on_close: bool = True,
        scheduler_sync_interval: Any = 1,
        shutdown_scheduler: bool = True,
    ) -> None: ...
    def scale(self, n: Any = 0, memory: Any = None, cores: Any = None) -> Any: ...
    def scale_up(self, n: Any = 0, memory: Any = None, cores: Any = None) -> Any: ...
    async def scale_down(self, workers: Any) -> Any: ...
    def new_worker_spec(self) -> Any: ...
    @classmethod
    def from_name(cls, name: str) -> Any: ...

"""A cluster on machines that are reached by SSH."""

from typing import Any

from distributed.deploy.spec import SpecCluster

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...
def SSHCluster(
    hosts: Any = None,
    connect_options: Any = None,
    worker_options: Any = None,
    scheduler_options: Any = None,
    worker_class: Any = "distributed.Nanny",
    remote_python: Any = None,
    **kwargs: Any,
) -> SpecCluster: ...

"""Tasks on a cluster.

Together with the modules that it names, this stub suffices where Dask is not installed.
"""

from typing import Any

from distributed.actor import (
    Actor as Actor,
    ActorFuture as ActorFuture,
    BaseActorFuture as BaseActorFuture,
)
from distributed.client import (
    Client as Client,
    Future as Future,
    as_completed as as_completed,
    default_client as default_client,
    fire_and_forget as fire_and_forget,
    futures_of as futures_of,
    get_client as get_client,
    get_task_metadata as get_task_metadata,
    performance_report as performance_report,
    wait as wait,
)
from distributed.core import Status as Status, connect as connect, rpc as rpc
from distributed.deploy.local import LocalCluster as LocalCluster
from distributed.deploy.spec import SpecCluster as SpecCluster
from distributed.deploy.ssh import SSHCluster as SSHCluster
from distributed.event import Event as Event
from distributed.lock import Lock as Lock
from distributed.multi_lock import MultiLock as MultiLock
from distributed.nanny import Nanny as Nanny
from distributed.queues import Queue as Queue
from distributed.scheduler import KilledWorker as KilledWorker, Scheduler as Scheduler
from distributed.security import Security as Security
from distributed.semaphore import Semaphore as Semaphore
from distributed.spans import span as span
from distributed.threadpoolexecutor import rejoin as rejoin
from distributed.utils import (
    CancelledError as CancelledError,
    TimeoutError as TimeoutError,
    sync as sync,
)
from distributed.variable import Variable as Variable
from distributed.worker import (
    Reschedule as Reschedule,
    Worker as Worker,
    get_worker as get_worker,
    print as print,
    secede as secede,
    warn as warn,
)
from distributed.worker_client import local_client as local_client, worker_client as worker_client

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...

import asyncio
from collections.abc import Callable as Callable, Coroutine
from logging import Logger
from typing import Any

logger: Logger

class SafeTaskExitError(Exception): ...

def exit_on_error(task: asyncio.Task[Any]) -> None: ...
def spawn_guarded_background_task(
    coro: Callable[..., Coroutine[Any, Any, None]], *args: Any, **kwargs: Any
) -> asyncio.Task[Any]: ...

from proxystore.utils.tasks import (
    Callable as Callable,
    SafeTaskExitError as SafeTaskExitError,
    exit_on_error as exit_on_error,
    logger as logger,
    spawn_guarded_background_task as spawn_guarded_background_task,
)

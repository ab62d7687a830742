"""Graphs of tasks, and what computes them."""

from contextlib import AbstractContextManager
from typing import Any, TypeVar, overload

from dask import config as config, datasets as datasets
from dask._expr import (
    Expr as Expr,
    HLGExpr as HLGExpr,
    LLGExpr as LLGExpr,
    SingletonExpr as SingletonExpr,
)
from dask.delayed import Delayed, delayed as delayed

_T = TypeVar("_T")
_T1 = TypeVar("_T1")
_T2 = TypeVar("_T2")
_T3 = TypeVar("_T3")

__version__: str
__git_revision__: str

# What is not declared here is there, but not typed.
def __getattr__(name: str) -> Any: ...
def annotate(**annotations: Any) -> AbstractContextManager[None]: ...
def get_annotations() -> dict[str, Any]: ...
def is_dask_collection(x: Any) -> bool: ...
def istask(x: Any) -> bool: ...
def get(dsk: Any, keys: Any, **kwargs: Any) -> Any: ...
def optimize(*args: Any, traverse: bool = True, **kwargs: Any) -> tuple[Any, ...]: ...
def persist(
    *args: Any,
    traverse: bool = True,
    optimize_graph: bool = True,
    scheduler: Any = None,
    **kwargs: Any,
) -> tuple[Any, ...]: ...
def visualize(
    *args: Any,
    filename: Any = "mydask",
    traverse: bool = True,
    optimize_graph: bool = False,
    maxval: Any = None,
    engine: Any = None,
    **kwargs: Any,
) -> Any: ...
@overload
def compute(
    a: Delayed[_T1],
    /,
    *,
    traverse: bool = True,
    optimize_graph: bool = True,
    scheduler: Any = None,
    get: Any = None,
    **kwargs: Any,
) -> tuple[_T1]: ...
@overload
def compute(
    a: Delayed[_T1],
    b: Delayed[_T2],
    /,
    *,
    traverse: bool = True,
    optimize_graph: bool = True,
    scheduler: Any = None,
    get: Any = None,
    **kwargs: Any,
) -> tuple[_T1, _T2]: ...
@overload
def compute(
    a: Delayed[_T1],
    b: Delayed[_T2],
    c: Delayed[_T3],
    /,
    *,
    traverse: bool = True,
    optimize_graph: bool = True,
    scheduler: Any = None,
    get: Any = None,
    **kwargs: Any,
) -> tuple[_T1, _T2, _T3]: ...
@overload
def compute(
    *args: Delayed[_T],
    traverse: bool = True,
    optimize_graph: bool = True,
    scheduler: Any = None,
    get: Any = None,
    **kwargs: Any,
) -> tuple[_T, ...]: ...
@overload
def compute(
    *args: Any,
    traverse: bool = True,
    optimize_graph: bool = True,
    scheduler: Any = None,
    get: Any = None,
    **kwargs: Any,
) -> tuple[Any, ...]: ...

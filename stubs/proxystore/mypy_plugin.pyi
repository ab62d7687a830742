from collections.abc import Callable as Callable
from typing import ParamSpec, TypeVar

from mypy.options import Options as Options
from mypy.plugin import AttributeContext as AttributeContext, Plugin
from mypy.types import Type as Type

P = ParamSpec("P")
T = TypeVar("T")
PROXY_TYPES: tuple[str, ...]

class ProxyStoreMypyPlugin(Plugin):
    def __init__(self, options: Options) -> None: ...
    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None: ...

def proxy_attribute_access(ctx: AttributeContext, *, attr: str) -> Type: ...
def plugin(version: str) -> type[ProxyStoreMypyPlugin]: ...

from typing import Any

from distributed import *

# What is not declared here is there, but not typed.
def __getattr__(value: str) -> Any: ...

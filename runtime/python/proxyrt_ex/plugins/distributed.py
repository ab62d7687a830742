"""The names of ``proxystore_ex.plugins.distributed``."""

from proxyrt.ex.plugins.distributed import Client

__all__ = ["Client"]

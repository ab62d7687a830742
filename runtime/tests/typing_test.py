"""What a type checker makes of stores."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

PROGRAM = """
from typing import Any
from proxyrt import Proxy, Store
from proxyrt.connectors.local import LocalConnector, LocalKey
from proxyrt.proxy import ProxyLocker
from proxyrt.store.metrics import StoreMetrics
from proxyrt.store.ref import OwnedProxy

store = Store("x", LocalConnector())
reveal_type(store)  # proxyrt.store.base.Store[proxyrt.connectors.local.LocalConnector]
reveal_type(store.connector)  # proxyrt.connectors.local.LocalConnector
reveal_type(store.metrics)  # proxyrt.store.metrics.StoreMetrics | None
reveal_type(store.proxy([1]))  # proxyrt._proxyrt.Proxy[list[int]]
reveal_type(store.proxy(None, skip_nonproxiable=True))  # None
reveal_type(store.proxy(True, skip_nonproxiable=True))  # bool
reveal_type(store.proxy("x", evict=True))  # proxyrt._proxyrt.Proxy[str]
reveal_type(store.proxy_batch([1]))  # list[proxyrt._proxyrt.Proxy[int]]
reveal_type(store.locked_proxy("x"))  # proxyrt.proxy.ProxyLocker[str]
reveal_type(store.owned_proxy("x"))  # proxyrt.store.ref.OwnedProxy[str]
reveal_type(store.owned_proxy(None))  # None
with Store("y") as default:
    reveal_type(default.connector)  # proxyrt.connectors.shm.SharedMemoryConnector
    reveal_type(default.proxy(1))  # proxyrt._proxyrt.Proxy[int]
"""


def test_the_types_of_what_stores_return(tmp_path: Path) -> None:
    api = pytest.importorskip("mypy.api")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    cache = ["--cache-dir", str(tmp_path / "cache"), "--python-executable", sys.executable]
    output, errors, _ = api.run([*cache, "--no-error-summary", str(program)])
    assert not errors
    lines = output.replace("builtins.", "").splitlines()
    revealed = [line.partition('Revealed type is "')[2].rstrip('"') for line in lines]
    expected = [line.partition("  # ")[2] for line in PROGRAM.splitlines() if "reveal_type" in line]
    assert revealed == expected, output

"""Policies, and the connector that follows them."""

from __future__ import annotations

import json
import os
import pickle
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from proxyrt import Store
from proxyrt.connectors.file import FileConnector
from proxyrt.connectors.local import LocalConnector
from proxyrt.connectors.multi import MultiConnector, MultiConnectorError, MultiKey, Policy
from proxyrt.store import StoreConfig, get_store
from proxyrt.store.utils import get_key

HOST = socket.gethostname()


def test_sizes() -> None:
    policy = Policy(min_size_bytes=2, max_size_bytes=4)
    assert [policy.is_valid(size_bytes=size) for size in range(1, 6)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert policy.is_valid()


def test_tags() -> None:
    policy = Policy(subset_tags=["a", "b"], superset_tags=["x"])
    assert policy.is_valid(subset_tags=["a"], superset_tags=["x", "y"])
    assert not policy.is_valid(subset_tags=["a", "c"])
    assert not policy.is_valid(superset_tags=["y"])
    assert policy.is_valid(subset_tags=[])
    assert not policy.is_valid(superset_tags=[])


@pytest.mark.parametrize(
    ("pattern", "valid"),
    [
        (None, True),
        (HOST, True),
        (".*", True),
        (HOST[:-1], False),
        (["x", HOST], True),
        ([], False),
    ],
)
def test_hosts(pattern: Any, valid: bool) -> None:
    policy = Policy(host_pattern=pattern)
    assert policy.is_valid_on_host() == valid
    assert policy.is_valid(size_bytes=1) == valid
    values = json.loads(json.dumps(policy.as_dict()))
    assert Policy(**values).as_dict() == policy.as_dict()


def local(**policy: Any) -> tuple[LocalConnector, Policy]:
    return LocalConnector(include_data_in_config=True), Policy(**policy)


def test_the_highest_priority_wins() -> None:
    multi = MultiConnector({"low": local(priority=1), "high": local(priority=2, max_size_bytes=3)})
    assert multi.put(b"abc").connector_name == "high"
    assert multi.put(b"abcd").connector_name == "low"
    keys = multi.put_batch([b"abcd", b"a", b"bcde", b"b"])
    assert [key.connector_name for key in keys] == ["low", "high", "low", "high"]
    assert multi.get_batch(keys) == [b"abcd", b"a", b"bcde", b"b"]
    assert multi.new_key(b"abcd").connector_name == "low"
    assert multi.new_key().connector_name == "high"


def test_nothing_is_kept_if_one_object_has_no_place() -> None:
    multi = MultiConnector({"small": local(max_size_bytes=2, subset_tags=["t"])})
    with pytest.raises(MultiConnectorError, match=r"size_bytes=3, subset_tags=\['u'\]"):
        multi.put(b"abc", subset_tags=["u"])
    with pytest.raises(MultiConnectorError):
        multi.put_batch([b"a", b"abc"])
    connector: Any = multi.connectors["small"].connector
    assert not connector._store


def test_objects_of_unknown_connectors() -> None:
    multi = MultiConnector({"a": local()})
    for use in (multi.get, multi.exists, multi.evict, lambda key: multi.get_batch([key])):
        with pytest.raises(MultiConnectorError, match="does not exist"):
            use(MultiKey("b", ("x",)))


def test_connectors_of_other_hosts_are_handed_on(tmp_path: Path) -> None:
    far = FileConnector(str(tmp_path / "far"))
    multi = MultiConnector(
        {"near": local(), "far": (far, Policy(priority=5, host_pattern=[f"{HOST}|elsewhere"]))}
    )
    key = multi.put(b"x")
    assert key.connector_name == "far"
    config = pickle.loads(pickle.dumps(multi.config()))
    config["far"][2]["host_pattern"] = "elsewhere"
    moved = MultiConnector.from_config(config)
    assert moved.put(b"x").connector_name == "near"
    with pytest.raises(MultiConnectorError, match="dormant"):
        moved.get(key)
    assert moved.config() == config
    assert moved.config() is not moved.config()
    config["far"][2]["host_pattern"] = None
    assert MultiConnector.from_config(moved.config() | {"far": config["far"]}).get(key) == b"x"
    far.close()


def test_all_are_closed(tmp_path: Path) -> None:
    class Stubborn(LocalConnector):
        def close(self) -> None:
            raise OSError("no")

    file = FileConnector(str(tmp_path / "store"))
    multi = MultiConnector({"bad": (Stubborn(), Policy()), "good": (file, Policy())})
    with pytest.raises(OSError, match="no"):
        multi.close()
    assert not os.path.exists(file.store_dir)


def test_connectors_of_others_are_called_one_at_a_time() -> None:
    class Careful(LocalConnector):
        calls = 0

        def get(self, key: Any) -> Any:
            self.calls += 1
            assert self.calls == 1
            time.sleep(0.005)
            self.calls -= 1
            return super().get(key)

    multi = MultiConnector({"careful": (Careful(), Policy())})
    key = multi.put(b"x")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(multi.get, [key] * 30)) == [b"x"] * 30


def test_in_a_store(tmp_path: Path) -> None:
    multi = MultiConnector(
        {
            "memory": local(max_size_bytes=2000),
            "disk": (FileConnector(str(tmp_path / "store")), Policy(subset_tags=["disk"])),
        }
    )
    with Store("multi", multi, register=True) as store:
        small, large = store.proxy("x"), store.proxy("x" * 10_000)
        assert get_key(small)[0] == "memory"
        assert get_key(large)[0] == "disk"
        tagged = store.proxy("x", subset_tags=["disk"])
        assert get_key(tagged)[0] == "disk"
        future = store.future()
        future.set_result("later")
        assert future.result() == "later"
        config = pickle.loads(pickle.dumps(store.config()))
        assert isinstance(config, StoreConfig)
        assert get_store(pickle.loads(pickle.dumps(large))) is store
        other: Store[Any] = Store.from_config(
            StoreConfig("other", config.connector, auto_register=False)
        )
        assert other.get(get_key(large)) == "x" * 10_000

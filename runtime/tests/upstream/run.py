"""Run ProxyStore's own public tests against proxyrt.

The tests belong to ProxyStore and are not part of this repository: they are fetched at a pinned
commit, or taken from ``--source``, a checkout. ProxyStore must be installed for everything that
proxyrt does not replace.

    python tests/upstream/run.py [--source DIR] [--alias proxy,store.ref] [pytest arguments]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import proxyrt

REPOSITORY = "https://github.com/proxystore/proxystore"
COMMIT = "f321e84e5e2800e6e472af14e04b9ae757a9e8f1"
CORE = ["proxy", "store", "connectors", "stream", "utils"]
CORE_FILES = ["serialize_test.py", "factory_test.py", "mypy_plugin_test.py", "ex_test.py"]

DIFFERENT = {
    # Ask for the name of the module that a type comes from.
    "proxy": ["tests/proxy/proxy_type_test.py::test_proxy_type_vs_instance_module"],
    "*": ["tests/utils/imports_test.py::test_get_object_path"],
    # Replace `pickle.load`, by which ProxyStore reads; proxyrt reads by `pickle.loads`.
    "serialize": [
        "tests/serialize_test.py::test_propagate_pickle_loads_error",
        "tests/serialize_test.py::test_propagate_cloudpickle_loads_error",
    ],
    # Replace `proxystore.utils.hostname`; proxyrt asks `socket.gethostname`.
    "connectors.multi": [
        "tests/connectors/multi_test.py::test_policy_host_validation",
        "tests/connectors/multi_test.py::test_dormant_connectors",
    ],
    # Replace redis-py by an object that does not speak with a server; `redis_test.py` of proxyrt
    # and its suite of all connectors ask a real one the same.
    "connectors.redis": [
        "tests/connectors/connector_test.py::test_connector_basic_ops[redis_connector]",
        "tests/connectors/connector_test.py::test_connector_batch_ops[redis_connector]",
        "tests/connectors/connector_test.py::test_deferrable_connector_ops[redis_connector]",
        "tests/connectors/redis_test.py::test_close_persists_keys_by_default",
        "tests/connectors/redis_test.py::test_close_override_default",
        "tests/connectors/redis_test.py::test_multiple_closed_connectors",
    ],
}
"""Tests that cannot pass when a module is replaced."""


def replaceable() -> list[str]:
    """Return the sub-modules that both packages have, packages before what is in them."""
    names = [
        module.name.partition(".")[2]
        for module in pkgutil.walk_packages(proxyrt.__path__, "proxyrt.")
        if "._" not in module.name and module.name.split(".")[1] != "ex"
    ]
    without_names = {"connectors", "stream.shims"}
    return [
        name
        for name in names
        if name not in without_names and importlib.util.find_spec(f"proxystore.{name}") is not None
    ]


def fetch(into: Path) -> None:
    """Fetch the tests at the pinned commit into a folder."""
    git = ["git", "-C", str(into)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "fetch", "-q", "--depth=1", REPOSITORY, COMMIT], check=True)
    subprocess.run([*git, "checkout", "-q", "FETCH_HEAD"], check=True)


def main() -> int:
    """Run the tests; the exit code is pytest's."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--source", type=Path, help="a checkout of ProxyStore with its tests")
    parser.add_argument("--alias", help="the sub-modules to replace [default: all that we have]")
    options, arguments = parser.parse_known_args()
    replaced = options.alias.split(",") if options.alias else replaceable()
    print("replaced:", ", ".join(replaced), flush=True)
    with tempfile.TemporaryDirectory() as directory:
        checkout = options.source
        if checkout is None:
            checkout = Path(directory) / "checkout"
            checkout.mkdir()
            fetch(checkout)
        # Without the package `proxystore` beside the tests, so that the installed one is imported.
        root = Path(directory) / "run"
        for folder in ("tests", "testing"):
            shutil.copytree(checkout / folder, root / folder)
        shutil.copy(checkout / "pyproject.toml", root)
        plugin = Path(__file__).parent
        environment = {
            **os.environ,
            "PROXYRT_ALIAS": ",".join(replaced),
            "PYTHONPATH": os.pathsep.join(
                [str(plugin), str(root), os.environ.get("PYTHONPATH", "")]
            ).rstrip(os.pathsep),
        }
        selected = [f"tests/{name}" for name in CORE + CORE_FILES]
        different = [test for name in ["*", *replaced] for test in DIFFERENT.get(name, [])]
        deselected = [argument for name in different for argument in ("--deselect", name)]
        command = [sys.executable, "-m", "pytest", "-p", "alias_plugin", *deselected]
        return subprocess.run(
            [*command, *(arguments or ["-q"]), *selected], cwd=root, env=environment, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())

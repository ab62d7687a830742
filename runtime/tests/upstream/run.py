"""Run ProxyStore's own public tests against proxyrt.

The tests belong to ProxyStore and are not part of this repository: they are fetched at a pinned
commit, or taken from ``--source``, a checkout. ProxyStore must be installed for everything that
proxyrt does not replace.

    python tests/upstream/run.py [--source DIR] [--alias proxy,store.ref] [pytest arguments]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = "https://github.com/proxystore/proxystore"
COMMIT = "f321e84e5e2800e6e472af14e04b9ae757a9e8f1"
CORE = ["proxy", "store", "connectors", "stream", "utils"]
CORE_FILES = ["serialize_test.py", "factory_test.py", "mypy_plugin_test.py", "ex_test.py"]

NAME_ONLY = [
    # Ask for the name of the module that a type comes from.
    "tests/proxy/proxy_type_test.py::test_proxy_type_vs_instance_module",
    "tests/utils/imports_test.py::test_get_object_path",
    # Replace `pickle.load`, by which ProxyStore reads; proxyrt reads by `pickle.loads`.
    "tests/serialize_test.py::test_propagate_pickle_loads_error",
    "tests/serialize_test.py::test_propagate_cloudpickle_loads_error",
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
    parser.add_argument("--alias", default="proxy", help="the sub-modules to replace")
    options, arguments = parser.parse_known_args()
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
            "PROXYRT_ALIAS": options.alias,
            "PYTHONPATH": os.pathsep.join(
                [str(plugin), str(root), os.environ.get("PYTHONPATH", "")]
            ).rstrip(os.pathsep),
        }
        selected = [f"tests/{name}" for name in CORE + CORE_FILES]
        deselected = [argument for name in NAME_ONLY for argument in ("--deselect", name)]
        command = [sys.executable, "-m", "pytest", "-p", "alias_plugin", *deselected]
        return subprocess.run(
            [*command, *(arguments or ["-q"]), *selected], cwd=root, env=environment, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())

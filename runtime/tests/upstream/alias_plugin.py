"""A pytest plugin that puts modules of proxyrt in the place of ProxyStore's.

``PROXYRT_ALIAS`` names the sub-modules to replace, separated by commas (default: ``proxy``).
The same module object is found under both names, so classes are identical and ``mock.patch``
works. What proxyrt does not have is ProxyStore's own: sub-modules, and the private helpers that
its tests import.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType

SOURCE, DESTINATION = "proxystore", "proxyrt"
ALIASED = [f"{SOURCE}.{name}" for name in os.environ.get("PROXYRT_ALIAS", "proxy").split(",")]


class Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``proxystore.x`` as ``proxyrt.x``."""

    def find_spec(self, name, path=None, target=None):
        if name not in ALIASED:
            return None
        original = importlib.machinery.PathFinder.find_spec(name, path)
        spec = importlib.machinery.ModuleSpec(name, self, is_package=True)
        # Sub-modules that only ProxyStore has are found below its own package.
        if original is not None and original.submodule_search_locations:
            spec.submodule_search_locations = list(original.submodule_search_locations)
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(DESTINATION + spec.name.removeprefix(SOURCE))
        module.__dict__["__alias_spec__"] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        alias = module.__spec__
        module.__spec__ = module.__dict__.pop("__alias_spec__")
        if alias is not None and alias.submodule_search_locations:
            own = list(getattr(module, "__path__", []))
            module.__path__ = [*alias.submodule_search_locations, *own]
        if alias is not None:
            add_private_helpers(module, alias.name)


def add_private_helpers(module: ModuleType, name: str) -> None:
    """Lend `module` the private names that only ProxyStore's module of that name has."""
    package = importlib.import_module(name.rpartition(".")[0])
    found = importlib.machinery.PathFinder.find_spec(name, package.__path__)
    assert found is not None and found.origin is not None
    spec = importlib.util.spec_from_file_location(f"{name}_original", found.origin)
    assert spec is not None and spec.loader is not None
    original = importlib.util.module_from_spec(spec)
    # Dataclasses look for their module.
    sys.modules[spec.name] = original
    spec.loader.exec_module(original)
    for key, value in vars(original).items():
        if key.startswith("_") and not key.startswith("__") and not hasattr(module, key):
            setattr(module, key, value)


loaded = sorted(name for name in sys.modules if name in ALIASED)
if loaded:
    raise RuntimeError(f"already imported: {', '.join(loaded)}")
# Before the paths of our packages lead to ProxyStore's modules.
for name in ALIASED:
    importlib.import_module(DESTINATION + name.removeprefix(SOURCE))
sys.meta_path.insert(0, Alias())
for name in ALIASED:
    importlib.import_module(name)

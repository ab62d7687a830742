"""Runs one section of a page, in a process of its own.

`python program.py PAGE INDEX PACKAGE DIRECTORY` runs section number INDEX of PAGE and writes what
happened to `DIRECTORY/events.jsonl`.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from instrument import RECORDER, instrument, instrument_definitions
from page import PACKAGES, read_page
from recorder import Log, Recorder, count_connector_operations

_T = TypeVar("_T")

EVENTS = "events.jsonl"


class PackageAlias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the modules of one package when those of another are imported.

    Both names stand for the same module objects, so that a class has one identity. A module that the
    package lacks is missing; there is no falling back to the imported package.

    Args:
        imported: Name that is imported.
        package: Name of the package that is given instead.
    """

    def __init__(self, imported: str, package: str) -> None:
        self.imported = imported
        self.package = package
        self._specs: dict[str, Any] = {}

    def find_spec(
        self,
        fullname: str,
        _path: Sequence[str] | None,
        _target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.imported and not fullname.startswith(f"{self.imported}."):
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.package + spec.name[len(self.imported) :])
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the alias's specification in the module's place.
        assert module.__spec__ is not None
        module.__spec__ = self._specs.pop(module.__spec__.name)


class Program:
    """One section of a page, ready to run.

    Args:
        page: Path of the page.
        index: Number of the section among those with code, from 0.
        package: What stands for ProxyStore.
        directory: Scratch directory of the section.
    """

    def __init__(self, page: str, index: int, package: str, directory: str) -> None:
        self.arguments = (page, index, package, directory)
        self.page = page
        self.package = package
        self.directory = Path(directory)
        self.section = read_page(Path(page)).sections[index]
        self.log = Log(self.directory / EVENTS)
        self.recorder = Recorder(self.log)

    @property
    def main_file(self) -> Path:
        """What the processes that the program starts import in its place."""
        return self.directory / "__section__.py"

    def prepare_process(self) -> None:
        """Sets up what this process needs before the page's code runs in it."""
        if self.package != PACKAGES[0]:
            sys.meta_path.insert(0, PackageAlias(PACKAGES[0], self.package))
        count_connector_operations(self.log)
        # Type checkers know `reveal_type` without an import.
        builtins.reveal_type = _reveal_type

    def write_files(self) -> None:
        """Writes the files that other processes and the page's own imports load."""
        self._write_file(self.main_file, "")
        for name in self.section.sources:
            if name:
                self._write_file(self.directory / name, name)

    def _write_file(self, path: Path, name: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        arguments = ", ".join(map(repr, (*self.arguments, name)))
        path.write_text(
            f"import program\n\nprogram.load(globals(), {arguments})\n",
            encoding="utf-8",
        )

    def run(self) -> None:
        """Runs the whole section as the `__main__` of this process."""
        module = ModuleType("__main__")
        module.__file__ = str(self.main_file)
        # `multiprocessing` aliases the two for classes that travel back from child processes.
        sys.modules["__main__"] = sys.modules["__mp_main__"] = module
        sys.argv = [str(self.main_file)]
        sys.path.insert(0, str(self.directory))
        tree = instrument(self.section.sources.get("", ""), self.section.markers, self.section.ops)
        with _cluster(self.directory) if self.section.settings.dask else contextlib.nullcontext():
            try:
                self._execute(tree, module.__dict__)
            except BaseException as error:  # noqa: BLE001 - pages may raise anything
                self._log_crash(error)
            else:
                self.log.write("finished", 0)

    def load(self, scope: dict[str, Any], name: str) -> None:
        """Runs a named file, or the definitions of the program, as the module that `scope` belongs to."""
        source = self.section.sources.get(name, "")
        if name:
            tree = instrument(source, self.section.markers, [])
        else:
            tree = instrument_definitions(source, self.section.markers)
        self._execute(tree, scope)

    def _execute(self, tree: ast.Module, scope: dict[str, Any]) -> None:
        scope[RECORDER] = self.recorder
        exec(compile(tree, self.page, "exec", dont_inherit=True), scope)  # noqa: S102

    def _log_crash(self, error: BaseException) -> None:
        frames = [
            it for it in traceback.extract_tb(error.__traceback__) if it.filename == self.page
        ]
        line = frames[0].lineno if frames else self.section.line
        text = "".join(traceback.format_exception_only(error)).strip().split("\n", 1)[0]
        self.log.write("crashed", line or 1, reason=f"expected no exception, got {text}")


@functools.cache
def _program(page: str, index: int, package: str, directory: str) -> Program:
    program = Program(page, index, package, directory)
    program.prepare_process()
    return program


def load(
    scope: dict[str, Any],
    page: str,
    index: int,
    package: str,
    directory: str,
    name: str,
) -> None:
    """Fills a module with a file of a section; the empty name stands for the program's definitions."""
    _program(page, index, package, directory).load(scope, name)


@contextlib.contextmanager
def _cluster(directory: Path) -> Iterator[None]:
    """A Dask cluster of two worker processes, which `Client()` connects to."""
    # Only pages about Dask need it; and it is not typed.
    dask: Any = importlib.import_module("dask")
    distributed: Any = importlib.import_module("distributed")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(directory),
        ) as cluster,
        dask.config.set(scheduler_address=cluster.scheduler_address),
    ):
        yield


def _reveal_type(value: _T) -> _T:
    return value


def main(arguments: Sequence[str]) -> None:
    """Runs the section that the arguments name."""
    page, index, package, directory = arguments
    program = _program(page, int(index), package, directory)
    program.write_files()
    program.run()


if __name__ == "__main__":
    # The page's code takes the place of `__main__`; what it refers to must be importable by name.
    importlib.import_module("program").main(sys.argv[1:])

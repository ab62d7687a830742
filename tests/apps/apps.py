"""The applications of `fixtures/apps` and the mistakes that are marked in them."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
APPS = ROOT / "fixtures" / "apps"
NAMES = ("blocked_cholesky", "federated_learning", "molecular_design")

_MARKER = re.compile(r"  # expect: ([\w-]+)$")
_Function = TypeVar("_Function", bound=Callable[..., object])

# Dask workers get the path of the process that starts them.
sys.path.insert(0, str(APPS))


@dataclass(frozen=True, order=True)
class Mistake:
    """A marked line.

    Attributes:
        path: File, relative to `fixtures/apps`.
        line: Line, from 1.
        rule: The rule that finds the mistake.
        code: The line without its marker.
    """

    path: str
    line: int
    rule: str
    code: str


class Version:
    """One version of an application; its attributes are its modules.

    Args:
        app: Name of the application.
        name: `correct` or `mistaken`.
    """

    def __init__(self, app: str, name: str) -> None:
        self.package = f"{app}.{name}"

    # The applications are written the way users write, mostly without annotations.
    def __getattr__(self, module: str) -> Any:
        return importlib.import_module(f"{self.package}.{module}")

    @property
    def run(self) -> Any:
        """The whole application."""
        return importlib.import_module(f"{self.package}.__main__").run


def versions(app: str) -> tuple[Version, Version]:
    """The correct and the mistaken version of an application."""
    return Version(app, "correct"), Version(app, "mistaken")


def mistakes() -> Iterator[Mistake]:
    """The marked lines of all applications, in the correct versions too."""
    for path in sorted(APPS.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if marker := _MARKER.search(line):
                name = path.relative_to(APPS).as_posix()
                yield Mistake(name, number, marker[1], line[: marker.start()].strip())


def shows(app: str, module: str, code: str) -> Callable[[_Function], _Function]:
    """Says which mistake a test shows the harm of.

    Args:
        app: Name of the application.
        module: Module of its mistaken version.
        code: The marked line.
    """
    path = f"{app}/mistaken/{module}.py"
    found = [it for it in mistakes() if it.path == path and it.code == code]
    if len(found) != 1:
        raise ValueError(f"{path} has {len(found)} marked lines `{code}`")

    def decorate(test: _Function) -> _Function:
        shown.setdefault(found[0], []).append(test.__name__)
        return test

    return decorate


#: The tests that show the harm of each mistake.
shown: dict[Mistake, list[str]] = {}

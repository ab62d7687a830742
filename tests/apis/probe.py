"""Finds out what functions and operators do with a proxy, and compares that with `calls.py`.

python tests/apis/probe.py            # compares
python tests/apis/probe.py --write    # renews the comments in `calls.py`
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import io
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CALLS = Path(__file__).with_name("calls.py")
PACKAGES = ("proxystore", "proxyrt")

_BEGIN = "\n# Calls\n"
_IMPORT = "from proxystore.proxy import Proxy\n"


@dataclass(frozen=True)
class Call:
    """A line of `calls.py`."""

    line: int
    code: str
    comment: str

    @property
    def claims(self) -> dict[str, str]:
        """What is said to differ, for each package."""
        claim = self.comment.removesuffix("; unreported")
        if not claim:
            return {}
        claims: dict[str, str] = {}
        for part in claim.split(", "):
            outcome, _, package = part.partition(" in ")
            claims |= {it: outcome for it in PACKAGES if it == package or not package}
        return claims

    @property
    def is_reported(self) -> bool:
        """Whether the checker is to report what differs."""
        return bool(self.comment) and "unreported" not in self.comment


def calls() -> Iterator[Call]:
    """The calls of `calls.py`, in their order."""
    text = CALLS.read_text(encoding="utf-8")
    begin = text[: text.index(_BEGIN)].count("\n") + 2
    for number, line in enumerate(text.splitlines(), 1):
        if number > begin and line and not line.startswith("#"):
            code, _, comment = line.partition("  # ")
            yield Call(number, code, comment)


def setup(package: str | None) -> str:
    """The code before the calls, with the proxies of a package or without proxies."""
    text = CALLS.read_text(encoding="utf-8").partition(_BEGIN)[0]
    proxy = f"from {package}.proxy import Proxy\n" if package else "Proxy = lambda make: make()\n"
    assert _IMPORT in text
    return text.replace(_IMPORT, proxy)


class World:
    """The names of `calls.py`, with the proxies of a package or with their targets."""

    def __init__(self, package: str | None) -> None:
        self._code = compile(setup(package), str(CALLS), "exec", dont_inherit=True)
        self._extract = importlib.import_module(f"{package}.proxy").extract if package else None
        self._class = importlib.import_module(f"{package}.proxy").Proxy if package else ()

    def outcome(self, code: str) -> tuple[str, str]:
        """What a call gives: a class, and the value in writing. An exception has no value."""
        # `calls.py` is a module, because data classes look up the module that they are in.
        module = type(sys)("calls")
        sys.modules["calls"] = module
        silence = contextlib.redirect_stdout(io.StringIO())
        with warnings.catch_warnings(), silence:
            warnings.simplefilter("ignore")
            exec(self._code, module.__dict__)
            try:
                value = self._plain(eval(code, module.__dict__))
                return type(value).__name__, re.sub(r" at 0x[0-9a-f]+", "", repr(value))
            except Exception as error:
                return type(error).__name__, ""

    def _plain(self, value: Any) -> Any:
        """Puts targets in the place of proxies, which a result may contain."""
        if self._extract is None:
            return value
        if type(value) is self._class:
            return self._extract(value)
        if type(value) in (list, tuple, set):
            return type(value)(self._plain(it) for it in value)
        if type(value) is dict:
            return {key: self._plain(it) for key, it in value.items()}
        return value


def comment(code: str, worlds: dict[str | None, World]) -> str:
    """What is to be said of a call; nothing if it gives the same with proxies."""
    expected = worlds[None].outcome(code)
    if not expected[1]:
        raise AssertionError(f"`{code}` raises {expected[0]} even without a proxy")
    found = {}
    for package in PACKAGES:
        outcome = worlds[package].outcome(code)
        if outcome != expected:
            found[package] = "different" if outcome[1] else outcome[0]
    if len(found) == len(PACKAGES) and len(set(found.values())) == 1:
        return next(iter(found.values()))
    return ", ".join(f"{outcome} in {package}" for package, outcome in found.items())


def differences() -> Iterator[tuple[Call, str]]:
    """The calls whose comment is not true, and what it has to be."""
    worlds = {package: World(package) for package in (None, *PACKAGES)}
    for call in calls():
        found = comment(call.code, worlds)
        if found != call.comment.removesuffix("; unreported"):
            yield call, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="renew the comments in calls.py")
    arguments = parser.parse_args()
    lines = CALLS.read_text(encoding="utf-8").splitlines()
    wrong = list(differences())
    for call, found in wrong:
        print(f"{CALLS.name}:{call.line}: {call.code}  # {found or 'the same'}")
        lines[call.line - 1] = f"{call.code}  # {found}" if found else call.code
    if arguments.write:
        CALLS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if wrong and not arguments.write else 0


if __name__ == "__main__":
    ast.parse(CALLS.read_text(encoding="utf-8"))
    raise SystemExit(main())

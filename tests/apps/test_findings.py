"""The checker finds the marked lines of the applications, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter

import apps
import pytest
import test_blocked_cholesky
import test_federated_learning
import test_molecular_design

_CHECKER = os.environ.get("PROXYCHECK")
_FINDING = re.compile(r"(.+?):(\d+):\d+: \w+\[([\w-]+)\]")
_ROW = re.compile(r"\| `([\w/]+\.py)` \| `(.+?)` \| `([\w-]+)` \|")

MISTAKES = list(apps.mistakes())


def test_the_correct_versions_have_no_markers() -> None:
    assert {it.path.split("/")[1] for it in MISTAKES} == {"mistaken"}


@pytest.mark.parametrize("app", apps.NAMES)
def test_no_rule_makes_up_an_application(app: str) -> None:
    rules = Counter(it.rule for it in MISTAKES if it.path.startswith(f"{app}/"))

    assert rules.total() >= 12
    assert max(rules.values()) <= 4


def test_every_mistake_is_shown_at_run_time() -> None:
    modules = (test_blocked_cholesky, test_federated_learning, test_molecular_design)
    tests = {name for module in modules for name in dir(module) if name.startswith("test_")}

    assert set(MISTAKES) == set(apps.shown)
    assert {name for names in apps.shown.values() for name in names} <= tests


def test_the_readme_lists_every_mistake() -> None:
    readme = (apps.APPS / "README.md").read_text(encoding="utf-8")
    rows = _ROW.findall(readme)

    assert rows == [(it.path.replace("mistaken/", ""), it.code, it.rule) for it in MISTAKES]


@pytest.mark.skipif(_CHECKER is None, reason="`PROXYCHECK` does not name the checker to test")
def test_the_checker_finds_them_and_nothing_else() -> None:
    command = [str(_CHECKER), "--python", sys.prefix, "--output-format", "concise", "."]
    run = subprocess.run(command, cwd=apps.APPS, capture_output=True, text=True, check=False)
    found = {
        (path.removeprefix("./"), int(line), rule)
        for path, line, rule in _FINDING.findall(run.stdout)
    }
    expected = {(it.path, it.line, it.rule) for it in MISTAKES}

    assert (sorted(found - expected), sorted(expected - found)) == ([], [])
    assert run.returncode == 1

"""Every mistake that is marked in the applications is real, and listed for the reader."""

from __future__ import annotations

import re
from collections import Counter

import apps
import pytest
import test_blocked_cholesky
import test_federated_learning
import test_molecular_design

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

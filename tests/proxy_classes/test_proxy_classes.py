"""What the checker says of `proxy-classes` is true at run time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import lazy_object_proxy  # type: ignore[import-untyped]
import pytest
import wrapt
from werkzeug.local import LocalProxy

MAKERS: list[Callable[[Any], Any]] = [
    lambda target: LocalProxy(lambda: target),
    wrapt.ObjectProxy,
    lambda target: lazy_object_proxy.Proxy(lambda: target),
]


@pytest.fixture(params=MAKERS, ids=["werkzeug", "wrapt", "lazy-object-proxy"])
def make(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    maker: Callable[[Any], Any] = request.param
    return maker


def test_a_proxy_is_of_the_class_of_its_target(make: Callable[[Any], Any]) -> None:
    assert isinstance(make([1]), list)
    assert make([1])[0] == 1


def test_a_proxy_is_never_none(make: Callable[[Any], Any]) -> None:
    assert make(None) is not None


def test_the_type_of_a_proxy_is_its_own_class(make: Callable[[Any], Any]) -> None:
    assert type(make([1])) is not list


def test_functions_in_c_reject_proxies(make: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError):
        json.dumps(make([1]))
    with pytest.raises(TypeError):
        ", ".join([make("a")])


def test_unknown_attributes_and_operators_fail(make: Callable[[Any], Any]) -> None:
    with pytest.raises(AttributeError):
        make([1]).push(2)
    with pytest.raises(TypeError):
        make([1]) + 1


def test_what_gives_the_target() -> None:
    rows = [1]
    assert LocalProxy(lambda: rows)._get_current_object() is rows
    assert wrapt.ObjectProxy(rows).__wrapped__ is rows
    assert lazy_object_proxy.Proxy(lambda: rows).__wrapped__ is rows

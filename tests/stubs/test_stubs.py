"""The stubs say what the packages are."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from compare import Comparison, exports, parse, read_package

STUBS = Path(__file__).parents[2] / "stubs"

# Operations that a proxy forwards. The intersection with the target has them, with exact types; a
# declaration on the proxy class would make each of them possible for every target.
# fmt: off
FORWARDED = [
    "abs", "add", "aenter", "aexit", "aiter", "and", "anext", "await", "bool", "bytes", "call",
    "contains", "delitem", "divmod", "enter", "exit", "float", "floordiv", "fspath", "ge",
    "getattr", "getitem", "gt", "iadd", "iand", "ifloordiv", "ilshift", "imatmul", "imod", "imul",
    "index", "int", "invert", "ior", "ipow", "irshift", "isub", "iter", "itruediv", "ixor", "le",
    "len", "lshift", "lt", "matmul", "mod", "mul", "name", "neg", "next", "or", "pos", "pow",
    "radd", "rand", "rdivmod", "reversed", "rfloordiv", "rlshift", "rmatmul", "rmod", "rmul",
    "ror", "round", "rpow", "rrshift", "rshift", "rsub", "rtruediv", "rxor", "setitem", "sub",
    "truediv", "xor",
]
# fmt: on

EXCEPTIONS = {
    "proxystore": {
        f"proxystore.proxy.Proxy.__{name}__": "forwarded to the target" for name in FORWARDED
    },
    "proxystore_ex": {},
    "distributed": {},
    "dask": {},
}

# Modules of ProxyStore that proxyrt does not replace.
NOT_IN_PROXYRT = {
    "connectors.dim": "names modules of proxystore_ex",
    "connectors.endpoint": "a client of ProxyStore's endpoints",
    "connectors.globus": "a client of Globus",
    "endpoint": "a service",
    "ex": "names modules of proxystore_ex",
    "globus": "a client of Globus",
    "mypy_plugin": "a plugin of another checker",
    "p2p": "a service",
    "proxy._property": "private",
    "proxy._utils": "private",
    "stream._consumer": "private",
    "stream._producer": "private",
}

ONLY_IN_PROXYRT = {
    "ex.plugins.distributed.Client",
    "proxy.resolve_async",
    "store.executor.ExecutorLike",
    "store.executor.ProxySize",
}

PARTIAL = ["dask", "distributed"]


def installed(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"{package} is not installed"
    return Path(spec.submodule_search_locations[0])


def compare(package: str, stubs: Path) -> Comparison:
    """Compares the stubs below `stubs` with an installed package."""
    is_partial = package in PARTIAL
    declared = read_package(stubs / (f"{package}-stubs" if is_partial else package), ".pyi")
    sources = read_package(installed(package), ".py")
    if package == "proxystore":
        # A package of stubs that stands for one module, which imports the other package.
        declared = {name: it for name, it in declared.items() if not name.startswith("ex.")}
    comparison = Comparison(package, EXCEPTIONS[package], is_partial)
    comparison.run(declared, sources)
    return comparison


@pytest.mark.parametrize("package", EXCEPTIONS)
def test_stubs_agree_with_the_package(package: str) -> None:
    assert compare(package, STUBS).differences == []


@pytest.mark.parametrize("package", EXCEPTIONS)
def test_each_exception_is_needed(package: str) -> None:
    comparison = compare(package, STUBS)
    assert comparison.exceptions.keys() - comparison.used == set()


def is_left_out(module: str) -> bool:
    """Whether proxyrt has no such module."""
    return any(module == it or module.startswith(f"{it}.") for it in NOT_IN_PROXYRT)


def test_proxyrt_has_the_modules_and_names_of_proxystore() -> None:
    theirs = read_package(STUBS / "proxystore", ".pyi")
    ours = read_package(STUBS / "proxyrt-stubs", ".pyi")
    expected = {
        f"{module}.{name}"
        for module in theirs
        if module and not is_left_out(module)
        for name in exports(theirs, module)
    }
    actual = {f"{module}.{name}" for module in ours if module for name in exports(ours, module)}
    assert actual - ONLY_IN_PROXYRT == expected
    assert actual >= ONLY_IN_PROXYRT


def test_proxystore_ex_is_proxystore_dot_ex() -> None:
    sources = read_package(STUBS / "proxystore_ex", ".pyi")
    names = read_package(STUBS / "proxystore" / "ex", ".pyi")
    assert names.keys() == sources.keys()
    for name, module in names.items():
        assert module.stars == [f"proxystore_ex.{name}".rstrip(".")]


def test_each_stub_can_be_parsed() -> None:
    paths = sorted(STUBS.rglob("*.pyi"))
    assert len(paths) > 100
    for path in paths:
        parse(path)


@pytest.mark.parametrize("package", [*PARTIAL, "proxyrt", "proxyrt_ex"])
def test_partial_stubs_are_marked(package: str) -> None:
    assert (STUBS / f"{package}-stubs" / "py.typed").read_text() == "partial\n"


MUTATIONS = [
    (
        "proxystore/store/utils.pyi",
        "def resolve_async(",
        "def _resolve_async(",
        "proxystore.store.utils.resolve_async is missing",
    ),
    (
        "proxystore/store/__init__.pyi",
        "store: Store[Any], exist_ok: bool = False",
        "store: Store[Any]",
        "proxystore.store.register_store takes positional exist_ok = …",
    ),
    (
        "proxystore/store/__init__.pyi",
        "exist_ok: bool = False) -> None",
        "exist_ok: bool) -> None",
        "proxystore.store.register_store takes positional exist_ok = … "
        "and does not take positional exist_ok",
    ),
    (
        "proxystore/store/ref.pyi",
        "*, populate_target: bool = True",
        "populate_target: bool = True",
        "proxystore.store.ref.borrow takes keyword-only populate_target = … "
        "and does not take positional populate_target = …",
    ),
    (
        "proxystore/store/base.pyi",
        "    def evict(self,",
        "    def remove(self,",
        "proxystore.store.base.Store.evict is missing",
    ),
    (
        "proxystore/store/base.pyi",
        "evict: bool = False",
        "evicts: bool = False",
        "proxystore.store.base.Store.proxy.evicts is a parameter of an overload only",
    ),
    (
        "proxystore/connectors/redis.pyi",
        "    hostname: str\n",
        "",
        "proxystore.connectors.redis.RedisConnector.hostname is missing",
    ),
    (
        "distributed-stubs/client.pyi",
        "def __getattr__(name: str) -> Any: ...",
        "",
        "distributed.client replaces the module and has no __getattr__",
    ),
]


@pytest.mark.parametrize(("path", "old", "new", "difference"), MUTATIONS)
def test_a_change_of_a_stub_is_found(
    tmp_path: Path, path: str, old: str, new: str, difference: str
) -> None:
    stubs = tmp_path / "stubs"
    shutil.copytree(STUBS, stubs)
    text = (stubs / path).read_text()
    assert old in text
    (stubs / path).write_text(text.replace(old, new))
    package = path.split("/")[0].removesuffix("-stubs")
    assert difference in compare(package, stubs).differences


def test_a_missing_module_is_found(tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    shutil.copytree(STUBS, stubs)
    (stubs / "proxystore" / "factory.pyi").unlink()
    (stubs / "proxystore" / "nonsense.pyi").touch()
    assert compare("proxystore", stubs).differences == [
        "proxystore.nonsense is no module of the package",
        "proxystore.factory has no stub",
    ]

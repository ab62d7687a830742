"""Compares stubs with the sources that they describe.

Both are parsed, never imported, because many modules need optional dependencies. A difference is a
line of text: what is missing, what is there in addition, or whose signature is another.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

# Syntax of Python 3.12, which the stubs that only the checker reads may use.
_TYPE_STATEMENT = re.compile(r"^type (\w+)(\[.*?\])? =", re.MULTILINE)
_TYPE_PARAMETERS = re.compile(r"^(\s*(?:async )?(?:def|class) \w+)\[[^\]]*\]", re.MULTILINE)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Parameter:
    """A parameter as callers see it."""

    name: str
    kind: str
    has_default: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{' = …' if self.has_default else ''}"


@dataclass
class Callable:
    """A function, with one signature for each overload."""

    signatures: list[list[Parameter]] = field(default_factory=list)


@dataclass
class Class:
    """The members that a class declares and the names of its bases."""

    bases: list[str] = field(default_factory=list)
    members: dict[str, Callable | None] = field(default_factory=dict)


@dataclass
class Module:
    """What a module defines, what it imports for others, and its `__all__`."""

    path: Path
    definitions: dict[str, Callable | Class | None] = field(default_factory=dict)
    exports: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    all: list[str] | None = None

    def has(self, name: str) -> bool:
        """Whether `name` can be imported from the module, leaving star imports aside."""
        return name in self.definitions or name in self.exports


def parse(path: Path) -> ast.Module:
    """Parses a source or a stub, also one in the syntax of a later Python."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".pyi":
        text = _TYPE_STATEMENT.sub(r"\1 =", text)
        text = _TYPE_PARAMETERS.sub(r"\1", text)
    return ast.parse(text, filename=str(path))


def read_package(root: Path, suffix: str) -> dict[str, Module]:
    """Reads the modules of the package at `root`, by dotted name relative to it."""
    return {
        _module_name(path.relative_to(root)): _read_module(path)
        for path in sorted(root.rglob(f"*{suffix}"))
    }


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read_module(path: Path) -> Module:
    module = Module(path)
    for statement in _flatten(parse(path).body):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                _add_function(module.definitions, statement, skip_first=False)
            case ast.ClassDef():
                module.definitions[statement.name] = _read_class(statement)
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                module.stars.append(statement.module or "")
            case ast.Import() | ast.ImportFrom():
                module.exports |= {
                    alias.asname or alias.name
                    for alias in statement.names
                    if path.suffix == ".py" or alias.asname is not None
                }
            case _:
                for name, value in _assigned(statement):
                    if name == "__all__" and isinstance(value, ast.List | ast.Tuple):
                        module.all = [str(ast.literal_eval(item)) for item in value.elts]
                    else:
                        module.definitions.setdefault(name, None)
    return module


def _flatten(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of `body` and of the branches in it, which are all taken."""
    for statement in body:
        match statement:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.If():
                yield from _flatten(statement.body)
                yield from _flatten(statement.orelse)
            case ast.Try():
                yield from _flatten(statement.body)
                yield from _flatten(statement.orelse)
            case ast.With():
                yield from _flatten(statement.body)
            case _:
                yield statement


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    value: ast.expr | None
    match statement:
        case ast.Assign():
            targets, value = statement.targets, statement.value
        case ast.AnnAssign():
            targets, value = [statement.target], statement.value
        case _:
            return
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id, value


def _read_class(node: ast.ClassDef) -> Class:
    result = Class(bases=[_base_name(base) for base in node.bases])
    for statement in _flatten(node.body):
        if isinstance(statement, _Function):
            if _is_property(statement):
                result.members.setdefault(statement.name, None)
            else:
                is_static = "staticmethod" in _decorators(statement)
                _add_function(result.members, statement, skip_first=not is_static)
            if statement.name == "__init__":
                for name in _instance_attributes(statement):
                    result.members.setdefault(name, None)
        else:
            for name, value in _assigned(statement):
                alias = result.members.get(value.id) if isinstance(value, ast.Name) else None
                result.members.setdefault(name, alias)
    return result


def _base_name(base: ast.expr) -> str:
    node = base.value if isinstance(base, ast.Subscript) else base
    return ast.unparse(node).rsplit(".", 1)[-1]


def _decorators(function: _Function) -> list[str]:
    return [ast.unparse(it).split("(")[0] for it in function.decorator_list]


def _is_property(function: _Function) -> bool:
    return any(
        name == "property"
        or name == "proxy_property"
        or name.endswith((".setter", ".deleter", ".getter"))
        for name in _decorators(function)
    )


def _instance_attributes(init: _Function) -> Iterator[str]:
    """The attributes that `__init__` gives to `self`."""
    for node in ast.walk(init):
        match node:
            case ast.Assign():
                targets = node.targets
            case ast.AnnAssign():
                targets = [node.target]
            case _:
                continue
        for target in targets:
            match target:
                case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                    yield attr


def _add_function(
    scope: dict[str, Callable | None] | dict[str, Callable | Class | None],
    function: _Function,
    *,
    skip_first: bool,
) -> None:
    decorators = _decorators(function)
    is_overload = "overload" in decorators or "typing.overload" in decorators
    known = scope.get(function.name)
    signature = _signature(function.args, skip_first=skip_first)
    if isinstance(known, Callable) and is_overload:
        known.signatures.append(signature)
    else:
        # In a source, the implementation follows its overloads and replaces them.
        scope[function.name] = Callable([signature])


def _signature(arguments: ast.arguments, *, skip_first: bool) -> list[Parameter]:
    positional = [(it.arg, "positional-only") for it in arguments.posonlyargs]
    positional += [(it.arg, "positional") for it in arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    result = [
        Parameter(name, kind, index >= first_default)
        for index, (name, kind) in enumerate(positional)
    ]
    if skip_first:
        result = result[1:]
    if arguments.vararg:
        result.append(Parameter(arguments.vararg.arg, "variadic", False))
    result += [
        Parameter(it.arg, "keyword-only", default is not None)
        for it, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        result.append(Parameter(arguments.kwarg.arg, "keywords", False))
    return result


@dataclass
class Comparison:
    """Collects the differences between the stubs of a package and its sources.

    Attributes:
        package: The dotted name that differences begin with.
        exceptions: Patterns of the names that may differ, each with the reason.
        is_partial: Whether a stub may leave out what its `__getattr__` stands for.
    """

    package: str
    exceptions: dict[str, str]
    is_partial: bool = False
    differences: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def run(self, stubs: dict[str, Module], sources: dict[str, Module]) -> list[str]:
        """Returns the differences, one a line."""
        for name in sorted(stubs.keys() - sources.keys()):
            self._report(self._join(name), "is no module of the package")
        for name, source in sorted(sources.items()):
            stub = stubs.get(name)
            if stub is not None:
                self._compare_modules(self._join(name), stub, source, stubs)
            elif not self.is_partial:
                self._report(self._join(name), "has no stub")
        return self.differences

    def _join(self, module: str) -> str:
        return f"{self.package}.{module}" if module else self.package

    def _report(self, name: str, problem: str) -> None:
        for pattern in self.exceptions:
            if fnmatchcase(name, pattern):
                self.used.add(pattern)
                return
        self.differences.append(f"{name} {problem}")

    def _compare_modules(
        self, name: str, stub: Module, source: Module, stubs: dict[str, Module]
    ) -> None:
        if self.is_partial and "__getattr__" not in stub.definitions:
            self._report(name, "replaces the module and has no __getattr__")
        for public in source.all or ():
            if not stub.has(public) and not self.is_partial and not stub.stars:
                self._report(f"{name}.{public}", "is in __all__ and not in the stub")
        for member, definition in sorted(source.definitions.items()):
            if member.startswith("_"):
                continue
            declared = stub.definitions.get(member)
            full = f"{name}.{member}"
            if not stub.has(member):
                if not self.is_partial:
                    self._report(full, "is missing")
            elif isinstance(definition, Callable) and isinstance(declared, Callable):
                self._compare_functions(full, declared, definition)
            elif isinstance(definition, Class) and isinstance(declared, Class):
                self._compare_classes(full, declared, definition, stubs)
        for member in sorted(stub.definitions.keys() - source.definitions.keys()):
            if not member.startswith("_") and member not in source.exports:
                self._report(f"{name}.{member}", "is in the stub only")

    def _compare_classes(
        self, name: str, stub: Class, source: Class, stubs: dict[str, Module]
    ) -> None:
        inherited = _inherited(stub, stubs)
        for member, definition in sorted(source.members.items()):
            is_special = member.startswith("__") and member.endswith("__")
            if (member.startswith("_") and not is_special) or member in _OF_OBJECT:
                continue
            full = f"{name}.{member}"
            declared = stub.members.get(member)
            if member not in stub.members:
                if member not in inherited and "__getattr__" not in stub.members:
                    self._report(full, "is missing")
            elif isinstance(definition, Callable) and isinstance(declared, Callable):
                self._compare_functions(full, declared, definition)
        for member in sorted(stub.members.keys() - source.members.keys()):
            if not member.startswith("_") and not self.is_partial:
                self._report(f"{name}.{member}", "is in the stub only")

    def _compare_functions(self, name: str, stub: Callable, source: Callable) -> None:
        expected = source.signatures[-1]
        if len(stub.signatures) == 1:
            if stub.signatures[0] != expected:
                self._report(name, _describe(stub.signatures[0], expected))
            return
        known = {it.name: it for it in expected}
        seen: dict[str, bool] = {}
        for signature in stub.signatures:
            for parameter in signature:
                actual = known.get(parameter.name)
                if actual is None:
                    self._report(f"{name}.{parameter.name}", "is a parameter of an overload only")
                elif actual.kind != parameter.kind and not _narrows(actual, parameter):
                    self._report(f"{name}.{parameter.name}", f"is {actual.kind}")
                elif parameter.has_default and not actual.has_default:
                    self._report(f"{name}.{parameter.name}", "has no default")
                seen[parameter.name] = seen.get(parameter.name, False) or parameter.has_default
        for parameter in expected:
            if parameter.name not in seen:
                self._report(f"{name}.{parameter.name}", "is a parameter of no overload")
            elif parameter.has_default and not seen[parameter.name]:
                self._report(f"{name}.{parameter.name}", "has a default in no overload")


# Methods that every class has, and whose signature is fixed.
_OF_OBJECT = {
    "__class__",
    "__class_getitem__",
    "__del__",
    "__delattr__",
    "__dict__",
    "__dir__",
    "__doc__",
    "__eq__",
    "__getattribute__",
    "__hash__",
    "__module__",
    "__ne__",
    "__reduce__",
    "__reduce_ex__",
    "__repr__",
    "__setattr__",
    "__slots__",
    "__str__",
}


def _narrows(source: Parameter, overload: Parameter) -> bool:
    """Whether an overload asks for a keyword where a position would do, too."""
    return source.kind == "positional" and overload.kind == "keyword-only"


def _inherited(stub: Class, stubs: dict[str, Module]) -> set[str]:
    """The members of the bases of a class that are declared in the same package."""
    classes = {
        name: definition
        for module in stubs.values()
        for name, definition in module.definitions.items()
        if isinstance(definition, Class)
    }
    members: set[str] = set()
    pending = list(stub.bases)
    visited: set[str] = set()
    while pending:
        name = pending.pop()
        if name in visited or name not in classes:
            continue
        visited.add(name)
        members |= classes[name].members.keys()
        pending += classes[name].bases
    return members


def _describe(stub: list[Parameter], source: list[Parameter]) -> str:
    missing = [str(it) for it in source if it not in stub]
    extra = [str(it) for it in stub if it not in source]
    if not missing and not extra:
        return "has its parameters in another order"
    parts = []
    if missing:
        parts.append(f"takes {', '.join(missing)}")
    if extra:
        parts.append(f"does not take {', '.join(extra)}")
    return " and ".join(parts)


def exports(stubs: dict[str, Module], module: str) -> set[str]:
    """The public names that can be imported from a module of stubs."""
    stub = stubs[module]
    return {name for name in {*stub.definitions, *stub.exports} if not name.startswith("_")}

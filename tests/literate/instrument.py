"""Puts the claims of a page into its code, as calls of a recorder."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from page import Marker, Ops, PageError

#: Name under which instrumented code finds the recorder in its globals.
RECORDER = "__proof__"


def instrument(source: str, markers: Sequence[Marker], ops: Sequence[Ops]) -> ast.Module:
    """Adds the recorder's calls to a program.

    Args:
        source: The program's text.
        markers: Claims about lines; those about other programs are ignored.
        ops: Operation counts that hold between the module-level statements around their lines.

    Returns:
        A tree whose line numbers are those of `source`.

    Raises:
        PageError: If a claim is about a line where it cannot be checked.
    """
    tree = _with_claims(ast.parse(source), markers)
    tree.body = [_top_level(it) for it in tree.body]
    for it in reversed(ops):
        place = sum(stmt.lineno < it.line for stmt in tree.body)
        counts = _expression(repr(it.counts), it.line)
        call = _call("ops", ast.Constant(it.line), counts)
        tree.body.insert(place, ast.copy_location(ast.Expr(call), counts))
    return ast.fix_missing_locations(tree)


def instrument_definitions(source: str, markers: Sequence[Marker]) -> ast.Module:
    """The part of a program that the processes it starts must have: imports, functions, classes, constants.

    A script keeps the rest under `if __name__ == '__main__'`, so that those processes do not run it
    again. Pages need no such line.
    """
    tree = ast.parse(source)
    typing_names = {
        alias.asname or alias.name
        for stmt in tree.body
        if isinstance(stmt, ast.ImportFrom) and stmt.module in {"typing", "typing_extensions"}
        for alias in stmt.names
    }
    tree.body = [it for it in tree.body if _is_definition(it, typing_names)]
    return ast.fix_missing_locations(_with_claims(tree, markers))


def statements_of_lines(source: str) -> dict[int, tuple[int, int]]:
    """The innermost statement of each line of code, as its first and last line."""
    owners = dict(_owners(ast.parse(source).body))
    return {line: (it.lineno, it.end_lineno or it.lineno) for line, it in owners.items()}


def _with_claims(tree: ast.Module, markers: Sequence[Marker]) -> ast.Module:
    claims: defaultdict[ast.stmt, list[Marker]] = defaultdict(list)
    owners = dict(_owners(tree.body))
    for marker in markers:
        owner = owners.get(marker.line)
        if owner is not None:
            claims[owner].append(marker)
    _Instrumenter(claims).visit(tree)
    return tree


def _is_definition(stmt: ast.stmt, typing_names: set[str]) -> bool:
    if isinstance(stmt, ast.Assign | ast.AnnAssign):
        # `T = TypeVar("T")` defines; any other call may act.
        calls = [it for it in ast.walk(stmt) if isinstance(it, ast.Call | ast.Await)]
        return all(
            isinstance(it, ast.Call)
            and isinstance(it.func, ast.Name)
            and it.func.id in typing_names
            for it in calls
        )
    return isinstance(
        stmt,
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    )


def _owners(body: Sequence[ast.stmt]) -> Iterator[tuple[int, ast.stmt]]:
    """The innermost statement of each line; the last one wins when the pairs make a dictionary."""
    for stmt in body:
        decorators = getattr(stmt, "decorator_list", [])
        first = min([stmt.lineno, *(it.lineno for it in decorators)])
        for line in range(first, (stmt.end_lineno or stmt.lineno) + 1):
            yield line, stmt
        for child in _bodies(stmt):
            yield from _owners(child)


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for _, value in ast.iter_fields(node):
        if not isinstance(value, list) or not value:
            continue
        if isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value[0], ast.ExceptHandler | ast.match_case):
            for it in value:
                yield from _bodies(it)


class _Instrumenter(ast.NodeTransformer):
    def __init__(self, claims: dict[ast.stmt, list[Marker]]) -> None:
        self.claims = claims

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        markers = self.claims.get(node, []) if isinstance(node, ast.stmt) else []
        if not markers:
            return node
        assert isinstance(node, ast.stmt)
        for marker in markers:
            if marker.kind == "observed":
                _observe(node, marker)
        watched = ast.List([_watched(it) for it in markers], ast.Load())
        return _guarded(node, _call("watch", watched))


def _observe(stmt: ast.stmt, marker: Marker) -> None:
    for name in ("value", "test"):
        value = getattr(stmt, name, None)
        if isinstance(value, ast.expr) and not isinstance(stmt, ast.AugAssign):
            arguments = (ast.Constant(marker.line), ast.Constant(marker.text), value)
            setattr(stmt, name, ast.copy_location(_call("observed", *arguments), value))
            return
    raise PageError(
        marker.line,
        "this line has no value to observe: no expression, assignment, `return` or condition",
    )


def _watched(marker: Marker) -> ast.expr:
    subject: ast.expr = ast.Constant(None)
    if marker.kind == "resolves":
        subject = _expression(marker.text, marker.line)
    elements = [
        ast.Constant(marker.kind),
        ast.Constant(marker.line),
        ast.Constant(marker.text),
        subject,
    ]
    return ast.Tuple(elements, ast.Load())


def _top_level(stmt: ast.stmt) -> ast.stmt:
    """Lets the page go on after a statement that ended with an exception that it claims."""
    is_passive = isinstance(
        stmt,
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    )
    if is_passive or (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)):
        return stmt
    return _guarded(stmt, _call("statement", ast.Constant(stmt.lineno)))


def _guarded(stmt: ast.stmt, manager: ast.expr) -> ast.stmt:
    return ast.copy_location(ast.With([ast.withitem(manager)], [stmt]), stmt)


def _call(method: str, *arguments: ast.expr) -> ast.Call:
    function = ast.Attribute(ast.Name(RECORDER, ast.Load()), method, ast.Load())
    return ast.Call(function, list(arguments), [])


def _expression(text: str, line: int) -> ast.expr:
    expression = ast.parse(text, mode="eval").body
    ast.increment_lineno(expression, line - 1)
    return expression

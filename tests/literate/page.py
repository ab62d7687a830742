"""What a literate rule page says: its sections, their code, and the claims that the code makes.

The grammar is described in `fixtures/rules/README.md`.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

MarkerKind: TypeAlias = Literal["error", "observed", "raises", "resolves"]

#: Connector operations that an `ops` block can count.
COUNTERS = ("put", "get", "evict", "leaked", "bytes")

#: Packages that pages can be run with; the first one is what they import.
PACKAGES = ("proxystore", "proxyrt")

#: Kinds that only the static harness reads.
_STATIC_KINDS = ("revealed", "snapshot")

_KINDS: tuple[str, ...] = (*get_args(MarkerKind), *_STATIC_KINDS)
_MARKER = re.compile(rf"({'|'.join(_KINDS)})(?::\s*(.*))?$")
_RAISES = re.compile(r'([\w.]+)(?:\s+"(.*)")?$')
_FENCE = re.compile(r"(`{3,})\s*(\w*)\s*$")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*$")
_FILE_NAME = re.compile(r"`([\w/]+\.pyi?)`:$")
_UNPROVEN = re.compile(r"<!--\s*unproven\b:?\s*(.*?)\s*-->$")
_COUNT = re.compile(r"(\w+)=(\d+)$")


class PageError(Exception):
    """A page that cannot be read.

    Args:
        line: Line of the page, from 1.
        message: What is wrong there and what to write instead.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(line, message)
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Marker:
    """A claim about one line of code.

    Attributes:
        kind: What is claimed.
        text: What follows the colon.
        line: Line of the page that the claim is about, from 1. A marker on a
            line of its own is about the next line of code.
    """

    kind: MarkerKind
    text: str
    line: int

    def raised(self) -> tuple[str, str]:
        """Name of the exception that a `raises` marker names, and the text it must contain."""
        match = _RAISES.match(self.text)
        assert match is not None, "checked when the page was read"
        return match[1], match[2] or ""


@dataclass(frozen=True)
class Ops:
    """Counts of connector operations that a page states.

    Attributes:
        line: First line of the block's content.
        counts: Expected number for each counter that the block names.
    """

    line: int
    counts: dict[str, int]


@dataclass(frozen=True)
class Unproven:
    """A reason for the `# error` lines of one code block to have no proof."""

    line: int
    reason: str
    block: range


@dataclass(frozen=True)
class Settings:
    """The `[proof]` table of a page.

    Attributes:
        dask: Whether to start a Dask cluster for the section.
        timeout: Seconds after which the section is given up.
        packages: Packages whose proxies behave as the section says.
    """

    dask: bool = False
    timeout: float = 30.0
    packages: tuple[str, ...] = PACKAGES


@dataclass
class Section:
    """A heading and the program under it.

    Attributes:
        title: Text of the heading, empty for what precedes the first one.
        line: Line of the heading.
        settings: Settings that hold in this section.
        sources: Code by file name; the empty name is the program itself. Everything else of the page
            is blank there, so that line numbers are those of the page.
        markers: Claims, in the order of their lines.
        ops: Stated operation counts, in the order of their lines.
        unproven: Reasons for missing proofs.
    """

    title: str
    line: int
    settings: Settings
    sources: dict[str, str] = field(default_factory=dict)
    markers: list[Marker] = field(default_factory=list)
    ops: list[Ops] = field(default_factory=list)
    unproven: list[Unproven] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A literate rule page."""

    path: Path
    sections: list[Section]


@dataclass(frozen=True)
class _Block:
    language: str
    name: str
    lines: list[str]
    start: int
    """Line of the page that holds `lines[0]`."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def span(self) -> range:
        return range(self.start, self.start + len(self.lines))


@dataclass(frozen=True)
class _Heading:
    level: int
    title: str
    line: int


@dataclass(frozen=True)
class _Comment:
    reason: str
    line: int


def read_page(path: Path) -> Page:
    """Reads a page.

    Args:
        path: A Markdown file.

    Returns:
        The page with those of its sections that hold code.

    Raises:
        PageError: If the page breaks the grammar.
        OSError: If the file cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    length = text.count("\n") + 1
    sections = [Section("", 1, Settings())]
    # Settings hold for a section and its subsections.
    scopes: list[tuple[int, Settings]] = [(1, Settings())]
    pending: _Comment | None = None

    for item in _items(text):
        match item:
            case _Heading(level, title, line):
                _refuse_dangling(pending)
                pending = None
                if level > 1:
                    while scopes[-1][0] >= level:
                        scopes.pop()
                    scopes.append((level, scopes[-1][1]))
                    sections.append(Section(title, line, scopes[-1][1]))
            case _Comment():
                _refuse_dangling(pending)
                if not item.reason:
                    raise PageError(item.line, "`unproven` needs a reason: `<!-- unproven: … -->`")
                pending = item
            case _Block():
                section = sections[-1]
                if item.language == "py":
                    _add_code(section, item, length)
                    if pending is not None:
                        section.unproven.append(Unproven(pending.line, pending.reason, item.span))
                        pending = None
                elif item.language == "ops":
                    section.ops.append(_ops(item))
                elif item.language == "toml":
                    settings = _settings(item, scopes[-1][1])
                    scopes[-1] = (scopes[-1][0], settings)
                    section.settings = settings
    _refuse_dangling(pending)

    for section in sections:
        for source in section.sources.values():
            section.markers.extend(_markers(source))
        section.markers.sort(key=lambda it: it.line)
    return Page(path, [it for it in sections if it.sources or it.ops])


def _refuse_dangling(pending: _Comment | None) -> None:
    if pending is not None:
        raise PageError(
            pending.line,
            "`unproven` is about the code block after it, and there is none",
        )


def _items(text: str) -> Iterator[_Block | _Heading | _Comment]:
    lines = text.splitlines()
    previous = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if fence := _FENCE.match(line):
            start = number
            closing = re.compile(rf"`{{{len(fence[1])},}}\s*$")
            while number < len(lines) and not closing.match(lines[number]):
                number += 1
            if number == len(lines):
                raise PageError(start, "this code block is not closed")
            name = _FILE_NAME.match(previous)
            yield _Block(fence[2], name[1] if name else "", lines[start:number], start + 1)
            number += 1
        elif heading := _HEADING.match(line):
            yield _Heading(len(heading[1]), heading[2], number)
        elif comment := _UNPROVEN.match(line):
            yield _Comment(comment[1], number)
        previous = line if line.strip() else previous


def _add_code(section: Section, block: _Block, length: int) -> None:
    if block.name.endswith(".pyi"):
        return
    lines = section.sources.get(block.name, "\n" * length).split("\n")
    lines[block.start - 1 : block.start - 1 + len(block.lines)] = block.lines
    section.sources[block.name] = "\n".join(lines)


def _ops(block: _Block) -> Ops:
    counts: dict[str, int] = {}
    for offset, line in enumerate(block.lines):
        for word in line.split():
            count = _COUNT.match(word)
            if count is None or count[1] not in COUNTERS:
                known = ", ".join(COUNTERS)
                raise PageError(
                    block.start + offset,
                    f"`{word}` is not a count: write `NAME=NUMBER` with one of {known}",
                )
            counts[count[1]] = int(count[2])
    if not counts:
        raise PageError(block.start - 1, "this `ops` block states nothing")
    return Ops(block.start, counts)


def _settings(block: _Block, inherited: Settings) -> Settings:
    try:
        table = tomllib.loads(block.text).get("proof", {})
    except tomllib.TOMLDecodeError as error:
        raise PageError(block.start, f"invalid TOML: {error}") from None
    settings = inherited
    for key, value in table.items():
        match key, value:
            case "dask", bool():
                settings = replace(settings, dask=value)
            case "timeout", int() | float() if value > 0:
                settings = replace(settings, timeout=float(value))
            case "packages", [*names] if names and set(names) <= set(PACKAGES):
                settings = replace(settings, packages=tuple(names))
            case (("dask" | "timeout" | "packages"), _):
                message = f"`{key}` in `[proof]` must be {_EXPECTED_SETTINGS[key]}"
                raise PageError(block.start, message)
            case _:
                known = ", ".join(f"`{it}`" for it in _EXPECTED_SETTINGS)
                message = f"unknown key `{key}` in `[proof]`: it has {known}"
                raise PageError(block.start, message)
    return settings


_EXPECTED_SETTINGS = {
    "dask": "true or false",
    "timeout": "a number of seconds",
    "packages": f"a list of {' and '.join(PACKAGES)}",
}


def _markers(source: str) -> Iterator[Marker]:
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise PageError(error.lineno or 1, f"invalid Python: {error.msg}") from None
    ahead: list[Marker] = []
    code_line = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            found = list(_markers_of_comment(token.string, line))
            if line == code_line:
                yield from found
            else:
                ahead.extend(found)
        elif token.type not in _LAYOUT:
            # A string may end on a later line than the one it starts on.
            code_line = token.end[0]
            yield from (Marker(it.kind, it.text, line) for it in ahead)
            ahead.clear()
    if ahead:
        raise PageError(
            ahead[0].line,
            f"`{ahead[0].kind}` is about the line of code after it, and there is none",
        )


_LAYOUT = frozenset(
    {
        tokenize.NEWLINE,
        tokenize.NL,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.COMMENT,
    },
)


def _markers_of_comment(comment: str, line: int) -> Iterator[Marker]:
    for part in re.split(r"(?:^|\s+)#\s*", comment):
        if not part:
            continue
        match = _MARKER.match(part)
        if match is None:
            _refuse_misspelling(part, line)
            continue
        kind, text = match[1], (match[2] or "").strip()
        if kind in _STATIC_KINDS:
            continue
        if kind == "raises" and not _RAISES.match(text):
            raise PageError(
                line,
                f'`raises: {text}` must be an exception and a text: `raises: TypeError "text"`',
            )
        if kind == "observed" and not text:
            raise PageError(line, "`observed` needs the `repr` of the value")
        if kind == "resolves" and not _is_expression(text):
            raise PageError(line, "`resolves` needs the expression that gives the proxy")
        yield Marker(cast(MarkerKind, kind), text, line)


def _refuse_misspelling(part: str, line: int) -> None:
    word = re.match(r"(\w+):", part)
    if word is None:
        return
    close = difflib.get_close_matches(word[1], _KINDS, n=1, cutoff=0.75)
    if close:
        raise PageError(line, f"unknown marker `{word[1]}`: did you mean `{close[0]}`?")


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True

"""Runs literate rule pages and checks what they claim about run time.

A page documents a rule, tests the checker, and proves at run time that the rule's harm is real. This is
the proof. `fixtures/rules/README.md` describes the markers.

    python tests/literate/proof.py fixtures/rules

Each section of a page is a program; it runs in a process of its own, in an empty directory. Exit code 0
means that every claim holds, 1 that some do not, 2 that there was nothing to check.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from instrument import instrument, statements_of_lines
from page import PACKAGES, Page, PageError, Section, read_page
from program import EVENTS
from recorder import Log

_PROGRAM = Path(__file__).with_name("program.py")


@dataclass
class Verdict:
    """What is known about one section after its run.

    Attributes:
        failures: Claims that do not hold, by line.
        proved: How many `# error` lines are proved.
        unproven: Reasons given for those that are not, by line.
    """

    failures: list[tuple[int, str]] = field(default_factory=list)
    proved: int = 0
    unproven: list[tuple[int, str]] = field(default_factory=list)


def find_pages(paths: Iterable[Path]) -> list[Path]:
    """The pages among files and, with the exception of `README.md`, in folders.

    Raises:
        FileNotFoundError: If a path does not exist.
    """
    pages: list[Path] = []
    for path in paths:
        if path.is_dir():
            pages.extend(sorted(it for it in path.glob("*.md") if it.name != "README.md"))
        elif path.exists():
            pages.append(path)
        else:
            raise FileNotFoundError(f"{path}: no such file or folder")
    return pages


def load_page(path: Path) -> Page:
    """Reads a page and makes sure that its claims can be checked where they stand.

    Raises:
        PageError: If the page breaks the grammar.
        OSError: If the file cannot be read.
    """
    page = read_page(path)
    for section in page.sections:
        for source in section.sources.values():
            instrument(source, section.markers, section.ops)
    return page


def prove(page: Page, index: int, package: str = PACKAGES[0]) -> Verdict:
    """Runs one section of a page.

    Args:
        page: The page.
        index: Number of the section in `page.sections`.
        package: What stands for ProxyStore.

    Returns:
        What its claims are worth.
    """
    section = page.sections[index]
    with tempfile.TemporaryDirectory(prefix="proof-") as directory:
        command = [
            sys.executable,
            str(_PROGRAM),
            str(page.path.absolute()),
            str(index),
            package,
            directory,
        ]
        end, stderr = _run(command, directory, section.settings.timeout)
        events = Log(Path(directory) / EVENTS).read()
    verdict = _judge(section, events)
    if not any(it["event"] in {"finished", "crashed"} for it in events):
        line = max([section.line, *(it["line"] for it in events if it["event"] == "statement")])
        verdict.failures.append((line, f"{end}{_last_line(stderr)}"))
    elif end != "exited with status 0":
        verdict.failures.append(
            (
                section.line,
                f"the section ran to its end, then it {end}{_last_line(stderr)}",
            )
        )
    verdict.failures.sort()
    return verdict


def _run(command: Sequence[str], directory: str, timeout: float) -> tuple[str, str]:
    """Runs a command in a process group of its own, and says how it ended and what it wrote to stderr."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        _, stderr = process.communicate()
        return f"did not end within {timeout:g} s", stderr
    return f"exited with status {process.returncode}", stderr


def _last_line(text: str) -> str:
    lines = [it for it in text.splitlines() if it.strip()]
    return f": {lines[-1]}" if lines else ""


_Claim: TypeAlias = tuple[int, str]
"""Line and kind of a marker."""


class _Events:
    """What the run of a section wrote down."""

    def __init__(self, events: Sequence[dict[str, Any]]) -> None:
        def claims(event: str) -> set[_Claim]:
            return {(it["line"], it["kind"]) for it in events if it["event"] == event}

        def reasons(*kinds: str) -> set[tuple[int, str]]:
            return {(it["line"], it["reason"]) for it in events if it["event"] in kinds}

        self.reached = claims("reached")
        self.failed = claims("failed")
        self.proved = claims("proved") - self.failed
        self.unmet = dict(reasons("unmet"))
        # A claim in a loop fails once.
        self.failures = sorted(reasons("failed", "crashed"))
        self.has_finished = any(it["event"] == "finished" for it in events)
        #: Lines about which an `ops` block says something, and whether it is right.
        self.counted = [
            (range(it["since"] + 1, it["line"]), it["right"])
            for it in events
            if it["event"] == "counted"
        ]


def _judge(section: Section, records: Sequence[dict[str, Any]]) -> Verdict:
    events = _Events(records)
    verdict = Verdict(failures=list(events.failures))
    for marker in section.markers:
        claim = (marker.line, marker.kind)
        if marker.kind == "error" or claim in events.proved | events.failed:
            continue
        if marker.line in events.unmet:
            reason = events.unmet[marker.line]
        elif claim in events.reached:
            reason = f"expected {marker.text}, nothing was raised"
        elif events.has_finished:
            reason = f"`{marker.kind}`: this line never ran"
        else:
            continue
        verdict.failures.append((marker.line, reason))
    if events.has_finished:
        _judge_errors(section, events, verdict)
    return verdict


def _judge_errors(section: Section, events: _Events, verdict: Verdict) -> None:
    """Holds each `# error` line against what the run showed."""
    statements: dict[int, tuple[int, int]] = {}
    for source in section.sources.values():
        statements.update(statements_of_lines(source))
    claims: defaultdict[tuple[int, int], list[bool]] = defaultdict(list)
    for it in section.markers:
        if it.kind != "error":
            is_right = (it.line, it.kind) in events.proved
            claims[statements[it.line]].append(is_right)
    used: set[int] = set()
    for line in sorted({it.line for it in section.markers if it.kind == "error"}):
        evidence = list(claims[statements[line]])
        if (line, "error") in events.reached:
            evidence += [right for lines, right in events.counted if line in lines]
        excuse = next((it for it in section.unproven if line in it.block), None)
        if evidence:
            # What is wrong about it has been reported.
            verdict.proved += all(evidence)
        elif excuse is not None:
            used.add(excuse.line)
            verdict.unproven.append((line, excuse.reason))
        else:
            reason = "unproven: nothing shows the harm of this `# error` at run time"
            verdict.failures.append((line, reason))
    for comment in section.unproven:
        if comment.line not in used:
            reason = "stale `unproven`: every `# error` of its block is proved"
            verdict.failures.append((comment.line, reason))


@dataclass
class Summary:
    """What is known about all pages.

    Attributes:
        notes: What the reader should know, one line each.
        failures: What is wrong, one line each.
        sections: How many sections ran.
        proved: How many `# error` lines are proved.
        unproven: How many are left unproven for a reason.
    """

    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    sections: int = 0
    proved: int = 0
    unproven: int = 0


def prove_pages(paths: Sequence[Path], package: str, jobs: int) -> Summary:
    """Runs pages.

    Args:
        paths: Files that hold pages.
        package: What stands for ProxyStore.
        jobs: How many sections run at a time.
    """
    summary = Summary()
    pages: list[Page] = []
    for path in paths:
        try:
            pages.append(load_page(path))
        except PageError as error:
            summary.failures.append(f"{path}:{error.line}: {error.message}")
        except (OSError, UnicodeDecodeError) as error:
            summary.failures.append(f"{path}: cannot be read: {error}")
    with ThreadPoolExecutor(jobs) as pool:
        runs = [(page, _submit(pool, page, package, summary)) for page in pages]
        for page, verdicts in runs:
            _add(summary, page, [it.result() for it in verdicts])
    return summary


def _submit(pool: Executor, page: Page, package: str, summary: Summary) -> list[Future[Verdict]]:
    verdicts = []
    for index, section in enumerate(page.sections):
        if package in section.settings.packages:
            verdicts.append(pool.submit(prove, page, index, package))
        else:
            text = f"`{section.title}` does not apply to {package}"
            summary.notes.append(f"{page.path}:{section.line}: {text}")
    return verdicts


def _add(summary: Summary, page: Page, verdicts: Sequence[Verdict]) -> None:
    markers = [it for section in page.sections for it in section.markers]
    if not any(it.kind == "error" for it in markers):
        text = "the page marks no `# error`, so it shows no harm"
        summary.failures.append(f"{page.path}:1: {text}")
    for verdict in verdicts:
        summary.sections += 1
        summary.proved += verdict.proved
        summary.unproven += len(verdict.unproven)
        for line, text in verdict.failures:
            summary.failures.append(f"{page.path}:{line}: {text}")
        for line, reason in verdict.unproven:
            summary.notes.append(f"{page.path}:{line}: left unproven: {reason}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line.

    Args:
        arguments: Arguments without the program's name; those of the process if not given.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        description="Check what literate rule pages claim about run time."
    )
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a page, or a folder of pages",
    )
    parser.add_argument(
        "--package",
        choices=PACKAGES,
        default=PACKAGES[0],
        help="run the pages with this package in the place of proxystore",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count(),
        metavar="N",
        help="sections to run at a time",
    )
    options = parser.parse_args(arguments)
    try:
        paths = find_pages(options.paths)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    if not paths:
        print("no pages in", *options.paths, file=sys.stderr)
        return 2
    if importlib.util.find_spec(options.package) is None:
        print(f"{options.package} is not installed for {sys.executable}", file=sys.stderr)
        return 2

    summary = prove_pages(paths, options.package, max(options.jobs, 1))
    for line in [*summary.notes, *summary.failures]:
        print(line)
    print(
        f"{len(paths)} pages, {summary.sections} sections, {summary.proved} errors proved, "
        f"{summary.unproven} left unproven, {len(summary.failures)} failures"
    )
    return 1 if summary.failures else 0


if __name__ == "__main__":
    sys.exit(main())

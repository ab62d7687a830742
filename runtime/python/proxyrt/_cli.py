"""The command ``proxyrt``: what is stored on this machine, and what of it nobody needs."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import errno
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote

_LEFT = re.compile(r".+\.(?P<pid>\d+)-\d+\.part")
"""What a file is named while it is being written; a writer that was killed leaves it."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

OK, FAILED, MISUSED = 0, 1, 2


@dataclasses.dataclass
class Place:
    """Where objects lie.

    Attributes:
        kind: ``"shared memory"`` or ``"files"``.
        name: The namespace, or the folder.
        path: The folder.
        objects: How many objects there are.
        bytes: How many bytes they have altogether.
        users: The processes that use a namespace, as far as they are known.
        in_use: Whether any process uses it. Nobody knows who uses a folder.
        reclaimable: What ``gc`` would remove.
        reclaimable_bytes: How many bytes that are.
        spare_bytes: How much memory of evicted objects is kept to be used again.
    """

    kind: str
    name: str
    path: str
    objects: int = 0
    bytes: int = 0
    users: list[int] = dataclasses.field(default_factory=list)
    in_use: bool = True
    reclaimable: list[str] = dataclasses.field(default_factory=list)
    reclaimable_bytes: int = 0
    spare_bytes: int = 0

    def add(self, path: str, size: int, *, reclaimable: bool, is_object: bool) -> None:
        """Count a file."""
        if is_object:
            self.objects += 1
            self.bytes += size
        if reclaimable:
            self.reclaimable.append(path)
            self.reclaimable_bytes += size


class Problem(Exception):
    """What the user is told instead of a result."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    That is 0 if all went well, 1 if something could not be read or removed, and 2 if the
    arguments make no sense.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options, sys.stdout)
    except Problem as problem:
        print(f"proxyrt: {problem}", file=sys.stderr)
        return MISUSED
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing is to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="proxyrt", description="Objects that proxyrt stores on this machine."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("ls", _ls, "list what is stored, who uses it, and what gc would remove"),
        ("gc", _gc, "remove what belongs to processes that have ended"),
    ):
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(run=run)
        command.add_argument(
            "folders", nargs="*", metavar="FOLDER", help="a folder of a FileConnector"
        )
        command.add_argument(
            "--shm",
            metavar="FOLDER",
            help="the folder of shared memory [default: that of this user]",
        )
        command.add_argument(
            "--older-than",
            type=_duration,
            metavar="AGE",
            help="count objects of FOLDERs that have not changed for so long (such as 7d or 12h) "
            "as not needed",
        )
        command.add_argument(
            "--grace",
            type=_duration,
            default=3600.0,
            metavar="AGE",
            help="how long a half-written file of a FOLDER must not have changed to count as left "
            "behind [default: 1h]",
        )
        command.add_argument("--json", action="store_true", help="print JSON")
        if name == "gc":
            command.add_argument(
                "--dry-run", action="store_true", help="only tell what would be removed"
            )
    return parser


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: write it as 30s, 10m, 12h or 7d")
    return float(match[1]) * _UNITS[match[2]]


def _places(options: argparse.Namespace) -> list[Place]:
    places = list(_namespaces(options.shm))
    for folder in options.folders:
        places.append(_folder(folder, options))
    return places


def _namespaces(shm: str | None) -> Iterator[Place]:
    try:
        from proxyrt.connectors.shm import _default_root, is_in_use  # noqa: PLC0415  # POSIX only
    except ImportError:
        return
    root = _default_root() if shm is None else Path(shm)
    try:
        entries = sorted(entry for entry in root.iterdir() if entry.is_dir())
    except FileNotFoundError:
        if shm is not None:
            raise Problem(f"there is no folder {shm!r}") from None
        return
    except OSError as error:
        raise Problem(f"cannot read {str(root)!r}: {os.strerror(error.errno or 0)}") from None
    users = _lock_owners()
    for path in entries:
        in_use = is_in_use(path)
        if in_use is None:
            continue  # no namespace, or removed meanwhile
        place = Place("shared memory", _namespace(path.name), str(path), in_use=in_use)
        with contextlib.suppress(OSError):
            status = os.stat(path / ".lock")
            place.users = users.get(
                (os.major(status.st_dev), os.minor(status.st_dev), status.st_ino), []
            )
        for name, entry_path, size, _ in _files(path):
            left = _LEFT.fullmatch(name)
            abandoned = left is not None and not _is_alive(int(left["pid"]))
            place.add(
                entry_path,
                size,
                reclaimable=abandoned or not in_use,
                is_object=left is None,
            )
        place.spare_bytes = sum(size for _, _, size, _ in _files(path / ".spare"))
        if not in_use:
            place.reclaimable_bytes += place.spare_bytes
        yield place


def _namespace(folder: str) -> str:
    return f"({folder[1:9]}…)" if re.fullmatch("%[0-9a-f]{64}", folder) else unquote(folder)


def _folder(folder: str, options: argparse.Namespace) -> Place:
    if not os.path.isdir(folder):
        raise Problem(f"there is no folder {folder!r}")
    path = os.path.abspath(folder)
    place = Place("files", path, path)
    now = time.time()
    try:
        for name, entry_path, size, changed in _files(Path(path)):
            is_object = _LEFT.fullmatch(name) is None
            limit = options.older_than if is_object else options.grace
            old = limit is not None and now - changed > limit
            place.add(entry_path, size, reclaimable=old, is_object=is_object)
    except OSError as error:
        raise Problem(f"cannot read {folder!r}: {os.strerror(error.errno or 0)}") from None
    return place


def _files(path: Path) -> Iterator[tuple[str, str, int, float]]:
    """Return the name, the path, the size and the time of the last change of each object."""
    with contextlib.suppress(FileNotFoundError), os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            with contextlib.suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                    status = entry.stat(follow_symlinks=False)
                    yield entry.name, entry.path, status.st_size, status.st_mtime


def _lock_owners() -> dict[tuple[int, int, int], list[int]]:
    """Return the processes that hold a lock of each file, which Linux tells."""
    owners: dict[tuple[int, int, int], list[int]] = {}
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if words[1] == "FLOCK":
                major, minor, inode = words[5].split(":")
                device = int(major, 16), int(minor, 16), int(inode)
                pid = int(words[4])
                if _is_alive(pid):
                    owners.setdefault(device, []).append(pid)
    return owners


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError as error:
        return error.errno == errno.EPERM
    return pid > 0


def _ls(options: argparse.Namespace, output: TextIO) -> int:
    places = _places(options)
    if options.json:
        json.dump([dataclasses.asdict(place) for place in places], output, indent=2)
        print(file=output)
        return OK
    rows: list[tuple[str, ...]] = [("WHERE", "OBJECTS", "SIZE", "SPARE", "USED BY", "TO RECLAIM")]
    rows += [
        (
            f"{'memory' if place.kind == 'shared memory' else 'files'}: {_printable(place.name)}",
            str(place.objects),
            _size(place.bytes),
            _size(place.spare_bytes) if place.spare_bytes else "-",
            _users(place),
            _size(place.reclaimable_bytes) if place.reclaimable_bytes else "-",
        )
        for place in places
    ]
    if len(rows) == 1:
        print("nothing is stored in shared memory", file=output)
    else:
        _print_table(rows, output)
    if any(place.reclaimable or not place.in_use for place in places):
        arguments = " ".join(["proxyrt gc", *(_quote(folder) for folder in options.folders)])
        print(f"\n{arguments} reclaims what is not needed.", file=output)
    return OK


def _print_table(rows: list[tuple[str, ...]], output: TextIO) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numbers = {1, 2, 3, 5}
    for row in rows:
        cells = [
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip(), file=output)


def _printable(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


def _quote(text: str) -> str:
    import shlex  # noqa: PLC0415

    return shlex.quote(text)


def _users(place: Place) -> str:
    if place.kind == "files":
        return "?"
    if not place.in_use:
        return "nobody"
    if not place.users:
        return "a child of a process that has ended"
    return ", ".join(f"{pid}{_program(pid)}" for pid in place.users)


def _program(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
        words[0] = os.path.basename(words[0])
        line = _printable(" ".join(words).strip())
        if line:
            return f" ({line if len(line) <= 40 else line[:39] + '…'})"
    return ""


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _gc(options: argparse.Namespace, output: TextIO) -> int:
    removed: list[dict[str, Any]] = []
    failures: list[str] = []
    for place in _places(options):
        if not place.reclaimable and place.in_use:
            continue
        count, freed = len(place.reclaimable), place.reclaimable_bytes
        if not options.dry_run:
            count, freed = _remove(place, failures)
        if count or not place.in_use:
            removed.append(
                {"kind": place.kind, "name": place.name, "objects": count, "bytes": freed}
            )
    if options.json:
        json.dump({"removed": removed, "failures": failures}, output, indent=2)
        print(file=output)
    else:
        verb = "would remove" if options.dry_run else "removed"
        for item in removed:
            objects = "1 object" if item["objects"] == 1 else f"{item['objects']} objects"
            where = "namespace" if item["kind"] == "shared memory" else "folder"
            name = _printable(item["name"])
            print(f"{verb} {objects} ({_size(item['bytes'])}) of the {where} {name}", file=output)
        if not removed and not failures:
            print("there is nothing to reclaim", file=output)
    for failure in failures:
        print(f"proxyrt: {failure}", file=sys.stderr)
    return FAILED if failures else OK


def _remove(place: Place, failures: list[str]) -> tuple[int, int]:
    """Remove what is reclaimable; return how many files and bytes that were."""
    count = freed = 0
    if not place.in_use:
        from proxyrt.connectors.shm import _reclaim  # noqa: PLC0415  # POSIX only

        try:
            # Somebody may use it again by now.
            return (
                (len(place.reclaimable), place.reclaimable_bytes)
                if _reclaim(Path(place.path))
                else (0, 0)
            )
        except OSError as error:
            failures.append(f"cannot remove {place.path!r}: {os.strerror(error.errno or 0)}")
            return 0, 0
    for path in place.reclaimable:
        try:
            size = os.lstat(path).st_size
            os.remove(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            failures.append(f"cannot remove {path!r}: {os.strerror(error.errno or 0)}")
            continue
        count, freed = count + 1, freed + size
    return count, freed

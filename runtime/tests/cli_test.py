"""The command ``proxyrt``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxyrt._cli import main
from proxyrt.connectors.file import FileConnector
from proxyrt.connectors.shm import SharedMemoryConnector

HOLDER = """
import sys
from proxyrt.connectors.shm import SharedMemoryConnector
connector = SharedMemoryConnector(sys.argv[2], directory=sys.argv[1])
for size in (1000, 2_500_000):
    connector.put(bytes(size))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def shm(tmp_path: Path) -> Path:
    folder = tmp_path / "shm"
    folder.mkdir(mode=0o700)
    return folder


def start(folder: Path, namespace: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), namespace],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def dead(shm: Path) -> None:
    """A namespace whose only user was killed."""
    with start(shm, "dead/space") as process:
        process.kill()


@pytest.fixture
def alive(shm: Path) -> Iterator[int]:
    """A namespace in use, and who uses it."""
    with start(shm, "alive") as process:
        yield process.pid
        process.communicate()


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_nothing(capsys: pytest.CaptureFixture[str], shm: Path) -> None:
    assert run(capsys, "ls", "--shm", shm) == (0, "nothing is stored in shared memory\n", "")
    assert run(capsys, "gc", "--shm", shm) == (0, "there is nothing to reclaim\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock")
def test_ls(capsys: pytest.CaptureFixture[str], shm: Path, alive: int, dead: None) -> None:
    code, out, _ = run(capsys, "ls", "--shm", shm)
    assert code == 0
    lines = out.splitlines()
    titles = ["WHERE", "OBJECTS", "SIZE", "SPARE", "USED BY", "TO RECLAIM"]
    assert re.split("  +", lines[0]) == titles
    assert re.fullmatch(rf"memory: alive +2 +2\.5 MB +- +{alive} \(.*python.*\) +-", lines[1])
    assert re.fullmatch(r"memory: dead/space +2 +2\.5 MB +- +nobody +2\.5 MB", lines[2])
    assert lines[4] == "proxyrt gc reclaims what is not needed."


def test_gc(capsys: pytest.CaptureFixture[str], shm: Path, alive: int, dead: None) -> None:
    text = "2 objects (2.5 MB) of the namespace dead/space\n"
    assert run(capsys, "gc", "--shm", shm, "--dry-run") == (0, f"would remove {text}", "")
    assert len(os.listdir(shm)) == 2
    assert run(capsys, "gc", "--shm", shm) == (0, f"removed {text}", "")
    assert os.listdir(shm) == ["alive"]
    assert len(os.listdir(shm / "alive")) == 3
    assert run(capsys, "gc", "--shm", shm) == (0, "there is nothing to reclaim\n", "")


def test_json(capsys: pytest.CaptureFixture[str], shm: Path, alive: int, dead: None) -> None:
    _, out, _ = run(capsys, "ls", "--shm", shm, "--json")
    used, unused = json.loads(out)
    assert (used["name"], used["objects"], used["bytes"], used["in_use"]) == (
        "alive",
        2,
        2_501_000,
        True,
    )
    assert used["reclaimable"] == []
    assert (unused["name"], unused["in_use"], unused["users"]) == ("dead/space", False, [])
    assert unused["reclaimable_bytes"] == 2_501_000
    _, out, _ = run(capsys, "gc", "--shm", shm, "--json")
    assert json.loads(out) == {
        "removed": [
            {"kind": "shared memory", "name": "dead/space", "objects": 2, "bytes": 2_501_000}
        ],
        "failures": [],
    }


def test_half_written_objects(capsys: pytest.CaptureFixture[str], shm: Path, alive: int) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (shm / "alive" / f"name.{ended.pid}-0.part").write_bytes(bytes(500))
    (shm / "alive" / f"name.{os.getpid()}-0.part").write_bytes(bytes(500))
    _, out, _ = run(capsys, "gc", "--shm", shm)
    assert out == "removed 1 object (500 B) of the namespace alive\n"
    assert len(os.listdir(shm / "alive")) == 4


def test_folders(capsys: pytest.CaptureFixture[str], shm: Path, tmp_path: Path) -> None:
    connector = FileConnector(str(tmp_path / "store"))
    old, new = connector.put(b"old"), connector.put(b"new")
    half = Path(connector.store_dir) / "name.1-0.part"
    half.write_bytes(b"x")
    arguments = ["--shm", shm, connector.store_dir]
    _, out, _ = run(capsys, "ls", *arguments)
    assert re.search(rf"files: {connector.store_dir} +2 +6 B +- +\? +-\n$", out)
    past = time.time() - 2 * 86_400
    os.utime(Path(connector.store_dir) / old.filename, (past, past))
    os.utime(half, (past, past))
    _, out, _ = run(capsys, "gc", *arguments, "--dry-run")
    assert out == f"would remove 1 object (1 B) of the folder {connector.store_dir}\n"
    _, out, _ = run(capsys, "gc", *arguments, "--older-than", "1.5d")
    assert out == f"removed 2 objects (4 B) of the folder {connector.store_dir}\n"
    assert connector.get(old) is None
    assert connector.get(new) == b"new"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps memory")
def test_memory_that_is_used_again(capsys: pytest.CaptureFixture[str], shm: Path) -> None:
    with SharedMemoryConnector("x", directory=str(shm)) as connector:
        connector.evict(connector.put(bytes(2_000_000)))
        _, out, _ = run(capsys, "ls", "--shm", shm)
        assert re.search(rf"memory: x +0 +0 B +2\.0 MB +{os.getpid()} \(.*\) +-\n", out)


def test_strange_names(capsys: pytest.CaptureFixture[str], shm: Path) -> None:
    names = ["\n", "x" * 300, ".."]
    connectors = [SharedMemoryConnector(name, directory=str(shm)) for name in names]
    (shm / "no namespace").mkdir()
    _, out, _ = run(capsys, "ls", "--shm", shm)
    assert "memory: \\n " in out
    assert "memory: .. " in out
    assert len(out.splitlines()) == 4
    for connector in connectors:
        connector.close()


def test_mistakes(capsys: pytest.CaptureFixture[str], shm: Path, tmp_path: Path) -> None:
    for arguments in (["--shm", tmp_path / "missing"], [tmp_path / "missing"]):
        code, out, err = run(capsys, "ls", *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("proxyrt: there is no folder")
    for arguments in ([], ["nonsense"], ["gc", "--older-than", "7"]):
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        assert exit_.value.code == 2
    assert "'7' is no age: write it as 30s, 10m, 12h or 7d" in capsys.readouterr().err


def test_what_cannot_be_removed(
    capsys: pytest.CaptureFixture[str], shm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = FileConnector(str(tmp_path / "store"))
    connector.put(b"x")

    def refuse(path: str) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr("proxyrt._cli.os.remove", refuse)
    time.sleep(0.01)
    code, _, err = run(capsys, "gc", "--shm", shm, "--older-than", "0s", connector.store_dir)
    monkeypatch.undo()
    assert code == 1
    assert re.match(r"proxyrt: cannot remove '.*': Permission denied", err)


def test_as_a_program(tmp_path: Path, shm: Path) -> None:
    command = [sys.executable, "-m", "proxyrt", "ls", "--shm", str(shm)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "nothing is stored in shared memory\n"
    connectors = [SharedMemoryConnector(f"{number}", directory=str(shm)) for number in range(50)]
    script = f"{sys.executable} -m proxyrt ls --shm {shm} | head -1"
    done = subprocess.run(script, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout.split()[0], done.stderr) == ("WHERE", "")
    for connector in connectors:
        connector.close()

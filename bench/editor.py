"""Time from an edit to fresh findings, for language servers on the same project in one run.

Each server is started on the same project, opens the same files, and is told of the same edits, the
way an editor does it: a statement is typed in a function in the middle of a file, and the findings of
the file are asked for (`textDocument/diagnostic`) or, of a server that does not answer that, waited
for (`textDocument/publishDiagnostics`). Completion is asked for behind the dot of a proxy.

    python bench/editor.py --project FOLDER --python ENVIRONMENT --server NAME=COMMAND …
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import queue
import shlex
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

EDITS = 60
MEMORY_EDITS = 1000
# A slow server is measured on fewer edits: seconds for each series of them.
PATIENCE = 60.0
TIMEOUT = 120.0


class Server:
    """A language server as a child process.

    Args:
        command: its command line
        folder: the workspace, a folder with Python files
        python: the folder of the environment of the program
    """

    def __init__(self, command: list[str], folder: Path, python: Path) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "VIRTUAL_ENV": str(python)},
        )
        self.python = python
        self.received: queue.Queue[dict[str, Any]] = queue.Queue()
        self.last = 0
        self.published: dict[str, int | None] = {}
        threading.Thread(target=self.read, daemon=True).start()
        capabilities = {
            "textDocument": {
                "diagnostic": {"relatedDocumentSupport": False},
                "publishDiagnostics": {"versionSupport": True},
                "completion": {},
            },
            "workspace": {"configuration": True, "diagnostics": {}},
        }
        result = self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
                "capabilities": capabilities,
                "initializationOptions": {"python": str(python), "diagnosticMode": "openFilesOnly"},
            },
        )
        self.pulls = "diagnosticProvider" in result["capabilities"]
        self.notify("initialized", {})

    def read(self) -> None:
        """Puts what the server says into the queue, until it ends."""
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = 0
            while header not in (b"\r\n", b""):
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = stream.readline()
            self.received.put(json.loads(stream.read(length)))

    def send(self, message: dict[str, Any]) -> None:
        """Sends one message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self.process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        stream.flush()

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Sends a notification."""
        self.send({"method": method, "params": params})

    def receive(self) -> dict[str, Any]:
        """The next message, after requests of the server's have been answered.

        Raises:
            TimeoutError: if there is none for a long time
        """
        try:
            message = self.received.get(timeout=TIMEOUT)
        except queue.Empty:
            raise TimeoutError("the server does not answer") from None
        if "method" in message and "id" in message:
            result: Any = None
            if message["method"] == "workspace/configuration":
                result = [self.settings(it.get("section")) for it in message["params"]["items"]]
            self.send({"id": message["id"], "result": result})
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.published[params["uri"]] = params.get("version")
        return message

    def settings(self, section: str | None) -> dict[str, Any]:
        """What the user set, in the words of each server."""
        interpreter = str(self.python / "bin/python")
        match section:
            case "python":
                return {"pythonPath": interpreter}
            case "proxycheck":
                return {"python": str(self.python)}
            case _:
                return {}

    def request(self, method: str, params: Any) -> Any:
        """Asks, and waits for the answer.

        Raises:
            RuntimeError: if the server answers with an error other than that it was interrupted
        """
        while True:
            self.last += 1
            self.send({"id": self.last, "method": method, "params": params})
            while (message := self.receive()).get("id") != self.last or "method" in message:
                pass
            if "error" not in message:
                return message["result"]
            # ServerCancelled and ContentModified: to be asked again.
            if message["error"]["code"] not in (-32802, -32801):
                raise RuntimeError(message["error"]["message"])

    def findings(self, uri: str, version: int) -> None:
        """Waits until the findings of this version of a document are there."""
        if self.pulls:
            self.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
            return
        while self.published.get(uri) != version:
            self.receive()

    def memory(self) -> float:
        """Resident memory in MiB, of the process alone."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def end(self) -> None:
        """Ends the server as the protocol has it."""
        self.request("shutdown", None)
        self.notify("exit", {})
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Document:
    """An open file."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server = server
        self.uri = path.as_uri()
        self.text = path.read_text()
        self.version = 1
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": self.text}
        server.notify("textDocument/didOpen", {"textDocument": item})
        server.findings(self.uri, 1)

    def change(self, text: str) -> None:
        """Replaces the whole text."""
        self.version += 1
        self.server.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"text": text}],
            },
        )

    def edited(self, number: int) -> str:
        """The text with one more statement in the middle, a different one for each number."""
        lines = self.text.splitlines(keepends=True)
        statements = [
            statement
            for function in ast.walk(ast.parse(self.text))
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
            for statement in function.body
        ]
        middle = min(statements, key=lambda it: abs(it.lineno - len(lines) // 2))
        lines.insert(middle.lineno - 1, f"{' ' * middle.col_offset}edited_{number} = {number}\n")
        return "".join(lines)


def time_edits(document: Document) -> list[float]:
    """Milliseconds from an edit to fresh findings."""
    times: list[float] = []
    begin = time.perf_counter()
    for number in range(EDITS):
        if time.perf_counter() - begin > PATIENCE:
            break
        text = document.edited(number)
        start = time.perf_counter()
        document.change(text)
        document.server.findings(document.uri, document.version)
        times.append((time.perf_counter() - start) * 1000)
        # Nobody types without a pause.
        time.sleep(0.1)
    document.change(document.text)
    return times


def time_completion(document: Document, target: str) -> tuple[list[float], int]:
    """Milliseconds to the members of a proxy, in a file that just got a use of one, and their number."""
    times = []
    members = 0
    for number in range(EDITS // 2):
        text = f"{document.text}\n\ndef complete_{number}(p: Proxy[{target}]) -> None:\n    p.\n"
        document.change(text)
        position = {"line": text.count("\n") - 1, "character": len("    p.")}
        start = time.perf_counter()
        found = document.server.request(
            "textDocument/completion",
            {"textDocument": {"uri": document.uri}, "position": position},
        )
        times.append((time.perf_counter() - start) * 1000)
        members = len(found if isinstance(found, list) else found["items"])
        time.sleep(0.1)
    document.change(document.text)
    return times, members


def percentile(times: list[float], part: float) -> float:
    """The value that this part of the values does not exceed."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)]


def measure(
    command: list[str], project: Path, python: Path, files: list[str], target: str
) -> dict[str, Any]:
    """All figures of one server; times in milliseconds, memory in MiB."""
    server = Server(command, project, python)
    start = time.perf_counter()
    documents = [Document(server, project / name) for name in files]
    opened = (time.perf_counter() - start) * 1000
    # A server that looks at the whole project in the background may do so first.
    time.sleep(10)
    edits: list[float] = []
    for document in documents:
        edits += time_edits(document)
    completion, members = time_completion(documents[0], target)
    before = server.memory()
    begin = time.perf_counter()
    made = 0
    while made < MEMORY_EDITS and time.perf_counter() - begin < PATIENCE:
        documents[0].change(documents[0].edited(made))
        server.findings(documents[0].uri, documents[0].version)
        made += 1
    after = server.memory()
    server.end()
    return {
        "open": opened,
        "edit_median": statistics.median(edits),
        "edit_p95": percentile(edits, 0.95),
        "completion_median": statistics.median(completion),
        "completions": members,
        "memory": before,
        "memory_after": after,
        "memory_edits": made,
    }


def main() -> int:
    """Prints a table and writes the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--server", action="append", required=True, metavar="NAME=COMMAND")
    parser.add_argument("--file", action="append", required=True, help="relative to the project")
    parser.add_argument(
        "--target",
        required=True,
        help="a type to complete a proxy of, in the first file, which imports Proxy",
    )
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    sources = list(options.project.rglob("*.py"))
    lines = sum(path.read_text().count("\n") for path in sources)
    print(f"{len(sources)} files, {lines} lines; edits of {len(options.file)} files")
    results: dict[str, dict[str, Any]] = {}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    for argument in options.server:
        name, _, command = argument.partition("=")
        figures = measure(
            shlex.split(command),
            options.project.resolve(),
            options.python.resolve(),
            options.file,
            options.target,
        )
        if not results:
            print(" ".join(["server".ljust(12), *(it.rjust(17) for it in figures)]))
        print(" ".join([name.ljust(12), *(f"{it:17.1f}" for it in figures.values())]), flush=True)
        results[name] = figures
        options.output.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

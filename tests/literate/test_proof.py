"""The prover must see a wrong claim: a proof that cannot fail proves nothing."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import proof
import pytest

SETUP = """\
from proxystore.proxy import Proxy, extract, is_resolved

p: Proxy[None] = Proxy(lambda: None)
"""

STORE = """\
from proxystore.connectors.local import LocalConnector
from proxystore.store import Store

store = Store("demo", LocalConnector(), register=True)
"""


def page_of(*blocks: str, preface: str = "") -> str:
    """A page with one section that stitches blocks of Python together."""
    fences = [f"```py\n{textwrap.dedent(it).strip()}\n```" for it in blocks]
    return "\n\n".join(["## Examples", *filter(None, [preface]), *fences]) + "\n"


class Prover:
    """Runs pages that a test writes.

    Args:
        folder: Where the pages go.
        capsys: What the prover prints is read from here.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def write(self, text: str, name: str = "some-rule.md") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: object) -> tuple[int, list[str]]:
        """The exit code, and what was printed with the folder's name cut off."""
        status = proof.main([str(it) for it in arguments])
        output = self.capsys.readouterr()
        text = (output.out + output.err).replace(f"{self.folder}/", "")
        return status, text.splitlines()

    def failures(self, text: str) -> list[str]:
        """What is wrong with a page, one line a failure."""
        status, lines = self.run(self.write(text))
        failures = [it for it in lines[:-1] if ": left unproven: " not in it]
        assert status == (1 if failures else 0)
        assert lines[-1].endswith(f" {len(failures)} failures")
        return failures


@pytest.fixture
def prover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Prover:
    return Prover(tmp_path, capsys)


def line_of(text: str, needle: str) -> int:
    """The line of a page that contains a text."""
    [line] = [n for n, it in enumerate(text.splitlines(), 1) if needle in it]
    return line


def test_right_claims_hold(prover: Prover) -> None:
    text = page_of(
        SETUP,
        """
        p is None  # error  # observed: False
        q = Proxy(lambda: [1, 2])
        len(q)  # resolves: q
        q.nope  # error: [unresolved-attribute]  # raises: AttributeError "nope"
        """,
    )

    status, lines = prover.run(prover.write(text))

    assert status == 0
    assert lines == ["1 pages, 1 sections, 2 errors proved, 0 left unproven, 0 failures"]


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("p is None  # error  # observed: True", "expected True, got False"),
        (
            "p.nope  # error  # raises: TypeError",
            """expected TypeError, got AttributeError "'NoneType' object has no attribute 'nope'\"""",
        ),
        (
            'p.nope  # error  # raises: AttributeError "other"',
            """expected AttributeError "other", got AttributeError "'NoneType' object has no attribute 'nope'\"""",
        ),
        (
            "p is None  # error  # raises: TypeError",
            "expected TypeError, nothing was raised",
        ),
        (
            "p is None  # error  # resolves: p",
            "this line does not resolve `p`",
        ),
        (
            "(bool(p), bool(p))  # error  # resolves: extract(p)",
            "`extract(p)` is no proxy before this line",
        ),
        (
            "bool(p)\nbool(p)  # error  # resolves: p",
            "`p` is resolved before this line",
        ),
        (
            "p is None  # error",
            "unproven: nothing shows the harm of this `# error` at run time",
        ),
        (
            "p.nope  # error",
            "expected no exception, got AttributeError: 'NoneType' object has no attribute 'nope'",
        ),
        (
            "if False:\n    p is None  # error  # observed: False",
            "`observed`: this line never ran",
        ),
        (
            "if False:\n    p.nope  # error  # raises: AttributeError",
            "`raises`: this line never ran",
        ),
        (
            "pass  # error  # observed: False",
            "this line has no value to observe: no expression, assignment, `return` or condition",
        ),
        ("p is  # error", "invalid Python: invalid syntax"),
        (
            "p is None  # error  # observe: False",
            "unknown marker `observe`: did you mean `observed`?",
        ),
        (
            "p is None  # error  # raise: TypeError",
            "unknown marker `raise`: did you mean `raises`?",
        ),
        (
            "p is None  # error  # raises: when it is odd",
            '`raises: when it is odd` must be an exception and a text: `raises: TypeError "text"`',
        ),
        (
            "p is None  # error  # observed",
            "`observed` needs the `repr` of the value",
        ),
        (
            "p is None  # error  # resolves: the proxy",
            "`resolves` needs the expression that gives the proxy",
        ),
    ],
)
def test_a_wrong_claim_fails_at_its_line(prover: Prover, code: str, failure: str) -> None:
    text = page_of(SETUP, code)

    assert prover.failures(text) == [f"some-rule.md:{line_of(text, '# error')}: {failure}"]


def test_a_claim_about_the_next_line_needs_one(prover: Prover) -> None:
    text = page_of(SETUP, "# error")

    assert prover.failures(text) == [
        (
            f"some-rule.md:{line_of(text, '# error')}: `error` is about the line of code after it, "
            "and there is none"
        ),
    ]


def test_a_page_without_an_error_shows_no_harm(prover: Prover) -> None:
    assert prover.failures(page_of(SETUP)) == [
        "some-rule.md:1: the page marks no `# error`, so it shows no harm",
    ]


def test_markers_before_the_line_and_inside_statements(prover: Prover) -> None:
    text = page_of(
        SETUP,
        """
        # error: [identity-check-on-proxy]
        # observed: False
        p is None

        result = (
            p
            is  # error
            None
        )  # observed: False

        def describe(value: object) -> str:
            if value is None:  # error  # observed: False
                return "nothing"
            elif value == None:  # observed: True
                return "equals nothing"  # observed: 'equals nothing'
            raise AssertionError

        describe(p)
        """,
    )

    assert prover.failures(text) == []


def test_an_exception_may_pass_through_a_function(prover: Prover) -> None:
    text = page_of(
        SETUP,
        """
        def first(xs: list[int] | None) -> int:
            if xs is None:  # error  # observed: False
                return 0
            return xs[0]  # raises: TypeError "not subscriptable"

        first(p)
        first([5])  # observed: 5

        try:
            first(p)
        except TypeError as error:
            caught = str(error)
        caught  # observed: "'NoneType' object is not subscriptable"
        """,
    )

    assert prover.failures(text) == []


def test_a_wrong_claim_does_not_hide_the_next(prover: Prover) -> None:
    text = page_of(
        SETUP,
        """
        p.first  # error  # raises: TypeError
        p is None  # error  # observed: True
        """,
    )

    assert [it.split(":")[1] for it in prover.failures(text)] == [
        str(line_of(text, "p.first")),
        str(line_of(text, "p is None")),
    ]


def test_sections_are_separate_programs(prover: Prover) -> None:
    text = (
        page_of(SETUP, "p is None  # error  # observed: False") + "\n## More\n\n```py\nq = p\n```\n"
    )

    assert prover.failures(text) == [
        (
            f"some-rule.md:{line_of(text, 'q = p')}: expected no exception, got "
            "NameError: name 'p' is not defined"
        ),
    ]


def test_async_code(prover: Prover) -> None:
    text = page_of(
        SETUP,
        """
        import asyncio
        from proxystore.proxy import Proxy

        async def load(value: object) -> object:
            await asyncio.sleep(0)
            return value

        async def main() -> None:
            q = Proxy(lambda: [1])
            loaded = extract(await load(q))  # resolves: q
            (await load(q)) is loaded  # error  # observed: False
            await load(q).nope  # raises: AttributeError "nope"

        asyncio.run(main())
        """,
    )

    assert prover.failures(text) == []


class TestOps:
    LOOP = """
        for i in range(3):
            store.proxy([i, i + 1])  # error
    """

    def page(self, counts: str, more: str = "") -> str:
        return page_of(STORE, self.LOOP) + f"\n```ops\n{counts}\n```\n{more}"

    def test_right_counts_prove(self, prover: Prover) -> None:
        code = "```py\nstore.get(store.put('x'))\n```\n\n```ops\nput=1 get=1 leaked=1\n```\n"

        assert prover.failures(self.page("put=3 get=0 evict=0 leaked=3 bytes=69", code)) == []

    def test_wrong_counts_fail(self, prover: Prover) -> None:
        text = self.page("put=3 evict=3 leaked=0")

        assert prover.failures(text) == [
            (
                f"some-rule.md:{line_of(text, 'put=')}: expected evict=3 leaked=0, "
                "got put=3 evict=0 leaked=3"
            ),
        ]

    def test_an_error_that_did_not_run_is_not_covered(self, prover: Prover) -> None:
        text = (
            page_of(STORE, "def f() -> None:\n    store.proxy([])  # error")
            + "\n```ops\nput=0\n```\n"
        )

        assert prover.failures(text) == [
            (
                f"some-rule.md:{line_of(text, '# error')}: unproven: nothing shows the harm of "
                "this `# error` at run time"
            ),
        ]

    def test_counts_cover_only_what_precedes_them(self, prover: Prover) -> None:
        more = "```py\nstore.proxy([0])  # error: [after]\n```\n"
        text = self.page("put=3", more)

        assert prover.failures(text) == [
            (
                f"some-rule.md:{line_of(text, '[after]')}: unproven: nothing shows the harm of "
                "this `# error` at run time"
            ),
        ]

    def test_unknown_counter(self, prover: Prover) -> None:
        text = self.page("puts=3")

        assert prover.failures(text)[0] == (
            f"some-rule.md:{line_of(text, 'puts')}: `puts=3` is not a count: write "
            "`NAME=NUMBER` with one of put, get, evict, leaked, bytes"
        )

    def test_operations_of_other_processes_count(self, prover: Prover) -> None:
        text = (
            page_of(
                """
                import multiprocessing
                from concurrent.futures import ProcessPoolExecutor

                from proxystore.connectors.file import FileConnector
                from proxystore.store import Store

                store = Store("demo", FileConnector("cache"), register=True)

                def size(values: list[int]) -> int:
                    return len(values)

                p = store.proxy([1, 2], populate_target=False)
                context = multiprocessing.get_context("spawn")
                with ProcessPoolExecutor(1, mp_context=context) as pool:
                    pool.submit(size, p).result()  # error  # observed: 2
                """,
            )
            + "\n```ops\nput=1 get=1 evict=0 leaked=1\n```\n"
        )

        assert prover.failures(text) == []


def test_dask_tasks_make_and_break_claims(prover: Prover) -> None:
    text = page_of(
        """
            from dataclasses import dataclass

            from dask.distributed import Client
            from proxystore.connectors.file import FileConnector
            from proxystore.proxy import Proxy
            from proxystore.store import Store


            @dataclass
            class Model:
                weight: float


            def is_missing(model: Model | None) -> bool:
                return model is None  # error  # observed: False


            def broken(model: Model) -> float:
                return model.wieght  # error: [unresolved-attribute]  # raises: AttributeError "wieght"


            def wrong(model: Model) -> float:
                return model.weight  # observed: 2.0


            client = Client()
            store = Store("demo", FileConnector("cache"), register=True)
            model = store.proxy(Model(1.0))
            client.submit(is_missing, model).result()  # observed: False
            client.submit(broken, model).result()
            client.submit(wrong, model).result()  # observed: 1.0
            len(client.scheduler_info()["workers"])  # observed: 2
            """,
        preface="```toml\n[proof]\ndask = true\ntimeout = 60\n```",
    )

    assert prover.failures(text) == [
        f"some-rule.md:{line_of(text, 'return model.weight')}: expected 2.0, got 1.0"
    ]


def test_other_files_of_a_section(prover: Prover) -> None:
    helper = """\
`helper.py`:

```py
def is_missing(x: object) -> bool:
    return x is None  # error  # observed: True
```
"""
    text = page_of(SETUP, "from helper import is_missing\n\nis_missing(p)", preface=helper)

    assert prover.failures(text) == [
        f"some-rule.md:{line_of(text, '# error')}: expected True, got False",
    ]


class TestUnproven:
    def page(self, comment: str, code: str = "p is None  # error") -> str:
        return page_of(SETUP) + f"\n{comment}\n\n```py\n{code}\n```\n"

    def test_a_reason_takes_the_place_of_a_proof(self, prover: Prover) -> None:
        text = self.page("<!-- unproven: shows in the scheduler's log only -->")

        status, lines = prover.run(prover.write(text))

        assert status == 0
        assert lines == [
            f"some-rule.md:{line_of(text, '# error')}: left unproven: shows in the scheduler's log only",
            "1 pages, 1 sections, 0 errors proved, 1 left unproven, 0 failures",
        ]

    def test_it_needs_a_reason(self, prover: Prover) -> None:
        text = self.page("<!-- unproven -->")

        assert prover.failures(text) == [
            f"some-rule.md:{line_of(text, '<!--')}: `unproven` needs a reason: `<!-- unproven: … -->`",
        ]

    def test_it_must_not_outlive_its_need(self, prover: Prover) -> None:
        text = self.page("<!-- unproven: because -->", "p is None  # error  # observed: False")

        assert prover.failures(text) == [
            f"some-rule.md:{line_of(text, '<!--')}: stale `unproven`: every `# error` of its block is proved",
        ]

    def test_it_needs_a_block(self, prover: Prover) -> None:
        text = page_of(SETUP) + "\n<!-- unproven: because -->\n"

        assert prover.failures(text) == [
            f"some-rule.md:{line_of(text, '<!--')}: `unproven` is about the code block after it, and there is none",
        ]


class TestSettings:
    def page(self, table: str, code: str = "") -> str:
        return f"```toml\n[proof]\n{table}\n```\n\n" + page_of(
            SETUP, "p is None  # error  # observed: False", code
        )

    def test_a_section_that_does_not_end(self, prover: Prover) -> None:
        text = self.page("timeout = 5", "import time\ntime.sleep(600)")

        assert prover.failures(text) == [
            f"some-rule.md:{line_of(text, 'sleep(600)')}: did not end within 5 s",
        ]

    @pytest.mark.parametrize(
        ("table", "failure"),
        [
            (
                "cluster = true",
                "unknown key `cluster` in `[proof]`: it has `dask`, `timeout`, `packages`",
            ),
            ("dask = 1", "`dask` in `[proof]` must be true or false"),
            (
                'packages = ["lazy"]',
                "`packages` in `[proof]` must be a list of proxystore and proxyrt",
            ),
            ("timeout = -1", "`timeout` in `[proof]` must be a number of seconds"),
            (
                "timeout =",
                "invalid TOML: Invalid value (at line 2, column 10)",
            ),
        ],
    )
    def test_wrong_settings(self, prover: Prover, table: str, failure: str) -> None:
        assert prover.failures(self.page(table)) == [f"some-rule.md:2: {failure}"]


def test_a_program_that_dies_is_reported_where_it_was(prover: Prover) -> None:
    text = page_of(SETUP, "import os\np is None  # error  # observed: False\nos._exit(3)")

    assert prover.failures(text) == [
        f"some-rule.md:{line_of(text, 'os._exit')}: exited with status 3",
    ]


def test_another_package_stands_for_proxystore(
    prover: Prover, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = prover.folder / "site" / "proxyrt"
    connectors = package / "connectors"
    connectors.mkdir(parents=True)
    methods = "\n".join(
        f"    def {it}(self, *args): ..."
        for it in ("put", "put_batch", "set", "get", "get_batch", "evict")
    )
    (package / "__init__.py").write_text("")
    (package / "proxy.py").write_text("class Proxy:\n    package = __name__\n")
    (connectors / "__init__.py").write_text("")
    (connectors / "local.py").write_text(f"class LocalConnector:\n{methods}\n")
    (connectors / "file.py").write_text(f"class FileConnector:\n{methods}\n")
    # For this process, and for those that it starts.
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    text = page_of(
        """
        import proxyrt.proxy
        import proxystore.proxy
        from proxystore.proxy import Proxy

        Proxy.package  # error  # observed: 'proxyrt.proxy'
        proxystore.proxy is proxyrt.proxy  # observed: True
        proxystore.proxy.__spec__.name  # observed: 'proxyrt.proxy'
        import proxystore.store  # raises: ModuleNotFoundError "proxyrt.store"
        """,
    )

    text += """
## Bytes

```toml
[proof]
packages = ["proxystore"]
```

```py
raise SystemExit
```
"""
    status, lines = prover.run("--package", "proxyrt", prover.write(text))

    assert status == 0
    assert lines == [
        f"some-rule.md:{line_of(text, '## Bytes')}: `Bytes` does not apply to proxyrt",
        "1 pages, 1 sections, 1 errors proved, 0 left unproven, 0 failures",
    ]


def test_the_package_must_be_installed(prover: Prover, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    status, lines = prover.run(
        "--package", "proxyrt", prover.write(page_of(SETUP, "p is None  # error"))
    )

    assert status == 2
    assert lines == [f"proxyrt is not installed for {sys.executable}"]


def test_folders_hold_pages_and_a_readme(prover: Prover) -> None:
    prover.write(page_of(SETUP, "p is None  # error  # observed: False"))
    prover.write(page_of(SETUP, "p is True  # error  # observed: True"), "other.md")
    prover.write("```py\nthis is not Python\n```\n", "README.md")

    status, lines = prover.run(prover.folder)

    assert status == 1
    assert lines == [
        "other.md:10: expected True, got False",
        "2 pages, 2 sections, 1 errors proved, 0 left unproven, 1 failures",
    ]


def test_nothing_to_check_is_an_error(prover: Prover) -> None:
    (prover.folder / "empty").mkdir()

    assert prover.run(prover.folder / "empty") == (2, ["no pages in empty"])
    assert prover.run(prover.folder / "absent.md") == (
        2,
        ["absent.md: no such file or folder"],
    )


def test_files_that_are_no_pages(prover: Prover) -> None:
    latin = prover.folder / "latin.md"
    latin.write_bytes(b"caf\xe9\n")
    unclosed = prover.write("## Examples\n\n```py\nx = 1\n", "unclosed.md")

    status, lines = prover.run(latin, unclosed)

    assert status == 1
    assert lines[0].startswith("latin.md: cannot be read: 'utf-8' codec can't decode")
    assert lines[1] == "unclosed.md:3: this code block is not closed"


def test_the_pages_of_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    rules = Path(__file__).parents[2] / "fixtures" / "rules"

    status = proof.main([str(rules)])

    assert status == 0, capsys.readouterr().out

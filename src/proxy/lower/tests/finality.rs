//! Classes that are kept from being final.

use super::super::finality::may_have_final_class;
use super::{Project, check, check_module};

#[test]
fn classes() {
    check_module("from typing import final\n@«final»\nclass C: ...");
    check_module(
        "from typing import final\n@dataclass\n@«final»\nclass C: ...\n@«final»\n@dataclass(slots=True)\nclass D: ...",
    );
    check_module("from typing import final\n@«final» # note\n\n# note\nclass C: ...");
    check_module("from typing import final\nclass C:\n\t@«final»\n\tclass D: ...");
    check_module("from typing import final\ndef f():\n    @«final»\n    class D: ...");
    check_module("from typing import final\r\n@«final»\r\nclass C: ...\r\n");
    check_module("from typing import final\r@«final»\rclass C: ...\r");
    check_module("from typing import final\n\u{c}@«final»\nclass C: ...");
    check_module("from typing import final\n@ «final»\nclass C: ...");
    check_module("from typing import final\n@(«final»)\nclass C: ...");
    check_module(
        "from typing import final\n@«final»\nclass C[T]: ...\n@«final»\nclass D(C[int], metaclass=M): ...",
    );
    check_module("@«final»\nclass C: ...\nfrom typing import final");
}

#[test]
fn spellings() {
    check_module("from typing_extensions import final\n@«final»\nclass C: ...");
    check_module("from typing import final as last\n@«last|final»\nclass C: ...");
    check_module("from typing import final as f\n@f\nclass C: ...");
    check_module("import typing\n@«typing.final»\nclass C: ...");
    check_module("import typing as t\n@«t.final»\nclass C: ...");
    check_module("import typing_extensions as te, os\n@«te.final»\nclass C: ...");
    check_module("from typing import *\n@«final»\nclass C: ...");
    check_module(
        "try:\n    from typing import final\nexcept ImportError:\n    def final(f): return f\n@«final»\nclass C: ...",
    );
    check_module("from ._compat import final\n@«final»\nclass C: ...");
    check_module("from six.moves import typing\n@«typing.final»\nclass C: ...");
    check("@«final»\nclass C:\n    x: «Proxy»[int]\ny: «Proxy»[C]");
}

#[test]
fn other_things() {
    check_module(
        "from typing import final\nclass C:\n    @final\n    def f(self): ...\n    @final\n    @property\n    async def g(self): ...",
    );
    check_module("class final: ...\n@final\nclass C: ...");
    check_module("from typing import Final, final\nx: Final = final");
    check_module("import other\n@other.final\nclass C: ...");
    check_module("from typing import final\n@final()\nclass C: ...");
    check_module("from typing import final\n@final.x\nclass C: ...");
    check_module("import typing\n@(typing\n.final)\nclass C: ...");
    check_module("from os import *\n@final\nclass C: ...");
}

#[test]
fn any_file() {
    let project = Project::new(&[]);
    let marked = "from typing import final\n@«final»\nclass C: ...";
    for path in [
        "/src/main.py",
        "/src/main.pyi",
        "/src/main.ipynb",
        "/site-packages/a/b.py",
    ] {
        project.check(path, marked);
    }
}

#[test]
fn most_texts_need_not_be_parsed() {
    for text in [
        "",
        "finally: finalize(_final, final_, Final)",
        "# the final word\nx = final",
        "@final\ndef f(): ...",
        "    @final\n    @property\n\n    # note\n    def f(): ...",
        "@typing.final\nasync def f(): ...",
        "a as final",
    ] {
        assert!(!may_have_final_class(text), "{text}");
    }
}

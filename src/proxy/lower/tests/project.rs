//! Proxy types that come from other modules of the user, and from installed packages.

use super::{Project, SystemPath};

const PROXY: &str = "from proxystore.proxy import Proxy\n";

#[track_caller]
fn check(files: &[(&str, &str)], path: &str, marked: &str) {
    Project::new(files).check(path, marked);
}

#[test]
fn re_exports() {
    check(
        &[("/src/a.py", PROXY)],
        "/src/b.py",
        "from a import Proxy\nx: «Proxy»[int]",
    );
    check(
        &[("/src/a.py", PROXY)],
        "/src/b.py",
        "import a\nx: «a.Proxy»[int]",
    );
    check(
        &[("/src/a.py", PROXY)],
        "/src/b.py",
        "from a import Proxy as Mine\nx: «Mine|Proxy»[int]",
    );
    check(
        &[("/src/a.py", PROXY)],
        "/src/b.py",
        "from a import *\nx: «Proxy»[int]",
    );
    check(
        &[("/src/a.py", PROXY)],
        "/src/b.py",
        "from a import Other\nx: Other[int]",
    );
    check(
        &[(
            "/src/a.py",
            "import proxystore.proxy as pp\nMine = pp.OwnedProxy\n",
        )],
        "/src/b.py",
        "from a import Mine, pp\nx: «Mine|OwnedProxy»[int]\ny: «pp.Proxy»[int]",
    );
    check(
        &[(
            "/src/a.py",
            "from typing import TypeVar\nfrom proxystore.proxy import Proxy\nT = TypeVar('T')\nMine = Proxy[T]\n",
        )],
        "/src/b.py",
        "from a import Mine\nx: «Mine|Proxy»[int]",
    );
    check(
        &[
            (
                "/src/t.py",
                "from typing import TypeVar\nElement = TypeVar('Element')\nclass Thing: ...\n",
            ),
            (
                "/src/a.py",
                "from proxystore.proxy import Proxy\nfrom t import Element, Thing\nMine = Proxy[Element]\nOther = Proxy[Thing]\n",
            ),
        ],
        "/src/b.py",
        "from a import Mine, Other\nx: «Mine|Proxy»[int]\ny: Other",
    );
}

#[test]
fn chains_and_packages() {
    let package = [
        (
            "/src/pkg/__init__.py",
            "from .types import Mine as Public\n",
        ),
        (
            "/src/pkg/types/__init__.py",
            "from .deep.deepest import *\nfrom . import deep\n",
        ),
        ("/src/pkg/types/deep/__init__.py", ""),
        (
            "/src/pkg/types/deep/deepest.py",
            "from proxystore.proxy import Proxy as Mine\n",
        ),
        ("/src/ns/module.py", "from pkg import Public\n"),
    ];
    check(
        &package,
        "/src/main.py",
        "from pkg import Public\nx: «Public|Proxy»[int]",
    );
    check(
        &package,
        "/src/main.py",
        "import pkg\nx: «pkg.Public|Proxy»[int]",
    );
    check(
        &package,
        "/src/main.py",
        "import pkg.types\nx: «pkg.types.Mine|Proxy»[int]",
    );
    check(
        &package,
        "/src/main.py",
        "from pkg.types import deep\nx: «deep.deepest.Mine|Proxy»[int]",
    );
    check(
        &package,
        "/src/main.py",
        "import ns.module as m\nx: «m.Public|Proxy»[int]",
    );
    check(
        &package,
        "/src/main.py",
        "from ns import module\nx: «module.Public|Proxy»[int]",
    );
    check(
        &package,
        "/src/pkg/a.py",
        "from . import Public\nx: «Public|Proxy»[int]",
    );
    check(
        &package,
        "/src/pkg/types/a.py",
        "from .deep import deepest\nx: «deepest.Mine|Proxy»[int]",
    );
    check(
        &package,
        "/src/pkg/types/deep/a.py",
        "from ... import Public\nx: «Public|Proxy»[int]",
    );
    check(
        &package,
        "/src/pkg/types/deep/a.py",
        "from ..deep.deepest import Mine\nx: «Mine|Proxy»[int]",
    );
    check(
        &package,
        "/src/pkg/__init__.py",
        "from .types import Mine\nx: «Mine|Proxy»[int]",
    );
    check(
        &package,
        "/src/main.py",
        "from ..... import Public\nx: Public[int]",
    );
}

#[test]
fn dunder_all() {
    let check = |all: &str, marked: &str| {
        let text = format!("from proxystore.proxy import Proxy, Proxy as _Mine\n{all}\n");
        check(
            &[("/src/a.py", &text)],
            "/src/b.py",
            &format!("from a import *\n{marked}"),
        );
    };
    check("", "x: «Proxy»[int]\ny: _Mine[int]");
    check("__all__ = ['Proxy']", "x: «Proxy»[int]\ny: _Mine[int]");
    check(
        "__all__ = ('_Mine',)",
        "x: Proxy[int]\ny: «_Mine|Proxy»[int]",
    );
    check("__all__ = []\n__all__ += ['Proxy']", "x: «Proxy»[int]");
    check("__all__ = []\n__all__.append('Proxy')", "x: «Proxy»[int]");
    check("__all__ = []\n__all__.extend(['Proxy'])", "x: «Proxy»[int]");
    check("__all__: list[str] = ['f'] + ['g']", "x: Proxy[int]");
    check(
        "__all__ = ['f', *other.__all__]",
        "x: «Proxy»[int]\ny: _Mine[int]",
    );
}

#[test]
fn star_imports_of_the_users_modules() {
    check(
        &[
            ("/src/a.py", "from b import *\n"),
            ("/src/b.py", "from c import *\n"),
            ("/src/c.py", PROXY),
        ],
        "/src/main.py",
        "from a import *\nx: «Proxy»[int]",
    );
    check(
        &[("/src/a.py", "class Proxy: ... # proxystore\n")],
        "/src/main.py",
        "from a import *\nfrom proxystore.proxy import Proxy\nx: Proxy[int]",
    );
    check(
        &[("/src/a.py", PROXY), ("/src/b.py", PROXY)],
        "/src/main.py",
        "from a import *\nfrom b import *\nx: «Proxy»[int]",
    );
}

#[test]
fn cycles_end() {
    check(
        &[
            ("/src/a.py", "from b import Proxy\n"),
            ("/src/b.py", "from a import Proxy # proxystore\n"),
        ],
        "/src/main.py",
        "from a import Proxy\nx: Proxy[int]",
    );
    check(
        &[
            ("/src/a.py", "from b import *\n"),
            ("/src/b.py", "from a import *\nfrom c import *\n"),
            ("/src/c.py", PROXY),
        ],
        "/src/main.py",
        "from a import *\nx: «Proxy»[int]\ny: Nothing[int]",
    );
    check(
        &[],
        "/src/main.py",
        "from main import Proxy # proxystore\nx: Proxy[int]",
    );
    check(
        &[],
        "/src/main.py",
        "A = B\nB = A\nC = C\nx: A[int]\ny: C # proxystore",
    );
    check(
        &[(
            "/src/a.py",
            "import main\nfrom proxystore.proxy import Proxy\n",
        )],
        "/src/main.py",
        "import a\nx: «a.main.a.Proxy»[int]",
    );
    // Each module imports all others: a walk over all paths would not end in time.
    let modules: Vec<(String, String)> = (0..40)
        .map(|number| {
            let others = (0..40).filter(|other| *other != number);
            let text: String = others
                .map(|other| format!("from m{other} import *\n"))
                .collect();
            (format!("/src/m{number}.py"), text + "# proxystore\n")
        })
        .collect();
    let modules: Vec<_> = modules
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    check(&modules, "/src/main.py", "from m0 import *\nx: Proxy[int]");
}

#[test]
fn stubs() {
    let stub = |text: &str, marked: &str| {
        let files = [("/src/a.py", "Proxy = 3\n"), ("/src/a.pyi", text)];
        check(&files, "/src/main.py", marked);
    };
    stub(
        "from proxystore.proxy import Proxy as Proxy\n",
        "from a import Proxy\nx: «Proxy»[int]",
    );
    stub(
        "from proxystore.proxy import Proxy\n",
        "from a import Proxy\nx: Proxy[int]",
    );
    stub(
        "from proxystore.proxy import Proxy\n__all__ = ['Proxy']\n",
        "from a import Proxy\nx: «Proxy»[int]",
    );
    stub(
        "from proxystore.proxy import *\n",
        "from a import Proxy\nx: «Proxy»[int]",
    );
    stub(
        "import proxystore.proxy as pp\nMine = pp.Proxy\n",
        "from a import Mine, pp\nx: «Mine|Proxy»[int]\ny: pp.Proxy[int]",
    );
}

#[test]
fn installed_packages() {
    let files = [
        ("/site-packages/lib/__init__.py", PROXY),
        ("/site-packages/lib/quiet.py", "from lib import Proxy\n"),
        ("/site-packages/other/__init__.py", "class Proxy: ...\n"),
    ];
    check(
        &files,
        "/src/main.py",
        "from lib import Proxy\nx: «Proxy»[int]",
    );
    check(&files, "/src/main.py", "from lib import *\nx: «Proxy»[int]");
    check(
        &files,
        "/src/main.py",
        "from other import Proxy\nx: Proxy[int]",
    );
    check(
        &files,
        "/src/main.py",
        "from other import Proxy\nx: Proxy[int] # proxystore",
    );
    check(
        &files,
        "/site-packages/lib/types.py",
        "from proxystore.proxy import Proxy\nx: «Proxy»[int]",
    );
    check(
        &files,
        "/site-packages/user.py",
        "from lib import Proxy\nx: Proxy[int]",
    );
    // The user's own module of that name goes first.
    let shadowed = [&files[..], &[("/src/lib.py", "class Proxy: ...\n")]].concat();
    check(
        &shadowed,
        "/src/main.py",
        "from lib import Proxy\nx: Proxy[int]",
    );
}

#[test]
fn the_package_itself() {
    let files = [("/src/proxystore/proxy/__init__.py", "class Proxy: ...\n")];
    check(
        &files,
        "/src/proxystore/store/utils.py",
        "from ..proxy import Proxy\nx: «Proxy»[int]",
    );
    check(
        &files,
        "/src/proxystore/proxy/__init__.py",
        "class Proxy: ...\ndef f() -> Proxy[int]: ... # proxystore",
    );
}

#[test]
fn unrelated_files_are_not_read() {
    let project = Project::new(&[("/src/a.py", "import b\n"), ("/src/b.py", "import a, os\n")]);
    let text = "from a import Proxy\nx: Proxy[int]\n";
    assert_eq!(project.lower(text, "/src/main.py"), None);
    let path = SystemPath::new("/src/main.py");
    assert!(!project.resolver.is_relevant(text, path));
    assert!(!project.resolver.may_export(SystemPath::new("/src/b.py")));
}

#[test]
fn a_change_is_seen_after_invalidation() {
    let project = Project::new(&[
        ("/src/a.py", "from b import Proxy\n"),
        ("/src/b.py", "class Proxy: ...\n"),
    ]);
    let (path, text) = ("/src/main.py", "from a import Proxy\nx: Proxy[int]\n");
    assert_eq!(project.lower(text, path), None);
    project.write("/src/b.py", PROXY);
    assert!(project.lower(text, path).is_some());
    project.write("/src/a.py", "from new import Proxy\n");
    assert_eq!(project.lower(text, path), None);
    project.write("/src/new.py", PROXY);
    assert!(project.lower(text, path).is_some());
    project.write("/src/new/__init__.py", "");
    assert_eq!(
        project.lower(text, path),
        None,
        "a package goes before a module"
    );
}

#[test]
fn dependents() {
    let project = Project::new(&[
        ("/src/a.py", "from pkg import Proxy\n"),
        ("/src/pkg/__init__.py", "from .types import Proxy\n"),
        ("/src/pkg/types.py", PROXY),
        ("/src/alone.py", ""),
    ]);
    for path in ["/src/a.py", "/src/pkg/__init__.py", "/src/alone.py"] {
        let text = project
            .system
            .fs()
            .read_to_string(path)
            .expect("the file was written");
        project.lower(&text, path);
    }
    let dependents = |path: &str| {
        let found = project.resolver.dependents(SystemPath::new(path));
        found
            .iter()
            .map(|path| path.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        dependents("/src/pkg/types.py"),
        ["/src/a.py", "/src/pkg/__init__.py"]
    );
    assert_eq!(
        dependents("/src/pkg/types.pyi"),
        ["/src/a.py", "/src/pkg/__init__.py"]
    );
    assert_eq!(dependents("/src/pkg/__init__.py"), ["/src/a.py"]);
    assert_eq!(
        dependents("/src/pkg/types/Proxy.py"),
        ["/src/a.py", "/src/pkg/__init__.py"]
    );
    assert!(dependents("/src/alone.py").is_empty());
    assert!(dependents("/src/a.py").is_empty());
}

#[test]
fn many_threads_get_the_same_answers() {
    let project = Project::new(&[
        ("/src/a.py", "from b import *\n"),
        ("/src/b.py", "from a import *\nfrom c import *\n"),
        ("/src/c.py", PROXY),
    ]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for round in 0..50 {
                    let lowered = project.lower("from a import *\nx: Proxy[int]\n", "/src/main.py");
                    assert!(lowered.is_some());
                    if round % 10 == 0 {
                        project.resolver.invalidate(SystemPath::new("/src/b.py"));
                    }
                }
            });
        }
    });
}

//! Input that is wrong, strange or too much.

use ruff_db::system::SystemPath;
use ruff_python_ast::PySourceType;

use super::super::lower;
use super::{Project, check, check_module};

#[test]
fn syntax_errors() {
    check("x: «Proxy»[int]\ny = = 3\nz: «Proxy»[str]");
    check("def f(x: «Proxy»[int]\n    y: «Proxy»[int]");
    check("x: «Proxy»[");
    check("x: «Proxy»[int");
    check("class C(Proxy[int]:\n    x: Proxy[int]");
    check("x: 'Proxy[int]' '");
    check("\u{0}x: «Proxy»[int]");
    check("from proxystore.proxy import\nx: «Proxy»[int]");
    check("from . import (\nx: Proxy[int]");
    check("import proxystore.store.ref\nx: proxystore.store..BaseRefProxy[int]");
    check("import proxystore.proxy\nx: proxystore.proxy.[int]");
}

#[test]
fn line_ends_and_encodings() {
    check_module("from proxystore.proxy import Proxy\r\nx: «Proxy»[int]\r\ny: '«Proxy»[int]'\r\n");
    check_module("from proxystore.proxy import Proxy\rx: «Proxy»[int]\ry: '''\r«Proxy»[int]'''\r");
    check_module("\u{feff}from proxystore.proxy import Proxy\nx: «Proxy»[int]");
    check_module("from proxystore.proxy import Proxy\n\u{c}x: «Proxy»[int]");
    check_module("# 😀\nfrom proxystore.proxy import Proxy; é: dict['😀', «Proxy»[int]]");
    check_module("from proxystore.proxy import Ｐroxy\nx: «Ｐroxy|Proxy»[int]\ny: «Proxy»[int]");
    check_module("from proxystore.proxy import \\\n    Proxy\nx: «Proxy»[int]");
    check_module("");
    check_module("proxystore");
}

#[test]
fn notebooks() {
    let text =
        "%load_ext x\nfrom proxystore.proxy import Proxy\n!ls Proxy[int]\nx: Proxy[int]\n?Proxy\n";
    let resolver = &Project::new(&[]).resolver;
    let path = SystemPath::new("/src/main.ipynb");
    let lowered = lower(text, path, PySourceType::Ipynb, resolver).expect("there is an annotation");
    assert_eq!(lowered.text, text.replace("x: Proxy", "x: Z0___"));
}

/// A small stack, as that of a worker thread, must do for any nesting.
fn lower_deep(text: String) -> Option<String> {
    let lower_it = move || {
        let project = Project::new(&[]);
        let path = SystemPath::new("/src/main.py");
        let text = format!("from proxystore.proxy import Proxy\n{text}\nx: Proxy[int]\n");
        let lowered = lower(&text, path, PySourceType::Python, &project.resolver);
        // Nothing is nested this deep in an exporting module either.
        project.write("/src/a.py", &text);
        let importer = "from a import Proxy\nx: Proxy[int]\n";
        assert!(lower(importer, path, PySourceType::Python, &project.resolver).is_some());
        lowered.map(|it| it.text)
    };
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let lowered = thread
        .spawn(lower_it)
        .expect("a thread can be started")
        .join();
    lowered.expect("the thread does not panic")
}

#[test]
fn deep_nesting() {
    const DEPTH: usize = 20_000;
    let wrap = |before: &str, inside: &str, after: &str| {
        format!("{}{inside}{}", before.repeat(DEPTH), after.repeat(DEPTH))
    };
    let expressions = [
        wrap("[", "", "]"),
        wrap("f(", "", ")"),
        wrap("(", "1", ")"),
        wrap("{1: ", "2", "}"),
        wrap("not ", "1", ""),
        wrap("- ", "1", ""),
        wrap("lambda a, b: ", "1", ""),
        wrap("1 if 2 else ", "3", ""),
        wrap("", "1", " + 1"),
        wrap("", "f", "()"),
        wrap("", "f", ".a"),
        wrap("", "f", "[0]"),
        wrap("", "f", ".a()[0]"),
        wrap("1 ** ", "2", ""),
    ];
    for expression in expressions {
        assert!(lower_deep(expression).is_some());
    }
    let annotation =
        lower_deep(format!("y: {}", wrap("list[", "Proxy[int]", "]"))).expect("lowered");
    assert!(annotation.contains("list[Z0___[int]]"));
    let union =
        lower_deep(format!("y: Proxy[int]{}", " | Proxy[str]".repeat(DEPTH))).expect("lowered");
    assert!(!union.contains(": Proxy") && !union.contains("| Proxy"));
    let alias =
        lower_deep(format!("A = Proxy[int]{}", " | Proxy[str]".repeat(DEPTH))).expect("lowered");
    assert!(!alias.contains("= Proxy") && !alias.contains("| Proxy"));
    assert!(lower_deep(format!("{} = 1", wrap("(", "a", ",)"))).is_some());
    assert!(lower_deep(format!("match 1:\n case {}: ...", wrap("[", "a", "]"))).is_some());
    assert!(lower_deep(format!("__all__ = []{}", " + []".repeat(DEPTH))).is_some());
    let string = lower_deep(format!("y: '{}'", wrap("list[", "Proxy[int]", "]"))).expect("lowered");
    assert!(string.contains("list[Z0___[int]]"));
    assert!(lower_deep(format!("y: '{}'", wrap("", "f", "()"))).is_some());
    assert!(lower_deep(wrap("f'{", "", "")).is_none());
    // What is never closed takes the rest of the file.
    assert!(lower_deep(wrap("[", "", "")).is_none());
}

#[test]
fn nesting_beyond_reason() {
    let text = format!(
        "from proxystore.proxy import Proxy\nx: Proxy[int]\n{}",
        "(".repeat(600_000)
    );
    check_module(&text);
}

#[test]
fn deep_blocks() {
    let mut text = String::new();
    for depth in 0..1_000 {
        text.push_str(&" ".repeat(depth));
        text.push_str(["if 1:\n", "def f():\n", "class C:\n", "for x in y:\n"][depth % 4]);
    }
    text.push_str(&" ".repeat(1_000));
    text.push_str("y: Proxy[int]");
    assert!(lower_deep(text).is_some_and(|it| it.contains("y: Z0___[int]")));
}

#[test]
fn long_files() {
    let mut text = String::from("from proxystore.proxy import Proxy\n");
    for number in 0..50_000 {
        text.push_str(&format!("x{number}: dict[str, «Proxy»[int]] = {{}}\n"));
    }
    check_module(&text);
}

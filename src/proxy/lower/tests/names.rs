//! The identifiers that are put in.

use ruff_python_parser::parse_module;

use super::super::{Form, builtins_stub, form_of, restore_names};
use super::{Project, check_module};

fn lowered(text: &str) -> String {
    let lowered = Project::new(&[]).lower(text, "/src/main.py");
    lowered.map_or_else(|| text.to_owned(), |it| it.text)
}

#[test]
fn each_identifier_is_a_builtin() {
    let stub = builtins_stub(&[]);
    let parsed = parse_module(&stub).expect("the stub is valid");
    let mut seen = std::collections::HashSet::new();
    for (name, value) in stub.lines().filter_map(|line| line.split_once(" = ")) {
        assert!(seen.insert(name), "`{name}` is defined twice");
        assert!(!name.starts_with('_'));
        match value.strip_prefix("_proxycheck.") {
            Some(value) => assert_eq!(form_of(name).map(Form::name), Some(value)),
            None => assert_eq!(
                (value, restore_names(name).as_ref()),
                ("_not_final", "final")
            ),
        }
    }
    assert_eq!(
        parsed.suite().len(),
        seen.len() + 2,
        "an import, a function and the names"
    );
    for form in Form::ALL {
        for len in 2..=64 {
            let import = format!("from proxystore.proxy import {} as ", form.name());
            let alias: String = std::iter::repeat_n('v', len).collect();
            let text = lowered(&format!("{import}{alias}\nx: {alias}[int]\n"));
            let (_, name) = text
                .rsplit_once("x: ")
                .expect("the annotation is still there");
            let name = name
                .trim_end()
                .strip_suffix("[int]")
                .expect("so are the arguments");
            assert_eq!(name.len(), len);
            assert!(seen.contains(name), "`{name}` is not in the stub");
        }
    }
    for len in 3..=64 {
        let alias: String = std::iter::repeat_n('v', len).collect();
        let text = lowered(&format!(
            "from typing import final as {alias}\n@{alias}\nclass C: ...\n"
        ));
        let name = text
            .lines()
            .nth(1)
            .expect("the decorator is a line")
            .trim_start_matches('@');
        assert_eq!(name.len(), len);
        assert!(seen.contains(name), "`{name}` is not in the stub");
    }
}

#[test]
fn what_is_put_in() {
    assert_eq!(
        lowered("from proxystore.proxy import Proxy, ProxyOr\nx: Proxy[int]\ny: ProxyOr[int]\n"),
        "from proxystore.proxy import Proxy, ProxyOr\nx: Z0___[int]\ny: Z5_____[int]\n"
    );
    assert_eq!(
        lowered("import proxystore\nx: proxystore.store.ref.OwnedProxy[int]\n"),
        "import proxystore\nx: Z1_____________________________[int]\n"
    );
}

#[test]
fn short_names() {
    let import = |alias: &str, rest: &str| {
        lowered(&format!(
            "from proxystore.proxy import Proxy as {alias}\n{rest}"
        ))
        .split_once('\n')
        .expect("the import is a line")
        .1
        .to_owned()
    };
    assert_eq!(import("P", "x: P[int]"), "x: Q[int]");
    assert_eq!(import("P", "Q = 1\nx: P[int]"), "Q = 1\nx: J[int]");
    assert_eq!(import("Q", "x: Q[int]"), "x: J[int]");
    assert_eq!(import("P", "Q = J = 1\nx: P[int]"), "Q = J = 1\nx: P[int]");
    assert_eq!(import("P", "QJ = 'Qé'\nx: P[int]"), "QJ = 'Qé'\nx: Q[int]");
    assert_eq!(
        import("P", "from tkinter import *\nx: P[int]"),
        "from tkinter import *\nx: P[int]"
    );
    assert_eq!(import("Px", "x: Px[int]"), "x: Ƥ[int]");
    assert_eq!(import("é", "x: é[int]"), "x: Ƥ[int]");
    assert_eq!(import("Px", "Ƥ = 1\nx: Px[int]"), "Ƥ = 1\nx: Px[int]");
    assert_eq!(import("Pxy", "x: Pxy[int]"), "x: Z0_[int]");
    assert_eq!(
        import("Pxy", "Z0_ = 1\nx: Pxy[int]"),
        "Z0_ = 1\nx: Pxy[int]"
    );
    check_module("from proxystore.store.ref import RefMutProxy as M\nx: M[int]");
    check_module(&format!(
        "from proxystore.proxy import Proxy as {0}\nx: {0}[int]",
        "p".repeat(65)
    ));
}

#[test]
fn names_in_messages_are_restored() {
    assert_eq!(
        restore_names("`Z0___[int]` and `list[Z1__]`"),
        "`Proxy[int]` and `list[OwnedProxy]`"
    );
    assert_eq!(restore_names("Ƥ[int]: Z5_"), "Proxy[int]: ProxyOr");
    assert_eq!(restore_names("function `Z6___`"), "function `final`");
    for message in [
        "", "nothing", "Q[int]", "Z0", "Z9__", "Z7__", "Z0_x", "xZ0__", "Z0__1", "_Z0__", "éZ0__",
    ] {
        assert!(matches!(restore_names(message), std::borrow::Cow::Borrowed(it) if it == message));
    }
    assert_eq!(form_of("Q"), Some(Form::Proxy));
    assert_eq!(form_of("Proxy"), None);
    assert_eq!(form_of("Z6___"), None);
    assert_eq!(form_of("Z0"), None);
    assert_eq!(form_of("Z"), Some(Form::ProxyOr));
    assert_eq!(form_of(&format!("Z0{}", "_".repeat(62))), Some(Form::Proxy));
    assert_eq!(form_of(&format!("Z0{}", "_".repeat(63))), None);
}

//! Classes of other libraries that are proxies by configuration.

use super::{Form, Meaning, Project};
use crate::proxy::foreign::ProxyClass;

/// What is replaced in a file of the user's, by its text.
#[track_caller]
fn check(text: &str, expected: &[(&str, Meaning)]) {
    let mut project = Project::new(&[
        (
            "/site-packages/lazy_object_proxy/__init__.py",
            "class Proxy: ...\n",
        ),
        ("/site-packages/other.py", "class Proxy: ...\n"),
        ("/src/lib/lazy.py", "class Lazy[T]: ...\n"),
        ("/src/lib/__init__.py", "from lib.lazy import Lazy\n"),
    ]);
    let classes = ["lazy_object_proxy.Proxy", "lib.lazy.Lazy"];
    let classes = classes.map(|it| ProxyClass::parse(it).unwrap());
    project.resolver = project.resolver.with_proxy_classes(classes.to_vec());
    let lowered = project.lower(text, "/src/a.py");
    let found: Vec<(&str, Meaning)> = lowered
        .iter()
        .flat_map(|it| &it.replacements)
        .map(|it| (&text[it.range], it.meaning))
        .collect();
    assert_eq!(found, expected);
}

const FIRST: Meaning = Meaning::Proxy(Form::Foreign(0));
const SECOND: Meaning = Meaning::Proxy(Form::Foreign(1));

#[test]
fn annotations_and_known_constructors_are_replaced() {
    check(
        "from lazy_object_proxy import Proxy\nx: Proxy[int] = Proxy(f)\nisinstance(x, Proxy)\n",
        &[("Proxy", FIRST), ("Proxy", Meaning::Constructor(0))],
    );
    check(
        "import lazy_object_proxy as lop\ndef f(x: 'lop.Proxy[int]'): ...\n",
        &[("lop.Proxy", FIRST)],
    );
}

#[test]
fn a_class_is_followed_through_the_users_modules() {
    check(
        "from lib import Lazy as Later\nx: Later[int] = Later(f)\nclass Mine(Later[int]): ...\n",
        &[("Later", SECOND)],
    );
}

#[test]
fn other_classes_of_the_name_stay() {
    check("from other import Proxy\nx: Proxy[int] = Proxy(f)\n", &[]);
}

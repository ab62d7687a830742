//! Lowers arbitrary text as a module, a stub file and a notebook, and checks what must hold of every
//! lowered text.
//!
//! The module is compiled on its own, because the whole of the type inference takes minutes to
//! instrument and lowering needs none of it.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::{Corpus, fuzz_target};
use ruff_db::system::{InMemorySystem, SystemPath};
use ruff_python_ast::PySourceType;

#[path = "../../src/proxy/lower/tests/invariants.rs"]
mod invariants;
#[allow(dead_code, unused_imports)]
#[path = "../../src/proxy/lower/mod.rs"]
mod lower;

use lower::{Lowered, Meaning, Replacement, Resolver, form_of};

const KINDS: [(&str, PySourceType); 3] = [
    ("/src/main.py", PySourceType::Python),
    ("/src/main.pyi", PySourceType::Stub),
    ("/src/main.ipynb", PySourceType::Ipynb),
];

static SYSTEM: LazyLock<InMemorySystem> = LazyLock::new(InMemorySystem::default);

fuzz_target!(|text: &str| -> Corpus {
    let mut is_lowered = false;
    // Few texts have an import of their own.
    for prelude in ["", "from proxystore.proxy import *; from typing import *\n"] {
        let text = format!("{prelude}{text}");
        for (path, source_type) in KINDS {
            let resolver = Resolver::new(Arc::new(SYSTEM.clone()), vec!["/src".into()], Vec::new());
            let path = SystemPath::new(path);
            let Some(lowered) = lower::lower(&text, path, source_type, &resolver) else {
                continue;
            };
            is_lowered = true;
            invariants::check(&text, &lowered, source_type);
            let again = lower::lower(&lowered.text, path, source_type, &resolver);
            assert_eq!(again, None, "not idempotent");
        }
    }
    // The others show that nothing panics, but nothing else.
    if is_lowered { Corpus::Keep } else { Corpus::Reject }
});

//! What is embedded in the binary: the standard library's stubs and our own.

use std::sync::LazyLock;

use ruff_db::system::{MemoryFileSystem, SystemPath};
use ruff_db::vendored::VendoredFileSystem;

use crate::proxy::foreign::{self, ProxyClass};
use crate::proxy::lower::Resolver;
use crate::proxy::{lower, repair, returns};

/// The folder below which [`stubs`] appears to the type inference.
pub(crate) const STUB_ROOT: &str = "/proxycheck-stubs";

/// Whether a path is that of one of [`stubs`].
pub(super) fn is_stub(path: &SystemPath) -> bool {
    path.starts_with(STUB_ROOT)
}

static TYPESHED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/typeshed.zip"));
static STUBS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/stubs.rs"));

/// Typeshed without final classes (see `build.rs`).
pub(crate) fn typeshed() -> &'static VendoredFileSystem {
    static FILES: LazyLock<VendoredFileSystem> = LazyLock::new(|| {
        VendoredFileSystem::new_static(TYPESHED).expect("the build script writes a valid archive")
    });
    &FILES
}

/// The stubs of ProxyStore, proxyrt and Dask, and the names that lowering puts into user files.
pub(crate) fn stubs(proxy_classes: &[ProxyClass], resolver: &Resolver) -> MemoryFileSystem {
    let files = MemoryFileSystem::new();
    let root = SystemPath::new(STUB_ROOT);
    let of_classes = foreign::stubs(proxy_classes, |class| resolver.own_members(class));
    let of_classes = of_classes
        .into_iter()
        .map(|(path, text)| (root.join(path), text));
    files
        .write_files_all(of_classes)
        .expect("the classes have different letters");
    files
        .write_files_all(STUBS.iter().map(|(path, text)| (root.join(path), *text)))
        .and_then(|()| {
            let text = lower::builtins_stub(proxy_classes) + repair::BUILTINS + returns::BUILTINS;
            files.write_file_all(root.join("__builtins__.pyi"), text)
        })
        .expect("the paths of the embedded stubs are distinct");
    files
}

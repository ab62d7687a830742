//! What is embedded in the binary: the standard library's stubs and our own.

use std::sync::LazyLock;

use ruff_db::system::{MemoryFileSystem, SystemPath};
use ruff_db::vendored::VendoredFileSystem;

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
pub(crate) fn stubs() -> MemoryFileSystem {
    let files = MemoryFileSystem::new();
    let root = SystemPath::new(STUB_ROOT);
    files
        .write_files_all(STUBS.iter().map(|(path, text)| (root.join(path), *text)))
        .and_then(|()| {
            let text = lower::builtins_stub() + repair::BUILTINS + returns::BUILTINS;
            files.write_file_all(root.join("__builtins__.pyi"), text)
        })
        .expect("the paths of the embedded stubs are distinct");
    files
}

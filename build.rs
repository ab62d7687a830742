//! Embeds two things in the binary: the stubs of `stubs/`, and a typeshed in which no class is final.
//!
//! `Proxy[T]` is inferred as `Proxy[T] & T`. A final class has no subclasses, so the intersection with
//! it is empty, and code that uses a proxy of a `bool`, `range` or `memoryview` would be unreachable.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ruff_db::vendored::{FileType, VendoredFileSystem, VendoredPath};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=stubs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));

    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    add_directory(
        &mut zip,
        ty_vendored::file_system(),
        VendoredPath::new("stdlib"),
    )?;
    fs::write(out.join("typeshed.zip"), zip.finish()?.into_inner())?;

    let root = fs::canonicalize("stubs")?;
    let mut stubs = String::from("&[\n");
    list_stubs(&root, &root, &mut stubs)?;
    stubs.push(']');
    fs::write(out.join("stubs.rs"), stubs)
}

fn add_directory(
    zip: &mut ZipWriter<io::Cursor<Vec<u8>>>,
    typeshed: &VendoredFileSystem,
    directory: &VendoredPath,
) -> io::Result<()> {
    // Not compressed: the few megabytes are read at every start.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.add_directory(directory.as_str(), options)?;
    for entry in typeshed.read_directory(directory) {
        match entry.file_type() {
            FileType::Directory => add_directory(zip, typeshed, entry.path())?,
            FileType::File => {
                let text = typeshed.read_to_string(entry.path())?;
                zip.start_file(entry.path().as_str(), options)?;
                zip.write_all(without_final_classes(&text).as_bytes())?;
            }
        }
    }
    Ok(())
}

/// Blanks each `@final` that decorates a class; those of methods stay. The length does not change.
fn without_final_classes(text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut result = String::with_capacity(text.len());
    for (number, line) in lines.iter().enumerate() {
        let is_final = matches!(
            line.trim(),
            "@final" | "@typing.final" | "@typing_extensions.final"
        );
        if is_final && decorates_class(&lines[number + 1..]) {
            let word = line.trim();
            result.push_str(&line.replacen(word, &" ".repeat(word.len()), 1));
        } else {
            result.push_str(line);
        }
    }
    result
}

fn decorates_class(following: &[&str]) -> bool {
    following
        .iter()
        .map(|line| line.trim_start())
        .find(|line| !line.is_empty() && !line.starts_with(['@', '#']))
        .is_some_and(|line| line.starts_with("class "))
}

/// Appends `("package/module.pyi", include_str!("…")),` for each stub below `directory`.
fn list_stubs(root: &Path, directory: &Path, list: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            list_stubs(root, &path, list)?;
        } else if path.extension().is_some_and(|it| it == "pyi") || path.ends_with("py.typed") {
            let name = path
                .strip_prefix(root)
                .expect("the walk stays below its root")
                .to_string_lossy()
                .replace('\\', "/");
            let _ = writeln!(
                list,
                "    ({name:?}, include_str!({:?})),",
                path.display().to_string()
            );
        }
    }
    Ok(())
}

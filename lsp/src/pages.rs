//! Pages that are written for the client to show.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lsp_types::Uri;

use crate::uri;

/// A folder of this process alone, removed with it.
#[derive(Default)]
pub struct Pages {
    folder: Option<PathBuf>,
}

impl Pages {
    pub fn write(&mut self, rule: &str, page: &str) -> Option<Uri> {
        let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if rule.is_empty() || !rule.chars().all(is_plain) {
            return None;
        }
        if self.folder.as_ref().is_none_or(|it| !it.is_dir()) {
            self.folder = Some(new_folder().ok()?);
        }
        let path = self.folder.as_ref()?.join(format!("{rule}.md"));
        fs::write(&path, page).ok()?;
        uri::from_path(&path)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Others may write to the folder of temporary files: one that exists already is not taken.
fn new_folder() -> io::Result<PathBuf> {
    let parent = std::env::temp_dir();
    for attempt in 0..100 {
        let name = format!("proxycheck-rules-{}-{attempt}", std::process::id());
        match create_private(&parent.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
            result => return result,
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn create_private(path: &Path) -> io::Result<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    Ok(path.to_owned())
}

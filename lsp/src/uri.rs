//! URIs of documents and paths of files.

use std::path::{Path, PathBuf};

use lsp_types::Uri;

/// The path of a file. Documents of other schemes, such as a version-control system's old texts, have
/// none.
pub fn to_path(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme() != "file" {
        return None;
    }
    // Some clients escape the colon of a drive letter, which the standard does not take for one then.
    let unescaped = uri.path().get(..5).is_some_and(|it| {
        it.starts_with('/')
            && it.as_bytes()[1].is_ascii_alphabetic()
            && it[2..].eq_ignore_ascii_case("%3a")
    });
    let path = if unescaped && cfg!(windows) {
        let mut uri = uri.clone();
        let path = format!("{}:{}", &uri.path()[..2], &uri.path()[5..]);
        uri.set_path(&path);
        uri.to_file_path().ok()?
    } else {
        uri.to_file_path().ok()?
    };
    // Windows does not tell `c:` from `C:`; clients write both.
    Some(upper_case_drive(path))
}

#[cfg(windows)]
fn upper_case_drive(path: PathBuf) -> PathBuf {
    match path.to_str() {
        Some(text) if text.as_bytes().get(1) == Some(&b':') => {
            PathBuf::from(format!("{}{}", text[..1].to_ascii_uppercase(), &text[1..]))
        }
        _ => path,
    }
}

#[cfg(not(windows))]
fn upper_case_drive(path: PathBuf) -> PathBuf {
    path
}

/// The URI of an absolute path.
pub fn from_path(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path).ok()
}

/// The URI of an absolute path, for text that links to it.
#[must_use]
pub fn file_url(path: &Path) -> Option<String> {
    from_path(path).map(|it| it.to_string())
}

/// Where a document that has no file yet is taken to be: in `folder`, so that its imports are resolved
/// as they will be when it is saved there.
pub fn untitled_path(uri: &Uri, folder: &Path, is_notebook: bool) -> PathBuf {
    // Either an opaque name or, for a file that is to be made, its path.
    let name: String = uri
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .map(|it| match it {
            '%' | ':' | '\\' | '?' | '*' | '"' | '<' | '>' | '|' => '-',
            it => it,
        })
        .collect();
    let name = if name.is_empty() || name == "." || name == ".." {
        "Untitled".into()
    } else {
        name
    };
    let extension = if is_notebook { "ipynb" } else { "py" };
    let has_extension = Path::new(&name)
        .extension()
        .is_some_and(|it| it == extension || (!is_notebook && it == "pyi"));
    if has_extension {
        folder.join(name)
    } else {
        folder.join(format!("{name}.{extension}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    #[cfg(unix)]
    fn paths_are_decoded_and_encoded() {
        for (text, path) in [
            ("file:///a/b.py", "/a/b.py"),
            ("file:///a%20b/%C3%A9%25.py", "/a b/é%.py"),
            ("file:///c%3A/a.py", "/c:/a.py"),
            ("file:///%5B%23%3F%5D.py", "/[#?].py"),
        ] {
            assert_eq!(to_path(&uri(text)), Some(path.into()));
            let back = from_path(Path::new(path)).unwrap();
            assert_eq!(to_path(&back), Some(path.into()), "{back}");
        }
        assert_eq!(to_path(&uri("file:///a/../b.py")), Some("/b.py".into()));
    }

    #[test]
    #[cfg(windows)]
    fn drive_letters_are_those_of_the_system() {
        for text in ["file:///c%3A/a.py", "file:///C:/a.py", "file:///c:/a.py"] {
            assert_eq!(to_path(&uri(text)), Some(r"C:\a.py".into()));
        }
    }

    #[test]
    fn only_files_have_paths() {
        for text in ["git:/a.py?HEAD", "untitled:Untitled-1", "https://a/b.py"] {
            assert_eq!(to_path(&uri(text)), None);
        }
        assert_eq!(from_path(Path::new("relative.py")), None);
    }

    #[test]
    fn untitled_documents_are_in_the_folder() {
        let path = |text, notebook| untitled_path(&uri(text), Path::new("/w"), notebook);
        assert_eq!(
            path("untitled:Untitled-1", false),
            Path::new("/w/Untitled-1.py")
        );
        assert_eq!(
            path("untitled:/home/me/new.py", false),
            Path::new("/w/new.py")
        );
        assert_eq!(
            path("untitled:Untitled-1.ipynb?jupyter-notebook", true),
            Path::new("/w/Untitled-1.ipynb")
        );
        assert_eq!(path("untitled:..", false), Path::new("/w/Untitled.py"));
    }
}

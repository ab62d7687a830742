//! A folder with a program to check.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A finding on line 3 that can be fixed.
pub const IDENTITY: &str = "\
from proxystore.proxy import Proxy
p: Proxy[int] = Proxy(lambda: 1)
p is True
";

/// What is printed for [`IDENTITY`] in `a.py` in the format `concise`.
pub const IDENTITY_LINE: &str = "a.py:3:1: error[identity-check-on-proxy] This is always `False`: a `Proxy[int]` is never the object `True`\n";

pub struct Project {
    folder: TempDir,
}

/// What a run wrote, and its exit code.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let project = Project {
            folder: TempDir::new().unwrap(),
        };
        project.write(
            "env/lib/python3.12/site-packages/installed.py",
            "x: int = 1\n",
        );
        for (path, text) in files {
            project.write(&format!("work/{path}"), text);
        }
        std::fs::create_dir_all(project.path("work")).unwrap();
        project
    }

    /// A path beside the working directory; `work/…` is in it.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path("work").join(path)).unwrap()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_proxycheck")));
        command
            .current_dir(self.path("work"))
            .env_clear()
            .env("VIRTUAL_ENV", self.path("env"))
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command().args(args).output().unwrap())
    }

    /// The findings, one line each.
    pub fn concise(&self, args: &[&str]) -> Ran {
        let mut all = vec!["--output-format", "concise", "--quiet"];
        all.extend(args);
        self.run(&all)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub fn is(&self, code: i32, stdout: &str, stderr: &str) {
        assert_eq!(
            (self.stdout.as_str(), self.stderr.as_str(), self.code),
            (stdout, stderr, code)
        );
    }
}

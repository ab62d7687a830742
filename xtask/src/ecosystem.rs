//! `cargo xtask ecosystem`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::corpus::{Size, unpack};
use crate::process::capture;
use crate::setup::PythonOptions;
use crate::{Outcome, target};

const PACKAGES: &str = "ecosystem/packages.toml";
const ACCEPTED: &str = "ecosystem/accepted.txt";

/// What stands above findings that nobody has judged yet.
const UNJUDGED: &str = "# Not judged yet.";

#[derive(Args)]
pub(crate) struct Options {
    /// Write the findings to the accepted list; reasons that it gives are kept
    #[arg(long)]
    accept: bool,
    /// Check this package only; can be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "accept")]
    package: Vec<String>,
    /// The checker to run [default: the one built with --release]
    #[arg(long, value_name = "FILE")]
    proxycheck: Option<PathBuf>,
    #[command(flatten)]
    python: PythonOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// Versions by name. They are exact, because findings are accepted by line.
    packages: BTreeMap<String, String>,
}

pub(crate) fn run(options: &Options) -> Result<Outcome> {
    let manifest =
        fs::read_to_string(PACKAGES).with_context(|| format!("cannot read {PACKAGES}"))?;
    let mut packages = toml::from_str::<Manifest>(&manifest)
        .with_context(|| format!("{PACKAGES} is malformed"))?
        .packages;
    if let Some(unknown) = options
        .package
        .iter()
        .find(|it| !packages.contains_key(*it))
    {
        bail!("{PACKAGES} has no package {unknown}");
    }
    if !options.package.is_empty() {
        packages.retain(|name, _| options.package.contains(name));
    }
    let accepted = match fs::read_to_string(ACCEPTED) {
        Ok(text) => Accepted::parse(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Accepted::default(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {ACCEPTED}")),
    };

    let checker = checker(options.proxycheck.as_deref())?;
    let environment = options.python.complete_environment()?;
    let mut findings = BTreeSet::new();
    let mut failures = Vec::new();
    println!(
        "{:<20} {:>6} {:>8} {:>8} {:>9}",
        "package", "files", "lines", "seconds", "findings"
    );
    for (name, version) in &packages {
        let folder = unpack(
            &environment,
            &target().join("ecosystem"),
            name,
            version,
            false,
        )?;
        let size = Size::of(&folder)?;
        let start = Instant::now();
        let finished = capture(
            Command::new(&checker)
                .args(["check", "--output-format", "concise", "--color", "never"])
                // The packages are below `target`, which git ignores.
                .arg("--no-respect-gitignore")
                .arg("--python")
                .arg(environment.folder())
                .arg(".")
                .current_dir(&folder),
            false,
        )?;
        let seconds = start.elapsed().as_secs_f64();
        let report = Report::read(name, &finished.output);
        if !matches!(finished.status.code(), Some(0 | 1)) || !report.other.is_empty() {
            failures.push(format!("{name}: {}\n{}", finished.status, finished.output));
        } else if report.files_checked != Some(size.files) {
            failures.push(format!(
                "{name}: not all of its {} files are checked\n{}",
                size.files, finished.output
            ));
        }
        println!(
            "{name:<20} {:>6} {:>8} {seconds:>8.2} {:>9}",
            size.files,
            size.lines,
            report.findings.len()
        );
        findings.extend(report.findings);
    }
    for failure in &failures {
        println!("\nfailed: {failure}");
    }
    if !failures.is_empty() {
        return Ok(Outcome::Failure);
    }
    if options.accept {
        fs::write(ACCEPTED, accepted.replaced_by(&findings).to_string())?;
        println!("\nwrote {} findings to {ACCEPTED}", findings.len());
        return Ok(Outcome::Success);
    }
    Ok(compare(&accepted.of_packages(&packages), &findings))
}

/// Prints the differences.
fn compare(accepted: &BTreeSet<String>, findings: &BTreeSet<String>) -> Outcome {
    if accepted == findings {
        println!("\nThe findings are the accepted ones.");
        return Outcome::Success;
    }
    println!();
    for finding in findings.difference(accepted) {
        println!("new:  {finding}");
    }
    for finding in accepted.difference(findings) {
        println!("gone: {finding}");
    }
    println!("\nTo accept this: cargo xtask ecosystem --accept, then say why in {ACCEPTED}.");
    Outcome::Failure
}

fn checker(chosen: Option<&Path>) -> Result<PathBuf> {
    let path = chosen.map_or_else(|| target().join("release/proxycheck"), Path::to_path_buf);
    path.canonicalize().with_context(|| {
        format!(
            "no checker at {}: run cargo build --release",
            path.display()
        )
    })
}

/// What the checker has printed about a package.
#[derive(PartialEq, Eq, Debug, Default)]
struct Report {
    /// Lines `PACKAGE/PATH:LINE:COLUMN: SEVERITY[RULE] MESSAGE`.
    findings: BTreeSet<String>,
    files_checked: Option<usize>,
    /// Everything else, failures of the checker among it.
    other: Vec<String>,
}

impl Report {
    fn read(package: &str, output: &str) -> Self {
        let mut report = Self::default();
        for line in output.lines().filter(|line| !line.trim().is_empty()) {
            match rule(line) {
                // Says what the types are where code asks for it, right or wrong.
                Some("revealed-type") => {}
                None if files_checked(line).is_some() => {
                    report.files_checked = files_checked(line);
                }
                None | Some("internal-error") => report.other.push(line.to_owned()),
                Some(_) => {
                    report.findings.insert(format!("{package}/{line}"));
                }
            }
        }
        report
    }
}

/// The number in `No problems in 3 files` or `Found 2 problems in 1 of 3 files (2 errors)`.
fn files_checked(line: &str) -> Option<usize> {
    if !line.starts_with("No problems in ") && !line.starts_with("Found ") {
        return None;
    }
    let (before, _) = line.rsplit_once(" file")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// The rule in a line `PATH:LINE:COLUMN: SEVERITY[RULE] MESSAGE`.
fn rule(line: &str) -> Option<&str> {
    let (location, rest) = line.split_once(": ")?;
    let mut parts = location.rsplitn(3, ':');
    for _ in 0..2 {
        parts.next()?.parse::<u32>().ok()?;
    }
    let (severity, rest) = rest.split_once('[')?;
    let known = matches!(severity, "error" | "warning" | "info");
    known.then_some(rest.split_once("] ")?.0)
}

/// The accepted list: paragraphs of findings, each below a comment that says why they are right.
#[derive(Default)]
struct Accepted {
    groups: Vec<Group>,
}

#[derive(Default)]
struct Group {
    /// Lines that begin with `#`.
    comment: Vec<String>,
    findings: BTreeSet<String>,
}

impl Accepted {
    fn parse(text: &str) -> Result<Self> {
        let mut groups: Vec<Group> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut inside = false;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() {
                inside = false;
                continue;
            }
            if !inside {
                groups.push(Group::default());
                inside = true;
            }
            let Some(group) = groups.last_mut() else {
                continue;
            };
            if line.starts_with('#') {
                if !group.findings.is_empty() {
                    bail!(
                        "{ACCEPTED}:{}: an empty line must precede a comment",
                        number + 1
                    );
                }
                group.comment.push(line.to_owned());
            } else {
                if group.comment.is_empty() {
                    bail!(
                        "{ACCEPTED}:{}: a comment must say why this is right",
                        number + 1
                    );
                }
                if rule(line).is_none() {
                    bail!("{ACCEPTED}:{}: not a finding: {line}", number + 1);
                }
                if !seen.insert(line.to_owned()) {
                    bail!("{ACCEPTED}:{}: this finding is listed twice", number + 1);
                }
                group.findings.insert(line.to_owned());
            }
        }
        Ok(Self { groups })
    }

    /// The accepted findings in some packages.
    fn of_packages(&self, packages: &BTreeMap<String, String>) -> BTreeSet<String> {
        let findings = self.groups.iter().flat_map(|group| &group.findings);
        findings
            .filter(|it| {
                it.split_once('/')
                    .is_some_and(|(name, _)| packages.contains_key(name))
            })
            .cloned()
            .collect()
    }

    /// The list that accepts `findings`: what is gone is dropped, what is new comes last.
    fn replaced_by(mut self, findings: &BTreeSet<String>) -> Self {
        let mut new = findings.clone();
        self.groups.retain_mut(|group| {
            // A group that never had findings is the head of the file.
            let head = group.findings.is_empty();
            group.findings.retain(|it| new.remove(it));
            head || !group.findings.is_empty()
        });
        if !new.is_empty() {
            let unjudged = |group: &Group| group.comment == [UNJUDGED];
            match self.groups.iter_mut().find(|group| unjudged(group)) {
                Some(group) => group.findings.extend(new),
                None => self.groups.push(Group {
                    comment: vec![UNJUDGED.to_owned()],
                    findings: new,
                }),
            }
        }
        self
    }
}

impl std::fmt::Display for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, group) in self.groups.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            for line in group.comment.iter().chain(&group.findings) {
                writeln!(f, "{line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
# What the findings are.

# The lambda is called with a number.
a/x.py:1:2: error[rule] one
a/y.py:10:2: warning[rule] two

# It is None at first.
b/z.py:3:4: error[other] three
";

    fn set(lines: &[&str]) -> BTreeSet<String> {
        lines.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn a_list_is_written_as_it_is_read() {
        assert_eq!(Accepted::parse(LIST).unwrap().to_string(), LIST);
    }

    #[test]
    fn accepting_keeps_reasons_drops_what_is_gone_and_appends_what_is_new() {
        let findings = set(&[
            "a/y.py:10:2: warning[rule] two",
            "c/n.py:1:1: error[rule] new",
        ]);
        let list = Accepted::parse(LIST).unwrap().replaced_by(&findings);
        let expected = "\
# What the findings are.

# The lambda is called with a number.
a/y.py:10:2: warning[rule] two

# Not judged yet.
c/n.py:1:1: error[rule] new
";
        assert_eq!(list.to_string(), expected);

        let more = set(&[
            "c/m.py:1:1: error[rule] newer",
            "c/n.py:1:1: error[rule] new",
        ]);
        let list = Accepted::parse(expected)
            .unwrap()
            .replaced_by(&more)
            .to_string();
        assert!(list.ends_with(
            "# Not judged yet.\nc/m.py:1:1: error[rule] newer\nc/n.py:1:1: error[rule] new\n"
        ));
    }

    #[test]
    fn a_malformed_list_is_refused_with_its_line() {
        for (text, line) in [
            ("a/x.py:1:2: error[rule] one\n", 1),
            ("# why\nsomething\n", 2),
            ("# why\na/x.py:1:2: error[rule] one\n# and\n", 3),
            (
                "# why\na/x.py:1:2: error[r] m\n\n# why\na/x.py:1:2: error[r] m\n",
                5,
            ),
        ] {
            let error = Accepted::parse(text).err().expect(text).to_string();
            assert!(error.contains(&format!("accepted.txt:{line}:")), "{error}");
        }
    }

    #[test]
    fn only_the_chosen_packages_count() {
        let packages = BTreeMap::from([("b".to_owned(), "1".to_owned())]);
        assert_eq!(
            Accepted::parse(LIST).unwrap().of_packages(&packages),
            set(&["b/z.py:3:4: error[other] three"])
        );
    }

    #[test]
    fn new_and_missing_findings_fail() {
        let one = set(&["a/x.py:1:2: error[rule] one"]);
        assert_eq!(compare(&one, &one), Outcome::Success);
        assert_eq!(compare(&one, &set(&[])), Outcome::Failure);
        assert_eq!(compare(&set(&[]), &one), Outcome::Failure);
    }

    #[test]
    fn findings_are_told_from_failures() {
        let output = "\
a/x.py:1:2: error[some-rule] The list: it is[1] wrong
a/x.py:7:2: info[revealed-type] Proxy[int]
a/x.py:1:1: error[internal-error] The checker panicked
thread 'main' panicked at src/x.rs:1:2:
Found 3 problems in 1 of 12 files (3 errors)
";
        let report = Report::read("pkg", output);
        let finding = "pkg/a/x.py:1:2: error[some-rule] The list: it is[1] wrong";
        assert_eq!(report.findings, set(&[finding]));
        assert_eq!(report.other.len(), 2);
        assert_eq!(report.files_checked, Some(12));
    }

    #[test]
    fn the_summary_tells_how_many_files_were_checked() {
        assert_eq!(files_checked("No problems in 1 file"), Some(1));
        assert_eq!(files_checked("No problems in 231 files"), Some(231));
        assert_eq!(
            files_checked("Found 1 problem in 1 of 2 files (1 error; 1 fixable with --fix)"),
            Some(2)
        );
        assert_eq!(files_checked("There are 3 files"), None);
    }
}

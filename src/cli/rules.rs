//! `proxycheck rules` and `proxycheck explain`.

use std::io::Write as _;

use codespan_reporting::term::termcolor::{ColorSpec, WriteColor};
use serde::Serialize;

use super::args::{Color, ListFormat};
use super::{Message, Status, message, stdout};
use crate::config::rules;
use crate::diagnostics::{Confidence, Level, RuleInfo};

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    summary: &'a str,
    level: Level,
    confidence: Confidence,
    fixable: bool,
    /// `own` or `inference`.
    origin: &'a str,
    url: Option<&'a str>,
}

impl<'a> From<&'a RuleInfo> for Row<'a> {
    fn from(rule: &'a RuleInfo) -> Self {
        Row {
            name: rule.name,
            summary: rule.summary,
            level: rule.level,
            confidence: rule.confidence,
            fixable: rule.fixable,
            origin: if rule.inference { "inference" } else { "own" },
            url: rule.url,
        }
    }
}

pub(super) fn list(format: ListFormat, all: bool, color: Color) -> anyhow::Result<Status> {
    let mut out = stdout(color);
    match format {
        ListFormat::Json => {
            let rows: Vec<Row> = rules::all().iter().map(|it| Row::from(*it)).collect();
            serde_json::to_writer_pretty(&mut out, &rows)?;
            writeln!(out)?;
        }
        ListFormat::Text => {
            let shown: Vec<&RuleInfo> = rules::all()
                .iter()
                .copied()
                .filter(|it| all || !it.inference)
                .collect();
            let width = shown
                .iter()
                .map(|it| it.name.len())
                .max()
                .unwrap_or_default();
            for rule in &shown {
                write!(out, "{:6}  ", rule.level.as_str())?;
                out.set_color(ColorSpec::new().set_bold(true))?;
                write!(out, "{:width$}", rule.name)?;
                out.reset()?;
                let fixable = if rule.fixable { " (fixable)" } else { "" };
                writeln!(out, "  {}{fixable}", rule.summary)?;
            }
            let hidden = rules::all().len() - shown.len();
            if hidden > 0 {
                writeln!(
                    out,
                    "\nThe {hidden} rules of the type inference are reported too where a proxy is involved; \
                     `proxycheck rules --all` lists them."
                )?;
            }
        }
    }
    out.flush()?;
    Ok(Status::Clean)
}

pub(super) fn explain(name: &str, color: Color) -> anyhow::Result<Status> {
    let fixed = rules::FIXED.iter().find(|it| it.name == name);
    let Some(rule) = fixed.or_else(|| rules::find(name)) else {
        message(Message::Error, &rules::unknown(name));
        return Ok(Status::Usage);
    };
    let mut out = stdout(color);
    out.set_color(ColorSpec::new().set_bold(true))?;
    write!(out, "# {}", rule.name)?;
    out.reset()?;
    writeln!(out, "\n")?;
    let mut summary = rule.summary.to_owned();
    if let Some(first) = summary.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    write!(out, "{summary}.")?;
    if !rules::is_fixed(rule.name) {
        write!(out, " Default level: {}.", rule.level.as_str())?;
    }
    if rule.fixable {
        write!(out, " Some findings can be fixed with `--fix`.")?;
    }
    writeln!(out, "\n")?;
    writeln!(out, "{}", rule.page.trim_end())?;
    if let Some(url) = rule.url {
        writeln!(out, "\n{url}")?;
    }
    out.flush()?;
    Ok(Status::Clean)
}

//! The command line.

use std::str::FromStr;

use clap::builder::styling::{AnsiColor, Effects, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use ruff_db::system::SystemPathBuf;
use ruff_python_ast::PythonVersion;

use crate::config;
use crate::diagnostics::render::OutputFormat;
use crate::diagnostics::{Level, RuleInfo};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

/// Check Python programs that move objects by proxy
///
/// Without a command, `proxycheck [PATHS]…` means `proxycheck check [PATHS]…`.
#[derive(Debug, Parser)]
#[command(
    name = "proxycheck",
    version,
    styles = STYLES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 no problems, 1 problems found, 2 the command line, the configuration \
                  or a file is at fault, 101 proxycheck itself failed.",
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub check: CheckArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check files and folders; what happens without a command
    Check(Box<CheckArgs>),
    /// Print what a rule means, why it matters and how to mend what it finds
    Explain {
        /// The name of a rule, as in `error[name]`
        rule: String,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List all rules
    Rules {
        /// How to print them
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
        /// List the rules of the type inference too
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Answer an editor by the Language Server Protocol, over the standard input and output
    Server,
    /// Print the version
    Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListFormat {
    /// For people
    #[default]
    Text,
    /// An array of objects
    Json,
}

#[derive(Debug, Clone, Copy, Default, Args)]
pub struct OutputArgs {
    /// When to use colours
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        help_heading = "Output"
    )]
    pub color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// If the output goes to a terminal
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Files and folders to check, `-` for the standard input [default: the working directory]
    #[arg(value_name = "PATHS", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<SystemPathBuf>,

    /// Report everything that the type inference finds, not only what concerns proxies
    #[arg(long)]
    pub all: bool,

    /// Apply the fixes that cannot change what a correct program does
    #[arg(long, help_heading = "Fixes")]
    pub fix: bool,
    /// Apply, or show, the other fixes too
    #[arg(long, help_heading = "Fixes")]
    pub unsafe_fixes: bool,
    /// Print what `--fix` would change, and change nothing
    #[arg(long, conflicts_with = "fix", help_heading = "Fixes")]
    pub diff: bool,

    /// Report these rules only
    #[arg(
        long,
        value_name = "RULE",
        value_delimiter = ',',
        help_heading = "Rules"
    )]
    pub select: Vec<RuleName>,
    /// Do not report these rules
    #[arg(
        long,
        value_name = "RULE",
        value_delimiter = ',',
        help_heading = "Rules"
    )]
    pub ignore: Vec<RuleName>,
    /// Set the level of a rule: `error`, `warn`, `info` or `ignore`
    #[arg(
        long,
        value_name = "RULE=LEVEL",
        value_delimiter = ',',
        help_heading = "Rules"
    )]
    pub level: Vec<RuleLevel>,

    /// The interpreter, or the folder of the environment, that the program runs in
    #[arg(long, value_name = "PATH", help_heading = "Python", value_hint = ValueHint::AnyPath)]
    pub python: Option<String>,
    /// The Python version that the program is written for, such as 3.12
    #[arg(long, value_name = "VERSION", value_parser = config::python_version, help_heading = "Python")]
    pub python_version: Option<PythonVersion>,
    /// The platform that the program runs on: `linux`, `darwin`, `win32` or `all`
    #[arg(long, help_heading = "Python")]
    pub platform: Option<String>,

    /// A configuration file to use, or a setting such as `all = true`
    #[arg(long, value_name = "FILE|SETTING", help_heading = "Files")]
    pub config: Vec<String>,
    /// A folder of the project whose configuration is to be used instead of the working directory's
    #[arg(long, value_name = "PATH", help_heading = "Files", value_hint = ValueHint::DirPath)]
    pub project: Option<SystemPathBuf>,
    /// Do not check what matches this pattern, which is one as in `.gitignore`
    #[arg(long, value_name = "PATTERN", help_heading = "Files")]
    pub exclude: Vec<String>,
    /// Check files that git ignores too
    #[arg(long, help_heading = "Files")]
    pub no_respect_gitignore: bool,
    /// The path that the text on the standard input is checked as [default: stdin.py]
    #[arg(long, value_name = "PATH", help_heading = "Files")]
    pub stdin_filename: Option<SystemPathBuf>,

    /// How to print what was found
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, help_heading = "Output",
        long_help = FORMATS, help = FORMATS)]
    pub output_format: Option<OutputFormat>,
    /// Print how many findings each rule has instead of the findings
    #[arg(long, help_heading = "Output")]
    pub statistics: bool,
    /// Exit with 0 even if problems were found
    #[arg(long, help_heading = "Output")]
    pub exit_zero: bool,
    /// Print the findings and nothing else
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Print which configuration, environment and folders are used
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

const FORMATS: &str =
    "How to print what was found: full, concise, json, json-lines, github, gitlab, junit or sarif";

/// One rule, or `all`.
#[derive(Debug, Clone, Copy)]
pub enum RuleName {
    All,
    One(&'static RuleInfo),
}

impl FromStr for RuleName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "all" {
            return Ok(RuleName::All);
        }
        config::rules::find(name)
            .map(RuleName::One)
            .ok_or_else(|| config::rules::unknown(name))
    }
}

/// `rule=level`.
#[derive(Debug, Clone, Copy)]
pub struct RuleLevel {
    pub rule: RuleName,
    pub level: Level,
}

impl FromStr for RuleLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (rule, level) = text
            .split_once('=')
            .ok_or_else(|| "expected `rule=level`, such as `unresolved-import=warn`".to_owned())?;
        Ok(RuleLevel {
            rule: rule.trim().parse()?,
            level: Level::from_name(level.trim())
                .ok_or_else(|| config::unknown_level(level.trim()))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_line_of_the_help_is_too_long() {
        let help = Cli::command()
            .term_width(100)
            .render_long_help()
            .to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn levels_are_pairs() {
        let parsed: RuleLevel = "unresolved-import = warn".parse().unwrap();
        assert_eq!(parsed.level, Level::Warn);
        let error = "unresolved-import=warning"
            .parse::<RuleLevel>()
            .unwrap_err();
        assert!(error.contains("did you mean `warn`"), "{error}");
    }
}

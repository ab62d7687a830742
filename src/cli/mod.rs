//! The command `proxycheck`.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser as _;
use codespan_reporting::term::termcolor::{
    BufferedStandardStream, ColorChoice, ColorSpec, StandardStream, WriteColor,
};

mod args;
mod check;
mod fixes;
mod progress;
mod rules;

use args::{Cli, Color, Command};

use crate::ide::Host;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    /// No problems.
    Clean = 0,
    /// Problems in the program that was checked.
    Problems = 1,
    /// The command line, the configuration, or a file that cannot be read.
    Usage = 2,
    /// The checker itself failed.
    Internal = 101,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(status as u8)
    }
}

/// Each worker may recurse as deep as the code that it checks is nested. The memory is only taken when
/// it is used.
const STACK_SIZE: usize = 256 * 1024 * 1024;

/// Runs the command line `args`, the name of the program first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let is_fault = error.use_stderr();
            // Nobody may be there to read it.
            let _ = error.print();
            return if is_fault {
                Status::Usage
            } else {
                Status::Clean
            }
            .into();
        }
    };
    // A panic is reported below, in one line and without a trace.
    static PLACE: Mutex<Option<String>> = Mutex::new(None);
    std::panic::set_hook(Box::new(|info| {
        if let (Ok(mut place), Some(location)) = (PLACE.lock(), info.location()) {
            *place = Some(location.to_string());
        }
    }));
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(STACK_SIZE)
        .thread_name(|index| format!("worker {index}"));
    if let Some(Command::Server) = cli.command {
        let served = (pool.build_global().map_err(anyhow::Error::from))
            .and_then(|()| proxycheck_lsp::run_stdio(Host::new));
        return match served {
            Ok(()) => Status::Clean,
            Err(error) => {
                message(Message::Error, &format!("{error:#}"));
                Status::Problems
            }
        }
        .into();
    }
    let pool = pool.build();
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => {
            message(
                Message::Error,
                &format!("no threads can be started: {error}"),
            );
            return Status::Internal.into();
        }
    };
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.install(|| dispatch(cli))
    }));
    let status = match result {
        Ok(Ok(status)) => status,
        // Whoever reads the output has seen enough.
        Ok(Err(error)) if is_broken_pipe(&error) => Status::Clean,
        Ok(Err(error)) => {
            message(Message::Error, &format!("{error:#}"));
            Status::Usage
        }
        Err(payload) => {
            let what = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&str>().copied())
                .unwrap_or("unknown cause");
            let place = PLACE.lock().ok().and_then(|mut it| it.take());
            let place = place.map_or_else(String::new, |it| format!(" ({it})"));
            message(
                Message::Error,
                &format!("proxycheck failed: {what}{place}; this is a bug, please report it"),
            );
            Status::Internal
        }
    };
    status.into()
}

fn dispatch(cli: Cli) -> anyhow::Result<Status> {
    match cli.command {
        None => check::run(&cli.check),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Explain { rule, output }) => rules::explain(&rule, output.color),
        Some(Command::Rules {
            format,
            all,
            output,
        }) => rules::list(format, all, output.color),
        // It has threads of its own.
        Some(Command::Server) => Ok(Status::Clean),
        Some(Command::Version) => {
            writeln!(io::stdout(), "proxycheck {}", env!("CARGO_PKG_VERSION"))?;
            Ok(Status::Clean)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|it| it.downcast_ref::<io::Error>())
        .any(|it| it.kind() == io::ErrorKind::BrokenPipe)
}

/// What a message about the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Error,
    Warning,
    Info,
}

/// Writes a message about the run to the standard error.
fn message(kind: Message, text: &str) {
    use codespan_reporting::term::termcolor::Color::{Cyan, Red, Yellow};

    let mut out = StandardStream::stderr(color_choice(Color::Auto, io::stderr().is_terminal()));
    let (word, color) = match kind {
        Message::Error => ("error", Red),
        Message::Warning => ("warning", Yellow),
        Message::Info => ("info", Cyan),
    };
    // Nobody may be there to read it.
    let _ = out.set_color(ColorSpec::new().set_fg(Some(color)).set_bold(true));
    let _ = write!(out, "{word}");
    let _ = out.reset();
    let _ = writeln!(out, ": {text}");
}

fn stdout(color: Color) -> BufferedStandardStream {
    BufferedStandardStream::stdout(color_choice(color, io::stdout().is_terminal()))
}

fn stderr(color: Color) -> BufferedStandardStream {
    BufferedStandardStream::stderr(color_choice(color, io::stderr().is_terminal()))
}

/// As <https://bixense.com/clicolors/> and <https://no-color.org> ask for.
fn color_choice(color: Color, is_terminal: bool) -> ColorChoice {
    let is_set = |name| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    let is_on = |name| std::env::var_os(name).is_some_and(|it| !it.is_empty() && it != "0");
    let colored = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE") => true,
        Color::Auto if is_set("NO_COLOR") => false,
        Color::Auto => is_terminal && std::env::var_os("TERM").is_none_or(|it| it != "dumb"),
    };
    if colored {
        ColorChoice::AlwaysAnsi
    } else {
        ColorChoice::Never
    }
}

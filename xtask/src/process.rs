//! Running other programs.

use std::fmt::Display;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What a finished program has printed, standard output and standard error in the order written.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
}

/// Runs a program to its end.
///
/// With `echo`, what it prints is passed on at once, too.
///
/// # Errors
///
/// If the program cannot be started. That it fails is no error here.
pub(crate) fn capture(command: &mut Command, echo: bool) -> Result<Finished> {
    let (mut reader, writer) = io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {}", display(command)))?;
    // The command holds ends of the pipe that are to be written to, and would keep it open.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let mut output = Vec::new();
    let mut buffer = [0; 1 << 16];
    loop {
        let length = match reader.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if length == 0 {
            break;
        }
        output.extend_from_slice(&buffer[..length]);
        if echo {
            let mut stdout = io::stdout().lock();
            stdout.write_all(&buffer[..length])?;
            stdout.flush()?;
        }
    }
    Ok(Finished {
        status: child.wait()?,
        output: String::from_utf8_lossy(&output).into_owned(),
    })
}

/// Runs a program that must succeed, and returns what it has printed.
///
/// # Errors
///
/// If it cannot be started or fails; the error holds what it has printed.
pub(crate) fn succeed(command: &mut Command) -> Result<String> {
    let finished = capture(command, false)?;
    if !finished.status.success() {
        bail!(
            "{} failed ({}):\n{}",
            display(command),
            finished.status,
            finished.output.trim_end()
        );
    }
    Ok(finished.output)
}

/// What running a program has cost, its child processes included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// The peak resident memory, in bytes, of the largest of its processes.
    pub(crate) memory: u64,
}

/// Runs a program and measures it. What it prints goes to a file, which costs it less than a pipe.
///
/// # Errors
///
/// If the program cannot be started or waited for.
pub(crate) fn measure(command: &mut Command, output: std::fs::File) -> Result<(ExitStatus, Cost)> {
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let start = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot run {}", display(command)))?;
    let id = libc::pid_t::try_from(child.id())?;
    let mut status = 0;
    // SAFETY: all bits zero is a value of this C struct of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live variables, and nothing else waits for this child.
        if unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) } == id {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error).with_context(|| format!("cannot wait for {}", display(command)));
        }
    }
    let cost = Cost {
        wall: start.elapsed(),
        user: duration(usage.ru_utime),
        system: duration(usage.ru_stime),
        memory: u64::try_from(usage.ru_maxrss)? * 1024,
    };
    Ok((ExitStatus::from_raw(status), cost))
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let microseconds = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(microseconds)
}

/// The command line as one would type it.
pub(crate) fn display(command: &Command) -> impl Display + use<> {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_captured_in_order() {
        let finished = capture(&mut shell("echo a; echo b >&2; echo c; exit 3"), false).unwrap();
        assert_eq!(finished.output, "a\nb\nc\n");
        assert_eq!(finished.status.code(), Some(3));
    }

    #[test]
    fn the_error_of_a_failed_command_holds_its_output() {
        let error = succeed(&mut shell("echo why; exit 1"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("why"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = succeed(&mut Command::new("no-such-program")).unwrap_err();
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }

    #[test]
    fn children_count_in_the_cost() {
        let python = "x = bytearray(64 << 20)\nfor i in range(2_000_000): pass";
        let mut command = Command::new("sh");
        command.args(["-c", "python3 -c \"$0\"; exit 1", python]);
        let (status, cost) = measure(&mut command, tempfile::tempfile().unwrap()).unwrap();
        assert_eq!(status.code(), Some(1));
        assert!(cost.memory > 64 << 20, "{cost:?}");
        assert!(cost.user > Duration::from_millis(10), "{cost:?}");
        assert!(cost.wall >= Duration::from_millis(10), "{cost:?}");
    }
}

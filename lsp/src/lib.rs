//! Protocol adapter: speaks the Language Server Protocol on one side and [`Backend`] on the other.

mod backend;
mod capabilities;
mod documents;
mod handlers;
mod main_loop;
mod pool;
mod position;
mod settings;
mod task;
mod transport;
mod uri;
mod watchdog;

use std::io::{self, BufReader};
use std::process;
use std::thread;
use std::time::Duration;

pub use backend::*;
pub use lsp_server::Connection;
pub use main_loop::run;
pub use uri::file_url;

/// How long the server may take to end after its client has left.
const FAREWELL: Duration = Duration::from_secs(10);

/// As [`run`], over standard input and output. The process ends soon after its client has left, even if
/// the backend or the client's side of the output is stuck.
pub fn run_stdio<B: Backend>(start: impl FnOnce(Start) -> anyhow::Result<B>) -> anyhow::Result<()> {
    let (connection, threads) = transport::connect(BufReader::new(io::stdin()), io::stdout())?;
    let transport::Threads { reader, writer } = threads;
    end_after(move || drop(reader.join()))?;
    let result = run(connection, start);
    end_after(|| ())?;
    // Whatever was answered last is still to be written.
    let _ = writer.join();
    result
}

fn end_after(leave: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let guard = thread::Builder::new().name("farewell".into());
    guard.spawn(move || {
        leave();
        thread::sleep(FAREWELL);
        process::exit(1);
    })?;
    Ok(())
}

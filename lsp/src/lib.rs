//! Protocol adapter: speaks the Language Server Protocol on one side and [`Backend`] on the other.

mod backend;
mod capabilities;
mod documents;
mod handlers;
mod main_loop;
mod pages;
mod pool;
mod position;
mod settings;
mod task;
mod transport;
mod uri;
mod watchdog;

use std::io::{self, BufRead, BufReader, Write};
use std::process;
use std::thread;
use std::time::Duration;

pub use backend::*;
pub use lsp_server::Connection;
pub use main_loop::run;

/// How long the server may take to end after its client has left.
const FAREWELL: Duration = Duration::from_secs(10);

/// As [`run`], over standard input and output.
pub fn run_stdio<B: Backend>(start: impl FnOnce(Start) -> anyhow::Result<B>) -> anyhow::Result<()> {
    let (connection, threads) = transport::connect(BufReader::new(io::stdin()), io::stdout())?;
    let transport::Threads { reader, writer } = threads;
    thread::Builder::new()
        .name("farewell".into())
        .spawn(move || {
            let _ = reader.join();
            thread::sleep(FAREWELL);
            process::exit(1);
        })?;
    let result = run(connection, start);
    // Whatever was answered last is still to be written.
    let _ = writer.join();
    result
}

/// As [`run`], over any streams. Returns when everything is written.
pub fn run_over<B: Backend>(
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
    start: impl FnOnce(Start) -> anyhow::Result<B>,
) -> anyhow::Result<()> {
    let (connection, threads) = transport::connect(input, output)?;
    let result = run(connection, start);
    let _ = threads.writer.join();
    result
}

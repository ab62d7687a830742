//! Checks Python programs that move objects by proxy.

pub mod check;
mod db;
pub mod diagnostics;
mod findings;
pub mod proxy;
mod reach;
mod rules;

pub use db::ProgramOptions;

//! Checks Python programs that move objects by proxy.

mod analysis;
pub mod check;
pub mod cli;
pub mod config;
mod dask;
mod db;
pub mod diagnostics;
mod findings;
mod ide;
mod infer;
mod overlay;
mod project;
pub mod proxy;
mod reach;
mod rules;

pub use db::ProgramOptions;
pub use rules::{Apis, OWN as OWN_RULES};

//! The server as a client sees it.

mod cancellation;
mod client;
mod diagnostics;
mod documents;
mod lifecycle;
mod notebooks;
mod requests;
mod settings;
#[path = "../support/mod.rs"]
mod support;

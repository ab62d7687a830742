//! Checks Python programs that move objects by proxy.

pub mod diagnostics;

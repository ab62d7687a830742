//! A second parser, written by others.

use rustpython_parser::ast::Suite;
use rustpython_parser::Parse;

/// Whether it takes a text for Python. It does not know the newest syntax, so only a difference between
/// two texts says something.
pub(super) fn accepts(text: &str) -> bool {
    Suite::parse(text, "<text>").is_ok()
}

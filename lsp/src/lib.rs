//! Protocol adapter: speaks the Language Server Protocol on one side and [`Backend`] on the other.

mod backend;

pub use backend::*;

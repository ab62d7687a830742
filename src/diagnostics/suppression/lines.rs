//! Which lines are one to somebody who writes a comment.

use rustc_hash::FxHashSet;

/// The lines that cannot hold a comment, because a string or a backslash joins them to the next one.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Lines that continue the one before.
    continued: FxHashSet<usize>,
}

impl Lines {
    /// Says that all lines after `first` up to `last` continue the one before.
    pub(super) fn join(&mut self, first: usize, last: usize) {
        self.continued.extend(first + 1..=last);
    }

    /// Whether two lines are one, or joined.
    pub(super) fn joined(&self, a: usize, b: usize) -> bool {
        (a.min(b) + 1..=a.max(b)).all(|line| self.continued.contains(&line))
    }
}

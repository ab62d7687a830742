//! How far the check is, on a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Shorter runs show nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(100);

/// One line on the standard error that says how many files are done. It is gone when this is dropped.
#[derive(Debug)]
pub(super) struct ProgressLine {
    total: usize,
    done: AtomicUsize,
    next: Mutex<Option<Instant>>,
}

impl ProgressLine {
    pub(super) fn new(total: usize, is_wanted: bool) -> Self {
        let shown = is_wanted && io::stderr().is_terminal();
        ProgressLine {
            total,
            done: AtomicUsize::new(0),
            next: Mutex::new(shown.then(|| Instant::now() + PATIENCE)),
        }
    }

    pub(super) fn file_checked(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        // Another thread is about to write.
        let Ok(mut next) = self.next.try_lock() else {
            return;
        };
        let now = Instant::now();
        if next.is_some_and(|next| next <= now) {
            *next = Some(now + INTERVAL);
            let _ = write!(io::stderr(), "\rChecked {done} of {} files", self.total);
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.next.lock().is_ok_and(|it| it.is_some()) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

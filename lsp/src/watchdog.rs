//! Ends the server if its client is gone without a word.

use crossbeam_channel::Receiver;

/// Reports that the process has ended. Never reports anything for a process that cannot be seen, as that
/// of a client in another container.
#[cfg(unix)]
pub fn watch(process: Option<i64>) -> Receiver<()> {
    use std::{thread, time::Duration};

    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};

    let exists = |pid| test_kill_process(pid) != Err(Errno::SRCH);
    let pid = process
        .and_then(|it| i32::try_from(it).ok())
        .filter(|it| *it > 0)
        .and_then(Pid::from_raw)
        .filter(|it| exists(*it));
    let Some(pid) = pid else {
        return crossbeam_channel::never();
    };
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let watcher = thread::Builder::new().name("watchdog".into());
    let spawned = watcher.spawn(move || {
        while exists(pid) {
            thread::sleep(Duration::from_secs(2));
        }
        let _ = sender.send(());
    });
    match spawned {
        Ok(_) => receiver,
        Err(_) => crossbeam_channel::never(),
    }
}

/// Elsewhere the pipe is closed with the process that holds its other end.
#[cfg(not(unix))]
pub fn watch(_process: Option<i64>) -> Receiver<()> {
    crossbeam_channel::never()
}

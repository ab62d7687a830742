//! Threads that answer requests.

use std::num::NonZero;
use std::thread;

use crossbeam_channel::{Sender, unbounded};

/// How urgent a task is. Each lane has threads of its own, so that what somebody waits for while typing
/// is never behind what takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer at the cursor.
    Latency,
    /// Somebody waits, but not at every key.
    Work,
    /// Nobody waits.
    Background,
}

/// Python code can be nested deeply, and an analysis is recursive. Only what is used is taken.
const STACK_SIZE: usize = if cfg!(target_pointer_width = "64") {
    256 << 20
} else {
    32 << 20
};

type Task = Box<dyn FnOnce() + Send>;

/// Dropping it ends the threads when they have done what is queued; nobody waits for them.
pub struct Pool {
    latency: Sender<Task>,
    work: Sender<Task>,
    background: Sender<Task>,
}

impl Pool {
    pub fn new() -> anyhow::Result<Self> {
        let cores = thread::available_parallelism().map_or(2, NonZero::get);
        Ok(Self {
            latency: lane("latency", 2)?,
            work: lane("work", cores.clamp(2, 4))?,
            background: lane("background", 2)?,
        })
    }

    pub fn spawn(&self, lane: Lane, task: impl FnOnce() + Send + 'static) {
        let lane = match lane {
            Lane::Latency => &self.latency,
            Lane::Work => &self.work,
            Lane::Background => &self.background,
        };
        // Tasks catch their panics, so the threads live as long as the sender.
        let _ = lane.send(Box::new(task));
    }
}

fn lane(name: &str, threads: usize) -> anyhow::Result<Sender<Task>> {
    let (sender, receiver) = unbounded::<Task>();
    for number in 0..threads {
        let tasks = receiver.clone();
        thread::Builder::new()
            .name(format!("{name}-{number}"))
            .stack_size(STACK_SIZE)
            .spawn(move || tasks.into_iter().for_each(|task| task()))?;
    }
    Ok(sender)
}

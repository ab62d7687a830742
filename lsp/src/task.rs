//! What a running request shares with the main loop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;
use lsp_server::{Notification, RequestId};
use lsp_types::{self as lt, Uri};
use serde_json::{Value, json};

use crate::main_loop::Done;

/// Lives as long as its request, over all attempts to answer it.
#[derive(Clone)]
pub struct Task {
    pub id: RequestId,
    done: Sender<Done>,
    shared: Arc<Shared>,
    attempt: usize,
}

#[derive(Default)]
struct Shared {
    is_abandoned: AtomicBool,
    /// The result ids of what was sent as partial results.
    streamed: Mutex<HashMap<Uri, String>>,
}

impl Task {
    pub fn new(id: RequestId, done: Sender<Done>) -> Self {
        Self {
            id,
            done,
            shared: Arc::default(),
            attempt: 0,
        }
    }

    pub fn next_attempt(&mut self) {
        self.attempt += 1;
    }

    pub fn is_first_attempt(&self) -> bool {
        self.attempt <= 1
    }

    /// Nobody waits for the answer any more.
    pub fn abandon(&self) {
        self.shared.is_abandoned.store(true, Ordering::Relaxed);
    }

    pub fn is_abandoned(&self) -> bool {
        self.shared.is_abandoned.load(Ordering::Relaxed)
    }

    pub fn streamed(&self) -> MutexGuard<'_, HashMap<Uri, String>> {
        let streamed = self.shared.streamed.lock();
        streamed.unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends progress, or a part of the result. By way of the main loop, which knows whether the request
    /// has been answered.
    pub fn progress(&self, token: &lt::ProgressToken, value: Value) {
        let params = json!({ "token": token, "value": value });
        let notification = Notification::new("$/progress".into(), params);
        let _ = self.done.send(Done::Stream(self.id.clone(), notification));
    }
}

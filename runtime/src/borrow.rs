//! The count of borrows of one owned object.

use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

use pyo3::prelude::*;

/// The value of [`Borrows::state`] while the one mutable borrow exists.
const EXCLUSIVE: isize = -1;

/// How often an owned object is borrowed: any number of times as shared, or once as mutable.
///
/// Shared by the owner and its borrows. Every change is one atomic step, so threads cannot both win a mutable borrow.
#[pyclass(frozen, module = "proxyrt._proxyrt")]
pub(crate) struct Borrows {
    state: AtomicIsize,
    orphaned: AtomicBool,
}

#[pymethods]
impl Borrows {
    #[new]
    fn new() -> Self {
        Self {
            state: AtomicIsize::new(0),
            orphaned: AtomicBool::new(false),
        }
    }

    /// Takes a shared borrow; `False` if the object is borrowed as mutable.
    fn share(&self) -> bool {
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                (state >= 0).then(|| state + 1)
            })
            .is_ok()
    }

    /// Takes the mutable borrow; `False` if there is any borrow.
    fn lock(&self) -> bool {
        self.state
            .compare_exchange(0, EXCLUSIVE, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Gives one borrow back. `True` if it was the last and the owner is gone: the caller has to evict the object.
    fn release(&self) -> bool {
        let release = |state: isize| match state {
            0 => None,
            EXCLUSIVE => Some(0),
            shared => Some(shared - 1),
        };
        let last = match self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, release)
        {
            Ok(before) => before == EXCLUSIVE || before == 1,
            Err(_) => false,
        };
        last && self.orphaned.swap(false, Ordering::AcqRel)
    }

    /// Notes that the owner is gone while borrows exist; the last of them evicts the object.
    ///
    /// `True` if no borrow is left after all: the caller has to evict the object.
    fn orphan(&self) -> bool {
        self.orphaned.store(true, Ordering::Release);
        self.state.load(Ordering::Acquire) == 0 && self.orphaned.swap(false, Ordering::AcqRel)
    }

    /// The number of shared borrows.
    #[getter]
    fn shared(&self) -> isize {
        self.state.load(Ordering::Acquire).max(0)
    }

    /// The number of mutable borrows.
    #[getter]
    fn exclusive(&self) -> isize {
        isize::from(self.state.load(Ordering::Acquire) == EXCLUSIVE)
    }
}

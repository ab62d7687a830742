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

    /// Sets the number of shared borrows, for code that ends borrows itself.
    #[setter]
    fn set_shared(&self, count: isize) {
        self.state.store(count.max(0), Ordering::Release);
    }

    /// Sets the number of mutable borrows, for code that ends the borrow itself.
    #[setter]
    fn set_exclusive(&self, count: isize) {
        self.state
            .store(if count > 0 { EXCLUSIVE } else { 0 }, Ordering::Release);
    }

    /// The number of mutable borrows.
    #[getter]
    fn exclusive(&self) -> isize {
        isize::from(self.state.load(Ordering::Acquire) == EXCLUSIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::Borrows;

    #[test]
    fn shared_and_mutable_exclude_each_other() {
        let borrows = Borrows::new();
        assert!(borrows.share() && borrows.share());
        assert!(!borrows.lock());
        assert_eq!((borrows.shared(), borrows.exclusive()), (2, 0));
        assert!(!borrows.release() && !borrows.release());
        assert!(borrows.lock());
        assert!(!borrows.share() && !borrows.lock());
        assert_eq!((borrows.shared(), borrows.exclusive()), (0, 1));
    }

    #[test]
    fn the_last_borrow_of_an_orphan_evicts_once() {
        let borrows = Borrows::new();
        assert!(borrows.share() && borrows.share());
        assert!(!borrows.orphan());
        assert!(!borrows.release());
        assert!(borrows.release());
        assert!(!borrows.release());
    }

    #[test]
    fn an_orphan_without_borrows_is_evicted_by_its_owner() {
        assert!(Borrows::new().orphan());
    }

    #[test]
    fn threads_cannot_both_lock() {
        for _ in 0..1000 {
            let borrows = Borrows::new();
            let wins = std::thread::scope(|scope| {
                let threads = [0, 1].map(|_| scope.spawn(|| borrows.lock()));
                threads
                    .into_iter()
                    .filter_map(|thread| thread.join().ok())
                    .filter(|won| *won)
                    .count()
            });
            assert_eq!(wins, 1);
        }
    }
}

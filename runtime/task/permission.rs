//! Whether this thread may block on a future. The scheduler sets it, and locks that block ask.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::primitive::thread;

thread::thread_local! {
    static BLOCKING: Cell<bool> = const { Cell::new(true) };
}

/// Returns whether this thread may block on a future: it is neither a worker nor inside `block_on`.
pub(crate) fn may_block() -> bool {
    BLOCKING.try_with(Cell::get).unwrap_or(true)
}

/// Restores the former permission to block on drop.
pub(crate) struct Blocking {
    former: bool,
    _not_send: PhantomData<*const ()>,
}

/// Forbids blocking on this thread until the guard is dropped.
pub(crate) fn forbid_blocking() -> Blocking {
    Blocking { former: BLOCKING.with(|blocking| blocking.replace(false)), _not_send: PhantomData }
}

/// Allows blocking on this thread until the guard is dropped.
pub(crate) fn allow_blocking() -> Blocking {
    Blocking { former: BLOCKING.with(|blocking| blocking.replace(true)), _not_send: PhantomData }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        let _ = BLOCKING.try_with(|blocking| blocking.set(self.former));
    }
}

//! Lets the LIFO slot hold runnables.
#![expect(unsafe_code, reason = "the token's contract is unsafe to promise")]

use std::ptr::NonNull;

use crate::queue::slot::Token;
use crate::task::{Header, Runnable};

// SAFETY: a runnable is the pointer to its task's header; `from_raw` undoes `into_raw`; runnables
// are `Send`.
unsafe impl Token for Runnable {
    type Target = Header;

    fn into_raw(self) -> NonNull<Header> {
        Runnable::into_raw(self)
    }

    unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        // SAFETY: the caller's promise is the one that `Runnable::from_raw` requires.
        unsafe { Runnable::from_raw(raw) }
    }
}

//! Being in a runtime, and not being in one.

use std::error::Error;
use std::fmt;

use crate::context;

/// Keeps its thread in a runtime.
#[derive(Debug)]
#[must_use = "the runtime is left as soon as the guard is dropped"]
pub struct EnterGuard<'a> {
    _inner: Entered<'a>,
}

/// The guard without its fields, for `Debug`.
struct Entered<'a>(#[expect(dead_code, reason = "only dropped")] heist::runtime::EnterGuard<'a>);

impl fmt::Debug for Entered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entered")
    }
}

impl<'a> EnterGuard<'a> {
    pub(super) fn new(inner: heist::runtime::EnterGuard<'a>) -> EnterGuard<'a> {
        EnterGuard { _inner: Entered(inner) }
    }
}

/// Why there is no current handle.
#[derive(PartialEq, Eq)]
pub struct TryCurrentError {
    cause: Cause,
}

#[derive(Debug, PartialEq, Eq)]
enum Cause {
    NoContext,
}

impl TryCurrentError {
    pub(super) fn missing() -> TryCurrentError {
        TryCurrentError { cause: Cause::NoContext }
    }

    /// Returns whether the thread is in no runtime.
    pub fn is_missing_context(&self) -> bool {
        matches!(self.cause, Cause::NoContext)
    }

    /// Returns whether the thread is ending. The answer is always no: heist does not tell it from a
    /// thread that is in no runtime.
    pub fn is_thread_local_destroyed(&self) -> bool {
        false
    }
}

impl fmt::Debug for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryCurrentError").field("kind", &self.cause).finish()
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(context::NO_REACTOR)
    }
}

impl Error for TryCurrentError {}

//! Where tokio panics although heist could go on, with the texts by which programs know these
//! panics.

use heist::runtime::facade;

/// The text of tokio's panics outside of a runtime.
pub(crate) const NO_REACTOR: &str =
    "there is no reactor running, must be called from the context of a Tokio 1.x runtime";

/// Panics outside of a runtime.
#[cfg(any(feature = "fs", feature = "rt"))]
#[inline]
#[track_caller]
pub(crate) fn runtime() {
    assert!(facade::allowed().is_some(), "{NO_REACTOR}");
}

/// Panics outside of a runtime, and in one whose builder did not call `enable_io`. An error in one
/// that has ended.
#[cfg(any(feature = "net", feature = "process", feature = "signal"))]
#[inline]
#[track_caller]
pub(crate) fn io() -> std::io::Result<()> {
    match facade::allowed() {
        Some(allowed) => assert!(
            allowed.io,
            "A Tokio 1.x context was found, but IO is disabled. Call `enable_io` on the runtime builder to enable IO."
        ),
        None => panic!("{NO_REACTOR}"),
    }
    facade::check_open()
}

/// Panics outside of a runtime, in one whose builder did not call `enable_time`, and in one that
/// has ended.
#[cfg(feature = "time")]
#[inline]
#[track_caller]
pub(crate) fn time() {
    match facade::allowed() {
        Some(allowed) => assert!(
            allowed.time,
            "A Tokio 1.x context was found, but timers are disabled. Call `enable_time` on the runtime builder to enable timers."
        ),
        None => panic!("{NO_REACTOR}"),
    }
    assert!(facade::check_open().is_ok(), "A Tokio 1.x context was found, but it is being shutdown.");
}

/// Panics on a thread that runs tasks, where `block_on` would stop them.
#[cfg(feature = "rt")]
#[track_caller]
pub(crate) fn may_block_on() {
    assert!(
        facade::may_block(),
        "Cannot start a runtime from within a runtime. This happens because a function (like `block_on`) attempted to \
         block the current thread while the thread is being used to drive asynchronous tasks. If you are in an async \
         function, use `.await` on the future instead of blocking on it."
    );
}

/// Panics on a thread that runs tasks, where the end of a runtime would stop them.
#[cfg(feature = "rt")]
#[track_caller]
pub(crate) fn may_drop_runtime() {
    assert!(
        facade::may_block() || std::thread::panicking(),
        "Cannot drop a runtime in a context where blocking is not allowed. This happens when a runtime is dropped \
         from within an asynchronous context."
    );
}

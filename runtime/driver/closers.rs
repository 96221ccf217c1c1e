//! Threads for drops that may take for ever.

use std::sync::OnceLock;
use std::time::Duration;

use crate::blocking::{Limits, Pool, ThreadHooks};
use crate::task::drop_all;

/// Drops a value on a thread that does nothing else.
pub(super) fn drop_on_closer(value: impl Send + 'static) {
    /// A separate pool, so that closes that never end do not take the runtime's threads.
    static CLOSERS: OnceLock<Pool> = OnceLock::new();

    let closers = CLOSERS.get_or_init(|| {
        Pool::new(Limits {
            threads_count_max: 64,
            keep_alive: Duration::from_secs(1),
            thread_name: "heist-close".to_owned(),
            stack_size: Some(64 * 1024),
            hooks: ThreadHooks::default(),
            observation: None,
        })
    });
    closers.run(Box::new(move || drop_all([value])));
}

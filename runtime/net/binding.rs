//! Binding an address that a socket which this process has dropped may still hold
//! [closed-before-bind].

use std::io;

#[cfg(unix)]
use socket2::SockAddr;

use crate::driver::file::pool;
use crate::driver::{CLOSING_LIMIT, ClosingSockets, close_dropped_here};
use crate::time::timeout;

/// Calls `bind`, and if the address is taken, once more when the sockets that were closing before
/// are closed.
pub(super) async fn bind_when_closed<R>(bind: impl Fn() -> io::Result<R>) -> io::Result<R> {
    let closing = ClosingSockets::now();
    let outcome = bind();
    match closing {
        Some(closing) if is_taken(&outcome) => {
            close_dropped_here();
            // Without one of the pool's threads, there is the limit. A clock that stands still for
            // a test is held by the pool.
            let waited = pool(move || {
                closing.wait_closed(|| {});
                Ok(())
            });
            let _in_vain = timeout(2 * CLOSING_LIMIT, waited).await;
            bind()
        }
        _ => outcome,
    }
}

/// Like [`bind_when_closed`], for a call that is no future: it blocks instead.
pub(super) fn bind_now<R>(bind: impl Fn() -> io::Result<R>) -> io::Result<R> {
    let retry = Retry::now();
    let outcome = bind();
    if retry.has_waited_after(&outcome) { bind() } else { outcome }
}

/// The second try of [`bind_now`], for calls whose panics name their callers.
pub(super) struct Retry(Option<ClosingSockets>);

impl Retry {
    /// Before the first try.
    pub(super) fn now() -> Retry {
        Retry(ClosingSockets::now())
    }

    /// Before the first try with a Unix address. A path stays when its socket is closed, so there
    /// is nothing to wait for.
    #[cfg(unix)]
    pub(super) fn of_unix(addr: &SockAddr) -> Retry {
        if addr.as_pathname().is_some() { Retry(None) } else { Retry::now() }
    }

    /// After the first try. Returns whether there should be a second.
    pub(super) fn has_waited_after<R>(self, outcome: &io::Result<R>) -> bool {
        let Some(closing) = self.0.filter(|_| is_taken(outcome)) else { return false };
        // This thread may be the only one that can close them.
        closing.wait_closed(close_dropped_here);
        true
    }
}

fn is_taken<R>(outcome: &io::Result<R>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

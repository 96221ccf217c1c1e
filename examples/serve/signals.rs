//! The signals that ask the server to stop. They are watched from start to end, so that none is missed in between.

use std::io;
#[cfg(unix)]
use std::pin::pin;

#[cfg(unix)]
use heist::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, and on Unix also the signal that service managers send.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn watch() -> io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next request to stop. It keeps those that come while nobody waits.
    pub(crate) async fn next(&mut self) {
        let (interrupt, terminate) = (pin!(self.interrupt.recv()), pin!(self.terminate.recv()));
        futures::future::select(interrupt, terminate).await;
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn watch() -> io::Result<Signals> {
        Ok(Signals {})
    }

    /// Waits for the next Ctrl-C. Where there is none, the server runs until it is killed.
    pub(crate) async fn next(&mut self) {
        if let Err(error) = heist::signal::ctrl_c().await {
            eprintln!("serve: Ctrl-C cannot be watched: {error}");
            std::future::pending::<()>().await;
        }
    }
}

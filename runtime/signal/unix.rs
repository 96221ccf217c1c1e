//! Signals of unix.
//!
//! ```no_run
//! use heist::signal::unix::{SignalKind, signal};
//!
//! # async fn f() -> std::io::Result<()> {
//! let mut hangups = signal(SignalKind::hangup())?;
//! while let Some(()) = hangups.recv().await {
//!     println!("reloading the configuration");
//! }
//! # Ok(())
//! # }
//! ```

use std::ffi::c_int;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read as _};
use std::task::{Context, Poll, ready};

use socket2::{Domain, Socket, Type};

use super::delivery::Delivery;
use crate::driver::{Direction, Registration};

/// More bytes than a socket pair holds one by one, so that one call takes out all there are.
const DRAIN_BYTES: usize = 1024;

/// A signal to listen for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

impl SignalKind {
    /// The signal of that number.
    pub const fn from_raw(number: c_int) -> SignalKind {
        SignalKind(number)
    }

    /// The number of the signal.
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    /// SIGALRM: a timer of the process has run out.
    pub const fn alarm() -> SignalKind {
        SignalKind(libc::SIGALRM)
    }

    /// SIGCHLD: a child process has changed its state.
    pub const fn child() -> SignalKind {
        SignalKind(libc::SIGCHLD)
    }

    /// SIGHUP: the terminal is gone; to a service, by custom, "reload".
    pub const fn hangup() -> SignalKind {
        SignalKind(libc::SIGHUP)
    }

    /// SIGINT: Ctrl-C.
    pub const fn interrupt() -> SignalKind {
        SignalKind(libc::SIGINT)
    }

    /// SIGIO: input or output is possible.
    pub const fn io() -> SignalKind {
        SignalKind(libc::SIGIO)
    }

    /// SIGPIPE: a pipe without readers was written to. Rust programs ignore it from the start.
    pub const fn pipe() -> SignalKind {
        SignalKind(libc::SIGPIPE)
    }

    /// SIGQUIT: Ctrl-\.
    pub const fn quit() -> SignalKind {
        SignalKind(libc::SIGQUIT)
    }

    /// SIGTERM: a request to end, as service managers send it.
    pub const fn terminate() -> SignalKind {
        SignalKind(libc::SIGTERM)
    }

    /// SIGUSR1: for the program to give it a meaning.
    pub const fn user_defined1() -> SignalKind {
        SignalKind(libc::SIGUSR1)
    }

    /// SIGUSR2: for the program to give it a meaning.
    pub const fn user_defined2() -> SignalKind {
        SignalKind(libc::SIGUSR2)
    }

    /// SIGWINCH: the terminal has another size.
    pub const fn window_change() -> SignalKind {
        SignalKind(libc::SIGWINCH)
    }
}

impl fmt::Debug for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignalKind({})", self.0)
    }
}

impl From<c_int> for SignalKind {
    fn from(number: c_int) -> SignalKind {
        SignalKind(number)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> c_int {
        kind.0
    }
}

/// Listens for one signal, from its creation on; made by [`signal`].
///
/// Signals that arrive before they are received are reported once, however many they were: what matters is that there
/// was one since the last [`recv`](Signal::recv). Several `Signal`s for the same signal are each told.
#[must_use = "a listener that is dropped hears nothing"]
pub struct Signal {
    // Before the reader: [action-before-pair].
    _delivery: Delivery,
    reader: Registration,
}

/// Starts listening for a signal.
///
/// **From the first call on, for the rest of the process**, the signal's default action (mostly: ending the process)
/// is replaced, also after the listener is dropped. Handlers that others have installed keep being called.
///
/// A listener is told of the signals of the process that made it. A child that is forked, and does not call `exec`, has the
/// handler too, but its signals are told to listeners only that it makes itself.
///
/// # Errors
/// `InvalidInput` for a signal that cannot be caught (SIGKILL, SIGSTOP) or not be survived (SIGSEGV, SIGILL, SIGFPE),
/// and for numbers that are no signals; EMFILE and its like if there is no descriptor left.
///
/// # Panics
/// Outside a runtime.
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let (writer, reader) = Socket::pair(Domain::UNIX, Type::STREAM, None)?;
    writer.set_nonblocking(true)?;
    let reader = Registration::new(reader)?;
    Ok(Signal { _delivery: Delivery::register(kind.0, writer)?, reader })
}

impl Signal {
    /// Waits for the signal, or returns at once if it has arrived since the last call.
    ///
    /// `None` means that no more can arrive: the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: a signal that arrives later, or was not received before the drop, is reported by the next call.
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](Signal::recv) as a poll function.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        Poll::Ready(ready!(self.reader.poll_io(Direction::Read, cx, take_all)).ok())
    }
}

/// Takes out the bytes that are there, each of which is a signal.
fn take_all(mut reader: &Socket) -> io::Result<()> {
    match reader.read(&mut [0; DRAIN_BYTES])? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").finish_non_exhaustive()
    }
}

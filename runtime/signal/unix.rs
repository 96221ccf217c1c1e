//! Signals of Unix: any signal that can be caught, as often as it arrives.
//!
//! ```
//! use heist::signal::unix::{SignalKind, signal};
//!
//! # heist::runtime::Runtime::new()?.block_on(async {
//! let mut hangups = signal(SignalKind::hangup())?;
//! # let kill = format!("kill -HUP {}", std::process::id());
//! # std::process::Command::new("sh").args(["-c", &kill]).status()?;
//! while let Some(()) = hangups.recv().await {
//!     println!("reloading the configuration");
//! #   break;
//! }
//! # std::io::Result::Ok(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The page of [`signal`](super) describes what a listener changes for the process.

use std::ffi::c_int;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::{Domain, Socket, Type};

use super::delivery::Delivery;
use super::kept::{self, ListenerCount};
use crate::driver::{Direction, Registration};
use crate::system::socket::SEND_FLAGS;

/// More bytes than a socket pair holds one by one, so that one call takes out all of them.
const DRAIN_BYTES: usize = 1024;

/// A signal to listen for.
///
/// # Examples
/// ```
/// use heist::signal::unix::SignalKind;
///
/// let kind = SignalKind::terminate();
/// assert_eq!(kind.as_raw_value(), 15);
/// assert_eq!(SignalKind::from_raw(15), kind);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

impl SignalKind {
    /// Returns the signal with this number. [`signal`] reports numbers that are not signals.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::from_raw(15), SignalKind::terminate());
    /// ```
    pub const fn from_raw(number: c_int) -> SignalKind {
        SignalKind(number)
    }

    /// Returns the number of the signal.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::interrupt().as_raw_value(), 2);
    /// ```
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    /// SIGALRM: a timer of the process has expired.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::alarm().as_raw_value(), libc::SIGALRM);
    /// ```
    pub const fn alarm() -> SignalKind {
        SignalKind(libc::SIGALRM)
    }

    /// SIGCHLD: a child process has changed its state.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::child().as_raw_value(), libc::SIGCHLD);
    /// ```
    pub const fn child() -> SignalKind {
        SignalKind(libc::SIGCHLD)
    }

    /// SIGHUP: the terminal is gone. By convention it asks a service to reload.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::hangup().as_raw_value(), libc::SIGHUP);
    /// ```
    pub const fn hangup() -> SignalKind {
        SignalKind(libc::SIGHUP)
    }

    /// SIGINT: Ctrl-C.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::interrupt().as_raw_value(), libc::SIGINT);
    /// ```
    pub const fn interrupt() -> SignalKind {
        SignalKind(libc::SIGINT)
    }

    /// SIGIO: input or output is possible.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::io().as_raw_value(), libc::SIGIO);
    /// ```
    pub const fn io() -> SignalKind {
        SignalKind(libc::SIGIO)
    }

    /// SIGPIPE: a pipe without readers was written to. Rust programs ignore it from the start.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::pipe().as_raw_value(), libc::SIGPIPE);
    /// ```
    pub const fn pipe() -> SignalKind {
        SignalKind(libc::SIGPIPE)
    }

    /// SIGQUIT: Ctrl-\.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::quit().as_raw_value(), libc::SIGQUIT);
    /// ```
    pub const fn quit() -> SignalKind {
        SignalKind(libc::SIGQUIT)
    }

    /// SIGTERM: a request to end, as service managers send it.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::terminate().as_raw_value(), libc::SIGTERM);
    /// ```
    pub const fn terminate() -> SignalKind {
        SignalKind(libc::SIGTERM)
    }

    /// SIGUSR1: its meaning is up to the program.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::user_defined1().as_raw_value(), libc::SIGUSR1);
    /// ```
    pub const fn user_defined1() -> SignalKind {
        SignalKind(libc::SIGUSR1)
    }

    /// SIGUSR2: its meaning is up to the program.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::user_defined2().as_raw_value(), libc::SIGUSR2);
    /// ```
    pub const fn user_defined2() -> SignalKind {
        SignalKind(libc::SIGUSR2)
    }

    /// SIGWINCH: the size of the terminal has changed.
    ///
    /// # Examples
    /// ```
    /// use heist::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::window_change().as_raw_value(), libc::SIGWINCH);
    /// ```
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

/// Listens for one signal, from its creation on, and for one that arrived while there was no
/// listener. Created by [`signal`].
///
/// Signals that arrive before they are received are reported once, however many they were: a
/// [`recv`](Signal::recv) that returns means that there was at least one since the last call. If
/// there are several `Signal`s for the same signal, each of them receives it.
///
/// # Examples
/// ```
/// use heist::signal::unix::{SignalKind, signal};
/// use std::process::Command;
///
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let mut first = signal(SignalKind::user_defined1())?;
/// let mut second = signal(SignalKind::user_defined1())?;
/// let kill = format!("kill -USR1 {}", std::process::id());
/// Command::new("sh").args(["-c", &kill]).status()?;
/// assert_eq!(first.recv().await, Some(()));
/// assert_eq!(second.recv().await, Some(()));
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a listener that is dropped receives nothing"]
pub struct Signal {
    // Fields are dropped in this order: [between-listeners], then [action-before-pair].
    _count: ListenerCount,
    _delivery: Delivery,
    reader: Registration,
}

/// Starts listening for a signal.
///
/// **From the first call on, for the rest of the process**, the default action of the signal (in
/// most cases: ending the process) is off, also after the listener is dropped. Handlers that other
/// libraries have installed are still called.
///
/// A signal that arrives after the last listener was dropped is received by the next one, so a
/// program that makes its listener anew in a loop loses none.
///
/// A listener receives the signals of the process that created it. A forked child that does not
/// call `exec` has the handler too, but only listeners that the child creates itself receive the
/// signals of the child.
///
/// # Errors
/// - `InvalidInput` for a signal that cannot be caught (SIGKILL, SIGSTOP) or survived (SIGSEGV,
///   SIGILL, SIGFPE), and for a number that is not a signal.
/// - EMFILE and similar errors if no file descriptor is left. A listener takes two.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::signal::unix::{SignalKind, signal};
///
/// let _terminations = signal(SignalKind::terminate())?;
/// let error = signal(SignalKind::from_raw(libc::SIGKILL)).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    listen(kind, Earlier::IsReported)
}

/// What becomes of a signal that came after the last listener and before this one.
pub(super) enum Earlier {
    IsReported,
    IsForgotten,
}

#[track_caller]
pub(super) fn listen(kind: SignalKind, earlier: Earlier) -> io::Result<Signal> {
    let (writer, reader) = Socket::pair(Domain::UNIX, Type::STREAM, None)?;
    writer.set_nonblocking(true)?;
    let (writer, reader) = (Arc::new(writer), Registration::new(reader)?);
    let word = kept::word_of(kind.0)?;
    let delivery = Delivery::register(kind.0, writer.clone())?;
    let (count, has_come) = ListenerCount::enter(word);
    match earlier {
        // A byte: one that the delivery has sent by now and this one are the same signal
        // [coalesced].
        Earlier::IsReported if has_come => drop(writer.send_with_flags(&[1], SEND_FLAGS)),
        Earlier::IsReported | Earlier::IsForgotten => {}
    }
    Ok(Signal { _count: count, _delivery: delivery, reader })
}

impl Signal {
    /// Waits for the signal, or returns at once if it has arrived since the last call.
    ///
    /// Returns `None` if no more signals can arrive because the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: the next call reports a signal that arrives later, or that was not received before the
    /// drop.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::signal::unix::{SignalKind, signal};
    ///
    /// let mut hangups = signal(SignalKind::hangup())?;
    /// # let kill = format!("kill -HUP {}", std::process::id());
    /// # std::process::Command::new("sh").args(["-c", &kill]).status()?;
    /// assert_eq!(hangups.recv().await, Some(()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Polls for the signal: [`recv`](Signal::recv) as a poll function.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::signal::unix::{SignalKind, signal};
    ///
    /// let mut hangups = signal(SignalKind::hangup())?;
    /// # let kill = format!("kill -HUP {}", std::process::id());
    /// # std::process::Command::new("sh").args(["-c", &kill]).status()?;
    /// assert_eq!(std::future::poll_fn(|cx| hangups.poll_recv(cx)).await, Some(()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        Poll::Ready(ready!(self.reader.poll_io(Direction::Read, cx, take_all)).ok())
    }
}

/// Takes out the bytes that are there. Each of them is a signal.
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

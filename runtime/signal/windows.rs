//! Events of the console on Windows: Ctrl-C, Ctrl-Break, and those at the end of a session. This
//! module needs Windows.
//!
//! ```no_run
//! # #[heist::main]
//! # async fn main() -> std::io::Result<()> {
//! let mut breaks = heist::signal::windows::ctrl_break()?;
//! while let Some(()) = breaks.recv().await {
//!     println!("still here");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! From the first listener of an event on, and while there is one, the default action of the event
//! is off. A process that has a listener for a closed console, a logoff or a shutdown is ended by
//! the system a few seconds after the event, or when it returns from `main`.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use super::console::{ConsoleEvent, ConsoleListener};

/// Listens for Ctrl-C, from its creation on. [`ctrl_c`] makes it.
///
/// Events that arrive before they are received are reported once, however many they were.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_c()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a listener that is dropped receives nothing"]
pub struct CtrlC(ConsoleListener);

/// Listens for Ctrl-C. Windows only.
///
/// # Errors
/// Those of the system, if the handler cannot be installed.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_c()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
pub fn ctrl_c() -> io::Result<CtrlC> {
    ConsoleListener::new(ConsoleEvent::CtrlC).map(CtrlC)
}

impl CtrlC {
    /// Waits for the event, or returns at once if it has arrived since the last call. Never returns
    /// `None`.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_c()?;
    /// assert_eq!(events.recv().await, Some(()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](CtrlC::recv) as a poll function.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_c()?;
    /// std::future::poll_fn(|cx| events.poll_recv(cx)).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.0.poll_recv(cx).map(Some)
    }
}

/// Listens for Ctrl-Break, from its creation on. [`ctrl_break`] makes it.
///
/// Events that arrive before they are received are reported once, however many they were.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_break()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a listener that is dropped receives nothing"]
pub struct CtrlBreak(ConsoleListener);

/// Listens for Ctrl-Break. Windows only.
///
/// # Errors
/// Those of the system, if the handler cannot be installed.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_break()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
pub fn ctrl_break() -> io::Result<CtrlBreak> {
    ConsoleListener::new(ConsoleEvent::CtrlBreak).map(CtrlBreak)
}

impl CtrlBreak {
    /// Waits for the event, or returns at once if it has arrived since the last call. Never returns
    /// `None`.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_break()?;
    /// assert_eq!(events.recv().await, Some(()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](CtrlBreak::recv) as a poll function.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_break()?;
    /// std::future::poll_fn(|cx| events.poll_recv(cx)).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.0.poll_recv(cx).map(Some)
    }
}

/// Listens for the console that closes, from its creation on. [`ctrl_close`] makes it.
///
/// Events that arrive before they are received are reported once, however many they were.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_close()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a listener that is dropped receives nothing"]
pub struct CtrlClose(ConsoleListener);

/// Listens for the console that closes. Windows only.
///
/// # Errors
/// Those of the system, if the handler cannot be installed.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_close()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
pub fn ctrl_close() -> io::Result<CtrlClose> {
    ConsoleListener::new(ConsoleEvent::Close).map(CtrlClose)
}

impl CtrlClose {
    /// Waits for the event, or returns at once if it has arrived since the last call. Never returns
    /// `None`.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_close()?;
    /// assert_eq!(events.recv().await, Some(()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](CtrlClose::recv) as a poll function.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_close()?;
    /// std::future::poll_fn(|cx| events.poll_recv(cx)).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.0.poll_recv(cx).map(Some)
    }
}

/// Listens for the system that shuts down, from its creation on. [`ctrl_shutdown`] makes it.
///
/// Events that arrive before they are received are reported once, however many they were.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_shutdown()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a listener that is dropped receives nothing"]
pub struct CtrlShutdown(ConsoleListener);

/// Listens for the system that shuts down. Windows only.
///
/// # Errors
/// Those of the system, if the handler cannot be installed.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_shutdown()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
pub fn ctrl_shutdown() -> io::Result<CtrlShutdown> {
    ConsoleListener::new(ConsoleEvent::Shutdown).map(CtrlShutdown)
}

impl CtrlShutdown {
    /// Waits for the event, or returns at once if it has arrived since the last call. Never returns
    /// `None`.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_shutdown()?;
    /// assert_eq!(events.recv().await, Some(()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](CtrlShutdown::recv) as a poll function.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_shutdown()?;
    /// std::future::poll_fn(|cx| events.poll_recv(cx)).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.0.poll_recv(cx).map(Some)
    }
}

/// Listens for the user who logs off, from its creation on. [`ctrl_logoff`] makes it.
///
/// Events that arrive before they are received are reported once, however many they were.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_logoff()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a listener that is dropped receives nothing"]
pub struct CtrlLogoff(ConsoleListener);

/// Listens for the user who logs off. Windows only.
///
/// # Errors
/// Those of the system, if the handler cannot be installed.
///
/// # Examples
/// ```no_run
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut events = heist::signal::windows::ctrl_logoff()?;
/// events.recv().await;
/// # Ok(())
/// # }
/// ```
pub fn ctrl_logoff() -> io::Result<CtrlLogoff> {
    ConsoleListener::new(ConsoleEvent::Logoff).map(CtrlLogoff)
}

impl CtrlLogoff {
    /// Waits for the event, or returns at once if it has arrived since the last call. Never returns
    /// `None`.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_logoff()?;
    /// assert_eq!(events.recv().await, Some(()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](CtrlLogoff::recv) as a poll function.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut events = heist::signal::windows::ctrl_logoff()?;
    /// std::future::poll_fn(|cx| events.poll_recv(cx)).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.0.poll_recv(cx).map(Some)
    }
}

//! Proof that a descriptor was ready, and the right to declare that it is not any more.

use std::error::Error;
use std::fmt;
use std::io;
use std::os::fd::AsRawFd;

use super::AsyncFd;
use crate::driver::Ready;
use crate::driver::fd::ReadyEvent;

/// Proof that a descriptor was ready, from the methods of [`AsyncFd`] that take `&self`.
///
/// Flags stay set until they are cleared here, even if the bytes are gone. Clear them when a call
/// has returned `WouldBlock`; [`try_io`](AsyncFdReadyGuard::try_io) does so. An event that came
/// after the guard was made is not cleared.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
/// # ours.set_nonblocking(true)?;
/// # use std::io::{Read, Write};
/// use heist::io::unix::AsyncFd;
///
/// let ours = AsyncFd::new(ours)?;
/// theirs.write_all(b"x")?;
/// let mut guard = ours.readable().await?;
/// assert!(guard.ready().is_readable());
/// assert_eq!(guard.get_inner().read(&mut [0; 8])?, 1);
/// // Nothing is left, as far as we know.
/// guard.clear_ready();
/// assert!(guard.ready().is_empty());
/// # Ok(())
/// # }
/// ```
#[must_use = "a guard clears nothing by itself"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    pub(super) fd: &'a AsyncFd<T>,
    pub(super) event: Option<ReadyEvent>,
}

/// [`AsyncFdReadyGuard`] for the methods that take `&mut self`.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
/// # ours.set_nonblocking(true)?;
/// use heist::io::unix::AsyncFd;
/// use std::io::Write;
///
/// let mut ours = AsyncFd::new(ours)?;
/// let mut guard = ours.writable_mut().await?;
/// let count = guard.try_io(|ours| ours.get_mut().write(b"hello")).unwrap()?;
/// assert_eq!(count, 5);
/// # Ok(())
/// # }
/// ```
#[must_use = "a guard clears nothing by itself"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    pub(super) fd: &'a mut AsyncFd<T>,
    pub(super) event: Option<ReadyEvent>,
}

/// A call inside of `try_io` of a guard returned `WouldBlock`.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
/// # ours.set_nonblocking(true)?;
/// # use std::io::{Read, Write};
/// use heist::io::unix::{AsyncFd, TryIoError};
///
/// let ours = AsyncFd::new(ours)?;
/// theirs.write_all(b"x")?;
/// let mut guard = ours.readable().await?;
/// let mut read = |ours: &AsyncFd<_>| Read::read(&mut ours.get_ref(), &mut [0; 8]);
/// assert_eq!(guard.try_io(&mut read).unwrap()?, 1);
/// let refused: Result<_, TryIoError> = guard.try_io(&mut read);
/// assert!(refused.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call would block; wait until the descriptor is ready again")
    }
}

impl Error for TryIoError {}

/// Clears these flags of the descriptor, or all that the event has. The event keeps the others.
fn clear<T: AsRawFd>(fd: &AsyncFd<T>, event: &mut Option<ReadyEvent>, flags: Option<Ready>) {
    if let Some(seen) = event.take() {
        let flags = flags.unwrap_or(seen.ready);
        fd.flags().clear(seen, flags);
        *event = seen.without(flags);
    }
}

impl<'a, T: AsRawFd> AsyncFdReadyGuard<'a, T> {
    /// Declares that the descriptor is not ready any more for anything that this guard has seen. A
    /// closed half stays closed.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let mut guard = ours.writable().await?;
    /// guard.clear_ready();
    /// assert!(guard.ready().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready(&mut self) {
        clear(self.fd, &mut self.event, None);
    }

    /// Declares that the descriptor is not ready any more for `ready`. The guard keeps the rest.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// use heist::io::{Interest, Ready, unix::AsyncFd};
    ///
    /// let ours = AsyncFd::new(ours)?;
    /// let mut guard = ours.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// guard.clear_ready_matching(Ready::READABLE);
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        clear(self.fd, &mut self.event, Some(ready));
    }

    /// Keeps the descriptor ready. Does nothing; it states that nothing is to be cleared.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let mut guard = ours.writable().await?;
    /// guard.retain_ready();
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn retain_ready(&mut self) {}

    /// Returns what the descriptor was ready for, without what this guard has cleared.
    ///
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// assert!(ours.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn ready(&self) -> Ready {
        self.event.map_or(Ready::EMPTY, |event| event.ready)
    }

    /// Calls `f` once. If it returns `WouldBlock`, clears what this guard has seen.
    ///
    /// # Errors
    /// Returns [`TryIoError`] instead of `WouldBlock`. Other results of `f` are returned as they
    /// are.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// # use std::io::Write;
    /// let mut guard = ours.writable().await?;
    /// let count = guard.try_io(|ours| ours.get_ref().write(b"hello")).unwrap()?;
    /// assert_eq!(count, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        match f(self.fd) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            result => Ok(result),
        }
    }

    /// Returns the registered descriptor.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let guard = ours.writable().await?;
    /// assert!(std::ptr::eq(guard.get_ref(), &ours));
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &'a AsyncFd<T> {
        self.fd
    }

    /// Returns the value that was registered.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let guard = ours.writable().await?;
    /// assert!(guard.get_inner().take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_inner(&self) -> &'a T {
        self.fd.get_ref()
    }
}

impl<T: AsRawFd> AsyncFdReadyMutGuard<'_, T> {
    /// [`AsyncFdReadyGuard::clear_ready`].
    pub fn clear_ready(&mut self) {
        clear(self.fd, &mut self.event, None);
    }

    /// [`AsyncFdReadyGuard::clear_ready_matching`].
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        clear(self.fd, &mut self.event, Some(ready));
    }

    /// [`AsyncFdReadyGuard::retain_ready`].
    pub fn retain_ready(&mut self) {}

    /// [`AsyncFdReadyGuard::ready`].
    pub fn ready(&self) -> Ready {
        self.event.map_or(Ready::EMPTY, |event| event.ready)
    }

    /// [`AsyncFdReadyGuard::try_io`]. [`AsyncFdReadyMutGuard`] has an example.
    ///
    /// # Errors
    /// Returns [`TryIoError`] instead of `WouldBlock`. Other results of `f` are returned as they
    /// are.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        match f(self.fd) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            result => Ok(result),
        }
    }

    /// [`AsyncFdReadyGuard::get_ref`].
    pub fn get_ref(&self) -> &AsyncFd<T> {
        self.fd
    }

    /// Returns the registered descriptor.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let mut ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let mut guard = ours.writable_mut().await?;
    /// guard.get_mut().get_mut().set_nonblocking(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.fd
    }

    /// [`AsyncFdReadyGuard::get_inner`].
    pub fn get_inner(&self) -> &T {
        self.fd.get_ref()
    }

    /// Returns the value that was registered.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let mut ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let mut guard = ours.writable_mut().await?;
    /// guard.get_inner_mut().set_nonblocking(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.fd.get_mut()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard").field("fd", &self.fd).field("ready", &self.ready()).finish()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyMutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyMutGuard").field("fd", &self.fd).field("ready", &self.ready()).finish()
    }
}

//! A descriptor of the program, registered with the driver.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use super::AsyncFdRegisterError;
use crate::driver::Interest;
use crate::driver::fd::{FdFlags, FdWatch};

/// What is registered unless an interest is given.
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A descriptor that the runtime waits for, while the program makes the calls.
///
/// Any descriptor will do that `poll(2)` can wait for: eventfd, timerfd, signalfd, inotify, pidfd,
/// pipes, terminals, netlink and other sockets. `T` may own it, as
/// [`OwnedFd`](std::os::fd::OwnedFd) does, or borrow it, as [`BorrowedFd`](std::os::fd::BorrowedFd)
/// does. Set it to non-blocking first.
///
/// The descriptor counts as not ready until the kernel has reported it. From then on it counts as
/// ready until a guard clears that, or a call inside of `try_io` or `async_io` returns
/// `WouldBlock`. The kernel reports changes only: after a call that has not returned `WouldBlock`,
/// do not clear.
///
/// Dropping it ends the registration at once. The descriptor is closed only if dropping `T` does
/// so.
///
/// # Panics
/// The methods do not panic outside of a runtime, because the registration remembers the runtime
/// that it was made in.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
/// # ours.set_nonblocking(true)?;
/// # use std::io::{Read, Write};
/// use heist::io::{Interest, unix::AsyncFd};
///
/// let ours = AsyncFd::new(ours)?;
/// theirs.write_all(b"ping")?;
/// let mut buf = [0; 16];
/// let count = ours.async_io(Interest::READABLE, |mut ours| ours.read(&mut buf)).await?;
/// assert_eq!(&buf[..count], b"ping");
/// # Ok(())
/// # }
/// ```
pub struct AsyncFd<T: AsRawFd> {
    /// Dropped before the value that may close the descriptor.
    watch: FdWatch,
    inner: T,
}

impl<T: AsRawFd> AsyncFd<T> {
    /// Registers a descriptor for reading and writing.
    ///
    /// # Errors
    /// `PermissionDenied` if the kernel cannot wait for such a descriptor, such as that of a
    /// regular file. `AlreadyExists` if this descriptor is registered already. Other errors of
    /// `epoll_ctl(2)`, and an error if the runtime has shut down.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
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
    #[track_caller]
    pub fn new(inner: T) -> io::Result<AsyncFd<T>> {
        Ok(AsyncFd::try_with_interest(inner, BOTH)?)
    }

    /// [`new`](AsyncFd::new) for what `interest` says. A wait for anything else never ends, unless
    /// the descriptor is closed or fails.
    ///
    /// # Errors
    /// As for [`new`](AsyncFd::new).
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// use heist::io::{Interest, unix::AsyncFd};
    ///
    /// let ours = AsyncFd::with_interest(ours, Interest::READABLE)?;
    /// drop(theirs);
    /// assert!(ours.readable().await?.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<AsyncFd<T>> {
        Ok(AsyncFd::try_with_interest(inner, interest)?)
    }

    /// [`new`](AsyncFd::new) that returns the value with the error.
    ///
    /// # Errors
    /// As for [`new`](AsyncFd::new).
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::try_new(ours)?;
    /// assert!(ours.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_new(inner: T) -> Result<AsyncFd<T>, AsyncFdRegisterError<T>> {
        AsyncFd::try_with_interest(inner, BOTH)
    }

    /// [`with_interest`](AsyncFd::with_interest) that returns the value with the error.
    ///
    /// # Errors
    /// As for [`new`](AsyncFd::new).
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::io::{Interest, unix::AsyncFd};
    ///
    /// let file = std::fs::File::open("Cargo.toml")?;
    /// let refused = AsyncFd::try_with_interest(file, Interest::READABLE).unwrap_err();
    /// let (_file, error) = refused.into_parts();
    /// assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_with_interest(inner: T, interest: Interest) -> Result<AsyncFd<T>, AsyncFdRegisterError<T>> {
        match FdWatch::new(inner.as_raw_fd(), interest) {
            Ok(watch) => Ok(AsyncFd { watch, inner }),
            Err(cause) => Err(AsyncFdRegisterError { inner, cause }),
        }
    }

    pub(super) fn flags(&self) -> &FdFlags {
        self.watch.flags()
    }

    /// Returns the value that was registered.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// assert!(ours.get_ref().take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// Returns the value that was registered. Its descriptor must stay the same.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// # use std::io::Write;
    /// let mut ours = heist::io::unix::AsyncFd::new(ours)?;
    /// assert_eq!(ours.get_mut().write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Ends the registration and returns the value.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// use heist::io::unix::AsyncFd;
    ///
    /// let ours = AsyncFd::new(ours)?.into_inner();
    /// // It is free for another registration.
    /// let ours = AsyncFd::new(ours)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(self) -> T {
        let AsyncFd { watch, inner } = self;
        drop(watch);
        inner
    }

    /// Calls `f` whenever the descriptor is ready, until it returns something other than
    /// `WouldBlock`. [`AsyncFd`] has an example.
    ///
    /// # Errors
    /// The errors of `f` but `WouldBlock`, and an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// As safe as `f`: nothing is held between two calls of `f`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// use heist::io::{Interest, unix::AsyncFd};
    /// use std::io::{Read, Write};
    ///
    /// let ours = AsyncFd::new(ours)?;
    /// theirs.write_all(b"ping")?;
    /// let mut buf = [0; 16];
    /// assert_eq!(ours.async_io(Interest::READABLE, |mut ours| ours.read(&mut buf)).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.flags().async_io(interest, || f(&self.inner)).await
    }

    /// [`async_io`](AsyncFd::async_io) with exclusive access.
    ///
    /// # Errors
    /// The errors of `f` but `WouldBlock`, and an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// As safe as `f`: nothing is held between two calls of `f`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// use heist::io::{Interest, unix::AsyncFd};
    /// use std::io::Write;
    ///
    /// let mut ours = AsyncFd::new(ours)?;
    /// assert_eq!(ours.async_io_mut(Interest::WRITABLE, |ours| ours.write(b"ping")).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let AsyncFd { watch, inner } = self;
        watch.flags().async_io(interest, || f(inner)).await
    }

    /// Calls `f` once if the descriptor counts as ready for one of `interest`. If `f` returns
    /// `WouldBlock`, that is cleared.
    ///
    /// # Errors
    /// The errors of `f`, and `WouldBlock` without a call if the descriptor is not ready.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// use heist::io::{Interest, unix::AsyncFd};
    /// use std::io::Read;
    ///
    /// let ours = AsyncFd::new(ours)?;
    /// let result = ours.try_io(Interest::READABLE, |mut ours| ours.read(&mut [0; 8]));
    /// assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        self.flags().try_io(interest, || f(&self.inner))
    }

    /// [`try_io`](AsyncFd::try_io) with exclusive access.
    ///
    /// # Errors
    /// The errors of `f`, and `WouldBlock` without a call if the descriptor is not ready.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// use heist::io::{Interest, unix::AsyncFd};
    /// use std::io::Write;
    ///
    /// let mut ours = AsyncFd::new(ours)?;
    /// ours.writable().await?.retain_ready();
    /// assert_eq!(ours.try_io_mut(Interest::WRITABLE, |ours| ours.write(b"ping"))?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let AsyncFd { watch, inner } = self;
        watch.flags().try_io(interest, || f(inner))
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd").field("inner", &self.inner).finish()
    }
}

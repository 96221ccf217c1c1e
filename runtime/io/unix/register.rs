#![expect(unsafe_code, reason = "the owner of an `AsyncFd` keeps its descriptor open")]
//! Descriptors that are no more than numbers.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use super::{AsyncFd, AsyncFdRegisterError};
use crate::driver::Interest;

impl<T: AsRawFd> AsyncFd<T> {
    /// [`try_new`](AsyncFd::try_new), for values whose type does not promise that the descriptor stays
    /// open.
    ///
    /// # Safety
    /// The descriptor of `inner` must be open, and stay so until the `AsyncFd` is gone.
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
    /// use heist::io::unix::AsyncFd;
    /// use std::os::fd::AsRawFd;
    ///
    /// let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
    /// ours.set_nonblocking(true)?;
    /// // SAFETY: `ours` is dropped later.
    /// let number = unsafe { AsyncFd::register(ours.as_raw_fd()) }?;
    /// assert!(number.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register(inner: T) -> Result<AsyncFd<T>, AsyncFdRegisterError<T>> {
        AsyncFd::try_new(inner)
    }

    /// [`try_with_interest`](AsyncFd::try_with_interest), for values whose type does not promise that
    /// the descriptor stays open.
    ///
    /// # Safety
    /// As for [`register`](AsyncFd::register).
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
    /// use std::os::fd::AsRawFd;
    ///
    /// let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
    /// ours.set_nonblocking(true)?;
    /// // SAFETY: `ours` is dropped later.
    /// let number = unsafe { AsyncFd::register_with_interest(ours.as_raw_fd(), Interest::WRITABLE) }?;
    /// assert!(number.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<AsyncFd<T>, AsyncFdRegisterError<T>> {
        AsyncFd::try_with_interest(inner, interest)
    }
}

impl<T: AsRawFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: a value with a descriptor owns or borrows it, or else `register` was told so.
        unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
    }
}

//! Waiting until a descriptor is ready.

use std::io;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll, ready};

use super::{AsyncFd, AsyncFdReadyGuard, AsyncFdReadyMutGuard};
use crate::driver::{Direction, Interest};

impl<T: AsRawFd> AsyncFd<T> {
    /// Waits until the descriptor is ready for one of `interest`.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: nothing is cleared.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// use heist::io::{Interest, Ready, unix::AsyncFd};
    ///
    /// let ours = AsyncFd::new(ours)?;
    /// let guard = ours.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// assert_eq!(guard.ready(), Ready::WRITABLE);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = self.flags().ready(interest).await?;
        Ok(AsyncFdReadyGuard { fd: self, event: Some(event) })
    }

    /// [`ready`](AsyncFd::ready) with a guard that gives exclusive access.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: nothing is cleared.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// use heist::io::{Interest, unix::AsyncFd};
    ///
    /// let mut ours = AsyncFd::new(ours)?;
    /// let mut guard = ours.ready_mut(Interest::WRITABLE).await?;
    /// guard.get_inner_mut().set_nonblocking(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready_mut(&mut self, interest: Interest) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        let event = self.flags().ready(interest).await?;
        Ok(AsyncFdReadyMutGuard { fd: self, event: Some(event) })
    }

    /// [`ready`](AsyncFd::ready) for reading. [`AsyncFdReadyGuard`] has an example.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: nothing is cleared.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// drop(theirs);
    /// assert!(ours.readable().await?.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::READABLE).await
    }

    /// [`ready_mut`](AsyncFd::ready_mut) for reading.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: nothing is cleared.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let mut ours = heist::io::unix::AsyncFd::new(ours)?;
    /// drop(theirs);
    /// assert!(ours.readable_mut().await?.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// [`ready`](AsyncFd::ready) for writing.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: nothing is cleared.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// # use std::io::Write;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let mut guard = ours.writable().await?;
    /// let count = guard.try_io(|ours| ours.get_ref().write(b"hello")).unwrap()?;
    /// assert_eq!(count, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// [`ready_mut`](AsyncFd::ready_mut) for writing. [`AsyncFdReadyMutGuard`] has an example.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: nothing is cleared.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let mut ours = heist::io::unix::AsyncFd::new(ours)?;
    /// assert!(ours.writable_mut().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }

    /// Polls until the descriptor is ready for reading. Only the last caller is woken.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # use std::io::Write;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// theirs.write_all(b"x")?;
    /// let guard = std::future::poll_fn(|cx| ours.poll_read_ready(cx)).await?;
    /// assert!(guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        let event = ready!(self.flags().poll_ready(Direction::Read, cx))?;
        Poll::Ready(Ok(AsyncFdReadyGuard { fd: self, event: Some(event) }))
    }

    /// [`poll_read_ready`](AsyncFd::poll_read_ready) with a guard that gives exclusive access.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let mut ours = heist::io::unix::AsyncFd::new(ours)?;
    /// drop(theirs);
    /// let readable = std::future::poll_fn(|cx| {
    ///     ours.poll_read_ready_mut(cx).map_ok(|guard| guard.ready())
    /// });
    /// assert!(readable.await?.is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready_mut(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        let event = ready!(self.flags().poll_ready(Direction::Read, cx))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard { fd: self, event: Some(event) }))
    }

    /// Polls until the descriptor is ready for writing. Only the last caller is woken.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let guard = std::future::poll_fn(|cx| ours.poll_write_ready(cx)).await?;
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        let event = ready!(self.flags().poll_ready(Direction::Write, cx))?;
        Poll::Ready(Ok(AsyncFdReadyGuard { fd: self, event: Some(event) }))
    }

    /// [`poll_write_ready`](AsyncFd::poll_write_ready) with a guard that gives exclusive access.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (ours, mut theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # ours.set_nonblocking(true)?;
    /// let mut ours = heist::io::unix::AsyncFd::new(ours)?;
    /// let writable = std::future::poll_fn(|cx| {
    ///     ours.poll_write_ready_mut(cx).map_ok(|guard| guard.ready())
    /// });
    /// assert!(writable.await?.is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready_mut(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        let event = ready!(self.flags().poll_ready(Direction::Write, cx))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard { fd: self, event: Some(event) }))
    }
}

//! The directions of a socket that a caller waits for, and those that are ready.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::ops::{BitOr, BitOrAssign};
use std::pin::pin;
use std::task::Poll;

use crate::driver::{Direction, Registration};

/// The directions that a caller waits for. `|` joins them.
///
/// # Examples
/// ```
/// use heist::io::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert!(!Interest::READABLE.is_writable());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest {
    read: bool,
    write: bool,
}

impl Interest {
    /// Bytes to read, a connection to accept, the end of the stream, or an error.
    pub const READABLE: Interest = Interest { read: true, write: false };
    /// Room to write, or an error.
    pub const WRITABLE: Interest = Interest { read: false, write: true };

    /// Returns whether this includes reading.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Interest::READABLE.is_readable());
    /// assert!(!heist::io::Interest::WRITABLE.is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.read
    }

    /// Returns whether this includes writing.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Interest::WRITABLE.is_writable());
    /// assert!(!heist::io::Interest::READABLE.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.write
    }

    /// Returns both sets together; `|` does the same.
    ///
    /// # Examples
    /// ```
    /// use heist::io::Interest;
    ///
    /// let both = Interest::READABLE.add(Interest::WRITABLE);
    /// assert_eq!(both, Interest::READABLE | Interest::WRITABLE);
    /// ```
    pub const fn add(self, other: Interest) -> Interest {
        Interest { read: self.read || other.read, write: self.write || other.write }
    }

    /// The direction whose readiness stands for this interest. If it is both, that is reading,
    /// because a closed peer shows there.
    pub(super) fn direction(self) -> Direction {
        if self.is_readable() { Direction::Read } else { Direction::Write }
    }
}

impl BitOr for Interest {
    type Output = Interest;

    fn bitor(self, other: Interest) -> Interest {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Interest) {
        *self = self.add(other);
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.read, self.write) {
            (true, true) => "READABLE | WRITABLE",
            (true, false) => "READABLE",
            _ => "WRITABLE",
        })
    }
}

/// The directions that are ready, as far as is known: a call may still find that it would block.
///
/// # Examples
/// ```
/// use heist::io::Ready;
///
/// let ready = Ready::READABLE | Ready::WRITABLE;
/// assert!(ready.is_readable() && ready.is_writable());
/// assert!(Ready::EMPTY.is_empty());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    read: bool,
    write: bool,
}

impl Ready {
    /// Nothing is ready.
    pub const EMPTY: Ready = Ready { read: false, write: false };
    /// Ready to read.
    pub const READABLE: Ready = Ready { read: true, write: false };
    /// Ready to write.
    pub const WRITABLE: Ready = Ready { read: false, write: true };

    /// Returns whether nothing is ready.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::EMPTY.is_empty());
    /// assert!(!heist::io::Ready::READABLE.is_empty());
    /// ```
    pub const fn is_empty(self) -> bool {
        !self.read && !self.write
    }

    /// Returns whether a read is likely to succeed without blocking.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::READABLE.is_readable());
    /// assert!(!heist::io::Ready::EMPTY.is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.read
    }

    /// Returns whether a write is likely to succeed without blocking.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::WRITABLE.is_writable());
    /// assert!(!heist::io::Ready::EMPTY.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.write
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready { read: self.read || other.read, write: self.write || other.write }
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        *self = *self | other;
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.read, self.write) {
            (true, true) => "READABLE | WRITABLE",
            (true, false) => "READABLE",
            (false, true) => "WRITABLE",
            (false, false) => "EMPTY",
        })
    }
}

/// Waits until the socket is ready in one of the directions of `interest`, and returns which.
pub(super) async fn ready(registration: &Registration, interest: Interest) -> io::Result<Ready> {
    let mut readable = pin!(registration.ready(Direction::Read));
    let mut writable = pin!(registration.ready(Direction::Write));
    poll_fn(|cx| {
        let mut ready = Ready::EMPTY;
        if interest.is_readable() {
            if let Poll::Ready(result) = readable.as_mut().poll(cx) {
                result?;
                ready |= Ready::READABLE;
            }
        }
        if interest.is_writable() {
            if let Poll::Ready(result) = writable.as_mut().poll(cx) {
                result?;
                ready |= Ready::WRITABLE;
            }
        }
        if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(ready)) }
    })
    .await
}

//! What a caller waits for.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use super::Direction;
use super::ready::Ready;

/// What a caller waits for. `|` joins interests; there is no empty one.
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
pub struct Interest(u8);

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
const PRIORITY: u8 = 1 << 2;
const ERROR: u8 = 1 << 3;

const NAMES: [(u8, &str); 4] =
    [(READABLE, "READABLE"), (WRITABLE, "WRITABLE"), (PRIORITY, "PRIORITY"), (ERROR, "ERROR")];

impl Interest {
    /// Bytes to read, a connection to accept, the end of the stream, or an error.
    pub const READABLE: Interest = Interest(READABLE);
    /// Room to write, or an error.
    pub const WRITABLE: Interest = Interest(WRITABLE);
    /// Urgent bytes of a TCP stream, or another condition that `poll(2)` reports as POLLPRI. Only
    /// Linux and Android report it.
    pub const PRIORITY: Interest = Interest(PRIORITY);
    /// An error, such as a message in a socket's queue of errors.
    pub const ERROR: Interest = Interest(ERROR);

    /// Returns whether this includes reading.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Interest::READABLE.is_readable());
    /// assert!(!heist::io::Interest::WRITABLE.is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Returns whether this includes writing.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Interest::WRITABLE.is_writable());
    /// assert!(!heist::io::Interest::READABLE.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// Returns whether this includes urgent bytes.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Interest::PRIORITY.is_priority());
    /// assert!(!heist::io::Interest::READABLE.is_priority());
    /// ```
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Returns whether this includes errors as such.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Interest::ERROR.is_error());
    /// assert!(!heist::io::Interest::READABLE.is_error());
    /// ```
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
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
    #[must_use = "it returns the result and changes nothing"]
    pub const fn add(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }

    /// Returns this set without `other`, or None if nothing is left.
    ///
    /// # Examples
    /// ```
    /// use heist::io::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE));
    /// assert_eq!(both.remove(both), None);
    /// ```
    #[must_use = "it returns the result and changes nothing"]
    pub const fn remove(self, other: Interest) -> Option<Interest> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Interest(left)),
        }
    }

    /// The direction whose readiness stands for this interest. If it is both, that is reading,
    /// because a closed peer shows there.
    pub(crate) fn direction(self) -> Direction {
        if self.is_writable() && !self.is_readable() { Direction::Write } else { Direction::Read }
    }

    /// The readiness that ends a wait for this.
    pub(crate) fn mask(self) -> Ready {
        let mut mask = Ready::EMPTY;
        if self.is_readable() {
            mask |= Ready::READABLE | Ready::READ_CLOSED;
        }
        if self.is_writable() {
            mask |= Ready::WRITABLE | Ready::WRITE_CLOSED;
        }
        if self.is_priority() {
            mask |= Ready::PRIORITY | Ready::READ_CLOSED;
        }
        if self.is_error() {
            mask |= Ready::ERROR;
        }
        mask
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
        let names: Vec<&str> =
            NAMES.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, name)| *name).collect();
        f.write_str(&names.join(" | "))
    }
}

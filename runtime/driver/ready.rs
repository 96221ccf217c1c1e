//! What a descriptor is ready for.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

#[cfg(unix)]
use crate::system::poll_state::PollState;

/// What a descriptor is ready for, as far as is known: a call may still find that it would block.
///
/// # Examples
/// ```
/// use heist::io::Ready;
///
/// let ready = Ready::READABLE | Ready::WRITABLE;
/// assert!(ready.is_readable() && ready.is_writable());
/// assert_eq!(ready - Ready::WRITABLE, Ready::READABLE);
/// assert!(Ready::EMPTY.is_empty());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Ready(u8);

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
const READ_CLOSED: u8 = 1 << 2;
const WRITE_CLOSED: u8 = 1 << 3;
const PRIORITY: u8 = 1 << 4;
const ERROR: u8 = 1 << 5;
const ALL: u8 = READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | PRIORITY | ERROR;

const NAMES: [(u8, &str); 6] = [
    (READABLE, "READABLE"),
    (WRITABLE, "WRITABLE"),
    (READ_CLOSED, "READ_CLOSED"),
    (WRITE_CLOSED, "WRITE_CLOSED"),
    (PRIORITY, "PRIORITY"),
    (ERROR, "ERROR"),
];

impl Ready {
    /// Nothing is ready.
    pub const EMPTY: Ready = Ready(0);
    /// Ready to read.
    pub const READABLE: Ready = Ready(READABLE);
    /// Ready to write.
    pub const WRITABLE: Ready = Ready(WRITABLE);
    /// The peer sends no more, or the own reading half is shut down.
    pub const READ_CLOSED: Ready = Ready(READ_CLOSED);
    /// The peer reads no more, or the own writing half is shut down.
    pub const WRITE_CLOSED: Ready = Ready(WRITE_CLOSED);
    /// Urgent bytes came. Only Linux and Android report it.
    pub const PRIORITY: Ready = Ready(PRIORITY);
    /// An error is pending.
    pub const ERROR: Ready = Ready(ERROR);
    /// All of them.
    pub const ALL: Ready = Ready(ALL);

    /// Returns whether nothing is ready.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::EMPTY.is_empty());
    /// assert!(!heist::io::Ready::READABLE.is_empty());
    /// ```
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether a read is likely to return without blocking: there are bytes, or there will
    /// be none any more.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::READABLE.is_readable());
    /// assert!(heist::io::Ready::READ_CLOSED.is_readable());
    /// assert!(!heist::io::Ready::EMPTY.is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.0 & (READABLE | READ_CLOSED) != 0
    }

    /// Returns whether a write is likely to return without blocking: there is room, or the write
    /// will fail.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::WRITABLE.is_writable());
    /// assert!(heist::io::Ready::WRITE_CLOSED.is_writable());
    /// assert!(!heist::io::Ready::EMPTY.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.0 & (WRITABLE | WRITE_CLOSED) != 0
    }

    /// Returns whether no more bytes come after those that are there.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::READ_CLOSED.is_read_closed());
    /// assert!(!heist::io::Ready::READABLE.is_read_closed());
    /// ```
    pub const fn is_read_closed(self) -> bool {
        self.0 & READ_CLOSED != 0
    }

    /// Returns whether every write fails.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::WRITE_CLOSED.is_write_closed());
    /// assert!(!heist::io::Ready::WRITABLE.is_write_closed());
    /// ```
    pub const fn is_write_closed(self) -> bool {
        self.0 & WRITE_CLOSED != 0
    }

    /// Returns whether urgent bytes came.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::PRIORITY.is_priority());
    /// assert!(!heist::io::Ready::READABLE.is_priority());
    /// ```
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Returns whether an error is pending.
    ///
    /// # Examples
    /// ```
    /// assert!(heist::io::Ready::ERROR.is_error());
    /// assert!(!heist::io::Ready::READABLE.is_error());
    /// ```
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    #[cfg(unix)]
    pub(super) fn to_bits(self) -> u64 {
        u64::from(self.0)
    }

    /// Takes the flags out of a word that has them in its lowest bits.
    #[cfg(unix)]
    pub(super) fn from_bits(bits: u64) -> Ready {
        Ready(bits as u8 & ALL)
    }
}

#[cfg(unix)]
impl From<PollState> for Ready {
    fn from(state: PollState) -> Ready {
        let flags = [
            (state.is_readable, Ready::READABLE),
            (state.is_writable, Ready::WRITABLE),
            (state.is_read_closed, Ready::READ_CLOSED),
            (state.is_write_closed, Ready::WRITE_CLOSED),
            (state.is_priority, Ready::PRIORITY),
            (state.is_error, Ready::ERROR),
        ];
        let set = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag);
        set.fold(Ready::EMPTY, |all, flag| all | flag)
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        *self = *self | other;
    }
}

impl BitAnd for Ready {
    type Output = Ready;

    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Ready;

    fn sub(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("EMPTY");
        }
        let names: Vec<&str> =
            NAMES.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, name)| *name).collect();
        f.write_str(&names.join(" | "))
    }
}

//! Operations as submission entries, and completion entries as results. Nothing here is unsafe: the
//! entries hold addresses, and `ring.rs` documents why they stay valid.

use std::io;
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd;

use io_uring::cqueue;
use io_uring::opcode;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{CancelBuilder, Fd, Timespec};

use crate::driver::Direction;
use crate::driver::doorbell::Doorbell;
use crate::driver::op::Op;
use crate::driver::readiness::{ORDER_REST, Order};
use crate::driver::slots::SlotId;
use crate::system::socket::SEND_FLAGS;

use super::encode_file;

/// Makes the notification of a send report whether the bytes were copied after all. Linux 6.2.
const REPORT_USAGE: u16 = 1 << 3;

/// The kernel reads it when it takes the entry.
static REST: Timespec = Timespec::new().nsec(ORDER_REST.subsec_nanos());

/// Names that no slot has. The upper half of a doorbell's name holds its turn, 16 bits.
const DOORBELL: u64 = SlotId::RESERVED_INDEX as u64;
const CANCEL: u64 = (1 << 63) | SlotId::RESERVED_INDEX as u64;

fn doorbell_name(turn: u16) -> u64 {
    (u64::from(turn) << 32) | DOORBELL
}

/// The operation that a completion belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    Doorbell(u16),
    Cancel,
    Slot(SlotId),
}

pub(super) fn name(user_data: u64) -> Name {
    match user_data {
        CANCEL => Name::Cancel,
        bits if bits as u32 == SlotId::RESERVED_INDEX && bits >> 48 == 0 => {
            Name::Doorbell((bits >> 32) as u16)
        }
        bits => Name::Slot(SlotId::from_bits(bits)),
    }
}

/// The op-codes that no ring can do without; the probe checks them. The others are kinds of
/// operations, which the probe finds by `opcode_of` in `encode_file.rs`.
pub(super) const OPCODES: &[(u8, &str)] = &[
    (opcode::PollAdd::CODE, "POLL_ADD"),
    (opcode::Timeout::CODE, "TIMEOUT"),
    (opcode::AsyncCancel::CODE, "ASYNC_CANCEL"),
    (opcode::AsyncCancel2::CODE, "ASYNC_CANCEL"),
    (opcode::Connect::CODE, "CONNECT"),
];

/// `buffer_index`: the index in the ring's table of the operation's memory, if it is registered.
pub(super) fn op(op: &Op, slot: SlotId, buffer_index: Option<u16>) -> Entry {
    let entry = match op {
        Op::Ready { order: Order::Rest, .. } => opcode::Timeout::new(&raw const REST).build(),
        Op::Ready { source, direction, order } => {
            // The end of the peer's bytes, errors and hang-ups are reported to both directions even
            // if not asked for.
            let mask = match direction {
                Direction::Read => libc::POLLIN | libc::POLLRDHUP,
                Direction::Write => libc::POLLOUT,
            };
            // The kernel checks the state when it takes the entry. A standing order then also
            // reports each change.
            let stands = *order == Order::Standing;
            opcode::PollAdd::new(Fd(source.socket().as_raw_fd()), mask as u32).multi(stands).build()
        }
        Op::Connect { source, address, .. } => {
            let fd = Fd(source.socket().as_raw_fd());
            opcode::Connect::new(fd, address.as_ptr().cast(), address.len()).build()
        }
        Op::File(flight) => encode_file::request(&flight.request(), buffer_index),
        Op::Send { source, bytes, .. } => {
            let fd = Fd(source.socket().as_raw_fd());
            opcode::SendZc::new(fd, bytes.start, bytes.len).flags(SEND_FLAGS).zc_flags(REPORT_USAGE).build()
        }
    };
    entry.user_data(slot.to_bits())
}

/// Cancels one operation. On kernels that can suppress it, a completion comes only if there was
/// nothing to cancel.
pub(super) fn cancel(slot: SlotId, can_skip_success: bool) -> Entry {
    let entry = opcode::AsyncCancel::new(slot.to_bits()).build().user_data(CANCEL);
    if can_skip_success { entry.flags(Flags::SKIP_SUCCESS) } else { entry }
}

/// Cancels a poll on the doorbell, which another thread's poll is about to replace.
pub(super) fn cancel_doorbell(turn: u16, can_skip_success: bool) -> Entry {
    let entry = opcode::AsyncCancel::new(doorbell_name(turn)).build().user_data(CANCEL);
    if can_skip_success { entry.flags(Flags::SKIP_SUCCESS) } else { entry }
}

pub(super) fn cancel_all() -> Entry {
    opcode::AsyncCancel2::new(CancelBuilder::any()).build().user_data(CANCEL)
}

/// A multishot poll on the doorbell: one completion per wake-up, without another
/// submission [doorbell-is-armed].
pub(super) fn doorbell(doorbell: &Doorbell, turn: u16) -> Entry {
    let mask = libc::POLLIN as u32;
    opcode::PollAdd::new(Fd(doorbell.as_raw_fd()), mask).multi(true).build().user_data(doorbell_name(turn))
}

/// The flag in a send's notification which reports that the bytes were copied after all.
const WAS_COPIED: i32 = i32::MIN;

/// A completion entry, decoded.
#[derive(Debug)]
pub(super) struct Cqe {
    pub(super) name: Name,
    result: i32,
    /// No further completion of this operation will come.
    pub(super) is_terminal: bool,
}

pub(super) fn cqe(entry: &cqueue::Entry) -> Cqe {
    let is_notification = cqueue::notif(entry.flags());
    Cqe {
        name: name(entry.user_data()),
        // In a notification the result is a flag, not an errno: 1 for copied.
        result: if is_notification { i32::from(entry.result() & WAS_COPIED != 0) } else { entry.result() },
        is_terminal: !cqueue::more(entry.flags()),
    }
}

/// The kernel has broken the operation off before it had any effect.
#[derive(Debug)]
pub(super) struct Breaking;

/// The kernel's internal codes for a system call that was interrupted and must be made again:
/// `ERESTARTSYS` and similar. They are not meant for programs, but an open on one of the kernel's
/// threads ends with one.
const RESTART: RangeInclusive<i32> = 512..=516;

impl Cqe {
    /// Whether the operation was broken off. `is_cancelling`: a cancel may be the cause. Otherwise
    /// ECANCELED and EINTR are the file's own errors.
    pub(super) fn breaking(&self, is_cancelling: bool) -> Option<Breaking> {
        let errno = -self.result;
        let is_broken = match errno {
            libc::ECANCELED | libc::EINTR => is_cancelling,
            _ => RESTART.contains(&errno),
        };
        is_broken.then_some(Breaking)
    }

    pub(super) fn result(&self) -> io::Result<i32> {
        if self.result >= 0 { Ok(self.result) } else { Err(io::Error::from_raw_os_error(-self.result)) }
    }
}

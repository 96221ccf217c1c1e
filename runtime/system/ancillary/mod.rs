//! Descriptors that are sent beside bytes over a Unix socket (`SCM_RIGHTS`).
//!
//! Descriptors that the kernel has installed are owned by the buffer through which they came, and
//! that buffer closes the ones that nobody takes. No descriptor is left without an owner, whatever
//! happens to the message `[fds-are-owned]`.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use socket2::Socket;

use super::socket::SEND_FLAGS;

cfg_if! {
    if #[received_with_flags] {
        mod marked;
        use marked::{close_on_exec, receive_flags};
    } else {
        mod unmarked;
        use unmarked::{close_on_exec, receive_flags};
    }
}

/// The most descriptors that one message carries (Linux's `SCM_MAX_FD`).
const FDS_COUNT_MAX: usize = 253;
/// Room in bytes for that many descriptors and the control message around them.
const CONTROL_BYTES: usize = rustix::cmsg_space!(ScmRights(FDS_COUNT_MAX));
/// Room in bytes for what a user's own socket options add to each message: credentials, timestamps,
/// a security label. The kernel writes these before the descriptors, and descriptors that do not
/// fit after them are lost.
const OTHERS_BYTES: usize = 1024;

/// One received message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) len: usize,
    /// All of them are close-on-exec.
    pub(crate) fds: Vec<OwnedFd>,
    /// The message was longer than the buffer.
    pub(crate) bytes_truncated: bool,
    /// More descriptors came than were asked for, or than the process may have. The surplus is
    /// closed.
    pub(crate) fds_truncated: bool,
}

/// Sends `bytes` with `fds` beside them.
pub(crate) fn send(socket: &Socket, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    if fds.len() > FDS_COUNT_MAX {
        let text =
            format!("{} descriptors do not fit into one message; send at most {FDS_COUNT_MAX}", fds.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let mut room = [MaybeUninit::uninit(); CONTROL_BYTES];
    let mut control = SendAncillaryBuffer::new(&mut room);
    if !fds.is_empty() {
        let fits = control.push(SendAncillaryMessage::ScmRights(fds));
        debug_assert!(fits, "the room is for the most there can be");
    }
    let flags = SendFlags::from_bits_retain(SEND_FLAGS as _);
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags)?)
}

/// Receives into `buf`, and up to `fds_count_max` descriptors.
pub(crate) fn receive(socket: &Socket, buf: &mut [u8], fds_count_max: usize) -> io::Result<Message> {
    let fds_count_max = fds_count_max.min(FDS_COUNT_MAX);
    let mut room = [MaybeUninit::uninit(); CONTROL_BYTES + OTHERS_BYTES];
    let rights_bytes = if fds_count_max == 0 { 0 } else { rustix::cmsg_space!(ScmRights(fds_count_max)) };
    let room_bytes = rights_bytes + OTHERS_BYTES;
    let mut control = RecvAncillaryBuffer::new(&mut room[..room_bytes]);
    let received = recvmsg(socket, &mut [IoSliceMut::new(buf)], &mut control, receive_flags())?;
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = message {
            fds.extend(came);
        }
    }
    // The room is larger than asked for, and the kernel may fill all of it.
    let surplus_count = fds.len().saturating_sub(fds_count_max);
    fds.truncate(fds_count_max);
    close_on_exec(&fds)?;
    Ok(Message {
        len: received.bytes,
        fds,
        bytes_truncated: received.flags.contains(ReturnFlags::TRUNC),
        fds_truncated: surplus_count > 0 || received.flags.contains(ReturnFlags::CTRUNC),
    })
}

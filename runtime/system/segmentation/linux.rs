#![expect(
    unsafe_code,
    reason = "the socket options and the control message of UDP offload are to be had from libc only"
)]
//! UDP segmentation (GSO) and joined datagrams (GRO), as Linux does them.

use std::io::{self, IoSlice};
use std::mem;
use std::os::fd::AsRawFd as _;
use std::sync::OnceLock;

use socket2::{MsgHdr, SockAddr, SockAddrStorage, Socket};

use super::{ReceivedSegments, SEND_FLAGS};

/// The most datagrams that every kernel with segmentation makes of one call.
const SEGMENTS_COUNT_MAX: usize = 64;
/// The most bytes that one call may hold: the payload of the largest IPv4 packet.
const CALL_BYTES_MAX: usize = 65_507;
/// The kernel's `struct cmsghdr`: a length of one word, a level and a type.
const HEADER_BYTES: usize = size_of::<usize>() + 2 * size_of::<i32>();
/// Room in bytes for a header and a number, aligned to a word.
const CONTROL_BYTES: usize = HEADER_BYTES + 8;
/// Room in bytes for what a user's own socket options may add to a receive: timestamps, packet
/// information. Timestamps come before the segment length, and without that length the datagrams
/// could not be separated.
const RECEIVE_CONTROL_BYTES: usize = 512;

/// Returns None if these datagrams must be sent one by one.
pub(super) fn send(
    socket: &Socket,
    bytes: &[u8],
    segment_len: usize,
    target: Option<&SockAddr>,
) -> Option<io::Result<usize>> {
    let count = (CALL_BYTES_MAX / segment_len).min(SEGMENTS_COUNT_MAX);
    if bytes.len() <= segment_len || count < 2 || !is_present(socket) {
        return None;
    }
    let control = segment_message(u16::try_from(segment_len).expect("less than a call may hold"));
    let bufs = [IoSlice::new(&bytes[..bytes.len().min(count * segment_len)])];
    let mut message = MsgHdr::new().with_buffers(&bufs).with_control(&control);
    if let Some(target) = target {
        message = message.with_addr(target);
    }
    match socket.sendmsg(&message, SEND_FLAGS) {
        // The device computes no checksums, or a segment is too large for its packets: send the
        // datagrams one by one.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE)) => None,
        result => Some(result),
    }
}

/// The control message that asks for segments of this length.
fn segment_message(segment_len: u16) -> [u8; CONTROL_BYTES] {
    let mut control = [0; CONTROL_BYTES];
    let len = HEADER_BYTES + size_of::<u16>();
    control[..size_of::<usize>()].copy_from_slice(&len.to_ne_bytes());
    let level = size_of::<usize>();
    control[level..level + 4].copy_from_slice(&libc::SOL_UDP.to_ne_bytes());
    control[level + 4..level + 8].copy_from_slice(&libc::UDP_SEGMENT.to_ne_bytes());
    control[HEADER_BYTES..len].copy_from_slice(&segment_len.to_ne_bytes());
    control
}

/// Whether the kernel segments. An older kernel would ignore the control message and send one giant
/// datagram, so it is asked once, before the first send.
fn is_present(socket: &Socket) -> bool {
    static IS_PRESENT: OnceLock<bool> = OnceLock::new();
    *IS_PRESENT.get_or_init(|| {
        let mut value: libc::c_int = 0;
        let mut value_bytes = INT_BYTES;
        // SAFETY: both pointers are to live values, and the length is that of the first.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                (&raw mut value).cast(),
                &mut value_bytes,
            )
        };
        result == 0
    })
}

#[expect(clippy::cast_possible_truncation, reason = "four")]
const INT_BYTES: libc::socklen_t = size_of::<libc::c_int>() as libc::socklen_t;

/// Lets the kernel join datagrams of one sender, or not.
pub(crate) fn set_joined(socket: &Socket, joined: bool) -> io::Result<()> {
    let value = libc::c_int::from(joined);
    // SAFETY: the pointer is to a live value of this length, which the kernel only reads.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_UDP,
            libc::UDP_GRO,
            (&raw const value).cast(),
            INT_BYTES,
        )
    };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::ENOPROTOOPT) {
        return Err(error);
    }
    let text = "this kernel cannot join UDP datagrams: it needs Linux 5.0; receive them one by one";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

/// Receives what is there, joined or not.
pub(crate) fn receive(socket: &Socket, buf: &mut [u8]) -> Option<io::Result<ReceivedSegments>> {
    let mut control = [0_u8; RECEIVE_CONTROL_BYTES];
    let mut part = libc::iovec { iov_base: buf.as_mut_ptr().cast(), iov_len: buf.len() };
    // SAFETY: all-zero bytes are a valid msghdr: null pointers and zero lengths.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = RECEIVE_CONTROL_BYTES as _;
    let fd = socket.as_raw_fd();
    let receive = |storage: *mut SockAddrStorage, storage_bytes: *mut libc::socklen_t| {
        message.msg_name = storage.cast();
        // SAFETY: `try_init` passes a live length, that of the storage.
        message.msg_namelen = unsafe { *storage_bytes };
        // SAFETY: every pointer of the message is to live memory of the length beside it.
        let count = unsafe { libc::recvmsg(fd, &raw mut message, 0) };
        let len = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        // SAFETY: as above; the kernel has written the length of the address that it wrote.
        unsafe { *storage_bytes = message.msg_namelen };
        Ok(len)
    };
    // SAFETY: the kernel has initialised the address and set its length.
    let received = unsafe { SockAddr::try_init(receive) };
    Some(received.map(|(len, addr)| ReceivedSegments {
        len,
        segment_len: joined_len(&control).unwrap_or(len),
        addr,
    }))
}

/// The length of each of the joined datagrams, if they were joined. The bytes after the last
/// control message are zero.
fn joined_len(mut control: &[u8]) -> Option<usize> {
    loop {
        let message_bytes = usize::from_ne_bytes(*control.first_chunk()?);
        let int_at = |start: usize| Some(i32::from_ne_bytes(*control.get(start..)?.first_chunk()?));
        let level = size_of::<usize>();
        if int_at(level)? == libc::SOL_UDP && int_at(level + 4)? == libc::UDP_GRO {
            return usize::try_from(int_at(HEADER_BYTES)?).ok().filter(|&len| len > 0);
        }
        if message_bytes < HEADER_BYTES {
            return None;
        }
        control = control.get(message_bytes.checked_next_multiple_of(size_of::<usize>())?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER_BYTES, joined_len, segment_message};

    /// The layout is written by hand, so this compares it with libc's.
    #[test]
    fn the_control_message_is_the_kernels() {
        assert_eq!(HEADER_BYTES, size_of::<libc::cmsghdr>());
        let control = segment_message(1200);
        let words: Vec<i32> = control[size_of::<usize>()..HEADER_BYTES]
            .chunks(4)
            .map(|c| i32::from_ne_bytes(c.try_into().unwrap()))
            .collect();
        assert_eq!(words, [libc::SOL_UDP, libc::UDP_SEGMENT]);
        assert_eq!(control[HEADER_BYTES..HEADER_BYTES + 2], 1200_u16.to_ne_bytes());
    }

    #[test]
    fn the_length_of_joined_datagrams_is_found_behind_other_messages() {
        let message = |level: i32, kind: i32, data: &[u8]| {
            let mut bytes = (HEADER_BYTES + data.len()).to_ne_bytes().to_vec();
            bytes.extend(level.to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(data);
            bytes.resize(bytes.len().next_multiple_of(size_of::<usize>()), 0);
            bytes
        };
        let timestamp = message(libc::SOL_SOCKET, 29, &[1; 12]);
        let joined = message(libc::SOL_UDP, libc::UDP_GRO, &1200_i32.to_ne_bytes());
        let padded = |parts: &[&[u8]]| [parts.concat(), vec![0; 40]].concat();
        assert_eq!(joined_len(&padded(&[&joined])), Some(1200));
        assert_eq!(joined_len(&padded(&[&timestamp, &joined])), Some(1200));
        assert_eq!(joined_len(&padded(&[&timestamp])), None);
        assert_eq!(joined_len(&[]), None);
        assert_eq!(joined_len(&[255; 20]), None);
    }
}

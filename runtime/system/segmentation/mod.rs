//! Many UDP datagrams in one call: segmentation on sending (GSO), joined datagrams on receiving
//! (GRO).
//!
//! On systems that have neither, the datagrams are sent and received one by one. The result is the
//! same with more calls.

use std::io;

use socket2::{SockAddr, Socket};

use super::socket::SEND_FLAGS;

mod segments;

cfg_if! {
    if #[linux_kernel] {
        mod linux;
        use linux as kernel;
    } else {
        mod elsewhere;
        use elsewhere as kernel;
    }
}

pub(crate) use kernel::{receive, set_joined};
pub(crate) use segments::ReceivedSegments;

/// Sends `bytes` as datagrams of `segment_len` bytes each; the last may be shorter. Returns how
/// many bytes were sent, which is a whole number of datagrams and may be fewer than all.
pub(crate) fn send(
    socket: &Socket,
    bytes: &[u8],
    segment_len: usize,
    target: Option<&SockAddr>,
) -> io::Result<usize> {
    if segment_len == 0 {
        let text = "a datagram of a series has at least one byte: the segment length is zero";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    if let Some(result) = kernel::send(socket, bytes, segment_len, target) {
        return result;
    }
    one_by_one(bytes, segment_len, |segment| send_one(socket, segment, target))
}

/// Sends each datagram by itself, until one cannot be sent. No bytes are one empty datagram.
fn one_by_one(
    bytes: &[u8],
    segment_len: usize,
    mut send: impl FnMut(&[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut sent_bytes = 0;
    loop {
        let end = bytes.len().min(sent_bytes + segment_len);
        match send(&bytes[sent_bytes..end]) {
            Ok(_) => sent_bytes = end,
            // The bytes that were sent are reported first; a lasting error comes again at the next
            // call.
            Err(_) if sent_bytes > 0 => return Ok(sent_bytes),
            Err(error) => return Err(error),
        }
        if sent_bytes == bytes.len() {
            return Ok(sent_bytes);
        }
    }
}

fn send_one(socket: &Socket, bytes: &[u8], target: Option<&SockAddr>) -> io::Result<usize> {
    match target {
        Some(target) => socket.send_to_with_flags(bytes, target, SEND_FLAGS),
        None => socket.send_with_flags(bytes, SEND_FLAGS),
    }
}

#[cfg(test)]
mod tests {
    use super::{io, one_by_one};

    /// The kernel of a test machine segments, so this tests the other way.
    #[test]
    fn datagrams_go_one_by_one_until_there_is_no_room() {
        let send_with_room_for = |count: usize| {
            let mut sent: Vec<usize> = Vec::new();
            let result = one_by_one(&[7; 25], 10, |segment| {
                if sent.len() == count {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                sent.push(segment.len());
                Ok(segment.len())
            });
            (sent, result.map_err(|error| error.kind()))
        };
        assert_eq!(send_with_room_for(9), (vec![10, 10, 5], Ok(25)));
        assert_eq!(send_with_room_for(2), (vec![10, 10], Ok(20)));
        assert_eq!(send_with_room_for(0), (vec![], Err(io::ErrorKind::WouldBlock)));
        let mut count = 0;
        let empty = one_by_one(&[], 10, |segment| {
            count += 1;
            Ok(segment.len())
        });
        assert_eq!((empty.unwrap(), count), (0, 1), "no bytes are one empty datagram");
    }
}

//! The options of a socket: what `setsockopt` sets and `getsockopt` reads.

use std::collections::BTreeMap;
use std::ffi::c_int;

use super::names::{Errno, Transport};

/// The buffers of a new socket, in bytes.
const STREAM_BUFFER_BYTES: usize = 128 * 1024;
const DATAGRAM_BUFFER_BYTES: usize = 212_992;
/// What a program can ask for, at most; the buffer is twice as large, as in Linux.
const BUFFER_BYTES_MAX: usize = 212_992;
const SEND_BUFFER_BYTES_MIN: usize = 4_608;
const RECEIVE_BUFFER_BYTES_MIN: usize = 2_304;

/// Options that are stored and change nothing, with what they are at first.
const STORED: [(c_int, c_int, c_int); 28] = [
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE, 0),
    (libc::SOL_SOCKET, libc::SO_BROADCAST, 0),
    (libc::SOL_SOCKET, libc::SO_OOBINLINE, 0),
    (libc::SOL_SOCKET, libc::SO_PRIORITY, 0),
    (libc::SOL_SOCKET, libc::SO_MARK, 0),
    (libc::SOL_SOCKET, libc::SO_RCVLOWAT, 1),
    (libc::SOL_SOCKET, libc::SO_BUSY_POLL, 0),
    (libc::IPPROTO_IP, libc::IP_TTL, 64),
    (libc::IPPROTO_IP, libc::IP_TOS, 0),
    (libc::IPPROTO_IP, libc::IP_MULTICAST_TTL, 1),
    (libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP, 1),
    (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, 64),
    (libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP, 1),
    (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, 0),
    (libc::IPPROTO_IP, libc::IP_RECVTOS, 0),
    (libc::IPPROTO_IP, libc::IP_PKTINFO, 0),
    (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, 1),
    (libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS, 0),
    (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 0),
    (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, 1),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY, 0),
    (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, 7_200),
    (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, 75),
    (libc::IPPROTO_TCP, libc::TCP_KEEPCNT, 9),
    (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, 0),
    (libc::IPPROTO_TCP, libc::TCP_QUICKACK, 1),
    (libc::IPPROTO_TCP, libc::TCP_CORK, 0),
    (libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, 0),
];

#[derive(Clone, Debug)]
pub(super) struct SocketOptions {
    pub(super) send_bytes_max: usize,
    pub(super) receive_bytes_max: usize,
    pub(super) reuses_address: bool,
    pub(super) reuses_port: bool,
    pub(super) is_v6_only: bool,
    /// In seconds. With 0, `close` resets the connection; other times change nothing.
    pub(super) lingers: Option<c_int>,
    /// In nanoseconds.
    pub(super) receive_timeout: Option<u64>,
    pub(super) send_timeout: Option<u64>,
    /// Those that were set.
    stored: BTreeMap<(c_int, c_int), c_int>,
}

impl SocketOptions {
    pub(super) fn new(transport: Transport) -> SocketOptions {
        let buffer = match transport {
            Transport::Stream => STREAM_BUFFER_BYTES,
            Transport::Datagram => DATAGRAM_BUFFER_BYTES,
        };
        SocketOptions {
            send_bytes_max: buffer,
            receive_bytes_max: buffer,
            reuses_address: false,
            reuses_port: false,
            is_v6_only: false,
            lingers: None,
            receive_timeout: None,
            send_timeout: None,
            stored: BTreeMap::new(),
        }
    }

    /// The limits of the buffers of a connection: for sending, and for receiving.
    pub(super) fn limits(&self) -> (usize, usize) {
        (self.send_bytes_max, self.receive_bytes_max)
    }

    pub(super) fn set(&mut self, level: c_int, name: c_int, value: &[u8]) -> Result<(), Errno> {
        match (level, name) {
            (libc::SOL_SOCKET, libc::SO_LINGER) => {
                let (is_on, seconds) = (number(value)?, number(value.get(4..).ok_or(libc::EINVAL)?)?);
                self.lingers = (is_on != 0).then_some(seconds);
            }
            (libc::SOL_SOCKET, libc::SO_RCVTIMEO) => self.receive_timeout = duration(value)?,
            (libc::SOL_SOCKET, libc::SO_SNDTIMEO) => self.send_timeout = duration(value)?,
            (libc::SOL_SOCKET, libc::SO_REUSEADDR) => self.reuses_address = number(value)? != 0,
            (libc::SOL_SOCKET, libc::SO_REUSEPORT) => self.reuses_port = number(value)? != 0,
            (libc::SOL_SOCKET, libc::SO_SNDBUF) => {
                self.send_bytes_max = buffer(number(value)?, SEND_BUFFER_BYTES_MIN);
            }
            (libc::SOL_SOCKET, libc::SO_RCVBUF) => {
                self.receive_bytes_max = buffer(number(value)?, RECEIVE_BUFFER_BYTES_MIN);
            }
            (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY) => self.is_v6_only = number(value)? != 0,
            _ => {
                default(level, name).ok_or(libc::ENOPROTOOPT)?;
                self.stored.insert((level, name), number(value)?);
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, level: c_int, name: c_int) -> Result<Vec<u8>, Errno> {
        let value = match (level, name) {
            (libc::SOL_SOCKET, libc::SO_LINGER) => {
                let (is_on, seconds) = (c_int::from(self.lingers.is_some()), self.lingers.unwrap_or(0));
                return Ok([is_on.to_ne_bytes(), seconds.to_ne_bytes()].concat());
            }
            (libc::SOL_SOCKET, libc::SO_RCVTIMEO) => return Ok(timeval(self.receive_timeout)),
            (libc::SOL_SOCKET, libc::SO_SNDTIMEO) => return Ok(timeval(self.send_timeout)),
            (libc::SOL_SOCKET, libc::SO_REUSEADDR) => c_int::from(self.reuses_address),
            (libc::SOL_SOCKET, libc::SO_REUSEPORT) => c_int::from(self.reuses_port),
            (libc::SOL_SOCKET, libc::SO_SNDBUF) => self.send_bytes_max as c_int,
            (libc::SOL_SOCKET, libc::SO_RCVBUF) => self.receive_bytes_max as c_int,
            (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY) => c_int::from(self.is_v6_only),
            _ => match self.stored.get(&(level, name)) {
                Some(value) => *value,
                None => default(level, name).ok_or(libc::ENOPROTOOPT)?,
            },
        };
        Ok(value.to_ne_bytes().to_vec())
    }
}

fn default(level: c_int, name: c_int) -> Option<c_int> {
    let found = STORED.iter().find(|(of, option, _)| (*of, *option) == (level, name));
    found.map(|(.., value)| *value)
}

/// A number of four bytes, or, as Linux allows for some, of one.
fn number(value: &[u8]) -> Result<c_int, Errno> {
    match (value.first_chunk::<4>(), value) {
        (Some(bytes), _) => Ok(c_int::from_ne_bytes(*bytes)),
        (None, [byte]) => Ok(c_int::from(*byte)),
        _ => Err(libc::EINVAL),
    }
}

fn buffer(asked: c_int, least: usize) -> usize {
    let asked = usize::try_from(asked).unwrap_or(BUFFER_BYTES_MAX);
    (asked.min(BUFFER_BYTES_MAX) * 2).max(least)
}

/// Reads a `timeval`: zero stands for no end.
fn duration(value: &[u8]) -> Result<Option<u64>, Errno> {
    let parts = value.first_chunk::<8>().zip(value.get(8..).and_then(<[u8]>::first_chunk::<8>));
    let (seconds, micros) = parts.ok_or(libc::EINVAL)?;
    let (seconds, micros) = (i64::from_ne_bytes(*seconds), i64::from_ne_bytes(*micros));
    if !(0..1_000_000).contains(&micros) {
        return Err(libc::EDOM);
    }
    let nanos = u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000_000) + micros as u64 * 1_000;
    Ok((nanos > 0).then_some(nanos))
}

fn timeval(nanos: Option<u64>) -> Vec<u8> {
    let nanos = nanos.unwrap_or(0);
    let (seconds, micros) = (nanos / 1_000_000_000, nanos % 1_000_000_000 / 1_000);
    [seconds.to_ne_bytes(), micros.to_ne_bytes()].concat()
}

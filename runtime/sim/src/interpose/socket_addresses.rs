//! Addresses of sockets in the form that the C library has for them.
#![expect(unsafe_code, reason = "reads and writes addresses where callers of the C library have them")]

use std::ffi::c_int;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::{ptr, slice};

use crate::kernel::network::SocketName;

const FAMILY_BYTES: usize = size_of::<libc::sa_family_t>();

/// Reads an address. `Ok(None)`: it is one of no family.
///
/// # Safety
///
/// There are `len` bytes, or none at all if the pointer is null.
pub(super) unsafe fn read(
    address: *const libc::sockaddr,
    len: libc::socklen_t,
) -> Result<Option<SocketName>, c_int> {
    if address.is_null() || (len as usize) < FAMILY_BYTES {
        return Err(libc::EINVAL);
    }
    // SAFETY: as the caller promises.
    decode(unsafe { slice::from_raw_parts(address.cast::<u8>(), len as usize) })
}

fn decode(bytes: &[u8]) -> Result<Option<SocketName>, c_int> {
    let (family, rest) = bytes.split_first_chunk().ok_or(libc::EINVAL)?;
    let port = || rest.first_chunk().map(|port| u16::from_be_bytes(*port)).ok_or(libc::EINVAL);
    match c_int::from(libc::sa_family_t::from_ne_bytes(*family)) {
        libc::AF_UNSPEC => Ok(None),
        libc::AF_INET => {
            let ip = rest.get(2..).and_then(<[u8]>::first_chunk::<4>).ok_or(libc::EINVAL)?;
            Ok(Some(SocketName::Inet(SocketAddr::new(Ipv4Addr::from(*ip).into(), port()?))))
        }
        libc::AF_INET6 => {
            let ip = rest.get(6..).and_then(<[u8]>::first_chunk::<16>).ok_or(libc::EINVAL)?;
            Ok(Some(SocketName::Inet(SocketAddr::new(Ipv6Addr::from(*ip).into(), port()?))))
        }
        libc::AF_UNIX => {
            let is_abstract = rest.first() == Some(&0);
            let end = rest.iter().position(|byte| *byte == 0).filter(|_| !is_abstract);
            Ok(Some(SocketName::Unix(rest[..end.unwrap_or(rest.len())].to_vec())))
        }
        _ => Err(libc::EAFNOSUPPORT),
    }
}

/// The bytes of an address.
pub(super) fn encode(name: &SocketName) -> Vec<u8> {
    let family = |family: c_int| (family as libc::sa_family_t).to_ne_bytes().to_vec();
    match name {
        SocketName::Inet(SocketAddr::V4(address)) => {
            let port = address.port().to_be_bytes();
            [&family(libc::AF_INET)[..], &port, &address.ip().octets(), &[0; 8]].concat()
        }
        SocketName::Inet(SocketAddr::V6(address)) => {
            let port = address.port().to_be_bytes();
            [&family(libc::AF_INET6)[..], &port, &[0; 4], &address.ip().octets(), &[0; 4]].concat()
        }
        SocketName::Unix(path) => {
            let ends_with_nul = path.first().is_some_and(|first| *first != 0);
            [&family(libc::AF_UNIX)[..], path, if ends_with_nul { &[0] } else { &[] }].concat()
        }
    }
}

/// Writes an address, or as much of it as there is room for, and its whole length. Without an
/// address the length is 0.
///
/// # Safety
///
/// As for `getsockname`; null pointers are for callers that want no address.
pub(super) unsafe fn write(
    name: Option<&SocketName>,
    address: *mut libc::sockaddr,
    len: *mut libc::socklen_t,
) {
    if address.is_null() || len.is_null() {
        return;
    }
    let bytes = name.map_or_else(Vec::new, encode);
    // SAFETY: as the caller promises.
    unsafe {
        let room = len.read() as usize;
        ptr::copy_nonoverlapping(bytes.as_ptr(), address.cast(), bytes.len().min(room));
        len.write(bytes.len() as libc::socklen_t);
    }
}

#[cfg(test)]
mod tests {
    use super::{SocketName, decode, encode};

    #[test]
    fn addresses_are_the_same_after_both_ways() {
        let inet = ["127.0.0.1:80", "10.0.0.7:65535", "[::1]:443", "[fd00::3]:1"];
        let mut names: Vec<SocketName> =
            inet.iter().map(|text| SocketName::Inet(text.parse().unwrap())).collect();
        let paths = [&b"/run/socket"[..], b"", b"\0abstract\0name"];
        names.extend(paths.iter().map(|path| SocketName::Unix(path.to_vec())));
        for name in names {
            assert_eq!(decode(&encode(&name)), Ok(Some(name)));
        }
    }

    #[test]
    fn short_and_foreign_addresses_are_refused() {
        let whole = encode(&SocketName::Inet("127.0.0.1:80".parse().unwrap()));
        assert_eq!(decode(&whole[..7]), Err(libc::EINVAL));
        assert_eq!(decode(&[99, 0, 0, 0]), Err(libc::EAFNOSUPPORT));
        assert_eq!(decode(&[0, 0, 0, 0]), Ok(None));
    }
}

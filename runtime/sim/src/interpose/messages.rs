//! Calls that send and receive through sockets.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads and writes what they name")]

use std::ffi::{c_int, c_uint, c_void};
use std::ptr;

use super::transfer::{Patience, deadlines, gathered, perform, room, rooms};
use super::{answer, enter_for, fail, number_or_fail, real_sockets as real, socket_addresses};
use crate::kernel::Room;
use crate::kernel::network::{Received, SocketName};
use crate::world::Here;

/// Sends bytes: all of them, if the call may wait. A broken connection raises no signal.
pub(super) fn send_bytes(
    here: &Here,
    number: c_int,
    bytes: &[u8],
    flags: c_int,
    name: Option<&SocketName>,
) -> Result<usize, c_int> {
    if flags & libc::MSG_OOB != 0 {
        return Err(libc::EOPNOTSUPP);
    }
    let (_, until) = deadlines(here, number);
    let mut sent = 0;
    let outcome = perform(here, "send", number, (patience(flags), until), |kernel, id, env| {
        let waits = flags & libc::MSG_DONTWAIT == 0
            && kernel.objects.get(id).is_some_and(|file| !file.is_nonblocking());
        loop {
            match kernel.send_to(id, &bytes[sent..], name.cloned(), !waits, env) {
                Ok(count) => sent += count,
                Err(libc::EAGAIN) if sent > 0 && !waits => return Ok(()),
                Err(libc::EAGAIN) => return Err(libc::EAGAIN),
                Err(_) if sent > 0 => return Ok(()),
                Err(error) => return Err(error),
            }
            if sent == bytes.len() || !waits {
                return Ok(());
            }
        }
    });
    match outcome {
        Err(_) if sent > 0 => Ok(sent),
        outcome => outcome.map(|()| sent),
    }
}

fn patience(flags: c_int) -> Patience {
    if flags & libc::MSG_DONTWAIT != 0 { Patience::Never } else { Patience::OfDescriptor }
}

/// Receives into the room. Returns also how many bytes were put there.
fn receive(
    here: &Here,
    number: c_int,
    room: &mut Room<'_>,
    flags: c_int,
) -> Result<(Received, usize), c_int> {
    if flags & libc::MSG_OOB != 0 {
        return Err(libc::EINVAL);
    }
    if flags & libc::MSG_ERRQUEUE != 0 {
        return Err(libc::EAGAIN);
    }
    let (until, _) = deadlines(here, number);
    let (whole, is_peek) = (room.left(), flags & libc::MSG_PEEK != 0);
    let wants_all = flags & libc::MSG_WAITALL != 0 && !is_peek;
    let outcome = perform(here, "recv", number, (patience(flags), until), |kernel, id, env| {
        loop {
            let received = kernel.receive_from(id, room, is_peek, env)?;
            // A datagram has a sender, and is whole.
            let has_more = received.length > 0 && received.sender.is_none() && room.left() > 0;
            if !wants_all || !has_more {
                return Ok(received);
            }
        }
    });
    let count = whole - room.left();
    match outcome {
        Err(_) if count > 0 => Ok((Received { length: count, sender: None }, count)),
        outcome => outcome.map(|received| (received, count)),
    }
}

/// What a receiving call returns: the length of a datagram, if the caller asks for it.
fn count_of(received: &Received, count: usize, flags: c_int) -> usize {
    let is_datagram = received.sender.is_some();
    if flags & libc::MSG_TRUNC != 0 && is_datagram { received.length } else { count }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn send(number: c_int, start: *const c_void, len: usize, flags: c_int) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { send_with(&here, number, (start, len), flags, (ptr::null(), 0)) },
        // SAFETY: as the caller promises.
        None => unsafe { real::SEND.get()(number, start, len, flags) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sendto(
    number: c_int,
    start: *const c_void,
    len: usize,
    flags: c_int,
    address: *const libc::sockaddr,
    address_len: libc::socklen_t,
) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { send_with(&here, number, (start, len), flags, (address, address_len)) },
        // SAFETY: as the caller promises.
        None => unsafe { real::SENDTO.get()(number, start, len, flags, address, address_len) },
    }
}

/// # Safety
///
/// As for `sendto`.
unsafe fn send_with(
    here: &Here,
    number: c_int,
    (start, len): (*const c_void, usize),
    flags: c_int,
    (address, address_len): (*const libc::sockaddr, libc::socklen_t),
) -> isize {
    let slice = libc::iovec { iov_base: start.cast_mut(), iov_len: len };
    // SAFETY: as the caller promises; nothing is written.
    let bytes = unsafe { gathered(&raw const slice, 1) };
    // SAFETY: as the caller promises.
    match unsafe { name(address, address_len) } {
        Ok(name) => answer(send_bytes(here, number, &bytes, flags, name.as_ref())),
        Err(error) => fail(error) as isize,
    }
}

/// The target of a message, if it names one.
///
/// # Safety
///
/// There are `len` bytes, or none at all.
unsafe fn name(address: *const libc::sockaddr, len: libc::socklen_t) -> Result<Option<SocketName>, c_int> {
    if address.is_null() || len == 0 {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    unsafe { socket_addresses::read(address, len) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sendmsg(number: c_int, message: *const libc::msghdr, flags: c_int) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => answer(unsafe { send_message(&here, number, &*message, flags) }),
        // SAFETY: as the caller promises.
        None => unsafe { real::SENDMSG.get()(number, message, flags) },
    }
}

/// Of control messages those for the header of a datagram's IP change nothing. Others are refused:
/// descriptors do not travel, and a datagram is not cut into some.
///
/// # Safety
///
/// As for `sendmsg`.
unsafe fn send_message(
    here: &Here,
    number: c_int,
    message: &libc::msghdr,
    flags: c_int,
) -> Result<usize, c_int> {
    // SAFETY: as the caller promises.
    if !unsafe { is_control_ignored(message) } {
        return Err(libc::EINVAL);
    }
    // SAFETY: as the caller promises.
    let bytes = unsafe { gathered(message.msg_iov, message.msg_iovlen) };
    // SAFETY: as the caller promises.
    let name = unsafe { name(message.msg_name.cast(), message.msg_namelen) }?;
    send_bytes(here, number, &bytes, flags, name.as_ref())
}

/// Whether all control messages are of the kind that changes nothing.
///
/// # Safety
///
/// As for `sendmsg`.
unsafe fn is_control_ignored(message: &libc::msghdr) -> bool {
    let mut is_ignored = true;
    // SAFETY: as the caller promises, and each message is within the memory that the header names.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(message);
        while !control.is_null() {
            is_ignored &= matches!((*control).cmsg_level, libc::IPPROTO_IP | libc::IPPROTO_IPV6);
            control = libc::CMSG_NXTHDR(message, control);
        }
    }
    is_ignored
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sendmmsg(
    number: c_int,
    messages: *mut libc::mmsghdr,
    count: c_uint,
    flags: c_int,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::SENDMMSG.get()(number, messages, count, flags) };
    };
    let each = |place| {
        // SAFETY: as the caller promises.
        let message = unsafe { &mut *messages.add(place) };
        // SAFETY: as the caller promises.
        let sent = unsafe { send_message(&here, number, &message.msg_hdr, flags) };
        sent.map(|sent| message.msg_len = sent as c_uint)
    };
    many(count, each)
}

/// Does it up to `count` times. The first failure ends it, and is told if it is the first of all.
fn many(count: c_uint, mut each: impl FnMut(usize) -> Result<(), c_int>) -> c_int {
    for place in 0..count as usize {
        match each(place) {
            Ok(()) => {}
            Err(error) if place == 0 => return fail(error),
            Err(_) => return place as c_int,
        }
    }
    count as c_int
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn recv(number: c_int, start: *mut c_void, len: usize, flags: c_int) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe {
            receive_with(&here, number, (start, len), flags, (ptr::null_mut(), ptr::null_mut()))
        },
        // SAFETY: as the caller promises.
        None => unsafe { real::RECV.get()(number, start, len, flags) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn recvfrom(
    number: c_int,
    start: *mut c_void,
    len: usize,
    flags: c_int,
    address: *mut libc::sockaddr,
    address_len: *mut libc::socklen_t,
) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { receive_with(&here, number, (start, len), flags, (address, address_len)) },
        // SAFETY: as the caller promises.
        None => unsafe { real::RECVFROM.get()(number, start, len, flags, address, address_len) },
    }
}

/// # Safety
///
/// As for `recvfrom`.
unsafe fn receive_with(
    here: &Here,
    number: c_int,
    (start, len): (*mut c_void, usize),
    flags: c_int,
    (address, address_len): (*mut libc::sockaddr, *mut libc::socklen_t),
) -> isize {
    // SAFETY: as the caller promises.
    let mut room = Room::of(unsafe { room(start, len) });
    let outcome = receive(here, number, &mut room, flags);
    answer(outcome.map(|(received, count)| {
        // SAFETY: as the caller promises.
        unsafe { socket_addresses::write(received.sender.as_ref(), address, address_len) };
        count_of(&received, count, flags)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn recvmsg(number: c_int, message: *mut libc::msghdr, flags: c_int) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => answer(unsafe { receive_message(&here, number, &mut *message, flags) }),
        // SAFETY: as the caller promises.
        None => unsafe { real::RECVMSG.get()(number, message, flags) },
    }
}

/// # Safety
///
/// As for `recvmsg`.
unsafe fn receive_message(
    here: &Here,
    number: c_int,
    message: &mut libc::msghdr,
    flags: c_int,
) -> Result<usize, c_int> {
    // SAFETY: as the caller promises.
    let mut room = Room::new(unsafe { rooms(message.msg_iov, message.msg_iovlen) });
    let (received, count) = receive(here, number, &mut room, flags)?;
    if message.msg_name.is_null() {
        message.msg_namelen = 0;
    }
    // SAFETY: as the caller promises.
    unsafe {
        socket_addresses::write(
            received.sender.as_ref(),
            message.msg_name.cast(),
            &raw mut message.msg_namelen,
        );
    }
    let is_truncated = received.sender.is_some() && received.length > count;
    message.msg_flags = if is_truncated { libc::MSG_TRUNC } else { 0 };
    message.msg_controllen = 0;
    Ok(count_of(&received, count, flags))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn recvmmsg(
    number: c_int,
    messages: *mut libc::mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut libc::timespec,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::RECVMMSG.get()(number, messages, count, flags, timeout) };
    };
    if !timeout.is_null() {
        return number_or_fail(Err(libc::EINVAL));
    }
    let each = |place| {
        let is_first = place == 0 || flags & libc::MSG_WAITFORONE == 0;
        let flags = if is_first { flags } else { flags | libc::MSG_DONTWAIT };
        // SAFETY: as the caller promises.
        let message = unsafe { &mut *messages.add(place) };
        // SAFETY: as the caller promises.
        let received = unsafe { receive_message(&here, number, &mut message.msg_hdr, flags) };
        received.map(|received| message.msg_len = received as c_uint)
    };
    many(count, each)
}

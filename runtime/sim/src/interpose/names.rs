//! Names of hosts: what a resolver knows in a world.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char, c_int};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{fail, real_sockets as real, socket_addresses};
use crate::kernel::network::{SocketName, host_of, ipv4_of, ipv6_of};
use crate::world::{Here, enter};

/// An entry of a list as `getaddrinfo` makes it.
#[repr(C)]
struct NameEntry {
    /// The first, so that the address of the entry is its address.
    info: libc::addrinfo,
    address: libc::sockaddr_storage,
    name: Option<CString>,
}

/// The lists that a world has made: the others are the C library's to free.
fn lists() -> MutexGuard<'static, BTreeSet<usize>> {
    static LISTS: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());
    LISTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `getaddrinfo` looks for.
struct Question {
    name: Option<String>,
    port: u16,
    flags: c_int,
    family: c_int,
    /// Types of sockets with their protocols.
    kinds: Vec<(c_int, c_int)>,
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const libc::addrinfo,
    list: *mut *mut libc::addrinfo,
) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::GETADDRINFO.get()(node, service, hints, list) };
    };
    // SAFETY: as the caller promises.
    let (node, service, hints) = unsafe { (text(node), text(service), hints.as_ref()) };
    let addresses = question(node, service.as_deref(), hints)
        .and_then(|question| resolve(&here, &question).map(|addresses| (question, addresses)));
    match addresses {
        Ok((question, addresses)) => {
            // SAFETY: as the caller promises.
            unsafe { list.write(build(&question, &addresses)) };
            0
        }
        Err(error) => error,
    }
}

/// # Safety
///
/// It is null, or a text with a NUL.
unsafe fn text(text: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

fn question(
    name: Option<String>,
    service: Option<&str>,
    hints: Option<&libc::addrinfo>,
) -> Result<Question, c_int> {
    if name.is_none() && service.is_none() {
        return Err(libc::EAI_NONAME);
    }
    let (flags, family, kind) =
        hints.map_or((0, libc::AF_UNSPEC, 0), |hints| (hints.ai_flags, hints.ai_family, hints.ai_socktype));
    if ![libc::AF_UNSPEC, libc::AF_INET, libc::AF_INET6].contains(&family) {
        return Err(libc::EAI_FAMILY);
    }
    let all = [(libc::SOCK_STREAM, libc::IPPROTO_TCP), (libc::SOCK_DGRAM, libc::IPPROTO_UDP)];
    let kinds: Vec<_> = all.into_iter().filter(|(of, _)| kind == 0 || kind == *of).collect();
    if kinds.is_empty() {
        return Err(libc::EAI_SOCKTYPE);
    }
    let port = service.filter(|service| !service.is_empty()).map_or(Ok(0), str::parse);
    Ok(Question { name, port: port.map_err(|_| libc::EAI_SERVICE)?, flags, family, kinds })
}

/// The addresses in the order in which a program is to try them: that of RFC 6724.
fn resolve(here: &Here, question: &Question) -> Result<Vec<IpAddr>, c_int> {
    let found: Vec<IpAddr> = match question.name.as_deref() {
        None if question.flags & libc::AI_PASSIVE != 0 => {
            vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
        }
        None | Some("localhost") => vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
        Some(name) => match name.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) if question.flags & libc::AI_NUMERICHOST != 0 => return Err(libc::EAI_NONAME),
            Err(_) => {
                let host = here.call("getaddrinfo", 0, |kernel, _| kernel.hosts.find(name));
                let host = host.ok_or(libc::EAI_NONAME)?;
                vec![ipv4_of(host).into(), ipv6_of(host).into()]
            }
        },
    };
    let is_asked_for = |address: &IpAddr| match question.family {
        libc::AF_INET => address.is_ipv4(),
        libc::AF_INET6 => address.is_ipv6(),
        _ => true,
    };
    let found: Vec<IpAddr> = found.into_iter().filter(is_asked_for).collect();
    if found.is_empty() { Err(libc::EAI_NONAME) } else { Ok(found) }
}

fn build(question: &Question, addresses: &[IpAddr]) -> *mut libc::addrinfo {
    let canonical = question.name.clone().filter(|_| question.flags & libc::AI_CANONNAME != 0);
    let mut next = ptr::null_mut();
    for (place, address) in addresses.iter().enumerate().rev() {
        for (number, (kind, protocol)) in question.kinds.iter().enumerate().rev() {
            let is_first = place == 0 && number == 0;
            let name = canonical.as_ref().filter(|_| is_first);
            let name = name.and_then(|name| CString::new(name.as_str()).ok());
            let mut entry = entry(SocketAddr::new(*address, question.port), (*kind, *protocol), name);
            entry.info.ai_next = next;
            next = Box::into_raw(entry).cast();
        }
    }
    lists().insert(next.addr());
    next
}

fn entry(address: SocketAddr, (kind, protocol): (c_int, c_int), name: Option<CString>) -> Box<NameEntry> {
    let bytes = socket_addresses::encode(&SocketName::Inet(address));
    let mut entry = Box::new(NameEntry {
        info: libc::addrinfo {
            ai_flags: 0,
            ai_family: if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 },
            ai_socktype: kind,
            ai_protocol: protocol,
            ai_addrlen: bytes.len() as libc::socklen_t,
            ai_addr: ptr::null_mut(),
            ai_canonname: ptr::null_mut(),
            ai_next: ptr::null_mut(),
        },
        // SAFETY: it is plain numbers.
        address: unsafe { std::mem::zeroed() },
        name,
    });
    entry.info.ai_addr = (&raw mut entry.address).cast();
    entry.info.ai_canonname = entry.name.as_ref().map_or(ptr::null_mut(), |name| name.as_ptr().cast_mut());
    // SAFETY: every address fits into a `sockaddr_storage`.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), entry.info.ai_addr.cast(), bytes.len()) };
    entry
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn freeaddrinfo(list: *mut libc::addrinfo) {
    // In a world the lock is a real one.
    let _here = enter();
    if !lists().remove(&list.addr()) {
        // SAFETY: as the caller promises; no world has made it.
        return unsafe { real::FREEADDRINFO.get()(list) };
    }
    let mut next = list.cast::<NameEntry>();
    while !next.is_null() {
        // SAFETY: `build` has made it, and the caller has it no more.
        let entry = unsafe { Box::from_raw(next) };
        next = entry.info.ai_next.cast();
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getnameinfo(
    address: *const libc::sockaddr,
    len: libc::socklen_t,
    host: *mut c_char,
    host_len: libc::socklen_t,
    service: *mut c_char,
    service_len: libc::socklen_t,
    flags: c_int,
) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::GETNAMEINFO.get()(address, len, host, host_len, service, service_len, flags) };
    };
    // SAFETY: as the caller promises.
    let Ok(Some(SocketName::Inet(address))) = (unsafe { socket_addresses::read(address, len) }) else {
        return libc::EAI_FAMILY;
    };
    let name = match address.ip() {
        _ if flags & libc::NI_NUMERICHOST != 0 => None,
        ip if ip.is_loopback() => Some("localhost".to_owned()),
        ip => here.call("getnameinfo", 0, |kernel, _| {
            host_of(ip).and_then(|host| kernel.hosts.name_of(host)).map(str::to_owned)
        }),
    };
    if name.is_none() && flags & libc::NI_NAMEREQD != 0 {
        return libc::EAI_NONAME;
    }
    let name = name.unwrap_or_else(|| address.ip().to_string());
    // SAFETY: as the caller promises.
    let fits = unsafe {
        put_text(&name, host, host_len as usize)
            & put_text(&address.port().to_string(), service, service_len as usize)
    };
    if fits { 0 } else { libc::EAI_OVERFLOW }
}

/// Writes a text with a NUL, if the caller wants one. Returns whether it fits.
///
/// # Safety
///
/// There are `len` bytes, or the pointer is null.
unsafe fn put_text(text: &str, place: *mut c_char, len: usize) -> bool {
    if place.is_null() || len == 0 {
        return true;
    }
    if text.len() >= len {
        return false;
    }
    // SAFETY: as the caller promises, and the text fits with its NUL.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), place, text.len());
        place.add(text.len()).write(0);
    }
    true
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn gethostname(place: *mut c_char, len: usize) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: as the caller promises.
        return unsafe { real::GETHOSTNAME.get()(place, len) };
    };
    let host = here.host();
    let name = here.look(|world| world.kernel.hosts.get(host).name.clone());
    // SAFETY: as the caller promises.
    if unsafe { put_text(&name, place, len) } { 0 } else { fail(libc::ENAMETOOLONG) }
}

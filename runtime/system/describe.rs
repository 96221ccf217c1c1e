//! What a descriptor is, in words for people. Each call asks the system, which is cheap and not for
//! hot ways.

use std::fs::File;
use std::io;

use socket2::{SockAddr, Socket, Type};

use super::socket::is_listener;

#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};

/// A socket by its protocol and addresses, as `TCP 127.0.0.1:8080 -> 127.0.0.1:40000`; something
/// else by what the system calls it, or by its number.
pub(crate) fn describe(socket: &Socket) -> String {
    let Ok(kind) = socket.r#type() else { return describe_other(socket) };
    let is_listener = kind == Type::STREAM && is_listener(socket);
    let (local, peer) = (socket.local_addr(), socket.peer_addr());
    let is_internet = local.as_ref().is_ok_and(|address| address.as_socket().is_some());
    let protocol = match (is_internet, kind) {
        (true, Type::STREAM) => "TCP",
        (true, Type::DGRAM) => "UDP",
        (true, _) => "IP",
        (false, Type::DGRAM) => "Unix datagrams",
        (false, _) => "Unix",
    };
    match (is_listener, address(local), address(peer)) {
        (true, Some(local), _) => format!("{protocol} listener {local}"),
        (false, Some(local), Some(peer)) => format!("{protocol} {local} -> {peer}"),
        (false, Some(local), None) => format!("{protocol} {local}"),
        (false, None, Some(peer)) => format!("{protocol} -> {peer}"),
        (_, None, _) => format!("{protocol} without a name"),
    }
}

/// `None` without an address, or if it has no name.
fn address(address: io::Result<SockAddr>) -> Option<String> {
    let address = address.ok()?;
    if let Some(address) = address.as_socket() {
        return Some(address.to_string());
    }
    #[cfg(unix)]
    return address.as_pathname().map(|path| path.display().to_string());
    #[cfg(not(unix))]
    None
}

#[cfg(unix)]
fn describe_other(descriptor: &impl AsRawFd) -> String {
    describe_descriptor(descriptor.as_raw_fd())
}

#[cfg(not(unix))]
fn describe_other(_: &Socket) -> String {
    String::from("a handle")
}

/// A file by its path, where the system tells it.
#[cfg(unix)]
pub(crate) fn describe_file(file: &File) -> String {
    describe_descriptor(file.as_raw_fd())
}

#[cfg(not(unix))]
pub(crate) fn describe_file(_: &File) -> String {
    String::from("a file")
}

/// A path, or a name as `pipe:[4711]`, where the system has a table of them; its number elsewhere.
#[cfg(unix)]
fn describe_descriptor(descriptor: RawFd) -> String {
    match std::fs::read_link(format!("/proc/self/fd/{descriptor}")) {
        Ok(target) => target.display().to_string(),
        Err(_) => format!("descriptor {descriptor}"),
    }
}

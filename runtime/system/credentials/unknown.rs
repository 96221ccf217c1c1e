//! Systems that this crate does not know how to ask.

use std::io;

use socket2::Socket;

use super::Credentials;

pub(crate) fn of_peer(_: &Socket) -> io::Result<Credentials> {
    let text = "heist does not know how to ask this system for the credentials of a peer";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

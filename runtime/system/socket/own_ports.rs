//! The option `SO_REUSEPORT` on systems that do not have it.

use std::io;

use socket2::Socket;

/// This system has no such option.
pub(crate) fn reuse_port(_: &Socket) -> io::Result<bool> {
    Ok(false)
}

/// This system has no such option, so only `false` is accepted.
pub(crate) fn set_reuse_port(_: &Socket, reuse: bool) -> io::Result<()> {
    if !reuse {
        return Ok(());
    }
    let text = "this system cannot share an address among sockets: it has no SO_REUSEPORT";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

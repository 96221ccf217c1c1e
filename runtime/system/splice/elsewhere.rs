//! Systems without such calls: bytes are read and written.

use std::fs::File;
use std::io;
use std::sync::Arc;

use socket2::Socket;

#[derive(Debug)]
pub(crate) enum Pipe {}

impl Pipe {
    /// None: the system has no such pipes.
    pub(crate) fn of_bytes(_bytes_count: u64) -> Option<Arc<Pipe>> {
        None
    }

    pub(crate) fn fill(&self, _file: &File, _offset: u64, _len: usize) -> io::Result<usize> {
        match *self {}
    }

    #[cfg(unix)]
    pub(crate) fn fill_from(&self, _descriptor: &Socket, _len: usize) -> io::Result<usize> {
        match *self {}
    }

    #[cfg(unix)]
    pub(crate) fn read_exact(&self, _buf: &mut [u8]) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn empty_into(&self, _socket: &Socket, _len: usize) -> io::Result<usize> {
        match *self {}
    }
}

cfg_if! {
    if #[linux] {
        /// With `rt_portable` rings are there, and encode what they are never asked for.
        impl Pipe {
            pub(crate) fn writer(&self) -> &File {
                match *self {}
            }
        }
    } else {
    }
}

pub(crate) fn send_file(_file: &File, _offset: u64, _len: usize, _socket: &Socket) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

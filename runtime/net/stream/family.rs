//! The trait of the families of byte streams: everything in which their connections differ. Each
//! family stands with its stream: `tcp/stream.rs`, `unix/stream.rs`.

use std::fmt;

/// A family of byte streams, such as [`Tcp`](crate::net::tcp::Tcp). [`net`](crate::net) lists them.
///
/// The family determines the address type of a [`ByteStream`](crate::net::ByteStream). The trait is
/// sealed. Use it as a bound, to write one function for all families:
///
/// ```
/// use heist::net::{ByteStream, Family};
///
/// fn describe<F: Family>(stream: &ByteStream<F>) -> std::io::Result<String> {
///     Ok(format!("a connection to {:?}", stream.peer_addr()?))
/// }
/// # let _ = describe::<heist::net::tcp::Tcp>;
/// ```
pub trait Family: sealed::SealedFamily {
    /// The type of the addresses of its ends.
    type Addr: fmt::Debug + Send + 'static;
}

pub(in crate::net) mod sealed {
    use std::{fmt, io};

    use socket2::SockAddr;

    pub trait SealedFamily: fmt::Debug + Sized + 'static {
        const STREAM_NAME: &'static str;
        const LISTENER_NAME: &'static str;
        /// Whether a send without a copy is worth asking for. The kernel may still refuse.
        const MAY_SEND_ZERO_COPY: bool;
        /// Whether a receive that does not fill its buffer has emptied the queue of the socket,
        /// except for urgent bytes.
        const SHORT_IS_ALL: bool;

        fn addr(addr: &SockAddr) -> io::Result<Self::Addr>
        where
            Self: super::Family;
    }
}

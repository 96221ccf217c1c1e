//! Many datagrams in one call: the segmentation offload of `UdpSocket`, on systems that have it.

use std::io;
use std::net::SocketAddr;

use socket2::{SockAddr, Socket};

use super::UdpSocket;
use crate::driver::Direction;
use crate::net::address::inet_addr;
use crate::net::call::{paid, paid_by};
use crate::net::datagram::receive_from_once;
use crate::system::segmentation;

/// The result of [`UdpSocket::recv_segments`]: one datagram, or several of one sender.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # use heist::net::UdpSocket;
/// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
/// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
/// sender.send_to(b"ping", receiver.local_addr()?).await?;
/// let mut buf = [0; 1500];
/// let segments = receiver.recv_segments(&mut buf).await?;
/// assert_eq!((segments.len, segments.segment_len), (4, 4));
/// assert_eq!(segments.addr, sender.local_addr()?);
/// for datagram in buf[..segments.len].chunks(segments.segment_len) {
///     assert_eq!(datagram, b"ping");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// How many bytes of the buffer are filled.
    pub len: usize,
    /// How long each datagram is, in bytes; the last may be shorter. If there is one datagram, this
    /// is `len`.
    pub segment_len: usize,
    /// The address of the sender.
    pub addr: SocketAddr,
}

impl UdpSocket {
    /// Sends `buf` as a series of datagrams of `segment_len` bytes each to the peer named by
    /// [`connect`](UdpSocket::connect). The last datagram may be shorter.
    ///
    /// Returns how many bytes were sent. These are whole datagrams, and may be fewer than all: call
    /// again with the rest.
    ///
    /// If the system segments UDP (Linux 4.18 and newer), one system call sends up to 64 datagrams.
    /// On other systems, and if the network device cannot do it, they are sent one by one.
    ///
    /// # Errors
    /// `InvalidInput` if `segment_len` is 0; otherwise as [`send`](UdpSocket::send). If some
    /// datagrams were sent before the error, the call returns their bytes instead; the next call
    /// returns an error that persists.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # use heist::net::UdpSocket;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # sender.connect(receiver.local_addr()?).await?;
    /// let data = [7; 3000];
    /// let mut rest = &data[..];
    /// while !rest.is_empty() {
    ///     let sent = sender.send_segments(rest, 1200).await?;
    ///     rest = &rest[sent..];
    /// }
    /// # let mut buf = [0; 1500];
    /// # for expected in [1200, 1200, 600] {
    /// #     assert_eq!(receiver.recv(&mut buf).await?, expected);
    /// # }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn send_segments(&self, buf: &[u8], segment_len: usize) -> io::Result<usize> {
        let send = |socket: &Socket| send_once(socket, buf, segment_len, None);
        self.registration().async_io(Direction::Write, send).await
    }

    /// [`send_segments`](UdpSocket::send_segments) to `target`.
    ///
    /// # Errors
    /// As [`send_segments`](UdpSocket::send_segments).
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// let data = [7; 3000];
    /// let sent = sender.send_segments_to(&data, 1200, receiver.local_addr()?).await?;
    /// // Whole datagrams: one, two, or all three of them.
    /// assert!(matches!(sent, 1200 | 2400 | 3000));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_segments_to(
        &self,
        buf: &[u8],
        segment_len: usize,
        target: SocketAddr,
    ) -> io::Result<usize> {
        let target = SockAddr::from(target);
        let send = |socket: &Socket| send_once(socket, buf, segment_len, Some(&target));
        self.registration().async_io(Direction::Write, send).await
    }

    /// [`send_segments_to`](UdpSocket::send_segments_to) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send_segments`](UdpSocket::send_segments).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// let data = [7; 3000];
    /// sender.writable().await?;
    /// let sent = sender.try_send_segments_to(&data, 1200, receiver.local_addr()?)?;
    /// assert!(matches!(sent, 1200 | 2400 | 3000));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send_segments_to(
        &self,
        buf: &[u8],
        segment_len: usize,
        target: SocketAddr,
    ) -> io::Result<usize> {
        let target = SockAddr::from(target);
        let send = |socket: &Socket| send_once(socket, buf, segment_len, Some(&target));
        self.registration().try_io(Direction::Write, send)
    }

    /// Lets the system join datagrams of one sender and one length that arrive together
    /// (`UDP_GRO`). [`recv_segments`](UdpSocket::recv_segments) then receives them in one call. The
    /// default is `false`.
    ///
    /// While this is on, the other receives return joined datagrams too, and cannot tell where one
    /// of them ends.
    ///
    /// # Errors
    /// `Unsupported` on systems without this option (it needs Linux 5.0). You lose only speed then:
    /// [`recv_segments`](UdpSocket::recv_segments) works everywhere, with one datagram per call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// use std::io::ErrorKind;
    ///
    /// match receiver.set_gro(true) {
    ///     Err(error) if error.kind() == ErrorKind::Unsupported => println!("one per call"),
    ///     result => result?,
    /// }
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// assert_eq!(receiver.recv_segments(&mut vec![0; 65_535]).await?.len, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_gro(&self, joined: bool) -> io::Result<()> {
        segmentation::set_joined(self.socket(), joined)
    }

    /// Receives one datagram, or several that the system has joined (see
    /// [`set_gro`](UdpSocket::set_gro)), and waits until there is one.
    ///
    /// The part that does not fit into `buf` is lost. Joined datagrams have up to 65,535 bytes
    /// together.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns datagrams takes them from the socket.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// use heist::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// if let Err(error) = socket.set_gro(true) {
    ///     println!("one datagram per call: {error}");
    /// }
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # sender.send_to(b"ping", socket.local_addr()?).await?;
    /// let mut buf = vec![0; 65_535];
    /// let received = socket.recv_segments(&mut buf).await?;
    /// // An empty datagram has no segments.
    /// for datagram in buf[..received.len].chunks(received.segment_len.max(1)) {
    ///     println!("{} bytes from {}", datagram.len(), received.addr);
    /// }
    /// # assert_eq!(&buf[..received.len], b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn recv_segments(&self, buf: &mut [u8]) -> io::Result<Segments> {
        self.registration().async_io(Direction::Read, |socket| receive_once(socket, buf)).await
    }

    /// [`recv_segments`](UdpSocket::recv_segments) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_recv_segments(&mut [0; 1500])?.segment_len, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_segments(&self, buf: &mut [u8]) -> io::Result<Segments> {
        self.registration().try_io(Direction::Read, |socket| receive_once(socket, buf))
    }
}

fn send_once(
    socket: &Socket,
    buf: &[u8],
    segment_len: usize,
    target: Option<&SockAddr>,
) -> io::Result<usize> {
    paid(segmentation::send(socket, buf, segment_len, target))
}

fn receive_once(socket: &Socket, buf: &mut [u8]) -> io::Result<Segments> {
    let len_of =
        |joined: &Option<segmentation::ReceivedSegments>| joined.as_ref().map_or(0, |joined| joined.len);
    let joined = paid_by(segmentation::receive(socket, buf).transpose(), len_of)?;
    if let Some(joined) = joined {
        let addr = inet_addr(&joined.addr)?;
        return Ok(Segments { len: joined.len, segment_len: joined.segment_len, addr });
    }
    let (len, addr) = receive_from_once(socket, buf)?;
    Ok(Segments { len, segment_len: len, addr: inet_addr(&addr)? })
}

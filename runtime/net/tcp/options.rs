//! Options of TCP sockets that some systems have, and of streams that are to end at once.

use std::io;
use std::time::Duration;

use super::socket::TcpSocket;
use super::stream::TcpStream;
use crate::system::{device, traffic};

impl TcpSocket {
    /// Returns the type of service of IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// # #[cfg(target_os = "linux")] {
    /// assert_eq!(socket.tos_v4()?, 0);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tos_v4(&self) -> io::Result<u32> {
        traffic::tos_v4(self.as_socket())
    }

    /// Sets the type of service of IPv4 packets, 0 to 255. The default is 0.
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// # #[cfg(target_os = "linux")] {
    /// socket.set_tos_v4(16)?;
    /// assert_eq!(socket.tos_v4()?, 16);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        traffic::set_tos_v4(self.as_socket(), tos)
    }

    /// Returns the traffic class of IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # #[cfg(target_os = "linux")]
    /// if let Ok(socket) = heist::net::TcpSocket::new_v6() {
    ///     socket.set_tclass_v6(32)?;
    ///     assert_eq!(socket.tclass_v6()?, 32);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tclass_v6(&self) -> io::Result<u32> {
        traffic::tclass_v6(self.as_socket())
    }

    /// Sets the traffic class of IPv6 packets, 0 to 255. The default is 0.
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # #[cfg(target_os = "linux")]
    /// if let Ok(socket) = heist::net::TcpSocket::new_v6() {
    ///     socket.set_tclass_v6(32)?;
    ///     assert_eq!(socket.tclass_v6()?, 32);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        traffic::set_tclass_v6(self.as_socket(), tclass)
    }

    /// Returns the network device that the socket is bound to (`SO_BINDTODEVICE`). Linux and
    /// Android have it.
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// # #[cfg(target_os = "linux")] {
    /// assert_eq!(socket.device()?, None);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        device::device(self.as_socket())
    }

    /// Binds the socket to a network device, such as `b"eth0"`, so that only its packets come and
    /// go. None undoes it.
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// # #[cfg(target_os = "linux")] {
    /// socket.bind_device(None)?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        device::bind_device(self.as_socket(), interface)
    }

    /// Makes the close of the connection discard what was not sent, and reset it. It never blocks.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.set_zero_linger()?;
    /// assert_eq!(socket.linger()?, Some(std::time::Duration::ZERO));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.as_socket().set_linger(Some(Duration::ZERO))
    }
}

impl TcpStream {
    /// Makes the close of the connection discard what was not sent, and reset it. It never blocks.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_zero_linger()?;
    /// assert_eq!(stream.linger()?, Some(std::time::Duration::ZERO));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.socket().set_linger(Some(Duration::ZERO))
    }

    /// Returns whether bytes are acknowledged at once (`TCP_QUICKACK`). Linux and Android have it.
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # #[cfg(target_os = "linux")]
    /// let is_quick = stream.quickack()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn quickack(&self) -> io::Result<bool> {
        device::quickack(self.socket())
    }

    /// Acknowledges bytes at once, or not. The system may change it at any time.
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # #[cfg(target_os = "linux")]
    /// stream.set_quickack(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        device::set_quickack(self.socket(), quickack)
    }
}

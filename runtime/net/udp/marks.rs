//! Options that some systems have.

use std::io;

use super::UdpSocket;
use crate::system::{device, traffic};

impl UdpSocket {
    /// Returns the type of service of IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    /// `Unsupported` where the system has no such option; the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # #[cfg(target_os = "linux")] {
    /// assert_eq!(socket.tos_v4()?, 0);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tos_v4(&self) -> io::Result<u32> {
        traffic::tos_v4(self.socket())
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
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # #[cfg(target_os = "linux")] {
    /// socket.set_tos_v4(16)?;
    /// assert_eq!(socket.tos_v4()?, 16);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        traffic::set_tos_v4(self.socket(), tos)
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
    /// if let Ok(socket) = heist::net::UdpSocket::bind("[::1]:0").await {
    ///     socket.set_tclass_v6(32)?;
    ///     assert_eq!(socket.tclass_v6()?, 32);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tclass_v6(&self) -> io::Result<u32> {
        traffic::tclass_v6(self.socket())
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
    /// if let Ok(socket) = heist::net::UdpSocket::bind("[::1]:0").await {
    ///     socket.set_tclass_v6(32)?;
    ///     assert_eq!(socket.tclass_v6()?, 32);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        traffic::set_tclass_v6(self.socket(), tclass)
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
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # #[cfg(target_os = "linux")] {
    /// assert_eq!(socket.device()?, None);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        device::device(self.socket())
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
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # #[cfg(target_os = "linux")] {
    /// socket.bind_device(None)?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        device::bind_device(self.socket(), interface)
    }
}

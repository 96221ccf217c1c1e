//! The options of a `UdpSocket`. `socket2::SockRef::from(&socket)` sets those that have no method
//! here.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::UdpSocket;

/// # Options
///
/// `socket2::SockRef::from(&socket)` sets the options that have no method here.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let socket = heist::net::UdpSocket::bind("0.0.0.0:0").await?;
/// socket.set_broadcast(true)?;
/// socket.set_ttl(32)?;
/// assert!(socket.broadcast()?);
/// socket2::SockRef::from(&socket).set_recv_buffer_size(1 << 16)?;
/// # Ok(())
/// # })
/// # }
/// ```
impl UdpSocket {
    /// Returns whether datagrams may be sent to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(!socket.broadcast()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn broadcast(&self) -> io::Result<bool> {
        self.socket().broadcast()
    }

    /// Allows datagrams to broadcast addresses, or forbids them. The default is `false`.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_broadcast(&self, allowed: bool) -> io::Result<()> {
        self.socket().set_broadcast(allowed)
    }

    /// Returns how many hops the datagrams of this socket live (`IP_TTL`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// println!("{} hops", socket.ttl()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket().ttl_v4()
    }

    /// Sets how many hops the datagrams of this socket live (`IP_TTL`), 1 to 255. The default is
    /// the system's, 64 on Linux.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_ttl(2)?;
    /// assert_eq!(socket.ttl()?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket().set_ttl_v4(ttl)
    }

    /// Joins an IPv4 multicast group on the interface with this address; `Ipv4Addr::UNSPECIFIED`
    /// lets the system choose.
    ///
    /// # Errors
    /// Returns the error of the system call: the address is not a group, there is no such
    /// interface, or the group is already joined.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// use std::net::Ipv4Addr;
    /// use heist::net::UdpSocket;
    ///
    /// // Any interface, and the port of multicast DNS.
    /// let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 5353)).await?;
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// socket.join_multicast_v4(group, Ipv4Addr::UNSPECIFIED)?;
    /// socket.set_multicast_ttl_v4(1)?;
    /// socket.set_multicast_loop_v4(false)?;
    /// socket.send_to(b"a query", (group, 5353)).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket().join_multicast_v4(&group, &interface)
    }

    /// Leaves an IPv4 multicast group. Closing the socket leaves all groups.
    ///
    /// # Errors
    /// Returns the error of the system call: the group was not joined on this interface.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Ipv4Addr;
    /// use heist::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    /// let (group, interface) = (Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::LOCALHOST);
    /// // Some machines have no interface for multicasts.
    /// if socket.join_multicast_v4(group, interface).is_ok() {
    ///     socket.leave_multicast_v4(group, interface)?;
    /// }
    /// assert!(socket.leave_multicast_v4(group, interface).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket().leave_multicast_v4(&group, &interface)
    }

    /// Joins an IPv6 multicast group on the interface with this index; 0 lets the system choose.
    ///
    /// # Errors
    /// Returns the error of the system call: the address is not a group, there is no such
    /// interface, or the group is already joined.
    ///
    /// # Examples
    /// ```no_run
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Ipv6Addr;
    /// use heist::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 5353)).await?;
    /// let group: Ipv6Addr = "ff02::fb".parse().unwrap();
    /// socket.join_multicast_v6(&group, 0)?;
    /// socket.set_multicast_loop_v6(false)?;
    /// socket.send_to(b"a query", (group, 5353)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket().join_multicast_v6(group, interface)
    }

    /// Leaves an IPv6 multicast group. Closing the socket leaves all groups.
    ///
    /// # Errors
    /// Returns the error of the system call: the group was not joined on this interface.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Ipv6Addr;
    /// use heist::net::UdpSocket;
    ///
    /// let group: Ipv6Addr = "ff02::fb".parse().unwrap();
    /// // Some machines have no IPv6, or no interface for multicasts.
    /// if let Ok(socket) = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await {
    ///     if socket.join_multicast_v6(&group, 0).is_ok() {
    ///         socket.leave_multicast_v6(&group, 0)?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket().leave_multicast_v6(group, interface)
    }

    /// Returns whether the IPv4 multicasts of this socket come back to sockets of this machine
    /// (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.socket().multicast_loop_v4()
    }

    /// Sets whether the IPv4 multicasts of this socket come back to sockets of this machine. The
    /// default is `true`.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_loop_v4(false)?;
    /// assert!(!socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_multicast_loop_v4(&self, looped: bool) -> io::Result<()> {
        self.socket().set_multicast_loop_v4(looped)
    }

    /// Returns whether the IPv6 multicasts of this socket come back to sockets of this machine
    /// (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::UdpSocket;
    ///
    /// // Some machines have no IPv6.
    /// if let Ok(socket) = UdpSocket::bind("[::1]:0").await {
    ///     assert!(socket.multicast_loop_v6()?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.socket().multicast_loop_v6()
    }

    /// Sets whether the IPv6 multicasts of this socket come back to sockets of this machine. The
    /// default is `true`.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::UdpSocket;
    ///
    /// // Some machines have no IPv6.
    /// if let Ok(socket) = UdpSocket::bind("[::1]:0").await {
    ///     socket.set_multicast_loop_v6(false)?;
    ///     assert!(!socket.multicast_loop_v6()?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_multicast_loop_v6(&self, looped: bool) -> io::Result<()> {
        self.socket().set_multicast_loop_v6(looped)
    }

    /// Returns how many hops the IPv4 multicasts of this socket live (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.socket().multicast_ttl_v4()
    }

    /// Sets how many hops the IPv4 multicasts of this socket live, 0 to 255. The default is 1,
    /// which keeps them in the local network.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_ttl_v4(4)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.socket().set_multicast_ttl_v4(ttl)
    }
}

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
    pub fn broadcast(&self) -> io::Result<bool> {
        self.socket().broadcast()
    }

    /// Allows datagrams to broadcast addresses, or forbids them. The default is `false`.
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn set_broadcast(&self, allowed: bool) -> io::Result<()> {
        self.socket().set_broadcast(allowed)
    }

    /// Returns how many hops the datagrams of this socket live (`IP_TTL`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket().ttl_v4()
    }

    /// Sets how many hops the datagrams of this socket live (`IP_TTL`), 1 to 255. The default is
    /// the system's, 64 on Linux.
    ///
    /// # Errors
    /// Returns the error of the system call.
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

    /// Leaves an IPv4 multicast group. Closing the socket leaves all groups. See
    /// [`join_multicast_v4`](UdpSocket::join_multicast_v4) for an example.
    ///
    /// # Errors
    /// Returns the error of the system call: the group was not joined on this interface.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket().leave_multicast_v4(&group, &interface)
    }

    /// Joins an IPv6 multicast group on the interface with this index; 0 lets the system choose.
    /// See [`join_multicast_v4`](UdpSocket::join_multicast_v4) for an example.
    ///
    /// # Errors
    /// Returns the error of the system call: the address is not a group, there is no such
    /// interface, or the group is already joined.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket().join_multicast_v6(group, interface)
    }

    /// Leaves an IPv6 multicast group. Closing the socket leaves all groups.
    ///
    /// # Errors
    /// Returns the error of the system call: the group was not joined on this interface.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket().leave_multicast_v6(group, interface)
    }

    /// Returns whether the IPv4 multicasts of this socket come back to sockets of this machine
    /// (`IP_MULTICAST_LOOP`). See [`join_multicast_v4`](UdpSocket::join_multicast_v4) for an
    /// example.
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.socket().multicast_loop_v4()
    }

    /// Sets whether the IPv4 multicasts of this socket come back to sockets of this machine. The
    /// default is `true`. See [`join_multicast_v4`](UdpSocket::join_multicast_v4) for an example.
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn set_multicast_loop_v4(&self, looped: bool) -> io::Result<()> {
        self.socket().set_multicast_loop_v4(looped)
    }

    /// Returns whether the IPv6 multicasts of this socket come back to sockets of this machine
    /// (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.socket().multicast_loop_v6()
    }

    /// Sets whether the IPv6 multicasts of this socket come back to sockets of this machine. The
    /// default is `true`.
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn set_multicast_loop_v6(&self, looped: bool) -> io::Result<()> {
        self.socket().set_multicast_loop_v6(looped)
    }

    /// Returns how many hops the IPv4 multicasts of this socket live (`IP_MULTICAST_TTL`). See
    /// [`join_multicast_v4`](UdpSocket::join_multicast_v4) for an example.
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.socket().multicast_ttl_v4()
    }

    /// Sets how many hops the IPv4 multicasts of this socket live, 0 to 255. The default is 1,
    /// which keeps them in the local network. See
    /// [`join_multicast_v4`](UdpSocket::join_multicast_v4) for an example.
    ///
    /// # Errors
    /// Returns the error of the system call.
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.socket().set_multicast_ttl_v4(ttl)
    }
}

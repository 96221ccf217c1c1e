//! The options of a `UdpSocket`. `socket2::SockRef::from(&socket)` sets those that have no method here.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::UdpSocket;

/// # Options
impl UdpSocket {
    /// Whether datagrams may be sent to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    /// The system's.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.socket().broadcast()
    }

    /// Allows datagrams to broadcast addresses, or not (the default).
    ///
    /// # Errors
    /// The system's.
    pub fn set_broadcast(&self, allowed: bool) -> io::Result<()> {
        self.socket().set_broadcast(allowed)
    }

    /// How many hops our datagrams live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket().ttl_v4()
    }

    /// Sets how many hops our datagrams live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket().set_ttl_v4(ttl)
    }

    /// Joins an IPv4 multicast group on the interface with this address; `Ipv4Addr::UNSPECIFIED` lets the system choose.
    ///
    /// # Errors
    /// The system's: the address is no group, there is no such interface, the group is joined already.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket().join_multicast_v4(&group, &interface)
    }

    /// Leaves an IPv4 multicast group. Closing the socket leaves all of them.
    ///
    /// # Errors
    /// The system's: the group was not joined there.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket().leave_multicast_v4(&group, &interface)
    }

    /// Joins an IPv6 multicast group on the interface with this index; 0 lets the system choose.
    ///
    /// # Errors
    /// The system's: the address is no group, there is no such interface, the group is joined already.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket().join_multicast_v6(group, interface)
    }

    /// Leaves an IPv6 multicast group. Closing the socket leaves all of them.
    ///
    /// # Errors
    /// The system's: the group was not joined there.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket().leave_multicast_v6(group, interface)
    }

    /// Whether our IPv4 multicasts come back to sockets of this machine (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// The system's.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.socket().multicast_loop_v4()
    }

    /// Lets our IPv4 multicasts come back to sockets of this machine (the default), or not.
    ///
    /// # Errors
    /// The system's.
    pub fn set_multicast_loop_v4(&self, looped: bool) -> io::Result<()> {
        self.socket().set_multicast_loop_v4(looped)
    }

    /// Whether our IPv6 multicasts come back to sockets of this machine (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// The system's.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.socket().multicast_loop_v6()
    }

    /// Lets our IPv6 multicasts come back to sockets of this machine (the default), or not.
    ///
    /// # Errors
    /// The system's.
    pub fn set_multicast_loop_v6(&self, looped: bool) -> io::Result<()> {
        self.socket().set_multicast_loop_v6(looped)
    }

    /// How many hops our IPv4 multicasts live (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.socket().multicast_ttl_v4()
    }

    /// Sets how many hops our IPv4 multicasts live: 1, the default, keeps them in the local network.
    ///
    /// # Errors
    /// The system's.
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.socket().set_multicast_ttl_v4(ttl)
    }
}

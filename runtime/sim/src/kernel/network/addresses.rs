//! The addresses of hosts.
//!
//! Host `n` has `10.0.0.(n + 1)` and `fd00::(n + 1)`, and for itself `::1` and `127.0.0.0/8`.
//! Inside, an IPv4 address that is mapped into IPv6 is the IPv4 one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::kernel::HostId;

const FIRST_V4: u32 = 0x0a00_0001;
const FIRST_V6: u128 = 0xfd00_0000_0000_0000_0000_0000_0000_0001;

/// The IPv4 address by which other hosts know this one.
pub(crate) fn ipv4_of(host: HostId) -> Ipv4Addr {
    Ipv4Addr::from(FIRST_V4 + host.0)
}

/// The IPv6 address by which other hosts know this one.
pub(crate) fn ipv6_of(host: HostId) -> Ipv6Addr {
    Ipv6Addr::from(FIRST_V6 + u128::from(host.0))
}

/// The host that other hosts know by this address, if there is one of the number.
pub(crate) fn host_of(address: IpAddr) -> Option<HostId> {
    let number = match address {
        IpAddr::V4(ip) => u32::from(ip).checked_sub(FIRST_V4).filter(|_| ip.octets()[0] == 10),
        IpAddr::V6(ip) => u128::from(ip).checked_sub(FIRST_V6).and_then(|number| u32::try_from(number).ok()),
    };
    number.map(HostId)
}

/// Where a packet to an address goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To this host, if there is one of the number.
    To(HostId),
    /// Nobody's: no route leads there.
    Nowhere,
}

/// Where packets from `from` to the address go.
pub(super) fn route(from: HostId, to: IpAddr) -> Route {
    if is_loopback(to) {
        return Route::To(from);
    }
    host_of(to).map_or(Route::Nowhere, Route::To)
}

/// Whether a socket of the host may be bound to the address.
pub(super) fn is_local(host: HostId, address: IpAddr) -> bool {
    address.is_unspecified() || route(host, address) == Route::To(host)
}

fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

/// The address that packets to `to` come from.
pub(super) fn source_for(host: HostId, to: IpAddr) -> IpAddr {
    match to {
        IpAddr::V4(to) if to.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V4(_) => ipv4_of(host).into(),
        IpAddr::V6(to) if to.is_loopback() => to.into(),
        IpAddr::V6(_) => ipv6_of(host).into(),
    }
}

/// Whether packets may travel between these: not from a loopback address to another host.
pub(super) fn may_travel(from: IpAddr, to: IpAddr) -> bool {
    from.is_unspecified() || from.is_ipv4() == to.is_ipv4() && (!is_loopback(from) || is_loopback(to))
}

/// The address as it is inside: mapped ones are IPv4, and what is for any address goes to the
/// loopback.
pub(super) fn target(address: SocketAddr) -> SocketAddr {
    let address = plain(address);
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The address without a mapping, a flow or a scope.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The address as a socket of IPv6 shows it.
pub(super) fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

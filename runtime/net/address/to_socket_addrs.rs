//! The types that can stand for socket addresses: addresses, pairs of host and port, and strings
//! with both.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use sealed::{Resolve, Target};

/// A value that [`TcpListener::bind`](crate::net::TcpListener::bind),
/// [`TcpStream::connect`](crate::net::TcpStream::connect) and
/// [`lookup_host`](crate::net::lookup_host()) take as an address.
///
/// | value | meaning |
/// |---|---|
/// | `SocketAddr`, `(IpAddr, u16)`, … | this address |
/// | `&[SocketAddr]` | these addresses, in this order |
/// | `"127.0.0.1:80"`, `("::1", 80)` | the address that the text spells |
/// | `"example.org:80"`, `("example.org", 80)` | a name; the system resolves it on the blocking pool, never on a worker |
///
/// The trait is sealed: its items are private, so that it can grow.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use std::net::Ipv4Addr;
/// use heist::net::TcpListener;
///
/// let one = TcpListener::bind("127.0.0.1:0").await?;
/// let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
/// // The first of these that can be bound.
/// let addrs = [one.local_addr()?, "127.0.0.1:0".parse().unwrap()];
/// let third = TcpListener::bind(&addrs[..]).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub trait ToSocketAddrs: Resolve {}

pub(in crate::net) mod sealed {
    use std::io;
    use std::net::SocketAddr;

    /// The meaning of an address argument before any lookup.
    #[derive(Debug, PartialEq)]
    pub enum Target {
        One(SocketAddr),
        Many(Vec<SocketAddr>),
        Name { host: String, port: u16 },
    }

    pub trait Resolve {
        fn target(&self) -> io::Result<Target>;
    }
}

impl ToSocketAddrs for SocketAddr {}
impl Resolve for SocketAddr {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::One(*self))
    }
}

impl ToSocketAddrs for SocketAddrV4 {}
impl Resolve for SocketAddrV4 {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::One((*self).into()))
    }
}

impl ToSocketAddrs for SocketAddrV6 {}
impl Resolve for SocketAddrV6 {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::One((*self).into()))
    }
}

impl ToSocketAddrs for (IpAddr, u16) {}
impl Resolve for (IpAddr, u16) {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::One((*self).into()))
    }
}

impl ToSocketAddrs for (Ipv4Addr, u16) {}
impl Resolve for (Ipv4Addr, u16) {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::One((*self).into()))
    }
}

impl ToSocketAddrs for (Ipv6Addr, u16) {}
impl Resolve for (Ipv6Addr, u16) {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::One((*self).into()))
    }
}

impl ToSocketAddrs for [SocketAddr] {}
impl Resolve for [SocketAddr] {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::Many(self.to_vec()))
    }
}

impl ToSocketAddrs for str {}
impl Resolve for str {
    fn target(&self) -> io::Result<Target> {
        if let Ok(addr) = self.parse() {
            return Ok(Target::One(addr));
        }
        let Some((host, port)) = self.rsplit_once(':') else {
            let text = format!("the address {self:?} has no port: write it as \"host:port\"");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        };
        let Ok(port) = port.parse() else {
            let text = format!("the port of the address {self:?} is not a number from 0 to 65535");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        };
        Ok(Target::Name { host: host.to_owned(), port })
    }
}

impl ToSocketAddrs for String {}
impl Resolve for String {
    fn target(&self) -> io::Result<Target> {
        self.as_str().target()
    }
}

impl ToSocketAddrs for (&str, u16) {}
impl Resolve for (&str, u16) {
    fn target(&self) -> io::Result<Target> {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => Ok(Target::One((ip, port).into())),
            Err(_) => Ok(Target::Name { host: host.to_owned(), port }),
        }
    }
}

impl ToSocketAddrs for (String, u16) {}
impl Resolve for (String, u16) {
    fn target(&self) -> io::Result<Target> {
        (self.0.as_str(), self.1).target()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}
impl<T: Resolve + ?Sized> Resolve for &T {
    fn target(&self) -> io::Result<Target> {
        (**self).target()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_spell_an_address_are_not_looked_up() {
        let v4 = SocketAddr::from(([127, 0, 0, 1], 80));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 80));
        assert_eq!("127.0.0.1:80".target().unwrap(), Target::One(v4));
        assert_eq!("[::1]:80".to_owned().target().unwrap(), Target::One(v6));
        assert_eq!(("::1", 80).target().unwrap(), Target::One(v6));
        assert_eq!(("127.0.0.1".to_owned(), 80).target().unwrap(), Target::One(v4));
        assert_eq!([v4, v6][..].target().unwrap(), Target::Many(vec![v4, v6]));
    }

    #[test]
    fn other_texts_are_names() {
        let name = Target::Name { host: "localhost".to_owned(), port: 8080 };
        assert_eq!("localhost:8080".target().unwrap(), name);
        assert_eq!(("localhost", 8080).target().unwrap(), name);
    }

    #[test]
    fn texts_without_a_good_port_are_refused() {
        for text in ["localhost", "127.0.0.1", "localhost:", "localhost:http", "localhost:65536"] {
            assert_eq!(text.target().unwrap_err().kind(), io::ErrorKind::InvalidInput, "{text}");
        }
    }
}

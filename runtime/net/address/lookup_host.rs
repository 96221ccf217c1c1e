//! Resolves names to addresses, on the blocking pool instead of the workers.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

use super::to_socket_addrs::ToSocketAddrs;
use super::to_socket_addrs::sealed::Target;
use crate::blocking::spawn_blocking;
use crate::driver::in_runtime;
use crate::driver::of_pool;

/// Resolves `host` to its addresses, as the system does (`/etc/hosts`, DNS, …).
///
/// Addresses, and texts that spell one, are returned as they are. A name is looked up on the
/// blocking pool, because the resolver of the system blocks.
///
/// # Errors
/// `InvalidInput` for a text without a port; the error of the resolver for an unknown name.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Dropping the future abandons the lookup: its thread of the blocking pool finishes it and drops
/// the answer.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let addrs: Vec<_> = heist::net::lookup_host("127.0.0.1:3000").await?.collect();
/// assert_eq!(addrs, ["127.0.0.1:3000".parse().unwrap()]);
/// # Ok(())
/// # })
/// # }
/// ```
#[track_caller]
pub fn lookup_host<T: ToSocketAddrs>(
    host: T,
) -> impl Future<Output = io::Result<impl Iterator<Item = SocketAddr>>> {
    in_runtime(async move { Ok(resolve(host.target()).await?.into_iter()) })
}

/// Returns all addresses of a target, in the order in which to try them; at least one.
pub(in crate::net) async fn resolve(target: io::Result<Target>) -> io::Result<Vec<SocketAddr>> {
    let addrs = match target? {
        Target::One(addr) => vec![addr],
        Target::Many(addrs) => addrs,
        Target::Name { host, port } => look_up(host, port).await?,
    };
    if addrs.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "there is no address to use: the list is empty",
        ));
    }
    Ok(addrs)
}

/// Returns the address to send to: the first of the wanted family, or else the first.
pub(in crate::net) async fn resolve_one(
    target: io::Result<Target>,
    is_ipv4: impl Fn() -> bool,
) -> io::Result<SocketAddr> {
    if let Ok(Target::One(addr)) = target {
        return Ok(addr);
    }
    let addrs = resolve(target).await?;
    Ok(first_of_family(&addrs, is_ipv4()))
}

fn first_of_family(addrs: &[SocketAddr], is_ipv4: bool) -> SocketAddr {
    *addrs.iter().find(|addr| addr.is_ipv4() == is_ipv4).unwrap_or(&addrs[0])
}

async fn look_up(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let lookup = move || Ok((host.as_str(), port).to_socket_addrs()?.collect());
    match spawn_blocking(lookup).await {
        Ok(answer) => answer,
        Err(error) => Err(of_pool(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{SocketAddr, first_of_family};

    #[test]
    fn a_socket_sends_to_the_first_address_of_its_own_family() {
        let [v6, v4, other] =
            ["[::1]:1", "127.0.0.1:1", "127.0.0.2:1"].map(|text| text.parse::<SocketAddr>().unwrap());
        assert_eq!(first_of_family(&[v6, v4, other], true), v4);
        assert_eq!(first_of_family(&[v4, v6], false), v6);
        assert_eq!(first_of_family(&[v4, other], false), v4, "the system will say what is wrong");
    }
}

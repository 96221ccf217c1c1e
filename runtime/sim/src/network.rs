//! The network of a world, as a test disturbs it. Hosts are named by their names, and the root's
//! host is "root".

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::host::{Host, here};
use crate::kernel::HostId;
use crate::kernel::network::{Link, ipv4_of};
use crate::world::World;

/// How packets travel from one host to another.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// heist_sim::Builder::new().run(|| {
///     heist_sim::host("far").start(|| {});
///     let slow = Duration::from_millis(80)..=Duration::from_millis(120);
///     let link = heist_sim::NetworkLink::new().latency(slow).loss(0.01).bandwidth(1_000_000);
///     heist_sim::set_link("root", "far", &link);
///     heist_sim::set_link("far", "root", &link);
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkLink {
    link: Link,
}

impl Default for NetworkLink {
    fn default() -> NetworkLink {
        NetworkLink::new()
    }
}

impl NetworkLink {
    /// As all links are at first: 100 µs to 1 ms, and nothing is lost.
    ///
    /// # Examples
    /// ```
    /// let link = heist_sim::NetworkLink::new();
    /// # drop(link);
    /// ```
    #[must_use]
    pub fn new() -> NetworkLink {
        NetworkLink { link: Link::between_hosts() }
    }

    /// How long a packet is under way, at least and at most.
    ///
    /// # Panics
    /// Panics if the range is empty.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let link = heist_sim::NetworkLink::new().latency(Duration::ZERO..=Duration::from_secs(1));
    /// # drop(link);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn latency(mut self, latency: RangeInclusive<Duration>) -> NetworkLink {
        assert!(!latency.is_empty(), "the least latency is not above the greatest");
        let nanos = |length: &Duration| u64::try_from(length.as_nanos()).unwrap_or(u64::MAX / 4);
        self.link.latency = (nanos(latency.start()), nanos(latency.end()));
        self
    }

    /// The probability that a packet is lost. A stream sends it again, later and later.
    ///
    /// # Panics
    /// Panics if it is not within 0 and 1.
    ///
    /// # Examples
    /// ```
    /// let link = heist_sim::NetworkLink::new().loss(0.1);
    /// # drop(link);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn loss(mut self, probability: f64) -> NetworkLink {
        self.link.loss = checked(probability);
        self
    }

    /// The probability that a datagram comes twice.
    ///
    /// # Panics
    /// Panics if it is not within 0 and 1.
    ///
    /// # Examples
    /// ```
    /// let link = heist_sim::NetworkLink::new().duplication(0.1);
    /// # drop(link);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn duplication(mut self, probability: f64) -> NetworkLink {
        self.link.duplication = checked(probability);
        self
    }

    /// The probability that a datagram is overtaken by later ones.
    ///
    /// # Panics
    /// Panics if it is not within 0 and 1.
    ///
    /// # Examples
    /// ```
    /// let link = heist_sim::NetworkLink::new().reordering(0.1);
    /// # drop(link);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn reordering(mut self, probability: f64) -> NetworkLink {
        self.link.reordering = checked(probability);
        self
    }

    /// How many bytes leave per second. Default: without a limit.
    ///
    /// # Panics
    /// Panics if it is 0.
    ///
    /// # Examples
    /// ```
    /// let link = heist_sim::NetworkLink::new().bandwidth(1_000_000);
    /// # drop(link);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn bandwidth(mut self, bytes_per_second: u64) -> NetworkLink {
        assert!(bytes_per_second > 0, "a link without bandwidth is one that is cut");
        self.link.bandwidth = Some(bytes_per_second);
        self
    }
}

#[track_caller]
fn checked(probability: f64) -> f64 {
    assert!((0.0..=1.0).contains(&probability), "{probability} is no probability");
    probability
}

/// Sets how packets travel from one host to another, in this direction.
///
/// # Panics
/// Panics if there is no such host, and outside of a world.
///
/// # Examples
/// ```
/// use heist_sim::{NetworkLink, host, set_link};
///
/// heist_sim::Builder::new().run(|| {
///     host("far").start(|| {});
///     set_link("root", "far", &NetworkLink::new().loss(0.5));
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[track_caller]
pub fn set_link(from: &str, to: &str, link: &NetworkLink) {
    change("set-link", from, to, |world, from, to| {
        world.kernel.network.set_link(from, to, link.link.clone());
    });
}

/// From now on packets from one host to another vanish, also those that are under way. The other
/// direction works.
///
/// # Panics
/// Panics if there is no such host, and outside of a world.
///
/// # Examples
/// ```
/// heist_sim::Builder::new().run(|| {
///     heist_sim::host("deaf").start(|| {});
///     heist_sim::cut("root", "deaf");
///     heist_sim::heal("root", "deaf");
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[track_caller]
pub fn cut(from: &str, to: &str) {
    change("cut", from, to, |world, from, to| world.kernel.network.cut(from, to));
}

/// Takes [`cut`] back. Does nothing if the link works.
///
/// # Panics
/// Panics if there is no such host, and outside of a world.
///
/// # Examples
/// ```
/// heist_sim::Builder::new().run(|| {
///     heist_sim::host("deaf").start(|| {});
///     heist_sim::cut("root", "deaf");
///     heist_sim::heal("root", "deaf");
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[track_caller]
pub fn heal(from: &str, to: &str) {
    change("heal", from, to, |world, from, to| world.kernel.network.heal(from, to));
}

/// Cuts all links between two groups of hosts, in both directions.
///
/// # Panics
/// Panics if there is no such host, and outside of a world.
///
/// # Examples
/// ```
/// use heist_sim::{host, partition, rejoin};
///
/// heist_sim::Builder::new().run(|| {
///     for name in ["a", "b", "c"] {
///         host(name).start(|| {});
///     }
///     partition(&["a"], &["b", "c"]);
///     rejoin(&["a"], &["b", "c"]);
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[track_caller]
pub fn partition(ones: &[&str], others: &[&str]) {
    for (one, other) in pairs(ones, others) {
        cut(one, other);
        cut(other, one);
    }
}

/// Takes [`partition`] back.
///
/// # Panics
/// Panics if there is no such host, and outside of a world.
///
/// # Examples
/// ```
/// use heist_sim::{host, partition, rejoin};
///
/// heist_sim::Builder::new().run(|| {
///     host("a").start(|| {});
///     partition(&["a"], &["root"]);
///     rejoin(&["a"], &["root"]);
/// })?;
/// # Ok::<(), Box<heist_sim::Failure>>(())
/// ```
#[track_caller]
pub fn rejoin(ones: &[&str], others: &[&str]) {
    for (one, other) in pairs(ones, others) {
        heal(one, other);
        heal(other, one);
    }
}

fn pairs<'a>(ones: &'a [&str], others: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    ones.iter().flat_map(move |one| others.iter().map(move |other| (*one, *other)))
}

#[track_caller]
fn change(call: &'static str, from: &str, to: &str, change: impl FnOnce(&mut World, HostId, HostId)) {
    let unknown = here().step(call, 0, |world| {
        let hosts = &world.kernel.hosts;
        match (hosts.find(from), hosts.find(to)) {
            (Some(from), Some(to)) => {
                change(world, from, to);
                None
            }
            (None, _) => Some(from),
            (_, None) => Some(to),
        }
    });
    if let Some(name) = unknown {
        panic!("heist-sim: there is no host named {name:?}");
    }
}

impl Host {
    /// Its address. Programs find it under the host's name.
    ///
    /// # Examples
    /// ```
    /// use std::net::ToSocketAddrs;
    ///
    /// heist_sim::Builder::new().run(|| {
    ///     let host = heist_sim::host("server").start(|| {});
    ///     let found = ("server", 80).to_socket_addrs().unwrap().next().unwrap();
    ///     assert_eq!(found.ip(), host.address());
    /// })?;
    /// # Ok::<(), Box<heist_sim::Failure>>(())
    /// ```
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        ipv4_of(self.id())
    }
}

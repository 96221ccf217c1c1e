//! The links between hosts: how long a packet is under way, and whether it comes.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::faults::LinkFaults;
use crate::kernel::HostId;

/// How packets travel from one host to another, or from a host to itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    /// The least and the greatest latency, in nanoseconds.
    pub(crate) latency: (u64, u64),
    /// The probability that a packet is lost, from 0 to 1.
    pub(crate) loss: f64,
    /// The probability that a datagram comes twice, from 0 to 1.
    pub(crate) duplication: f64,
    /// The probability that a datagram is overtaken, from 0 to 1: it takes up to ten times as long.
    pub(crate) reordering: f64,
    /// Bytes per second. `None`: without a limit.
    pub(crate) bandwidth: Option<u64>,
}

impl Link {
    /// Between two hosts: 100 µs to 1 ms, nothing is lost.
    pub(crate) fn between_hosts() -> Link {
        Link { latency: (100_000, 1_000_000), loss: 0.0, duplication: 0.0, reordering: 0.0, bandwidth: None }
    }

    /// From a host to itself: 10 to 50 µs.
    pub(crate) fn loopback() -> Link {
        Link { latency: (10_000, 50_000), ..Link::between_hosts() }
    }

    fn delay(&self, random: &mut Rng) -> u64 {
        let (least, greatest) = self.latency;
        random.u64(least..=greatest.max(least))
    }
}

/// All links of a world. A link has a direction.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Those that are not as all others.
    own: BTreeMap<(HostId, HostId), Link>,
    cut: BTreeSet<(HostId, HostId)>,
    /// When the last byte that was sent has left, for links with a bandwidth.
    busy_until: BTreeMap<(HostId, HostId), u64>,
    pub(super) faults: LinkFaults,
}

impl Links {
    pub(super) fn set(&mut self, from: HostId, to: HostId, link: Link) {
        self.own.insert((from, to), link);
    }

    pub(super) fn cut(&mut self, from: HostId, to: HostId) {
        self.cut.insert((from, to));
    }

    pub(super) fn heal(&mut self, from: HostId, to: HostId) {
        self.cut.remove(&(from, to));
    }

    pub(super) fn is_cut(&self, from: HostId, to: HostId) -> bool {
        self.cut.contains(&(from, to))
    }

    fn of(&self, from: HostId, to: HostId) -> Link {
        let default = || if from == to { Link::loopback() } else { Link::between_hosts() };
        self.own.get(&(from, to)).cloned().unwrap_or_else(default)
    }

    /// After how many nanoseconds a packet of a stream comes. `None`: it is lost.
    pub(super) fn carry(
        &mut self,
        (from, to): (HostId, HostId),
        size: usize,
        now: u64,
        random: &mut Rng,
    ) -> Option<u64> {
        if self.is_cut(from, to) {
            return None;
        }
        let link = self.of(from, to);
        let queued = link.bandwidth.map_or(0, |bandwidth| self.queue((from, to), size, bandwidth, now));
        (!self.faults.happens(link.loss, random)).then(|| queued + link.delay(random))
    }

    /// After how many nanoseconds a datagram comes: never, once or twice.
    pub(super) fn carry_datagram(
        &mut self,
        way: (HostId, HostId),
        size: usize,
        now: u64,
        random: &mut Rng,
    ) -> Vec<u64> {
        let link = self.of(way.0, way.1);
        let copies = 1 + usize::from(self.faults.happens(link.duplication, random));
        let mut delays = Vec::new();
        for _ in 0..copies {
            let Some(mut delay) = self.carry(way, size, now, random) else { continue };
            if self.faults.happens(link.reordering, random) {
                delay += random.u64(0..=link.latency.1.max(1) * 10);
            }
            delays.push(delay);
        }
        delays
    }

    /// Puts so many bytes behind those that are being sent. Returns how long they take to leave.
    fn queue(&mut self, way: (HostId, HostId), size: usize, bandwidth: u64, now: u64) -> u64 {
        let nanos = (size as u64).saturating_mul(1_000_000_000) / bandwidth.max(1);
        let busy_until = self.busy_until.entry(way).or_default();
        *busy_until = (*busy_until).max(now).saturating_add(nanos);
        *busy_until - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: HostId = HostId(0);
    const THERE: HostId = HostId(1);

    #[test]
    fn a_cut_is_one_way_and_heals() {
        let (mut links, mut random) = (Links::default(), Rng::with_seed(1));
        links.cut(HERE, THERE);
        assert_eq!(links.carry((HERE, THERE), 1, 0, &mut random), None);
        assert!(links.carry((THERE, HERE), 1, 0, &mut random).is_some());
        links.heal(HERE, THERE);
        assert!(links.carry((HERE, THERE), 1, 0, &mut random).is_some());
    }

    #[test]
    fn packets_wait_for_the_bandwidth() {
        let (mut links, mut random) = (Links::default(), Rng::with_seed(1));
        let slow = Link { latency: (5, 5), bandwidth: Some(1_000), ..Link::loopback() };
        links.set(HERE, THERE, slow);
        let mut carry = |size, now| links.carry((HERE, THERE), size, now, &mut random).unwrap();
        assert_eq!(carry(500, 0), 500_000_005);
        assert_eq!(carry(500, 0), 1_000_000_005);
        assert_eq!(carry(500, 3_000_000_000), 500_000_005);
    }

    #[test]
    fn datagrams_are_lost_doubled_and_delayed_as_often_as_the_link_says() {
        let (mut links, mut random) = (Links::default(), Rng::with_seed(1));
        let poor = Link { loss: 0.5, duplication: 0.5, reordering: 0.5, ..Link::loopback() };
        links.set(HERE, THERE, poor);
        let came: Vec<Vec<u64>> =
            (0..1000).map(|_| links.carry_datagram((HERE, THERE), 9, 0, &mut random)).collect();
        let count = |copies: usize| came.iter().filter(|delays| delays.len() == copies).count();
        // A single one: lost with 1/2, and both of two with 1/4.
        assert!((325..425).contains(&count(0)), "{}", count(0));
        assert!((75..175).contains(&count(2)), "{}", count(2));
        let late = came.iter().flatten().filter(|delay| **delay > 50_000).count();
        assert!((250..450).contains(&late), "{late}");
    }
}

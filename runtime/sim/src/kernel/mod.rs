//! The simulated kernel: hosts, descriptors, and what stands behind them. Plain data, in safe code:
//! `interpose/` translates the calls of programs, and `world/` decides who makes the next one.

mod hosts;

use fastrand::Rng;

use crate::world::Env;
pub(crate) use hosts::{HostId, Hosts};

/// Something that has descriptors: a socket, an end of a pipe, an epoll instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectId(pub(crate) u32);

/// Something that happens in the kernel at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KernelEvent {}

/// The kernel of a world: one for all of its hosts.
pub(crate) struct Kernel {
    pub(crate) hosts: Hosts,
}

impl Kernel {
    pub(crate) fn new(_random: &mut Rng) -> Kernel {
        Kernel { hosts: Hosts::new() }
    }

    /// Lets an event happen whose time has come.
    pub(crate) fn happen(&mut self, event: KernelEvent, _env: &mut Env<'_>) {
        match event {}
    }
}
